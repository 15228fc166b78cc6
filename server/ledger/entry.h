// What stands in the log: small fixed records of digests, never personal content. Every digest of
// such content is keyed by, or salted from, its matter, so that erasing the matter's key leaves the
// log meaningless about it. Bytes: a type, a version, fields in fixed order, big-endian numbers,
// nothing behind them (docs/log-format.md). Values, thread-compatible; an encoded entry takes at
// most 600 bytes.
#ifndef HEDUI_SERVER_LEDGER_ENTRY_H_
#define HEDUI_SERVER_LEDGER_ENTRY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/digest.h"
#include "server/base/ids.h"
#include "server/ledger/hash.h"

namespace hedui::ledger {

// Before any query: everything that may be asked, one part for each source (warrant.h).
struct IntentEntry {
  base::Uuid intent;
  base::Uuid verification;
  uint16_t part_count = 0;  // at least 1
  Hash parts_root{};        // SHA-256 tree over the parts
  Hash body_digest{};       // keyed digest of the stored intent's body
  friend bool operator==(const IntentEntry&, const IntentEntry&) = default;
};

// A report was made.
struct ResultEntry {
  base::Uuid verification;
  base::Uuid report;
  std::optional<base::Uuid> previous_report;  // the report this one supersedes
  base::HashAlgorithm line_hash = base::HashAlgorithm::kSha256;
  uint32_t line_count = 0;  // at least 1
  Hash line_root{};         // tree over the report's lines
  Hash header_digest{};     // salted digest of the report's header
  friend bool operator==(const ResultEntry&, const ResultEntry&) = default;
};

// Somebody read a stored report.
struct AccessEntry {
  base::Uuid report;
  Hash reader_digest{};  // keyed digest of agency and officer
  absl::Time time;       // whole milliseconds, as every time here
  friend bool operator==(const AccessEntry&, const AccessEntry&) = default;
};

// An authorization letter was withdrawn.
struct RevocationEntry {
  Hash matter_digest{};
  Hash letter_digest{};
  absl::Time time;
  friend bool operator==(const RevocationEntry&, const RevocationEntry&) = default;
};

enum class MatterState : uint8_t { kOpen = 1, kMonitored = 2, kClosed = 3 };

// A matter (救助事项) changed state.
struct MatterStateEntry {
  Hash matter_digest{};
  MatterState state = MatterState::kOpen;
  absl::Time time;
  friend bool operator==(const MatterStateEntry&, const MatterStateEntry&) = default;
};

enum class KeyRole : uint8_t { kEd25519 = 1, kLegal = 2 };

// From the next checkpoint on the log signs under another certificate.
struct KeyChangeEntry {
  KeyRole role = KeyRole::kEd25519;
  Hash old_certificate{};  // SHA-256 of the DER
  Hash new_certificate{};
  absl::Time time;
  friend bool operator==(const KeyChangeEntry&, const KeyChangeEntry&) = default;
};

// A log ends. In the log itself, where nothing may follow it; or, for a log that can no longer
// sign, in its successor, stating the last head known of it.
struct OriginClosedEntry {
  std::string origin;     // the log that ends
  uint64_t size = 0;      // its entries before this one
  Hash root{};            // its root at that size
  std::string successor;  // empty: none
  absl::Time time;
  friend bool operator==(const OriginClosedEntry&, const OriginClosedEntry&) = default;
};

// Every report of a verification counts no longer.
struct AnnulmentEntry {
  base::Uuid verification;
  uint8_t reason = 1;     // 1 mistyped identity, 2 wrong household, 3 other
  Hash officer_digest{};  // keyed digest of agency and officer
  absl::Time time;
  friend bool operator==(const AnnulmentEntry&, const AnnulmentEntry&) = default;
};
inline constexpr uint8_t kAnnulmentReasonMax = 3;

// An operator held a source, so that it is asked nothing, or released it.
struct SourceStateEntry {
  bool held = false;
  std::string source_id;   // 1 to 128 bytes
  Hash operator_digest{};  // of agency and officer, keyed by what lies sealed with the row
  absl::Time time;
  friend bool operator==(const SourceStateEntry&, const SourceStateEntry&) = default;
};

// Every report that used what a source said from `from` until before `to` is to be verified anew.
struct RecallEntry {
  base::Uuid recall;
  std::string source_id;
  absl::Time from;
  absl::Time to;           // after `from`
  Hash operator_digest{};  // as SourceStateEntry's
  absl::Time time;
  friend bool operator==(const RecallEntry&, const RecallEntry&) = default;
};
// A source's id in entries, as in parts (warrant.h).
inline constexpr size_t kEntrySourceBytesMax = 128;

// An answer that a source had promised, or that a recall had asked for anew, came, and was
// destroyed unread by any report.
struct AnswerDroppedEntry {
  base::Uuid verification;
  // The row that kept the promise (base::RowKind::kPending); of a recall's: the intent under which
  // it was asked for.
  base::Uuid promise;
  uint8_t why = 1;  // 1 authority ended since it was asked for, 2 annulled, 3 not waited for
  absl::Time time;
  friend bool operator==(const AnswerDroppedEntry&, const AnswerDroppedEntry&) = default;
};
inline constexpr uint8_t kDroppedWhyMax = 3;

using Entry = std::variant<IntentEntry, ResultEntry, AccessEntry, RevocationEntry, MatterStateEntry,
                           KeyChangeEntry, OriginClosedEntry, AnnulmentEntry, SourceStateEntry,
                           AnswerDroppedEntry, RecallEntry>;

// Aborts on values the format cannot hold (a part or line count of 0, an origin CheckOrigin
// refuses, a time outside 1970..2^63 ms): those are our own mistakes.
std::string EncodeEntry(const Entry& entry);
// Strict: whatever it takes, EncodeEntry gives back byte for byte. INVALID_ARGUMENT with reason
// ENTRY_FORMAT.
absl::StatusOr<Entry> DecodeEntry(absl::string_view bytes);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_ENTRY_H_
