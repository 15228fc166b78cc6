// The tables of hedui.db and the way from each older version to the newest. docs/store.md describes
// them.
//
// Forward only: a store that a later version wrote is refused, never guessed at. Free functions on
// one connection.
#ifndef HEDUI_SERVER_STORE_SQLITE_SCHEMA_H_
#define HEDUI_SERVER_STORE_SQLITE_SCHEMA_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/sqlite/connection.h"

namespace hedui::store {

inline constexpr int64_t kStoreSchemaVersion = 3;
// Since it there is an archive of policy sets.
inline constexpr int64_t kPolicyArchiveVersion = 2;

// A row of some 8 KB with its overhead lies in one page and one more of overflow.
inline constexpr int kStorePageBytes = 8'192;

struct SchemaState {
  int64_t version = 0;
  std::string store;  // 16 bytes, shared with keys.db
};

// nullopt: an empty file.
absl::StatusOr<std::optional<SchemaState>> ReadSchema(Connection* connection);

// Makes an empty file a store of the newest version.
absl::Status CreateSchema(Connection* connection, absl::string_view store);

// FAILED_PRECONDITION (STORE_SCHEMA) for a version that this program cannot migrate from.
absl::Status CheckVersion(int64_t version);

// FAILED_PRECONDITION (KEYS_MISMATCH) unless the keys.db that carries `store` is this store's.
absl::Status CheckKeysOf(const SchemaState& schema, absl::string_view store);

// One transaction a version. As CheckVersion.
absl::Status Migrate(Connection* connection, int64_t from);

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_SCHEMA_H_
