#include "server/correction_flow.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/chain_flow.h"
#include "server/correction_steps.h"
#include "server/flow_bytes.h"
#include "server/ledger/entry.h"
#include "server/report/report_builder.h"
#include "server/report_steps.h"
#include "server/rooms.h"
#include "server/stored_report.h"
#include "server/superseding_steps.h"

namespace hedui {
namespace {

absl::Status NotNow(absl::string_view reason, std::string text) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, reason, std::move(text));
}

// What a correction made, by its own id.
base::LookupKey CorrectionKey(const std::string& agency, const base::Uuid& request_id) {
  return {base::LookupKind::kRequest,
          absl::StrCat(agency, "\n", request_id.ToString(), "\ncorrection")};
}

class Correction final : public ChainFlow<VerifyResult> {
 public:
  Correction(const Rooms* rooms, runtime::EventLoop* loop, CorrectionRequest request,
             base::ByteBudget::Place bytes, VerifyDone done)
      : ChainFlow(rooms, loop, request.agency, ReportKey(request.report_id), RequestLock(request),
                  std::move(done)),
        request_(std::move(request)),
        bytes_(std::move(bytes)) {}

 private:
  // One id for two reports at once: the second finds what the first made of it.
  static std::string RequestLock(const CorrectionRequest& request) {
    return absl::StrCat("correction\n", request.agency, "\n", request.request_id.ToString());
  }

  void Work(ReportChain chain) override {
    auto repeated = FindRepeated(chain.matter);
    if (!repeated.ok()) return Finish(repeated.status());
    if (repeated->has_value()) return HandOut(**std::move(repeated));
    if (const absl::Status checked = Check(chain); !checked.ok()) return Finish(checked);
    // Only what is corrected is needed while it waits.
    chain.KeepCurrentRow();
    OnCompute([this, chain = std::move(chain)]() mutable { Make(std::move(chain)); });
  }

  // The digest by which a repeated correction is known.
  absl::StatusOr<std::string> RequestDigest(const base::Uuid& matter) {
    HEDUI_ASSIGN_OR_RETURN(digest_key_, rooms_.rows->DigestKey(matter));
    return base::HmacSha256(digest_key_, request_.bytes);
  }

  absl::StatusOr<std::optional<StoredReport>> FindRepeated(const base::Uuid& matter) {
    HEDUI_ASSIGN_OR_RETURN(request_digest_, RequestDigest(matter));
    HEDUI_ASSIGN_OR_RETURN(
        auto rows, rooms_.rows->Find(CorrectionKey(request_.agency, request_.request_id), 1));
    if (rows.empty()) return std::optional<StoredReport>();
    stored::v1::Result stored;
    if (!stored.ParseFromString(rows[0].body)) return Damaged("report");
    if (rows[0].matter != matter || stored.request_digest() != request_digest_) {
      return base::MakeError(
          absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
          "this request id was used with other content; choose a new UUID for a new request");
    }
    HEDUI_ASSIGN_OR_RETURN(StoredReport report,
                           ReportOf(rooms_, rows[0], stored, request_.officer));
    return std::optional<StoredReport>(std::move(report));
  }

  // It was made before: handing it out again is an access.
  void HandOut(StoredReport report) {
    if (!bytes_.TryGrow(report.result.envelope.size())) return Finish(NoBytes());
    Hold(&report.result);
    ledger::CommitRequest commit;
    commit.entry = std::move(report.access_entry);
    auto self = shared_from_this();
    auto result = std::make_shared<VerifyResult>(std::move(report.result));
    Commit(std::move(commit),
           [self, this, result](ledger::CommitReceipt) { Finish(std::move(*result)); });
  }

  // Until its reader has it.
  void Hold(VerifyResult* result) {
    result->held = std::make_shared<base::ByteBudget::Place>(std::move(bytes_));
  }

  absl::Status Check(const ReportChain& chain) {
    if (chain.annulled.has_value()) {
      return NotNow("REPORT_ANNULLED", "this verification's reports were annulled; verify anew");
    }
    if (chain.current().report_id != request_.report_id) {
      return NotNow(
          "REPORT_SUPERSEDED",
          absl::StrCat("a later report stands in its place: correct ", chain.current().number));
    }
    if (chain.reports.size() > kCorrectionsMax) {
      return NotNow("CORRECTIONS_MAX", "this verification was corrected 100 times; verify anew");
    }
    return absl::OkStatus();
  }

  // On the compute pool.
  void Make(ReportChain chain) {
    const absl::Status made = TryMake(chain);
    if (!made.ok()) return Finish(made);
    ledger::CommitRequest commit;
    commit.rows.push_back(std::move(report_.row));
    commit.entry = report_.made.draft.entry;
    auto self = shared_from_this();
    Commit(std::move(commit),
           [self, this](ledger::CommitReceipt receipt) { Seal(std::move(receipt)); });
  }

