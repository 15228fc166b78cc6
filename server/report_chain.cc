#include "server/report_chain.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/report/v1/report.pb.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/correction_flow.h"
#include "server/flow_bytes.h"
#include "server/report/report_builder.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// Corrections of one verification, the report that closes it to late answers, its annulment and
// what replaces it first: they come in this order, and whatever replaces it besides is not read.
constexpr size_t kChainRowsMax = kCorrectionsMax + 3;

struct Read {
  ChainReport report;
  stored::v1::Result body;
};

absl::StatusOr<Read> ReadReportRow(base::Row row) {
  Read read;
  if (!read.body.ParseFromString(row.body)) return Damaged("report");
  HEDUI_ASSIGN_OR_RETURN(read.report.report_id, base::Uuid::FromBytes(read.body.report_id()));
  HEDUI_ASSIGN_OR_RETURN(const report::Draft draft, report::DecodeDraft(read.body.draft()));
  report::v1::Line line;
  if (!line.ParseFromString(std::string(draft.lines[0]))) return Damaged("report's header");
  const report::v1::Header& header = line.header();
  read.report.number = header.report_number();
  read.report.issued_at = absl::FromUnixSeconds(header.issued_at_seconds());
  if (!header.valid_until().empty()) {
    HEDUI_ASSIGN_OR_RETURN(read.report.valid_until, base::ParseDay(header.valid_until()));
  }
  read.report.superseding_reason = header.superseding_reason();
  read.report.row = std::move(row);
  return read;
}

// What cannot be found, and what was erased, is the same to who asks.
absl::StatusOr<std::vector<base::Row>> FindKept(const base::RowReader& rows,
                                                const base::LookupKey& key, size_t limit) {
  auto found = rows.Find(key, limit);
  if (!found.ok() && found.status().code() == absl::StatusCode::kNotFound) return ReportUnknown();
  return found;
}

absl::StatusOr<Read> FindReport(const base::RowReader& rows, const base::LookupKey& key) {
  HEDUI_ASSIGN_OR_RETURN(auto found, FindKept(rows, key, 1));
  if (found.empty() || found[0].kind != base::RowKind::kResult) return ReportUnknown();
  return ReadReportRow(std::move(found[0]));
}

absl::Status AddLater(base::Row row, ReportChain* chain) {
  if (row.kind == base::RowKind::kAnnulled) {
    stored::v1::Annulled body;
    if (!body.ParseFromString(row.body)) return Damaged("annulment");
    if (!chain->annulled.has_value()) {
      chain->annulled = {row.at, static_cast<AnnulmentReason>(body.reason())};
    }
    return absl::OkStatus();
  }
  HEDUI_ASSIGN_OR_RETURN(Read later, ReadReportRow(std::move(row)));
  if (later.body.verification_id() != chain->verification_id.ToBytes()) {
    if (chain->replaced_by.empty()) chain->replaced_by = later.report.number;
    return absl::OkStatus();
  }
  chain->reports.push_back(std::move(later.report));
  return absl::OkStatus();
}

// A row is held as it is and, while it is read, as a message.
constexpr size_t kRowCopies = 2;

// Rows that have been opened, counted; false where there is no room for them.
bool Count(const std::vector<base::Row>& rows, base::ByteBudget::Place* bytes) {
  size_t opened = 0;
  for (const base::Row& row : rows) opened += kRowCopies * row.body.size();
  return bytes->TryGrow(opened);
}

