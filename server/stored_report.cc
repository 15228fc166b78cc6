#include "server/stored_report.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"
#include "server/intent_steps.h"
#include "server/ledger/entry.h"
#include "server/report/case_bundle.h"
#include "server/report/report_builder.h"
#include "server/report_chain.h"

namespace hedui {
namespace {

// A report's own keys name one row.
constexpr size_t kRowsPerReportMax = 1;

SourceOutcomeView FromStored(const stored::v1::StoredOutcome& stored) {
  SourceOutcomeView view;
  view.source_id = stored.source_id();
  view.person_id = stored.person_id();
  view.category = stored.category();
  view.kind = static_cast<base::AnswerKind>(stored.kind());
  view.reason = static_cast<base::Reason>(stored.reason());
  if (auto day = base::ParseDay(stored.data_day()); day.ok()) view.data_day = *day;
  view.elapsed_ms = stored.elapsed_ms();
  view.reused_attempt = stored.reused_attempt();
  if (!view.reused_attempt.empty()) view.obtained = absl::FromUnixMillis(stored.obtained_ms());
  return view;
}

// Who reads which report, as the log keeps it: look-ups by staff are the main abuse, so a report
// that was handed out without this would be one that nobody can be asked about.
absl::StatusOr<std::string> AccessEntryOf(const Rooms& rooms, const base::Row& row,
                                          const stored::v1::Result& stored,
                                          const std::string& officer) {
  HEDUI_ASSIGN_OR_RETURN(const std::string key, rooms.rows->DigestKey(row.matter));
  ledger::AccessEntry entry;
  HEDUI_ASSIGN_OR_RETURN(entry.report, base::Uuid::FromBytes(stored.report_id()));
  entry.reader_digest = KeyedHash(key, "reader", absl::StrCat(stored.agency(), "\n", officer));
  entry.time = absl::FromUnixMillis(absl::ToUnixMillis(rooms.clock->WallNow()));
  return ledger::EncodeEntry(entry);
}

}  // namespace

ledger::Hash KeyedHash(absl::string_view key, absl::string_view label, absl::string_view content) {
  return *ledger::HashFromBytes(base::HmacSha256(key, absl::StrCat(label, "\n", content)));
}

absl::Status ReportUnknown() {
  return base::MakeError(absl::StatusCode::kNotFound, "REPORT_UNKNOWN",
                         "this agency has no such report; check the number or the request id");
}

bool IsErased(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  return reason == "MATTER_ERASED" || reason == "MATTER_UNKNOWN" || reason == "REPORT_UNKNOWN";
}

absl::Status Damaged(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kDataLoss, "STORED_BODY",
                         absl::StrCat("a stored ", what, " cannot be read"),
                         base::Visibility::kOperator);
}

base::Row EndedRow(const std::string& agency, const base::Uuid& request_id,
                   const base::Uuid& verification_id, const base::Uuid& matter,
                   const std::string& officer, const base::Uuid& id, absl::Time now) {
  stored::v1::Ended body;
  body.set_verification_id(verification_id.ToBytes());
  body.set_agency(agency);
  body.set_officer(officer);
  base::Row row;
  row.kind = base::RowKind::kEnded;
  row.id = id;
  row.matter = matter;
  row.at = now;
  row.keys = {EndedKey(agency, request_id),
              {base::LookupKind::kVerification, verification_id.ToBytes()}};
  row.body = body.SerializeAsString();
  return row;
}

absl::Status Busy(absl::string_view reason, absl::string_view what) {
  return base::WithRetryAfter(
      base::MakeError(absl::StatusCode::kResourceExhausted, reason,
                      absl::StrCat(what,
                                   "; repeat the call a little later, a verification with "
                                   "the same request id")),
      base::kRoomRetryAfter);
}

absl::Status CancelledError() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "VERIFICATION_CANCELLED",
                         "this verification was cancelled; choose a new UUID for a new request");
}

base::LookupKey RequestKey(const std::string& agency, const base::Uuid& request_id) {
  return {base::LookupKind::kRequest, absl::StrCat(agency, "\n", request_id.ToString())};
}

base::LookupKey ResultKey(const std::string& agency, const base::Uuid& request_id) {
  return {base::LookupKind::kRequest,
          absl::StrCat(agency, "\n", request_id.ToString(), "\nresult")};
}

