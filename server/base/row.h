// What is made durable: immutable rows, appended in commits and found by look-up keys. The store is
// a narrow waist: rooms own the encoding of their bodies, the store owns order, sealing and
// look-up. A state change (a revocation, a closed matter, a superseding report) is a further row;
// nothing is overwritten.
//
// A writer gives bodies and keys in clear; the store seals the body under the matter's key and
// keeps keyed digests of the look-up keys only. A reader gets them opened. Values are
// thread-compatible.
#ifndef HEDUI_SERVER_BASE_ROW_H_
#define HEDUI_SERVER_BASE_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/ids.h"

namespace hedui::base {

// Stable numbers: they stand in stores. Append only.
enum class RowKind : uint8_t {
  kMatter = 1,       // a matter (救助事项) was opened: body stored.v1.Matter
  kMatterState = 2,  // MONITORED or CLOSED: body stored.v1.MatterState
  kLetter = 3,       // an authorization letter (授权书) of one person: body stored.v1.Letter
  kRevocation = 4,   // a letter was withdrawn: body stored.v1.Revocation
  kIntent = 5,       // a verification and everything it may ask: body stored.v1.Intent
  kResult = 6,       // a report: body stored.v1.Result
  kPending = 7,      // a department answers later: body stored.v1.PendingAnswer
  kEnded = 8,        // a verification was cancelled: body stored.v1.Ended
  kAnnulled = 9,     // a verification's reports count no longer: body stored.v1.Annulled
  // So many of a source's queries of a day are used: body stored.v1.QuotaLease. Of kOperations.
  kQuotaLease = 10,
  // A source was held or released: body stored.v1.SourceState. Of kOperations.
  kSourceState = 11,
  // What became of a kPending row: body stored.v1.PendingEnd.
  kPendingEnd = 12,
  // Reports that used a source are verified anew: bodies stored.v1.Recall. Of kOperations.
  kRecall = 13,
};

// Which look-up a key belongs to. Stable numbers.
enum class LookupKind : uint8_t {
  // Intents; with "\nresult" behind it: the report, with "\nended": that there will be none, with
  // "\ncorrection": the report that a correction of this id made.
  kRequest = 1,       // agency code, '\n', request id text
  kMatterNumber = 2,  // agency code, '\n', matter number
  kMatterRows = 3,    // the matter's id (16 bytes): every row of access about it
  kPerson = 4,        // identity kind's number in decimal, '\n', normalised number
  kReport = 5,        // the report's id (16 bytes)
  kVerification = 6,  // the verification's id (16 bytes): its intent, results and pending answers
  kLetter = 7,        // agency code, '\n', letter number
  // Intents that are to be resumed after a crash, by when they were made: seconds since
  // 1970 in decimal.
  kBegun = 8,
  // What an agency began on a day, to list it (row_pages.h, DayKey).
  kDay = 9,
  // A verification's first intent: agency code, '\n', matter number.
  kMatterVerifications = 10,
  // What came after a verification's first report, by the verification's id (16 bytes): the reports
  // that supersede it, its annulment, the first report of the verification that replaces it.
  kChain = 11,
  // Intents that begin a block of an agency's count of a day: agency code, '\n', civil day, '\n',
  // the block's number in decimal (access/day_quota.h).
  kDayQuota = 12,
  // What is kept of a source for a day. Its id, "\nlease\n", civil day: leases of its count of the
  // day. Its id, "\nused\n", civil day: reports that hold what it said that day. "\nstate": every
  // holding and releasing of any source.
  kSourceDay = 13,
  // Promises to answer later: "item\n" and the id of the kPending row (16 bytes); "day\n" and the
  // civil day it was made; "verification\n" and the verification's id (16 bytes); "end\n" and the
  // id of the kPending row: the kPendingEnd row about it.
  kPending = 14,
};

struct LookupKey {
  LookupKind kind;
  std::string text;  // in clear; at most 512 bytes
  friend bool operator==(const LookupKey&, const LookupKey&) = default;
};

// In place of a matter where a row is nobody's: what the platform keeps of its own. It holds no
// personal data and is never erased.
inline constexpr Uuid kOperations = {
    {'h', 'e', 'd', 'u', 'i', '-', 'o', 'p', 'e', 'r', 'a', 't', 'i', 'o', 'n', 's'}};

struct Row {
  RowKind kind;
  Uuid id;        // time-ordered
  Uuid matter;    // whose key seals the body; a kMatter row's own id; or kOperations
  absl::Time at;  // wall clock when it was made; whole milliseconds
  std::vector<LookupKey> keys;
  std::string body;  // at most 8 MiB
  // The log entry that was committed with this row: set by the committer, kept by the store in
  // clear. None when the row's commit request had no entry.
  std::optional<uint64_t> log_index = std::nullopt;
};

// Reading rows. Thread-safe; calls block on the disk, so never on an event loop.
class RowReader {
 public:
  virtual ~RowReader() = default;
  // Every row under this key, in commit order; empty when there is none. At most `limit`, the
  // newest left out. DATA_LOSS when a row cannot be opened, NOT_FOUND (MATTER_ERASED) when its key
  // was erased.
  virtual absl::StatusOr<std::vector<Row>> Find(const LookupKey& key, size_t limit) const = 0;
  // A 32-byte key for the digests of this matter's personal content, derived from its matter key.
  // Erased with it. NOT_FOUND when the matter has no key.
  virtual absl::StatusOr<std::string> DigestKey(const Uuid& matter) const = 0;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_ROW_H_
