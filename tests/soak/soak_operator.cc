#include "tests/soak/soak_operator.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "hedui/v1/reports.pb.h"
#include "server/base/ids.h"
#include "tests/soak/soak_catalogue.h"

namespace hedui::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr char kReason[] = "soak";
// Reports of one span that are looked at.
constexpr int kPage = 1'000;

}  // namespace

void SoakOperator::Connect(int port) {
  operators_ = scenario_->Connect(port, kSoakOperators);
  agency_ = scenario_->Connect(port);
}

void SoakOperator::Hold(const std::string& source) {
  v1::HoldSourceRequest request;
  request.set_officer(kSoakOperator);
  request.set_source_id(source);
  request.set_reason(kReason);
  const auto held = operators_->HoldSource(request, kPatience);
  EXPECT_TRUE(held.ok()) << held.status();
}

void SoakOperator::Release(const std::string& source) {
  v1::ReleaseSourceRequest request;
  request.set_officer(kSoakOperator);
  request.set_source_id(source);
  request.set_reason(kReason);
  const auto released = operators_->ReleaseSource(request, kPatience);
  EXPECT_TRUE(released.ok()) << released.status();
}

void SoakOperator::Recall(const std::string& source, absl::Time from, absl::Time to) {
  v1::ListReportsUsingRequest list;
  list.set_officer(kSoakOperator);
  list.set_source_id(source);
  list.set_from_ms(absl::ToUnixMillis(from));
  list.set_to_ms(absl::ToUnixMillis(to));
  list.set_page_size(kPage);
  const auto using_it = operators_->ListReportsUsing(list, kPatience);
  ASSERT_TRUE(using_it.ok()) << using_it.status();
  for (const v1::ReportUsing& report : using_it->reports()) {
    recalled_.push_back(report.report_number());
  }
  left_ = recalled_;

  base::SecureIdSource ids;
  recall_id_ = ids.NextId(absl::Now()).ToString();
  v1::ReverifyReportsRequest recall;
  recall.set_officer(kSoakOperator);
  recall.set_recall_id(recall_id_);
  recall.set_source_id(source);
  recall.set_from_ms(list.from_ms());
  recall.set_to_ms(list.to_ms());
  recall.set_reason(kReason);
  const auto begun = operators_->ReverifyReports(recall, kPatience);
  EXPECT_TRUE(begun.ok()) << begun.status();
}

bool SoakOperator::IsMadeAnew(const std::string& report_number) {
  std::string number = report_number;
  while (true) {
    v1::GetReportStatusRequest request;
    request.set_report_number(number);
    request.set_officer(scenario_->letters.officer());
    const auto status = agency_->GetReportStatus(request, kPatience);
    EXPECT_TRUE(status.ok()) << status.status();
    if (!status.ok()) return false;
    if (status->status().superseding_reason() == "SOURCE_RECALLED") return true;
    number = status->status().superseded_by();
    if (number.empty()) return false;
  }
}

bool SoakOperator::RecallIsDone() {
  v1::GetRecallRequest request;
  request.set_officer(kSoakOperator);
  request.set_recall_id(recall_id_);
  const auto recall = operators_->GetRecall(request, kPatience);
  EXPECT_TRUE(recall.ok()) << recall.status();
  if (!recall.ok()) return true;  // nothing better will come
  int64_t all = 0;
  int64_t closed = 0;
  for (const v1::RecallCount& count : recall->recall().counts()) {
    all += count.reports();
    if (count.end() == v1::REVERIFY_END_MATTER_CLOSED) closed = count.reports();
    EXPECT_NE(count.end(), v1::REVERIFY_END_FAILED) << count.reports();
    EXPECT_NE(count.end(), v1::REVERIFY_END_REFUSED) << count.reports();
  }
  left_.erase(std::remove_if(left_.begin(), left_.end(),
                             [this](const std::string& number) { return IsMadeAnew(number); }),
              left_.end());
  return all >= static_cast<int64_t>(recalled_.size()) &&
         static_cast<int64_t>(left_.size()) <= closed;
}

}  // namespace hedui::testing
