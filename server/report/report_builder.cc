#include "server/report/report_builder.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/ledger/batch_tree.h"
#include "server/ledger/entry.h"
#include "server/report/envelope.h"
#include "server/report/header_line.h"
#include "server/report/line_builder.h"
#include "server/report/line_tree.h"
#include "server/report/strict_proto.h"

namespace hedui::report {
namespace {

constexpr size_t kNumberBytes = 44;  // "HD-", 8 digits, "-", 32 hexadecimal digits
// Leaf, salt and framing of a line; proof and certificates of the envelope.
constexpr size_t kLineOverheadBytes = 80;
constexpr size_t kProofReserveBytes = ledger::kEntryProofBytesMax;

absl::Status TooLarge(absl::string_view what) {
  return base::MakeError(
      absl::StatusCode::kOutOfRange, "REPORT_TOO_LARGE",
      absl::StrCat("the report has too ", what, "; ask about fewer people or shorter periods"));
}

absl::Status BadDraft(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kDataLoss, "DRAFT", absl::StrCat("stored draft: ", what),
                         base::Visibility::kOperator);
}

std::vector<ledger::Hash> LeavesOf(const Draft& draft, const ledger::ResultEntry& entry) {
  return LineLeaves(entry.line_hash, draft.seed, draft.lines);
}

}  // namespace

std::string ReportNumber(const base::Uuid& report_id, absl::Time issued_at) {
  const absl::CivilDay day = base::CivilDayOf(issued_at);
  std::string hex = base::HexEncode(report_id.ToBytes());
  absl::AsciiStrToUpper(&hex);
  return absl::StrFormat("HD-%04d%02d%02d-%s", day.year(), day.month(), day.day(), hex);
}

absl::StatusOr<base::Uuid> ReportIdOfNumber(absl::string_view number) {
  absl::string_view rest = number;
  const bool shape =
      number.size() == kNumberBytes && absl::ConsumePrefix(&rest, "HD-") && rest[8] == '-';
  const auto bytes = shape && absl::AsciiStrToUpper(rest) == rest
                         ? base::HexDecode(absl::AsciiStrToLower(rest.substr(9)))
                         : absl::InvalidArgumentError("");
  auto id = bytes.ok() ? base::Uuid::FromBytes(*bytes) : bytes.status();
  // The day must be the one such a number is made with.
  if (id.ok()) {
    const std::string day =
        absl::StrCat(rest.substr(0, 4), "-", rest.substr(4, 2), "-", rest.substr(6, 2));
    if (base::ParseDay(day).ok()) return id;
  }
  return base::MakeError(absl::StatusCode::kInvalidArgument, "REPORT_NUMBER",
                         "a report number is HD-, the day of issue as eight digits, -, and 32 "
                         "hexadecimal digits in upper case");
}

absl::StatusOr<std::vector<std::string>> BuildLines(const ReportInput& input) {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<v1::Line> messages, BuildLineMessages(input));
  if (messages.size() > kLinesMax) return TooLarge("many lines");
  std::vector<std::string> lines;
  lines.reserve(messages.size());
  size_t bytes = kProofReserveBytes;
  for (const v1::Line& message : messages) {
    lines.push_back(message.SerializeAsString());
    bytes += lines.back().size() + kLineOverheadBytes;
    if (bytes > kEnvelopeBytesMax) return TooLarge("many bytes");
  }
  return lines;
}

absl::StatusOr<Draft> BuildReport(const ReportInput& input) {
  if (input.seed.size() != kSeedBytes) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "REPORT_INPUT",
                           "a report cannot be made: the seed is not 32 bytes",
                           base::Visibility::kOperator);
  }
  Draft draft;
  HEDUI_ASSIGN_OR_RETURN(draft.lines, BuildLines(input));
  draft.seed = input.seed;

  ledger::ResultEntry entry;
  entry.verification = input.frame.verification_id;
  entry.report = input.frame.report_id;
  entry.previous_report = input.frame.previous_report;
  entry.line_hash = input.frame.line_hash;
  entry.line_count = static_cast<uint32_t>(draft.lines.size());
  const std::vector<ledger::Hash> leaves = LeavesOf(draft, entry);
  entry.line_root = ledger::TreeRoot(leaves, entry.line_hash);
  entry.header_digest = leaves[0];
  draft.root = entry.line_root;
  draft.entry = ledger::EncodeEntry(entry);
  return draft;
}

std::string EncodeDraft(const Draft& draft) {
  v1::Draft message;
  message.set_format(kFormat);
  for (const std::string& line : draft.lines) message.add_lines(line);
  message.set_seed(draft.seed);
  message.set_log_entry(draft.entry);
  return message.SerializeAsString();
}

absl::StatusOr<Draft> DecodeDraft(absl::string_view bytes) {
  v1::Draft message;
  if (!ParseStrict(bytes, &message) || message.format() != kFormat) {
    return BadDraft("cannot be read");
  }
  Draft draft;
  draft.lines.assign(message.lines().begin(), message.lines().end());
  draft.seed = message.seed();
  draft.entry = message.log_entry();
  const auto entry = ledger::DecodeEntry(draft.entry);
  const auto* result = entry.ok() ? std::get_if<ledger::ResultEntry>(&*entry) : nullptr;
  if (result == nullptr) return BadDraft("its log entry is no report's");
  const std::vector<ledger::Hash> leaves = LeavesOf(draft, *result);
  draft.root = ledger::TreeRoot(leaves, result->line_hash);
  if (leaves.size() != result->line_count || draft.root != result->line_root) {
    return BadDraft("its lines are not those of its log entry");
  }
  return draft;
}

absl::StatusOr<std::string> SealReport(const Draft& draft, const ledger::EntryProof& proof) {
  const auto entry = ledger::DecodeEntry(draft.entry);
  const auto* result = entry.ok() ? std::get_if<ledger::ResultEntry>(&*entry) : nullptr;
  if (result == nullptr || proof.entry != draft.entry) {
    return base::MakeError(absl::StatusCode::kInternal, "REPORT_PROOF",
                           "the proof is of another log entry", base::Visibility::kOperator);
  }
  v1::Envelope envelope;
  envelope.set_format(kFormat);
  const std::vector<ledger::Hash> leaves = LeavesOf(draft, *result);
  for (size_t i = 0; i < draft.lines.size(); ++i) {
    v1::SealedLine* line = envelope.add_lines();
    line->set_leaf(ledger::HashBytes(leaves[i]));
    line->set_salt(LineSalt(result->line_hash, draft.seed, static_cast<uint32_t>(i)));
    line->set_line(draft.lines[i]);
  }
  envelope.set_entry_proof(ledger::EncodeEntryProof(proof));
  return envelope.SerializeAsString();
}

absl::StatusOr<std::string> Disclose(absl::string_view bytes, absl::Span<const uint32_t> lines) {
  HEDUI_ASSIGN_OR_RETURN(v1::Envelope envelope, ParseEnvelope(bytes));
  std::set<uint32_t> shown(lines.begin(), lines.end());
  shown.insert(0);
  if (*shown.rbegin() >= static_cast<uint32_t>(envelope.lines_size())) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "REPORT_LINE",
                           absl::StrCat("line ", *shown.rbegin(), ": the report has only ",
                                        envelope.lines_size(), " lines, counted from 0"));
  }
  for (int i = 0; i < envelope.lines_size(); ++i) {
    if (shown.count(static_cast<uint32_t>(i)) > 0) continue;
    envelope.mutable_lines(i)->clear_salt();
    envelope.mutable_lines(i)->clear_line();
  }
  return envelope.SerializeAsString();
}

}  // namespace hedui::report
