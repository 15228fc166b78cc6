#include "server/api/decode_finding.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/api/decode_request.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/report/report_builder.h"

namespace hedui::api {
namespace {

// What people saw on a visit, written down one by one.
constexpr int kFoundRecordsMax = 200;
// Older findings describe another household's life.
constexpr int kFindingAgeDaysMax = 366;
// A look-back of three years passes every rule's.
constexpr int kCoveredYearsMax = 3;
constexpr size_t kNoteBytesMax = 512;
constexpr size_t kSha256HexSize = 64;

base::Uuid DecodeReportNumber(const std::string& number, Violations* violations) {
  const auto id = report::ReportIdOfNumber(number);
  if (!id.ok()) violations->Add("report_number", "is not a report's number");
  return id.value_or(base::Uuid());
}

base::Uuid DecodeRequestId(const std::string& text, Violations* violations) {
  const auto id = base::Uuid::Parse(text);
  if (!id.ok()) violations->Add("request_id", "must be a UUID that the caller chose for this call");
  return id.value_or(base::Uuid());
}

std::string DecodeSha256(const std::string& hex, absl::string_view path, Violations* violations) {
  const auto bytes = base::HexDecode(hex);
  if (hex.size() == kSha256HexSize && bytes.ok() && base::HexEncode(*bytes) == hex) return *bytes;
  violations->Add(path, "must be a SHA-256 as 64 lower-case hexadecimal digits");
  return "";
}

base::ManualFinding DecodeRecord(const v1::FindingRecord& record, absl::CivilDay today,
                                 Violations* violations) {
  base::ManualFinding how;
  DecodeEnum(record.method(), v1::FindingMethod_IsValid(record.method()), "record.method",
             &how.method, violations);
  std::set<std::string> seen;
  const int count = record.investigators_size();
  if (count < static_cast<int>(base::kInvestigatorsMin) ||
      count > static_cast<int>(base::kInvestigatorsMax)) {
    violations->Add("record.investigators",
                    "must be 2 to 10 officers' numbers: it takes two or more (A57 Art 15)");
  } else {
    for (int i = 0; i < count; ++i) {
      const std::string path = absl::StrCat("record.investigators[", i, "]");
      how.investigators.push_back(DecodeIdentifier(record.investigators(i), path, violations));
      if (!seen.insert(record.investigators(i)).second) violations->Add(path, "appears twice");
    }
  }
  how.day = DecodeDay(record.day(), "record.day", violations);
  if (how.day != absl::CivilDay() && (how.day > today || how.day < today - kFindingAgeDaysMax)) {
    violations->Add("record.day", "lies in the future or more than a year back");
  }
  how.evidence_sha256 =
      DecodeSha256(record.evidence_sha256(), "record.evidence_sha256", violations);
  return how;
}

void DecodeCovered(const v1::Period& covered, absl::CivilDay today, base::Period* period,
                   Violations* violations) {
  const absl::CivilDay from = DecodeDay(covered.from(), "covered.from", violations);
  const absl::CivilDay to = DecodeDay(covered.to(), "covered.to", violations);
  *period = {from, to};
  if (from == absl::CivilDay() || to == absl::CivilDay()) return;  // has its own defect
  if (to <= from) violations->Add("covered", "is empty: `to` is the day after the last");
  if (to > today + 1) violations->Add("covered.to", "speaks of days that have not come");
  if (from < absl::CivilDay(today.year() - kCoveredYearsMax, today.month(), 1)) {
    violations->Add("covered.from", "lies more than three years back");
  }
}

}  // namespace

absl::StatusOr<CorrectionRequest> DecodeFinding(const v1::RecordFindingRequest& request,
                                                absl::CivilDay today) {
  Violations violations;
  CorrectionRequest result;
  result.officer = request.officer();
  result.request_id = DecodeRequestId(request.request_id(), &violations);
  result.report_id = DecodeReportNumber(request.report_number(), &violations);
  PeopleFound& found = result.found.emplace();
  found.how = DecodeRecord(request.record(), today, &violations);
  base::Answer& answer = found.answer;
  answer.person_id = DecodeIdentifier(request.person_id(), "person_id", &violations);
  answer.category = DecodeIdentifier(request.category(), "category", &violations);
  const bool is_found = request.kind() == v1::ANSWER_KIND_FOUND;
  if (!is_found && request.kind() != v1::ANSWER_KIND_CONFIRMED_NONE) {
    violations.Add("kind", "must be FOUND or CONFIRMED_NONE");
  }
  answer.kind = is_found ? base::AnswerKind::kFound : base::AnswerKind::kConfirmedNone;
  DecodeCovered(request.covered(), today, &answer.covered, &violations);
  answer.complete = is_found && request.complete();
  if (is_found ? request.records_size() == 0 || request.records_size() > kFoundRecordsMax
               : request.records_size() != 0) {
    violations.Add("records", "are 1 to 200 with FOUND, none with CONFIRMED_NONE");
  } else {
    for (int i = 0; i < request.records_size(); ++i) {
      answer.records.push_back(
          api::DecodeRecord(request.records(i), absl::StrCat("records[", i, "]"), &violations));
    }
  }
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  result.bytes = request.SerializeAsString();
  return result;
}

absl::StatusOr<CorrectionRequest> DecodeDecision(const v1::ResolveAmbiguousRequest& request,
                                                 absl::CivilDay today) {
  Violations violations;
  CorrectionRequest result;
  result.officer = request.officer();
  result.request_id = DecodeRequestId(request.request_id(), &violations);
  result.report_id = DecodeReportNumber(request.report_number(), &violations);
  IdentityDecision& decision = result.decision.emplace();
  decision.how = DecodeRecord(request.record(), today, &violations);
  decision.person_id = DecodeIdentifier(request.person_id(), "person_id", &violations);
  decision.source_id = DecodeIdentifier(request.source_id(), "source_id", &violations);
  decision.category = DecodeIdentifier(request.category(), "category", &violations);
  using Wire = v1::ResolveAmbiguousRequest;
  if (request.decision() != Wire::DECISION_SAME_PERSON &&
      request.decision() != Wire::DECISION_OTHER_PERSON) {
    violations.Add("decision", "must be SAME_PERSON or OTHER_PERSON");
  }
  decision.same_person = request.decision() == Wire::DECISION_SAME_PERSON;
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  result.bytes = request.SerializeAsString();
  return result;
}

absl::StatusOr<AnnulRequest> DecodeAnnulment(const v1::AnnulReportRequest& request) {
  Violations violations;
  AnnulRequest result;
  result.officer = request.officer();
  result.report_id = DecodeReportNumber(request.report_number(), &violations);
  DecodeEnum(request.reason(), v1::AnnulmentReason_IsValid(request.reason()), "reason",
             &result.reason, &violations);
  result.note = request.note();
  if (result.note.size() > kNoteBytesMax) violations.Add("note", "is longer than 512 bytes");
  if (request.reason() == v1::ANNULMENT_REASON_OTHER && result.note.empty()) {
    violations.Add("note", "is required with the reason OTHER");
  }
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  return result;
}

}  // namespace hedui::api
