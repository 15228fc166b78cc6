// What the committer needs of a store: a batch of rows and the log's part, made durable as one.
// Declared here so that the ledger does not know the store.
//
// CommitBatch is a plain value. A CommitSink is thread-safe and blocks on the disk: never on an
// event loop.
#ifndef HEDUI_SERVER_LEDGER_COMMIT_REPOSITORY_H_
#define HEDUI_SERVER_LEDGER_COMMIT_REPOSITORY_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/base/row.h"
#include "server/ledger/log_repository.h"

namespace hedui::ledger {

// Rows of one commit: bounds how long others wait behind it. Who puts batches together keeps to it,
// who stores them refuses more.
inline constexpr size_t kCommitRowsMax = 10'000;

struct CommitBatch {
  std::vector<base::Row> rows;   // in this order; at most kCommitRowsMax
  std::optional<LogCommit> log;  // none: no leaf, the head stays
};

class CommitSink {
 public:
  virtual ~CommitSink() = default;

  // What Commit would refuse these rows for, known without the disk in most cases: a limit, or a
  // matter that was erased. Asked for each request alone, so that a bad one does not fail a batch
  // of others.
  virtual absl::Status CheckRows(absl::Span<const base::Row> rows) = 0;

  // OK: all of it is durable. Any other: nothing of it is, or will be, visible to readers - except
  // STORE_UNRESOLVED (UNAVAILABLE), when the disk would not even say whether it is; the process
  // must then stop and open the store anew. Reasons: LOG_HEAD_MOVED (ABORTED: another process
  // writes this store; stop), STORE_FULL (RESOURCE_EXHAUSTED), STORE_BUSY and STORE_IO
  // (UNAVAILABLE), ROW_INVALID (INVALID_ARGUMENT), MATTER_ERASED (FAILED_PRECONDITION).
  virtual absl::Status Commit(const CommitBatch& batch) = 0;
};

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_COMMIT_REPOSITORY_H_