base::LookupKey EndedKey(const std::string& agency, const base::Uuid& request_id) {
  return {base::LookupKind::kRequest, absl::StrCat(agency, "\n", request_id.ToString(), "\nended")};
}

base::LookupKey MatterVerificationsKey(const std::string& agency,
                                       const std::string& matter_number) {
  return {base::LookupKind::kMatterVerifications, absl::StrCat(agency, "\n", matter_number)};
}

base::LookupKey BegunKey(absl::Time at) {
  return {base::LookupKind::kBegun, absl::StrCat(absl::ToUnixSeconds(at))};
}

base::LookupKey ReportKey(const base::Uuid& report_id) {
  return {base::LookupKind::kReport, report_id.ToBytes()};
}

absl::StatusOr<StoredReport> ReportOf(const Rooms& rooms, const base::Row& row,
                                      const stored::v1::Result& stored,
                                      const std::string& officer) {
  StoredReport report;
  VerifyResult& result = report.result;
  HEDUI_ASSIGN_OR_RETURN(report.access_entry, AccessEntryOf(rooms, row, stored, officer));
  HEDUI_ASSIGN_OR_RETURN(result.verification_id, base::Uuid::FromBytes(stored.verification_id()));
  HEDUI_ASSIGN_OR_RETURN(report::Draft draft, report::DecodeDraft(stored.draft()));
  HEDUI_ASSIGN_OR_RETURN(const base::Uuid report_id, base::Uuid::FromBytes(stored.report_id()));
  result.report_number = report::ReportNumber(report_id, row.at);
  if (!row.log_index.has_value()) return Damaged("report without its log index");
  HEDUI_ASSIGN_OR_RETURN(ledger::EntryProof proof, ProofNow(rooms, draft.entry, *row.log_index));
  HEDUI_ASSIGN_OR_RETURN(result.envelope, report::SealReport(std::move(draft), proof));
  result.outcomes = OutcomesOf(stored);
  return report;
}

std::vector<SourceOutcomeView> OutcomesOf(const stored::v1::Result& stored) {
  std::vector<SourceOutcomeView> outcomes;
  for (const auto& outcome : stored.outcomes()) outcomes.push_back(FromStored(outcome));
  return outcomes;
}

absl::StatusOr<StoredReport> ReadStored(const Rooms& rooms, const std::string& agency,
                                        const std::string& officer, const base::LookupKey& key) {
  HEDUI_ASSIGN_OR_RETURN(const ReportChain chain, ReadChainBy(rooms, agency, key));
  const ChainReport* report = &chain.current();
  if (key.kind == base::LookupKind::kReport) {
    HEDUI_ASSIGN_OR_RETURN(const base::Uuid id, base::Uuid::FromBytes(key.text));
    report = &chain.at(id);
  }
  stored::v1::Result stored;
  if (!stored.ParseFromString(report->row.body)) return Damaged("report");
  HEDUI_ASSIGN_OR_RETURN(StoredReport result, ReportOf(rooms, report->row, stored, officer));
  result.result.status = std::make_shared<const ReportStatus>(
      StatusOf(chain, report->report_id, base::CivilDayOf(rooms.clock->WallNow())));
  return result;
}

absl::StatusOr<std::string> ReadCase(const base::RowReader& rows, const base::Uuid& report_id) {
  HEDUI_ASSIGN_OR_RETURN(auto found, rows.Find(ReportKey(report_id), kRowsPerReportMax));
  for (const base::Row& row : found) {
    if (row.kind != base::RowKind::kResult) continue;
    stored::v1::Result stored;
    if (!stored.ParseFromString(row.body)) return Damaged("report");
    HEDUI_ASSIGN_OR_RETURN(report::CaseBundle bundle,
                           report::DecodeCaseBundle(stored.case_bundle()));
    HEDUI_ASSIGN_OR_RETURN(report::Draft draft, report::DecodeDraft(stored.draft()));
    for (size_t i = 0; i < draft.lines.size(); ++i) bundle.lines.emplace_back(draft.lines[i]);
    return report::EncodeCaseBundle(bundle);
  }
  return base::MakeError(absl::StatusCode::kNotFound, "REPORT_UNKNOWN",
                         "the store has no report of this number");
}

}  // namespace hedui
