#include "server/report/report_check.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/status.h"
#include "server/ledger/batch_tree.h"
#include "server/ledger/entry.h"
#include "server/ledger/entry_proof.h"
#include "server/ledger/merkle.h"
#include "server/report/display_text.h"
#include "server/report/envelope.h"
#include "server/report/header_line.h"
#include "server/report/line_tree.h"
#include "server/report/strict_proto.h"

namespace hedui::report {
namespace {

// A letter's length is enough to find the line; the rest would only fill a screen.
constexpr int kFailuresShownMax = 20;

// "line 14 (wage)": the code as the line has it, fit for a screen, even where the line was altered.
std::string NameOfLine(int number, const std::string& bytes) {
  v1::Line line;
  std::string code = number == 0 ? "header" : "";
  if (number > 0 && ParseLeniently(bytes, &line)) {
    code = EscapeForDisplay(line.code());
    if (!line.label().empty()) absl::StrAppend(&code, " ", EscapeForDisplay(line.label()));
  }
  return absl::StrCat("line ", number, code.empty() ? "" : absl::StrCat(" (", code, ")"));
}

// Which part of the proof an error is about.
std::string PartOf(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  if (reason == "LOG_CERTIFICATE" || reason == "CERTIFICATE_CHAIN") return "certificates";
  if (reason == "PROOF_SHAPE" || reason == "PROOF_ROOT") return "inclusion proof";
  if (reason == "ENTRY_FORMAT") return "log entry";
  return "checkpoint";
}

class Checker {
 public:
  Checker(absl::string_view bytes, const ledger::LogTrust& trust) : bytes_(bytes), trust_(trust) {}

  CheckResult Run() {
    auto envelope = ParseEnvelope(bytes_);
    if (!envelope.ok()) {
      result_.failures.push_back(std::string(envelope.status().message()));
      return std::move(result_);
    }
    envelope_ = *std::move(envelope);
    result_.lines = static_cast<uint32_t>(envelope_.lines_size());
    ReadProof();
    CheckLines();
    CheckContents();
    result_.verdict = result_.failures.empty() ? Verdict::kValid : Verdict::kNotValid;
    return std::move(result_);
  }

 private:
  void Fail(std::string what) {
    if (result_.failures.size() < kFailuresShownMax) result_.failures.push_back(std::move(what));
  }

  void ReadProof() {
    const auto proof = ledger::DecodeEntryProof(envelope_.entry_proof());
    if (!proof.ok()) {
      Fail("entry proof: not in its one encoding");
      return;
    }
    const auto proven = ledger::VerifyEntryProof(*proof, trust_);
    if (proven.ok()) {
      result_.log_origin = proven->checkpoint.origin;
      result_.log_index = proven->index;
      result_.checkpoint_time = proven->checkpoint.time;
    } else {
      Fail(absl::StrCat(PartOf(proven.status()), ": ", proven.status().message()));
    }
    const auto entry = ledger::DecodeEntry(proof->entry);
    const auto* result = entry.ok() ? std::get_if<ledger::ResultEntry>(&*entry) : nullptr;
    if (result != nullptr) {
      entry_ = *result;
    } else {
      Fail("log entry: it is no report's");
    }
  }

  // What each line hashes to now, against what the envelope lists and what the log holds. The list
  // is there to tell which line was altered; alone it proves nothing.
  void CheckLines() {
    const base::HashAlgorithm algorithm =
        entry_.has_value() ? entry_->line_hash : base::HashAlgorithm::kSha256;
    std::vector<ledger::Hash> listed;
    std::vector<ledger::Hash> computed;
    for (const v1::SealedLine& line : envelope_.lines()) {
      listed.push_back(*ledger::HashFromBytes(line.leaf()));
      computed.push_back(line.line().empty() ? listed.back()
                                             : LineLeaf(algorithm, line.salt(), line.line()));
    }
    const bool list_is_logged =
        entry_.has_value() && ledger::TreeRoot(listed, algorithm) == entry_->line_root;
    const bool lines_are_logged =
        entry_.has_value() && ledger::TreeRoot(computed, algorithm) == entry_->line_root;
    bool named = false;
    for (int i = 0; i < envelope_.lines_size(); ++i) {
      if (computed[i] == listed[i]) continue;
      named = true;
      const std::string name = NameOfLine(i, envelope_.lines(i).line());
      if (lines_are_logged) {
        Fail(absl::StrCat(name, ": the leaf hash listed for it is not its own"));
      } else {
        Fail(absl::StrCat(name, ": altered: its leaf hash is not the one ",
                          list_is_logged ? "under the logged root" : "listed"));
      }
    }
    if (entry_.has_value() && !lines_are_logged && !named) {
      Fail("lines: together they are not the ones the log entry was made of");
    }
    if (entry_.has_value() && entry_->header_digest != computed[0]) {
      Fail("line 0 (header): it is not the header of the log entry");
    }
    lines_good_ = !named && lines_are_logged;
  }

  // Lines that the log vouches for still must say what lines say, in their place.
  void CheckContents() {
    for (int i = 0; i < envelope_.lines_size(); ++i) {
      const std::string& bytes = envelope_.lines(i).line();
      if (bytes.empty()) {
        ++result_.lines_withheld;
        continue;
      }
      v1::Line line;
      const bool readable = ParseStrict(bytes, &line);
      if (i == 0) result_.report_number = EscapeForDisplay(line.header().report_number());
      // An altered line was named before.
      if (!lines_good_) continue;
      if (!readable) {
        Fail(absl::StrCat("line ", i, ": its content cannot be read by this version"));
      } else if (line.number() != static_cast<uint32_t>(i)) {
        Fail(absl::StrCat(NameOfLine(i, bytes), ": it belongs in place ", line.number()));
      } else if ((line.kind() == v1::LINE_KIND_HEADER) != (i == 0) ||
                 line.has_header() != (i == 0)) {
        Fail(absl::StrCat(NameOfLine(i, bytes), ": a header stands in the wrong place"));
      } else if (i == 0) {
        CheckHeader(line.header());
      }
    }
  }

  void CheckHeader(const v1::Header& header) {
    if (header.format() != kFormat) {
      Fail(absl::StrCat("line 0 (header): format ", header.format(), " is not known here"));
    }
    const std::string previous =
        entry_->previous_report.has_value() ? entry_->previous_report->ToBytes() : "";
    if (header.report_id() != entry_->report.ToBytes() ||
        header.verification_id() != entry_->verification.ToBytes() ||
        header.previous_report_id() != previous) {
      Fail("line 0 (header): its ids are not those of the log entry");
    }
    if (header.line_hash() != static_cast<uint32_t>(entry_->line_hash) ||
        header.line_count() != entry_->line_count || entry_->line_count != result_.lines) {
      Fail("line 0 (header): hash or number of lines are not those of the log entry");
    }
    if (!result_.log_origin.empty() && header.log_origin() != result_.log_origin) {
      Fail("line 0 (header): it names another log");
    }
  }

  const absl::string_view bytes_;
  const ledger::LogTrust& trust_;
  v1::Envelope envelope_;
  std::optional<ledger::ResultEntry> entry_;
  bool lines_good_ = false;
  CheckResult result_;
};

}  // namespace

CheckResult CheckReport(absl::string_view envelope, const ledger::LogTrust& trust) {
  return Checker(envelope, trust).Run();
}

absl::StatusOr<CheckResult> CheckReport(absl::string_view envelope,
                                        absl::string_view authorities_pem) {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<ledger::LogTrust> trust,
                         ledger::LogTrust::FromPem(authorities_pem));
  return CheckReport(envelope, *trust);
}

}  // namespace hedui::report
