// From row numbers to rows: what every way of looking up ends in.
//
// Free functions; thread-safe as far as their arguments are.
#ifndef HEDUI_SERVER_STORE_SQLITE_FOUND_ROWS_H_
#define HEDUI_SERVER_STORE_SQLITE_FOUND_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/row.h"
#include "server/store/key_store.h"
#include "server/store/sqlite/reader_pool.h"

namespace hedui::store {

// The rows at these numbers that carry `key` itself, opened, in this order, at most `limit`. Those
// of erased matters are left out when others are found; NOT_FOUND (MATTER_ERASED) when all were
// erased; DATA_LOSS when one cannot be opened.
absl::StatusOr<std::vector<base::Row>> OpenFoundRows(const KeyStore& keys, Reader* reader,
                                                     const std::vector<uint64_t>& rows,
                                                     const base::LookupKey& key, size_t limit);

// The same for one row: nullopt when it does not carry the key, having a digest in common only.
// NOT_FOUND (MATTER_ERASED).
absl::StatusOr<std::optional<base::Row>> OpenFoundRow(const KeyStore& keys, Reader* reader,
                                                      uint64_t row, const base::LookupKey& key);

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_FOUND_ROWS_H_
