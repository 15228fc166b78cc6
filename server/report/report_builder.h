// From what was found and computed to a report: lines, their root, the log's entry; then, once the
// log holds the entry, the envelope (docs/report-format.md). A front door of this room. Pure: the
// same input gives the same bytes. Thread-safe.
//
// The way of a report:
//   BuildReport(input) -> Draft; commit Draft.entry with the draft's row (EncodeDraft);
//   SealReport(draft, receipt.proof) -> envelope bytes, now or at any later time. It only puts the
//   proof behind what BuildReport has laid out, so it may run on a loop.
#ifndef HEDUI_SERVER_REPORT_REPORT_BUILDER_H_
#define HEDUI_SERVER_REPORT_REPORT_BUILDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/base/ids.h"
#include "server/ledger/entry_proof.h"
#include "server/ledger/hash.h"
#include "server/report/report_input.h"
#include "server/report/sealed_lines.h"

namespace hedui::report {

// What a store's row and a message may take.
inline constexpr size_t kEnvelopeBytesMax = 8 << 20;
inline constexpr size_t kLinesMax = 65'535;
inline constexpr size_t kSeedBytes = 32;

struct Draft {
  SealedLines lines;  // serialized; the header first
  std::string seed;
  ledger::Hash root{};
  std::string entry;  // ledger RESULT entry, encoded: to be committed
};

// "HD-20250303-…": unique because the report's id is.
std::string ReportNumber(const base::Uuid& report_id, absl::Time issued_at);
// The report's id within a number. INVALID_ARGUMENT (REPORT_NUMBER).
absl::StatusOr<base::Uuid> ReportIdOfNumber(absl::string_view number);

// OUT_OF_RANGE (REPORT_TOO_LARGE) past the limits above; INVALID_ARGUMENT (REPORT_INPUT) when
// indexes in the input point nowhere or the seed is not 32 bytes. Texts that are no UTF-8 stand in
// lines with U+FFFD for what cannot be read.
absl::StatusOr<Draft> BuildReport(const ReportInput& input);

// The lines alone: what a replay compares.
absl::StatusOr<std::vector<std::string>> BuildLines(const ReportInput& input);

// The store's form of a draft. Decoding is strict and checks the lines against the entry: DATA_LOSS
// (DRAFT).
std::string EncodeDraft(const Draft& draft);
// The same bytes behind what `out` holds, and how many they are: a draft is large, and part of a
// row.
void AppendDraft(const Draft& draft, std::string* out);
size_t DraftSize(const Draft& draft);
absl::StatusOr<Draft> DecodeDraft(absl::string_view bytes);

// INTERNAL (REPORT_PROOF) when the proof is of another entry.
absl::StatusOr<std::string> SealReport(Draft draft, const ledger::EntryProof& proof);

// The same report with only these lines shown; the header always is. It checks as before. Lines
// that are withheld already stay so. INVALID_ARGUMENT (REPORT_FORMAT, REPORT_LINE).
absl::StatusOr<std::string> Disclose(absl::string_view envelope, absl::Span<const uint32_t> lines);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_REPORT_BUILDER_H_
