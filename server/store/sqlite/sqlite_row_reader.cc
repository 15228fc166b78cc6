#include "server/store/sqlite/sqlite_row_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/store/sqlite/found_rows.h"
#include "server/store/sqlite/schema.h"
#include "server/store/sqlite/segment.h"

namespace hedui::store {
namespace {

// A read transaction: everything read until its end is of one moment.
class Snapshot {
 public:
  static absl::StatusOr<Snapshot> Begin(Connection* connection) {
    HEDUI_RETURN_IF_ERROR(connection->Execute("BEGIN"));
    return Snapshot(connection);
  }
  Snapshot(Snapshot&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot() {
    if (connection_ != nullptr) connection_->Rollback();
  }

 private:
  explicit Snapshot(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

absl::Status Unfit(absl::string_view reason, absl::string_view text) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, reason, text,
                         base::Visibility::kOperator);
}

absl::Status CheckSchema(Connection* connection, const std::string& store_id) {
  HEDUI_ASSIGN_OR_RETURN(const std::optional<SchemaState> schema, ReadSchema(connection));
  if (!schema.has_value()) {
    return Unfit("STORE_SCHEMA", "the store is empty: start the server on it once");
  }
  // Rows are the same in every version.
  HEDUI_RETURN_IF_ERROR(CheckVersion(schema->version));
  return CheckKeysOf(*schema, store_id);
}

}  // namespace

absl::StatusOr<std::unique_ptr<base::RowReader>> OpenSqliteForReading(
    const SqliteStoreOptions& options, base::IdSource* ids) {
  absl::StatusOr<std::unique_ptr<SqliteRowReader>> opened = SqliteRowReader::Open(options, ids);
  if (!opened.ok()) {
    return base::WithContext(opened.status(), absl::StrCat("store in ", options.directory));
  }
  return *std::move(opened);
}

absl::StatusOr<std::unique_ptr<SqliteRowReader>> SqliteRowReader::Open(
    const SqliteStoreOptions& options, base::IdSource* ids) {
  auto reader = std::unique_ptr<SqliteRowReader>(new SqliteRowReader);
  KeyStoreOptions keys;
  keys.path = options.KeysFile();
  keys.vfs = options.vfs;
  keys.create = false;
  keys.read_only = true;
  HEDUI_ASSIGN_OR_RETURN(keys.key_encryption_keys,
                         ReadKeyEncryptionKeys(options.key_encryption_key_file));
  HEDUI_ASSIGN_OR_RETURN(reader->keys_, KeyStore::Open(std::move(keys), ids));

  ConnectionOptions file;
  file.vfs = options.vfs;
  file.cache_kib = options.reader_cache_kib;
  file.read_only = true;
  file.path = options.directory + "/hedui.db";
  const base::MutexLock lock(&reader->mutex_);
  HEDUI_ASSIGN_OR_RETURN(reader->reader_, Reader::Open(file, std::nullopt));
  HEDUI_RETURN_IF_ERROR(CheckSchema(reader->reader_->connection(), reader->keys_->store_id()));
  file.path = options.directory + "/lookup.db";
  // All of it stands in the commits too: whatever is wrong with it, the commits are read instead.
  if (auto runs = RunTables::Open(file); runs.ok()) reader->runs_ = *std::move(runs);
  return reader;
}

absl::StatusOr<std::vector<base::Row>> SqliteRowReader::Find(const base::LookupKey& key,
                                                             size_t limit) const {
  std::vector<LookupDigest> digests;
  for (const auto& [version, lookup_key] : keys_->LookupKeys()) {
    digests.push_back(DigestLookup(lookup_key, key));
  }
  const base::MutexLock lock(&mutex_);
  RunRows found;
  if (auto searched = SearchRuns(digests); searched.ok()) found = *std::move(searched);
  HEDUI_ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Begin(reader_->connection()));
  if (found.through > 0) {
    HEDUI_ASSIGN_OR_RETURN(const std::string token, TokenOf(found.through));
    if (token != found.check) found = RunRows();  // of a history that this store no longer has
  }
  HEDUI_RETURN_IF_ERROR(SearchSegments(digests, found.through, &found.rows));
  std::sort(found.rows.begin(), found.rows.end());
  found.rows.erase(std::unique(found.rows.begin(), found.rows.end()), found.rows.end());
  return OpenFoundRows(*keys_, reader_.get(), found.rows, key, limit);
}

absl::StatusOr<SqliteRowReader::RunRows> SqliteRowReader::SearchRuns(
    const std::vector<LookupDigest>& digests) const {
  RunRows found;
  if (runs_ == nullptr) return found;
  // Within one snapshot no run's blocks are gone, whatever the server merges meanwhile.
  HEDUI_ASSIGN_OR_RETURN(const Snapshot snapshot, Snapshot::Begin(runs_->connection()));
  HEDUI_ASSIGN_OR_RETURN(const std::optional<RunTables::Progress> progress, runs_->ReadProgress());
  if (!progress.has_value() || progress->store != keys_->store_id()) return found;
  HEDUI_ASSIGN_OR_RETURN(const std::vector<RunPointer> live, runs_->ReadLive());
  for (const RunPointer& run : live) {
    for (const LookupDigest& digest : digests) {
      HEDUI_RETURN_IF_ERROR(runs_->Find(*run, digest, &found.rows));
    }
  }
  found.through = progress->merged_through;
  found.check = progress->check;
  return found;
}

absl::Status SqliteRowReader::SearchSegments(const std::vector<LookupDigest>& digests,
                                             uint64_t behind, std::vector<uint64_t>* rows) const {
  HEDUI_ASSIGN_OR_RETURN(
      Statement read,
      reader_->connection()->Prepare("SELECT first_row,segment FROM commits WHERE number>?"));
  read.BindInt(1, static_cast<int64_t>(behind));
  return ForEachRow(&read, [&](const Statement& commit) -> absl::Status {
    HEDUI_ASSIGN_OR_RETURN(const std::vector<IndexEntry> entries,
                           DecodeSegment(commit.Blob(1), static_cast<uint64_t>(commit.Int(0))));
    for (const IndexEntry& entry : entries) {
      if (std::find(digests.begin(), digests.end(), entry.digest) != digests.end()) {
        rows->push_back(entry.row);
      }
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::string> SqliteRowReader::TokenOf(uint64_t commit) const {
  HEDUI_ASSIGN_OR_RETURN(
      Statement read, reader_->connection()->Prepare("SELECT token FROM commits WHERE number=?"));
  HEDUI_ASSIGN_OR_RETURN(const bool found, read.BindInt(1, static_cast<int64_t>(commit)).Step());
  return found ? std::string(read.Blob(0)) : std::string();
}

absl::StatusOr<std::string> SqliteRowReader::DigestKey(const base::Uuid& matter) const {
  HEDUI_ASSIGN_OR_RETURN(const auto keys, keys_->MatterKey(matter));
  return keys->digest;
}

}  // namespace hedui::store
