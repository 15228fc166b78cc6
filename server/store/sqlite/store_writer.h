// The one writer of hedui.db: appends a whole commit in one transaction, compare-and-set of the
// head inside.
//
// Belongs to one thread at a time.
#ifndef HEDUI_SERVER_STORE_SQLITE_STORE_WRITER_H_
#define HEDUI_SERVER_STORE_SQLITE_STORE_WRITER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/assess/policy_repository.h"
#include "server/ledger/log_repository.h"
#include "server/store/sealer.h"
#include "server/store/sqlite/connection.h"
#include "server/store/sqlite/log_tables.h"

namespace hedui::store {

// Where the store ends. `token` is random for each commit: it tells our commit from another
// process's of the same number.
struct StoreHead {
  uint64_t commit = 0;
  std::string token;
  uint64_t next_row = 1;
  std::string origin;
  uint64_t size = 0;
  std::string root;  // empty or 32 bytes
};

struct SealedRow {
  RowHeader header;
  std::string body;
};

struct SealedCommit {
  std::string token;
  std::vector<SealedRow> rows;
  std::string segment;  // for rows from head().next_row on
  const ledger::LogCommit* log = nullptr;
};

class StoreWriter {
 public:
  static absl::StatusOr<std::unique_ptr<StoreWriter>> Open(const ConnectionOptions& options);

  const StoreHead& head() const { return head_; }
  // Of the write-ahead log after the last commit.
  int log_pages() const { return parts_ == nullptr ? 0 : parts_->connection->log_pages(); }

  // As CommitSink::Commit. After LOG_HEAD_MOVED by another process, and after STORE_UNRESOLVED,
  // always that again.
  absl::Status Commit(const SealedCommit& commit);

  // As PolicyRepository::KeepPolicySets: all that are missing in one transaction, which leaves the
  // head alone. Errors of connection.h; LOG_HEAD_MOVED and STORE_UNRESOLVED as from Commit.
  absl::Status KeepPolicySets(const assess::PolicySets& sets, absl::Time at);

 private:
  // A connection and what is prepared on it, replaced together.
  struct Parts {
    std::unique_ptr<Connection> connection;
    std::optional<Statement> read_head, insert_row, insert_commit, update_head;
    std::optional<LogWriter> log;
  };

  explicit StoreWriter(ConnectionOptions options) : options_(std::move(options)) {}
  static absl::StatusOr<std::unique_ptr<Parts>> OpenParts(const ConnectionOptions& options);
  static absl::StatusOr<StoreHead> ReadHead(Parts* parts);
  absl::Status CheckLog(const ledger::LogCommit& log) const;
  StoreHead HeadAfter(const SealedCommit& commit) const;
  absl::Status WriteHead(const StoreHead& head);
  absl::Status Insert(const SealedCommit& commit, const StoreHead& next);
  // `doubtful` is set when the failure leaves open whether the commit is durable.
  absl::Status Write(const SealedCommit& commit, const StoreHead& next, bool* doubtful);
  // Finds out, and moves head_ to where the store is.
  absl::Status Resolve(const StoreHead& next, const absl::Status& failure);
  absl::StatusOr<StoreHead> TryResolve(const StoreHead& next);
  // LOG_HEAD_MOVED unless the store's head is still the one known here; within a transaction.
  absl::Status CheckHead(Parts* parts);
  absl::Status TryKeepPolicySets(const assess::PolicySets& sets, absl::Time at);

  const ConnectionOptions options_;
  std::unique_ptr<Parts> parts_;  // null only when stopped_
  StoreHead head_;
  absl::Status stopped_;
};

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_STORE_WRITER_H_
