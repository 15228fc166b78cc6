// Reading rows a page at a time, the newest first: for lists, where Find would read everything that
// was ever stored under a key. Beside it what stands in clear about a row, and the key that tokens
// for the next page are made with.
//
// A place is the number that the store gave a row when it was committed. Rows are never renumbered,
// and what is committed later has a higher number; so whoever goes on from a place meets no row
// twice and misses none of those that were there when the first page was read, whatever is
// committed, or merged in the look-ups, meanwhile.
#ifndef HEDUI_SERVER_BASE_ROW_PAGES_H_
#define HEDUI_SERVER_BASE_ROW_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/base/ids.h"
#include "server/base/row.h"

namespace hedui::base {

// Behind every row there is.
inline constexpr uint64_t kNewestPlace = INT64_MAX;

struct PlacedRow {
  uint64_t place = 0;
  Row row;
  // DATA_LOSS: why it cannot be opened, and `row` is empty. FindBeforeWithLost only.
  absl::Status lost;
};

struct RowPage {
  // Newest first. Rows of erased matters are left out.
  std::vector<PlacedRow> rows;
  // Of the last row that was looked at, also one that was left out; where the next page begins.
  uint64_t place = 0;
  // There are rows before it.
  bool more = false;
};

// What of a row can be told without opening it.
struct RowHead {
  RowKind kind;
  Uuid id;
  Uuid matter;
  absl::Time at;
};

// Thread-safe; calls block on the disk, so never on an event loop.
class RowPages {
 public:
  virtual ~RowPages() = default;
  // The rows under `key` that were committed before the one at `before`, newest first; at most
  // `limit` (at least 1) are looked at. DATA_LOSS when one cannot be opened.
  virtual absl::StatusOr<RowPage> FindBefore(const LookupKey& key, uint64_t before,
                                             size_t limit) const = 0;
  // The same for those whom one row must not keep from all the others: those that cannot be opened
  // are in the page, `lost`.
  virtual absl::StatusOr<RowPage> FindBeforeWithLost(const LookupKey& key, uint64_t before,
                                                     size_t limit) const = 0;
  // Every row whose look-up digest is this key's, in commit order, without opening it: also those
  // of erased matters. At most `limit`, the newest left out.
  virtual absl::StatusOr<std::vector<RowHead>> FindHeads(const LookupKey& key,
                                                         size_t limit) const = 0;
  // 32 bytes to key what is handed out to callers and comes back from them. Derived from a secret
  // of the store: the same for as long as it lives.
  virtual std::string TokenKey() const = 0;
};

// What is listed by day.
enum class Listed : uint8_t {
  kVerification,  // its first intent
  kMatter,        // the row that opened it
};
// Agency code, '\n', "verification" or "matter", '\n', the day as "2025-03-03".
LookupKey DayKey(absl::string_view agency, Listed listed, absl::CivilDay day);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_ROW_PAGES_H_