// `agency` empty: whoever asks. `reader`: whose share it takes.
absl::StatusOr<ReportChain> ReadChainAt(const Rooms& rooms, const std::string& reader,
                                        const std::string& agency, const base::LookupKey& key) {
  // Nothing is opened for whom there is no room at all.
  auto bytes = rooms.bytes->TryTake(reader, kCallerBytes);
  if (!bytes.has_value()) return NoBytes();
  HEDUI_ASSIGN_OR_RETURN(Read first, FindReport(*rooms.rows, key));
  // Whether the report exists is not told to others.
  if (!agency.empty() && first.body.agency() != agency) return ReportUnknown();
  if (!first.body.first_report_id().empty()) {
    HEDUI_ASSIGN_OR_RETURN(const base::Uuid id,
                           base::Uuid::FromBytes(first.body.first_report_id()));
    HEDUI_ASSIGN_OR_RETURN(first, FindReport(*rooms.rows, ReportKey(id)));
  }
  if (!bytes->TryGrow(kRowCopies * first.report.row.body.size())) return NoBytes();
  ReportChain chain;
  HEDUI_ASSIGN_OR_RETURN(chain.verification_id,
                         base::Uuid::FromBytes(first.body.verification_id()));
  chain.matter = first.report.row.matter;
  chain.reports.push_back(std::move(first.report));
  HEDUI_ASSIGN_OR_RETURN(auto later,
                         FindKept(*rooms.rows, ChainKey(chain.verification_id), kChainRowsMax));
  if (!Count(later, &*bytes)) return NoBytes();
  for (base::Row& row : later) HEDUI_RETURN_IF_ERROR(AddLater(std::move(row), &chain));
  chain.bytes = *std::move(bytes);
  return chain;
}

}  // namespace

const ChainReport& ReportChain::at(const base::Uuid& report_id) const {
  return *std::find_if(reports.begin(), reports.end(), [&report_id](const ChainReport& report) {
    return report.report_id == report_id;
  });
}

base::LookupKey ChainKey(const base::Uuid& verification_id) {
  return {base::LookupKind::kChain, verification_id.ToBytes()};
}

void ReportChain::KeepCurrentRow() {
  for (size_t i = 0; i + 1 < reports.size(); ++i) reports[i].row = {};
  bytes.ResizeTo(kCallerBytes + kRowCopies * current().row.body.size());
}

absl::StatusOr<ReportChain> ReadChainBy(const Rooms& rooms, const std::string& agency,
                                        const base::LookupKey& key) {
  return ReadChainAt(rooms, agency, agency, key);
}

absl::StatusOr<ReportChain> ReadChain(const Rooms& rooms, const std::string& agency,
                                      const base::Uuid& report_id) {
  return ReadChainAt(rooms, agency, agency, ReportKey(report_id));
}

absl::StatusOr<ReportStatus> ReadStatus(const Rooms& rooms, const std::string& reader,
                                        const base::Uuid& report_id, absl::CivilDay today) {
  HEDUI_ASSIGN_OR_RETURN(const ReportChain chain,
                         ReadChainAt(rooms, reader, "", ReportKey(report_id)));
  return StatusOf(chain, report_id, today);
}

ReportStatus StatusOf(const ReportChain& chain, const base::Uuid& report_id, absl::CivilDay today) {
  const ChainReport* const at = &chain.at(report_id);
  ReportStatus status;
  status.report_number = at->number;
  status.issued_at = at->issued_at;
  status.valid_until = at->valid_until;
  status.superseding_reason = at->superseding_reason;
  if (at != &chain.current()) {
    status.state = ReportState::kSuperseded;
    status.superseded_by = (at + 1)->number;
  } else if (at->valid_until.has_value() && *at->valid_until < today) {
    status.state = ReportState::kExpired;
  }
  if (chain.annulled.has_value()) {
    status.state = ReportState::kRevoked;
    status.annulled_at = chain.annulled->at;
    status.annulment_reason = chain.annulled->reason;
    status.replaced_by = chain.replaced_by;
  }
  return status;
}

absl::StatusOr<base::Uuid> AnnulledVerification(const Rooms& rooms, const std::string& agency,
                                                const std::string& matter_number,
                                                const std::string& report_number) {
  const auto id = report::ReportIdOfNumber(report_number);
  if (!id.ok()) return ReportUnknown();
  HEDUI_ASSIGN_OR_RETURN(const ReportChain chain, ReadChain(rooms, agency, *id));
  if (!chain.annulled.has_value()) {
    return base::MakeError(
        absl::StatusCode::kFailedPrecondition, "REPORT_NOT_ANNULLED",
        "the report to be replaced has not been annulled; annul it first (AnnulReport)");
  }
  auto matter = rooms.matters->Load(agency, matter_number);
  if (!matter.ok()) return matter.status();
  if ((*matter)->Snapshot()->id != chain.matter) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "REPORT_OF_ANOTHER_MATTER",
                           "the report to be replaced belongs to another matter");
  }
  return chain.verification_id;
}

}  // namespace hedui
