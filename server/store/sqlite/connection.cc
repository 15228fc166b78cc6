#include "server/store/sqlite/connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::store {
namespace {

absl::Status SqliteError(sqlite3* db, int code, absl::string_view what) {
  const int extended = db != nullptr ? sqlite3_extended_errcode(db) : code;
  const std::string message =
      absl::StrCat(what, ": ", db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code),
                   " (SQLite ", extended != SQLITE_OK ? extended : code, ")");
  const auto error = [&message](absl::StatusCode status, absl::string_view reason) {
    return base::MakeError(status, reason, message, base::Visibility::kOperator);
  };
  // The shared-memory file could not grow: the same full disk as SQLITE_FULL.
  if (extended == SQLITE_IOERR_SHMSIZE)
    return error(absl::StatusCode::kResourceExhausted, "STORE_FULL");
  switch (code & 0xff) {
    case SQLITE_FULL:
      return error(absl::StatusCode::kResourceExhausted, "STORE_FULL");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return error(absl::StatusCode::kUnavailable, "STORE_BUSY");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
      return error(absl::StatusCode::kUnavailable, "STORE_IO");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return error(absl::StatusCode::kDataLoss, "STORE_CORRUPT");
    default:
      return error(absl::StatusCode::kInternal, "STORE_SQL");
  }
}

std::string PragmasOf(const ConnectionOptions& options) {
  const std::string common = absl::StrCat(
      "PRAGMA cache_size=-", options.cache_kib,
      "; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA "
      "mmap_size=0");
  if (options.read_only) return absl::StrCat(common, "; PRAGMA query_only=ON");
  return absl::StrCat(
      "PRAGMA page_size=", options.page_bytes,
      "; PRAGMA secure_delete=", options.secure_delete ? "ON" : "OFF",
      "; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=",
      options.synchronous_full ? "FULL" : "NORMAL",
      options.pages_max > 0 ? absl::StrCat("; PRAGMA max_page_count=", options.pages_max) : "",
      "; ", common);
}

// SQLite would make the file with mode 0644; its journals take the file's own mode.
void CreatePrivately(const ConnectionOptions& options) {
  if (!options.create || !options.vfs.empty()) return;
  const int file = open(options.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) close(file);  // a failure shows again, with SQLite's text, when it opens the file
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::BindInt(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_, parameter, value);
  return *this;
}

Statement& Statement::BindBlob(int parameter, absl::string_view bytes) {
  // A null pointer would bind NULL, and an empty blob is not that.
  const char* data = bytes.empty() ? "" : bytes.data();
  sqlite3_bind_blob64(statement_, parameter, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::BindNull(int parameter) {
  sqlite3_bind_null(statement_, parameter);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  absl::Status error = SqliteError(sqlite3_db_handle(statement_), code, sqlite3_sql(statement_));
  sqlite3_reset(statement_);
  return error;
}

absl::Status Statement::Run() {
  while (true) {
    HEDUI_ASSIGN_OR_RETURN(const bool more, Step());
    if (!more) return absl::OkStatus();
  }
}

void Statement::Reset() { sqlite3_reset(statement_); }

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

absl::string_view Statement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const ConnectionOptions& options) {
  CreatePrivately(options);
  sqlite3* db = nullptr;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (options.create ? SQLITE_OPEN_CREATE : 0);
  const char* vfs = options.vfs.empty() ? nullptr : options.vfs.c_str();
  const int code = sqlite3_open_v2(options.path.c_str(), &db, flags, vfs);
  if (code != SQLITE_OK) {
    absl::Status error = SqliteError(db, code, absl::StrCat("open ", options.path));
    sqlite3_close_v2(db);
    return error;
  }
  auto connection = std::unique_ptr<Connection>(new Connection(db));
  sqlite3_busy_timeout(db, static_cast<int>(absl::ToInt64Milliseconds(options.busy_timeout)));
  // Defensive: no statement of ours, or smuggled into ours, can write the schema table or shadow
  // tables.
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  HEDUI_RETURN_IF_ERROR(connection->Execute(PragmasOf(options).c_str()));
  sqlite3_wal_hook(
      db,
      [](void* log_pages, sqlite3*, const char*, int pages) {
        static_cast<std::atomic<int>*>(log_pages)->store(pages, std::memory_order_relaxed);
        return SQLITE_OK;
      },
      &connection->log_pages_);
  return connection;
}

// Closing the last connection would checkpoint, which takes seconds after a long run and may fail
// unseen; the owner runs its checkpoint where it can report. The log stays and is read again at the
// next opening.
Connection::~Connection() {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_close_v2(db_);
}

absl::Status Connection::Execute(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return SqliteError(db_, code, absl::string_view(sql).substr(0, 100));
}

absl::StatusOr<Statement> Connection::Prepare(absl::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return SqliteError(db_, code, sql);
  return Statement(statement);
}

absl::StatusOr<int64_t> Connection::QueryInt(absl::string_view sql) {
  HEDUI_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  HEDUI_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found)
    return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                           absl::StrCat("no row: ", sql));
  return statement.Int(0);
}

bool Connection::InTransaction() const { return sqlite3_get_autocommit(db_) == 0; }

void Connection::Rollback() {
  if (InTransaction()) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

absl::StatusOr<Connection::CheckpointResult> Connection::RunCheckpoint(Checkpoint mode) {
  CheckpointResult result;
  const int raw_mode = mode == Checkpoint::kPassive   ? SQLITE_CHECKPOINT_PASSIVE
                       : mode == Checkpoint::kRestart ? SQLITE_CHECKPOINT_RESTART
                                                      : SQLITE_CHECKPOINT_TRUNCATE;
  const int code = sqlite3_wal_checkpoint_v2(db_, "main", raw_mode, &result.frames, &result.copied);
  if (code != SQLITE_OK) return SqliteError(db_, code, "checkpoint");
  return result;
}

absl::StatusOr<WriteTransaction> WriteTransaction::Begin(Connection* connection) {
  HEDUI_RETURN_IF_ERROR(connection->Execute("BEGIN IMMEDIATE"));
  return WriteTransaction(connection);
}

WriteTransaction::~WriteTransaction() {
  if (connection_ != nullptr) connection_->Rollback();
}

absl::Status WriteTransaction::Commit() {
  HEDUI_RETURN_IF_ERROR(connection_->Execute("COMMIT"));
  connection_ = nullptr;
  return absl::OkStatus();
}

}  // namespace hedui::store
