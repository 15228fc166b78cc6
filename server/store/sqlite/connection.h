// SQLite as values and statuses: a connection and its statements.
//
// A Connection and its Statements belong to one thread at a time; a Statement must not outlive its
// Connection. Errors carry the reasons STORE_FULL (RESOURCE_EXHAUSTED), STORE_BUSY and STORE_IO
// (UNAVAILABLE), STORE_CORRUPT (DATA_LOSS) and STORE_SQL (INTERNAL, a defect of ours).
#ifndef HEDUI_SERVER_STORE_SQLITE_CONNECTION_H_
#define HEDUI_SERVER_STORE_SQLITE_CONNECTION_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hedui::store {

class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Statement(Statement&& other) noexcept : statement_(other.statement_) {
    other.statement_ = nullptr;
  }
  Statement& operator=(Statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }
  ~Statement();

  // Parameters count from 1. Bound bytes are not copied: they must stay until the Reset or Run
  // after Step.
  Statement& BindInt(int parameter, int64_t value);
  Statement& BindBlob(int parameter, absl::string_view bytes);
  Statement& BindNull(int parameter);

  // True: a row is there to read. False: no further row, and the statement is ready to be bound
  // again.
  absl::StatusOr<bool> Step();
  // Steps to the end, for statements that give no rows.
  absl::Status Run();
  // Gives up the rows not read, and with them the read transaction.
  void Reset();

  // Columns count from 0. Bytes are valid until the next Step or Reset.
  int64_t Int(int column) const;
  absl::string_view Blob(int column) const;
  bool IsNull(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// Resets a statement on every way out, so that no read transaction stays open behind an early
// return.
class StatementScope {
 public:
  explicit StatementScope(Statement* statement) : statement_(statement) {}
  ~StatementScope() { statement_->Reset(); }
  StatementScope(const StatementScope&) = delete;
  StatementScope& operator=(const StatementScope&) = delete;
  Statement* operator->() const { return statement_; }

 private:
  Statement* statement_;
};

struct ConnectionOptions {
  std::string path;
  std::string vfs;  // empty: the platform's
  bool create = false;
  // Nothing in the file can be changed, its mode and layout included; its locks are shared with the
  // process that writes it. For files in WAL mode.
  bool read_only = false;
  bool secure_delete = false;
  // OFF and NORMAL are for what can be rebuilt; what is acknowledged needs FULL.
  bool synchronous_full = true;
  int page_bytes = 4096;  // of a new file
  int cache_kib = 8'192;
  // What this connection may grow the file to; 0: no limit. A file that is larger stays as it is.
  int64_t pages_max = 0;
  // How long a statement waits for another connection's lock.
  absl::Duration busy_timeout = absl::Seconds(5);
};

class Connection {
 public:
  // In WAL mode, automatic checkpoints off, unless it is opened for reading. A new file is made
  // with mode 0600.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const ConnectionOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One or several statements that give no rows needed.
  absl::Status Execute(const char* sql);
  absl::StatusOr<Statement> Prepare(absl::string_view sql);
  // The one number of a one-row query.
  absl::StatusOr<int64_t> QueryInt(absl::string_view sql);

  bool InTransaction() const;
  // Ends a transaction that failed; never fails itself.
  void Rollback();

  // Passive copies what it can without waiting. Restart and truncate also wait for readers and keep
  // writers out, so that the next commit writes from the log's beginning; truncate cuts the file
  // off.
  enum class Checkpoint { kPassive, kRestart, kTruncate };
  // How many frames the log held before, and how many of them have been copied.
  struct CheckpointResult {
    int frames = 0;
    int copied = 0;
  };
  // UNAVAILABLE (STORE_BUSY) when another connection is in the way.
  absl::StatusOr<CheckpointResult> RunCheckpoint(Checkpoint mode);

  // Of the write-ahead log, as this connection's last commit left it.
  int log_pages() const { return log_pages_.load(std::memory_order_relaxed); }

 private:
  explicit Connection(sqlite3* db) : db_(db) {}
  sqlite3* db_;
  std::atomic<int> log_pages_{0};
};

// Begins at construction with the write lock, rolls back when destroyed without Commit.
class WriteTransaction {
 public:
  static absl::StatusOr<WriteTransaction> Begin(Connection* connection);
  WriteTransaction(WriteTransaction&& other) noexcept : connection_(other.connection_) {
    other.connection_ = nullptr;
  }
  WriteTransaction& operator=(WriteTransaction&&) = delete;
  ~WriteTransaction();
  absl::Status Commit();

 private:
  explicit WriteTransaction(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

// Every row of a table of the store at `sql`, one after another, until `each` fails.
template <typename Each>
absl::Status ForEachRow(Statement* statement, Each each) {
  const StatementScope scope(statement);
  while (true) {
    absl::StatusOr<bool> more = statement->Step();
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    absl::Status status = each(*statement);
    if (!status.ok()) return status;
  }
}

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_CONNECTION_H_
