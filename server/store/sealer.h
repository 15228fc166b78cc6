// Rows as they lie on disk: routing columns in clear, keys and body sealed together under the
// matter's row key, and a keyed digest per look-up key. docs/store.md gives the bytes.
//
// Pure functions, thread-safe. Sealing uses a random nonce under the matter's key rather than a key
// per row with a fixed nonce: a row that is sealed twice, because its first commit failed, is then
// safe whatever changed in between.
#ifndef HEDUI_SERVER_STORE_SEALER_H_
#define HEDUI_SERVER_STORE_SEALER_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/digest.h"
#include "server/base/row.h"
#include "server/store/key_store.h"

namespace hedui::store {

// A body is a report with all answers of a household; a row past this is a defect of its writer.
inline constexpr size_t kRowBodyBytesMax = size_t{8} << 20;
inline constexpr size_t kLookupTextBytesMax = 512;
// Twenty members and obligors each, in a request that names them all, take some fifty.
inline constexpr size_t kRowKeysMax = 1'000;

// The first 16 bytes of HMAC-SHA-256(look-up key, "hedui/lookup/v1" kind text): who holds the store
// but not its keys cannot tell whether a person is in it.
using LookupDigest = std::array<uint8_t, 16>;
LookupDigest DigestLookup(absl::string_view lookup_key, const base::LookupKey& key);
// The same under a key of SHA-256 that is prepared for many.
LookupDigest DigestLookup(const base::HmacKey& lookup_key, const base::LookupKey& key);

// INVALID_ARGUMENT (ROW_INVALID) when the row is past a limit, its time is not in whole
// milliseconds, or an id is nil or a number unknown.
absl::Status CheckRow(const base::Row& row);

inline constexpr int64_t kNoLogIndex = -1;

// What of a row is readable without its key.
struct RowHeader {
  base::RowKind kind;
  base::Uuid id;
  base::Uuid matter;
  int64_t at_ms = 0;
  int64_t log_index = kNoLogIndex;  // not sealed: the log's proof says whether it is right
};

// `row` has passed CheckRow; `nonce` is 12 fresh random bytes.
std::string SealRow(const MatterKeys& keys, const base::Row& row, absl::string_view nonce);

// DATA_LOSS when the sealed bytes are not this row's.
absl::StatusOr<base::Row> OpenRow(const MatterKeys& keys, const RowHeader& header,
                                  absl::string_view sealed);

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SEALER_H_
