// Checkpoints (C2SP tlog-checkpoint): the log's origin, size and root as the text of a signed note,
// with one extension line of ours, the time of signing in milliseconds since 1970:
//
//   <origin>\n<size>\n<base64 root>\nhedui-time <milliseconds>\n
//
// The certificates of the signing keys must have been valid at that time. Pure functions and
// values.
#ifndef HEDUI_SERVER_LEDGER_CHECKPOINT_H_
#define HEDUI_SERVER_LEDGER_CHECKPOINT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/ledger/hash.h"

namespace hedui::ledger {

// Fits a certificate's URI and one line of a note.
inline constexpr size_t kOriginBytesMax = 200;
// Sizes stay below 2^53 so that every language reads them.
inline constexpr uint64_t kLogSizeMax = uint64_t{1} << 53;

struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Hash root{};
  absl::Time time;  // whole milliseconds
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// A schema-less URL: lower-case letters, digits and "._-/", beginning with a letter or digit.
// INVALID_ARGUMENT with reason LOG_ORIGIN.
absl::Status CheckOrigin(absl::string_view origin);

// The note's text.
std::string FormatCheckpoint(const Checkpoint& checkpoint);
// Strict: other extension lines, leading zeros and unequal spellings are INVALID_ARGUMENT,
// CHECKPOINT_FORMAT.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_CHECKPOINT_H_
