#include "server/api/encode_source.h"

#include <string>

namespace hedui::api {
namespace {

v1::SourceHold Encode(const SourceHold& hold) {
  v1::SourceHold message;
  message.set_since_ms(absl::ToUnixMillis(hold.since));
  message.set_agency(hold.agency);
  message.set_officer(hold.officer);
  message.set_reason(hold.reason);
  return message;
}

// Rounded up, so that what is known is never 0.
int64_t Milliseconds(const std::optional<absl::Duration>& latency) {
  if (!latency.has_value()) return 0;
  return absl::ToInt64Milliseconds(absl::Ceil(*latency, absl::Milliseconds(1)));
}

v1::Source Encode(const SourceShown& source) {
  v1::Source message;
  message.set_source_id(source.source_id);
  message.set_name(source.name);
  message.set_department(source.department);
  if (source.hold.has_value()) *message.mutable_hold() = Encode(*source.hold);
  message.set_breaker(static_cast<v1::BreakerState>(source.breaker));
  message.set_in_flight(static_cast<int64_t>(source.in_flight));
  message.set_waiting(static_cast<int64_t>(source.waiting));
  message.set_used_today(source.used_today);
  message.set_concurrency(source.concurrency);
  message.set_per_second(source.per_second);
  message.set_per_day(source.per_day);
  message.set_latency_p50_ms(Milliseconds(source.latency_p50));
  message.set_latency_p95_ms(Milliseconds(source.latency_p95));
  return message;
}

v1::DivisionQuality Encode(const DivisionQuality& quality) {
  v1::DivisionQuality message;
  message.set_division(quality.division);
  for (const AnswerCount& count : quality.answers) {
    v1::AnswerCount* const added = message.add_answers();
    added->set_kind(static_cast<v1::AnswerKind>(count.kind));
    added->set_reason(static_cast<v1::Reason>(count.reason));
    added->set_answers(count.answers);
  }
  for (const ClassCount& count : quality.freshness) {
    v1::FreshnessCount* const added = message.add_freshness();
    added->set_days_max(static_cast<int32_t>(count.max));
    added->set_answers(count.count);
  }
  for (const ClassCount& count : quality.latency) {
    v1::LatencyCount* const added = message.add_latency();
    added->set_ms_max(count.max);
    added->set_queries(count.count);
  }
  return message;
}

}  // namespace

v1::ListSourcesResponse EncodeSources(const SourceList& list) {
  v1::ListSourcesResponse response;
  for (const SourceShown& source : list.sources) *response.add_sources() = Encode(source);
  for (const std::string& id : list.held_elsewhere) response.add_held_elsewhere(id);
  return response;
}

v1::GetSourceQualityResponse EncodeQuality(const QualityView& view) {
  v1::GetSourceQualityResponse response;
  response.set_since_seconds(absl::ToUnixSeconds(view.since));
  for (const DivisionQuality& one : view.divisions) *response.add_divisions() = Encode(one);
  return response;
}

v1::ListReportsUsingResponse EncodeReportsUsing(const std::vector<ReportUsing>& reports) {
  v1::ListReportsUsingResponse response;
  for (const ReportUsing& report : reports) {
    v1::ReportUsing* const added = response.add_reports();
    added->set_report_number(report.report_number);
    added->set_agency(report.agency);
    added->set_issued_at_ms(absl::ToUnixMillis(report.issued_at));
    added->set_used_at_ms(absl::ToUnixMillis(report.used_at));
  }
  return response;
}

v1::HoldSourceResponse EncodeHold(const SourceHold& hold) {
  v1::HoldSourceResponse response;
  *response.mutable_hold() = Encode(hold);
  return response;
}

v1::Recall EncodeRecall(const RecallView& view) {
  v1::Recall message;
  message.set_recall_id(view.request.id.ToString());
  message.set_source_id(view.request.source_id);
  message.set_from_ms(absl::ToUnixMillis(view.request.from));
  message.set_to_ms(absl::ToUnixMillis(view.request.to));
  message.set_reason(view.request.reason);
  message.set_agency(view.request.agency);
  message.set_officer(view.request.officer);
  message.set_begun_at_ms(absl::ToUnixMillis(view.begun));
  if (view.ended.has_value()) message.set_ended_at_ms(absl::ToUnixMillis(*view.ended));
  for (size_t i = 0; i < view.reports.size(); ++i) {
    if (view.reports[i] == 0) continue;
    v1::RecallCount* const count = message.add_counts();
    count->set_end(static_cast<v1::ReverifyEnd>(i + 1));
    count->set_reports(view.reports[i]);
  }
  message.set_incomplete(view.incomplete);
  return message;
}

}  // namespace hedui::api