  absl::Status TryMake(const ReportChain& chain) {
    HEDUI_ASSIGN_OR_RETURN(CurrentCase current, ReadCurrentCase(rooms_, request_.agency, chain));
    if (current.IsClosed()) {
      return NotNow("MATTER_CLOSED", "the matter is closed; nothing is added to its reports");
    }
    absl::string_view reason;
    if (request_.found.has_value()) {
      reason = "MANUAL_FINDING";
      HEDUI_RETURN_IF_ERROR(AddFinding(*setup_, *request_.found,
                                       base::HmacSha256(digest_key_, request_.bytes),
                                       &current.bundle, &current.outcomes));
    } else {
      reason = "IDENTITY_RESOLVED";
      HEDUI_RETURN_IF_ERROR(Decide(*setup_, *request_.decision,
                                   base::CivilDayOf(chain.reports.front().issued_at),
                                   &current.bundle, &current.outcomes));
    }
    current.bundle.frame.officer = request_.officer;
    HEDUI_ASSIGN_OR_RETURN(report_, Supersede(rooms_, *setup_, request_.agency, chain,
                                              std::move(current), reason, request_digest_, Now()));
    report_.row.keys.push_back(CorrectionKey(request_.agency, request_.request_id));
    return absl::OkStatus();
  }

  // On the committer's thread: a proof is put behind what is laid out already.
  void Seal(ledger::CommitReceipt receipt) {
    VerifyResult result;
    result.verification_id = report_.made.bundle.frame.verification_id;
    result.report_number = report_.made.number;
    result.outcomes = std::move(report_.outcomes);
    auto envelope = report::SealReport(std::move(report_.made.draft), *receipt.proof);
    if (!envelope.ok()) return Finish(envelope.status());
    result.envelope = *std::move(envelope);
    bytes_.ResizeTo(result.envelope.size());
    Hold(&result);
    Finish(std::move(result));
  }

  const CorrectionRequest request_;
  base::ByteBudget::Place bytes_;
  std::string digest_key_;
  std::string request_digest_;
  SupersedingReport report_;
};

class Annulling final : public ChainFlow<ReportStatus> {
 public:
  Annulling(const Rooms* rooms, runtime::EventLoop* loop, AnnulRequest request, StatusDone done)
      : ChainFlow(rooms, loop, request.agency, ReportKey(request.report_id), "", std::move(done)),
        request_(std::move(request)) {}

 private:
  void Work(ReportChain chain) override {
    if (chain.annulled.has_value()) return Finish(Status(chain));
    auto key = rooms_.rows->DigestKey(chain.matter);
    if (!key.ok()) return Finish(key.status());
    const absl::Time now = Now();
    ledger::AnnulmentEntry entry;
    entry.verification = chain.verification_id;
    entry.reason = static_cast<uint8_t>(request_.reason);
    entry.officer_digest =
        KeyedHash(*key, "officer", absl::StrCat(request_.agency, "\n", request_.officer));
    entry.time = now;
    ledger::CommitRequest commit;
    commit.entry = ledger::EncodeEntry(entry);
    commit.rows.push_back(RowOf(chain, now));
    chain.annulled = {now, request_.reason};
    auto self = shared_from_this();
    Commit(std::move(commit),
           [self, this, status = Status(chain)](ledger::CommitReceipt) { Finish(status); });
  }

  ReportStatus Status(const ReportChain& chain) const {
    return StatusOf(chain, request_.report_id, base::CivilDayOf(rooms_.clock->WallNow()));
  }

  base::Row RowOf(const ReportChain& chain, absl::Time now) const {
    stored::v1::Annulled body;
    body.set_verification_id(chain.verification_id.ToBytes());
    body.set_agency(request_.agency);
    body.set_officer(request_.officer);
    body.set_reason(static_cast<int>(request_.reason));
    body.set_note(request_.note);
    base::Row row;
    row.kind = base::RowKind::kAnnulled;
    row.id = rooms_.ids->NextId(now);
    row.matter = chain.matter;
    row.at = now;
    row.keys = {ChainKey(chain.verification_id)};
    row.body = body.SerializeAsString();
    return row;
  }

  const AnnulRequest request_;
};

}  // namespace

void Corrector::Correct(runtime::EventLoop* loop, CorrectionRequest request, VerifyDone done) {
  auto bytes =
      rooms_->bytes->TryTake(request.agency, kFlowBytes + kRequestCopies * request.bytes.size());
  if (!bytes.has_value()) {
    return loop->Post([done = std::move(done)]() mutable { std::move(done)(NoBytes()); });
  }
  std::make_shared<Correction>(rooms_, loop, std::move(request), *std::move(bytes), std::move(done))
      ->Begin();
}

void Corrector::Annul(runtime::EventLoop* loop, AnnulRequest request, StatusDone done) {
  std::make_shared<Annulling>(rooms_, loop, std::move(request), std::move(done))->Begin();
}

}  // namespace hedui
