// Look-up entries, and the segment that each commit writes: the digests of its rows' look-up keys,
// sorted.
//
// Values and pure functions.
#ifndef HEDUI_SERVER_STORE_SQLITE_SEGMENT_H_
#define HEDUI_SERVER_STORE_SQLITE_SEGMENT_H_

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/sealer.h"

namespace hedui::store {

// A look-up key's digest and a row that has the key. Ordered by digest, then row.
struct IndexEntry {
  LookupDigest digest;
  uint64_t row = 0;
  friend auto operator<=>(const IndexEntry&, const IndexEntry&) = default;
};

// `entries` sorted, their rows from `first_row` on. Written in commits for good, since the sorted
// runs are rebuilt from it when they are lost.
std::string EncodeSegment(uint32_t lookup_key_version, uint64_t first_row,
                          const std::vector<IndexEntry>& entries);

// DATA_LOSS (STORE_CORRUPT) on bytes that EncodeSegment does not write.
absl::StatusOr<std::vector<IndexEntry>> DecodeSegment(absl::string_view segment,
                                                      uint64_t first_row);

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_SEGMENT_H_
