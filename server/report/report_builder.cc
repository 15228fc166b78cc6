#include "server/report/report_builder.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/functional/function_ref.h"
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
#include "server/report/strict_proto.h"
#include "server/report/wire_writer.h"

namespace hedui::report {
namespace {

constexpr size_t kNumberBytes = 44;  // "HD-", 8 digits, "-", 32 hexadecimal digits
// Leaf, salt and framing of a line; proof and certificates of the envelope.
constexpr size_t kLineOverheadBytes = 80;
constexpr size_t kFormatBytes = 2;  // of a draft: tag and number
static_assert(kFormat < 128);
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

// What a line and its framing take in an envelope, and a proof, mostly: room that is made at once.
// Nothing rests on it.
constexpr size_t kLineBytesUsual = 480;
constexpr size_t kProofBytesUsual = 6'144;

// No fewer than there will be.
size_t LinesAtMost(const ReportInput& input) {
  size_t lines = 1 + 2 * input.household.persons.size() + input.match.facts.answers.size() +
                 input.match.facts.facts.size() + input.match.discrepancies.size();
  if (input.assessment.has_value()) {
    lines += input.assessment->entries.size() + input.assessment->indications.size() +
             input.assessment->rows.size();
  }
  return std::min(lines, kLinesMax);
}

// Hands each line on, as long as they all fit into one envelope.
absl::Status WriteBoundedLines(const ReportInput& input,
                               absl::FunctionRef<void(absl::string_view)> add) {
  size_t lines = 0;
  size_t bytes = kProofReserveBytes;
  return WriteLines(input, [&](absl::string_view line) -> absl::Status {
    if (++lines > kLinesMax) return TooLarge("many lines");
    bytes += line.size() + kLineOverheadBytes;
    if (bytes > kEnvelopeBytesMax) return TooLarge("many bytes");
    add(line);
    return absl::OkStatus();
  });
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
  std::vector<std::string> lines;
  HEDUI_RETURN_IF_ERROR(
      WriteBoundedLines(input, [&lines](absl::string_view line) { lines.emplace_back(line); }));
  return lines;
}

absl::StatusOr<Draft> BuildReport(const ReportInput& input) {
  if (input.seed.size() != kSeedBytes) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "REPORT_INPUT",
                           "a report cannot be made: the seed is not 32 bytes",
                           base::Visibility::kOperator);
  }
  Draft draft;
  draft.seed = input.seed;
  draft.lines = SealedLines(input.frame.line_hash, input.seed);
  const size_t lines = LinesAtMost(input);
  draft.lines.Reserve(lines, lines * kLineBytesUsual + kProofBytesUsual);
  HEDUI_RETURN_IF_ERROR(
      WriteBoundedLines(input, [&draft](absl::string_view line) { draft.lines.Add(line); }));

  ledger::ResultEntry entry;
  entry.verification = input.frame.verification_id;
  entry.report = input.frame.report_id;
  entry.previous_report = input.frame.previous_report;
  entry.line_hash = input.frame.line_hash;
  entry.line_count = static_cast<uint32_t>(draft.lines.size());
  entry.line_root = ledger::TreeRoot(draft.lines.leaves(), entry.line_hash);
  entry.header_digest = draft.lines.leaves()[0];
  draft.root = entry.line_root;
  draft.entry = ledger::EncodeEntry(entry);
  return draft;
}

size_t DraftSize(const Draft& draft) {
  size_t size = kFormatBytes;
  if (!draft.seed.empty()) {
    size += WireWriter::SizeOf(v1::Draft::kSeedFieldNumber, draft.seed.size());
  }
  if (!draft.entry.empty()) {
    size += WireWriter::SizeOf(v1::Draft::kLogEntryFieldNumber, draft.entry.size());
  }
  for (size_t i = 0; i < draft.lines.size(); ++i) {
    size += WireWriter::SizeOf(v1::Draft::kLinesFieldNumber, draft.lines[i].size());
  }
  return size;
}

void AppendDraft(const Draft& draft, std::string* out) {
  // Leaves and salts come from the seed and are not stored.
  WireWriter message(out);
  message.Uint(v1::Draft::kFormatFieldNumber, kFormat);
  for (size_t i = 0; i < draft.lines.size(); ++i) {
    message.BytesAlways(v1::Draft::kLinesFieldNumber, draft.lines[i]);
  }
  message.Bytes(v1::Draft::kSeedFieldNumber, draft.seed);
  message.Bytes(v1::Draft::kLogEntryFieldNumber, draft.entry);
}

std::string EncodeDraft(const Draft& draft) {
  std::string bytes;
  bytes.reserve(DraftSize(draft));
  AppendDraft(draft, &bytes);
  return bytes;
}

absl::StatusOr<Draft> DecodeDraft(absl::string_view bytes) {
  v1::Draft message;
  if (!ParseStrict(bytes, &message) || message.format() != kFormat) {
    return BadDraft("cannot be read");
  }
  Draft draft;
  draft.seed = message.seed();
  draft.entry = message.log_entry();
  const auto entry = ledger::DecodeEntry(draft.entry);
  const auto* result = entry.ok() ? std::get_if<ledger::ResultEntry>(&*entry) : nullptr;
  if (result == nullptr) return BadDraft("its log entry is no report's");
  draft.lines = SealedLines(result->line_hash, draft.seed);
  for (const std::string& line : message.lines()) draft.lines.Add(line);
  draft.root = ledger::TreeRoot(draft.lines.leaves(), result->line_hash);
  if (draft.lines.size() != result->line_count || draft.root != result->line_root) {
    return BadDraft("its lines are not those of its log entry");
  }
  return draft;
}

absl::StatusOr<std::string> SealReport(Draft draft, const ledger::EntryProof& proof) {
  if (proof.entry != draft.entry) {
    return base::MakeError(absl::StatusCode::kInternal, "REPORT_PROOF",
                           "the proof is of another log entry", base::Visibility::kOperator);
  }
  std::string envelope = std::move(draft.lines).bytes();
  WireWriter(&envelope).Bytes(v1::Envelope::kEntryProofFieldNumber,
                              ledger::EncodeEntryProof(proof));
  return envelope;
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
