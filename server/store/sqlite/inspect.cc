#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/store/aead.h"
#include "server/store/key_store.h"
#include "server/store/sqlite/connection.h"
#include "server/store/sqlite/schema.h"
#include "server/store/store.h"

namespace hedui::store {
namespace {

void WipeAll(KeyEncryptionKeys* keys) {
  for (auto& [version, key] : *keys) Wipe(&key);
}

absl::StatusOr<std::optional<std::string>> Inspect(const SqliteStoreOptions& options,
                                                   KeyEncryptionKeys keks, base::IdSource* ids) {
  ConnectionOptions file;
  file.path = options.directory + "/hedui.db";
  file.vfs = options.vfs;
  file.read_only = true;
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Open(file));
  HEDUI_ASSIGN_OR_RETURN(const std::optional<SchemaState> schema, ReadSchema(connection.get()));
  if (!schema.has_value()) {
    WipeAll(&keks);
    return std::nullopt;
  }
  KeyStoreOptions keys;
  keys.path = options.KeysFile();
  keys.vfs = options.vfs;
  keys.create = false;
  keys.read_only = true;
  keys.key_encryption_keys = std::move(keks);
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<KeyStore> opened,
                         KeyStore::Open(std::move(keys), ids));
  HEDUI_RETURN_IF_ERROR(CheckVersion(schema->version));
  HEDUI_RETURN_IF_ERROR(CheckKeysOf(*schema, opened->store_id()));
  HEDUI_ASSIGN_OR_RETURN(Statement read, connection->Prepare("SELECT origin FROM head"));
  HEDUI_ASSIGN_OR_RETURN(const bool found, read.Step());
  std::string origin = found ? std::string(read.Blob(0)) : std::string();
  if (origin.empty()) return std::nullopt;
  return origin;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> InspectSqlite(const SqliteStoreOptions& options,
                                                         base::IdSource* ids) {
  HEDUI_ASSIGN_OR_RETURN(KeyEncryptionKeys keks,
                         ReadKeyEncryptionKeys(options.key_encryption_key_file));
  std::error_code error;
  if (!std::filesystem::exists(options.directory + "/hedui.db", error)) {
    WipeAll(&keks);
    return std::nullopt;
  }
  auto origin = Inspect(options, std::move(keks), ids);
  if (origin.ok()) return origin;
  return base::WithContext(origin.status(), absl::StrCat("store in ", options.directory));
}

}  // namespace hedui::store
