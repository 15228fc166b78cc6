#include "server/store/sqlite/schema.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::store {
namespace {

// kMigrations[v] leads from version v to v + 1. Never changed once released: stores out there went
// this way.
constexpr const char* kMigrations[] = {
    // Large columns stand last, so that reading the others does not read through them.
    R"(
CREATE TABLE store(one INTEGER PRIMARY KEY CHECK(one=1), schema INTEGER NOT NULL, id BLOB NOT NULL);
CREATE TABLE head(
  one INTEGER PRIMARY KEY CHECK(one=1), commit_number INTEGER NOT NULL, token BLOB NOT NULL,
  next_row INTEGER NOT NULL, origin BLOB NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL);
CREATE TABLE rows(
  row INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id BLOB NOT NULL, matter BLOB NOT NULL, at_ms INTEGER NOT NULL,
  log_index INTEGER NOT NULL,  -- of the entry committed with it; -1: none
  body BLOB NOT NULL);
CREATE TABLE commits(
  number INTEGER PRIMARY KEY, token BLOB NOT NULL, first_row INTEGER NOT NULL, rows INTEGER NOT NULL,
  size INTEGER NOT NULL, segment BLOB NOT NULL);
CREATE TABLE log_commits(
  size INTEGER PRIMARY KEY, first_leaf INTEGER NOT NULL, checkpoint BLOB NOT NULL, leaf_hashes BLOB NOT NULL,
  entries BLOB NOT NULL);
CREATE TABLE tile_roots(id INTEGER PRIMARY KEY, root BLOB NOT NULL);
CREATE TABLE tiles(id INTEGER PRIMARY KEY, hashes BLOB NOT NULL);
)",
    // The archive of policy sets. Some sets come with each change of a policy, so that they are
    // found by reading all.
    R"(
CREATE TABLE policy_files(file INTEGER PRIMARY KEY, path BLOB NOT NULL, digest BLOB NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE policy_sets(
  number INTEGER PRIMARY KEY, digest BLOB NOT NULL, at_ms INTEGER NOT NULL,
  files BLOB NOT NULL);  -- their numbers, 4 bytes each
)",
    // What rows of the kinds 10 and later say binds: how many queries of a day are taken, which
    // source is held, what is still waited for. A program that would not read them must not open
    // the store.
    "-- no table is another",
};
static_assert(sizeof kMigrations / sizeof kMigrations[0] == kStoreSchemaVersion);

absl::Status SetVersion(Connection* connection, int64_t version) {
  HEDUI_ASSIGN_OR_RETURN(Statement update, connection->Prepare("UPDATE store SET schema=?"));
  return update.BindInt(1, version).Run();
}

}  // namespace

absl::StatusOr<std::optional<SchemaState>> ReadSchema(Connection* connection) {
  HEDUI_ASSIGN_OR_RETURN(
      const int64_t made,
      connection->QueryInt("SELECT count(*) FROM sqlite_schema WHERE name='store'"));
  if (made == 0) return std::nullopt;
  HEDUI_ASSIGN_OR_RETURN(Statement read, connection->Prepare("SELECT schema,id FROM store"));
  HEDUI_ASSIGN_OR_RETURN(const bool found, read.Step());
  if (!found) {
    return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                           "the store has no schema version", base::Visibility::kOperator);
  }
  return SchemaState{read.Int(0), std::string(read.Blob(1))};
}

absl::Status CreateSchema(Connection* connection, absl::string_view store) {
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction, WriteTransaction::Begin(connection));
  // Another process may have been first.
  HEDUI_ASSIGN_OR_RETURN(const std::optional<SchemaState> made, ReadSchema(connection));
  if (made.has_value()) return absl::OkStatus();
  for (const char* migration : kMigrations) HEDUI_RETURN_IF_ERROR(connection->Execute(migration));
  HEDUI_ASSIGN_OR_RETURN(Statement insert, connection->Prepare("INSERT INTO store VALUES(1,?,?)"));
  HEDUI_RETURN_IF_ERROR(insert.BindInt(1, kStoreSchemaVersion).BindBlob(2, store).Run());
  HEDUI_RETURN_IF_ERROR(connection->Execute("INSERT INTO head VALUES(1,0,x'',1,x'',0,x'')"));
  return transaction.Commit();
}

absl::Status CheckVersion(int64_t version) {
  if (version >= 1 && version <= kStoreSchemaVersion) return absl::OkStatus();
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition, "STORE_SCHEMA",
      absl::StrCat("the store has schema version ", version, "; this program knows 1 to ",
                   kStoreSchemaVersion, ": use the version that wrote it, or a later one"),
      base::Visibility::kOperator);
}

absl::Status CheckKeysOf(const SchemaState& schema, absl::string_view store) {
  if (schema.store == store) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "KEYS_MISMATCH",
                         "keys.db belongs to another store: restore the one that was kept with "
                         "this hedui.db",
                         base::Visibility::kOperator);
}

absl::Status Migrate(Connection* connection, int64_t from) {
  HEDUI_RETURN_IF_ERROR(CheckVersion(from));
  for (int64_t version = from; version < kStoreSchemaVersion; ++version) {
    HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction, WriteTransaction::Begin(connection));
    HEDUI_ASSIGN_OR_RETURN(const int64_t now, connection->QueryInt("SELECT schema FROM store"));
    if (now != version) continue;  // another process took this step
    HEDUI_RETURN_IF_ERROR(connection->Execute(kMigrations[version]));
    HEDUI_RETURN_IF_ERROR(SetVersion(connection, version + 1));
    HEDUI_RETURN_IF_ERROR(transaction.Commit());
  }
  return absl::OkStatus();
}

}  // namespace hedui::store
