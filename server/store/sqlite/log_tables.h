// The log's part of hedui.db: entries, leaf hashes and checkpoints by commit, complete tiles and
// their roots.
//
// Belongs to one connection and so to one thread at a time.
#ifndef HEDUI_SERVER_STORE_SQLITE_LOG_TABLES_H_
#define HEDUI_SERVER_STORE_SQLITE_LOG_TABLES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/ledger/log_repository.h"
#include "server/store/sqlite/connection.h"

namespace hedui::store {

class LogReader {
 public:
  static absl::StatusOr<LogReader> Open(Connection* connection);

  // As LogRepository gives them.
  absl::StatusOr<std::optional<ledger::LogHead>> ReadHead();
  absl::StatusOr<std::string> ReadTile(uint32_t level, uint64_t index);
  absl::StatusOr<std::string> ReadTileRoots(uint32_t level, uint64_t from, uint64_t to);
  absl::StatusOr<std::string> ReadLeafHashes(uint64_t from, uint64_t to);
  absl::StatusOr<std::vector<std::string>> ReadEntries(uint64_t from, uint64_t to);
  absl::StatusOr<std::string> ReadCheckpoint(uint64_t size);

 private:
  explicit LogReader(Connection* connection) : connection_(connection) {}
  absl::Status Prepare();

  Connection* connection_;
  std::optional<Statement> tile_, roots_, hashes_, entries_, checkpoint_;
};

class LogWriter {
 public:
  static absl::StatusOr<LogWriter> Open(Connection* connection);
  // Within the commit's transaction; the head has been compared. INVALID_ARGUMENT
  // (LOG_COMMIT_INVALID) when its parts do not fit together.
  absl::Status Write(const ledger::LogCommit& commit);

 private:
  LogWriter(Statement commit, Statement tile, Statement root)
      : commit_(std::move(commit)), tile_(std::move(tile)), root_(std::move(root)) {}
  Statement commit_, tile_, root_;
};

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_LOG_TABLES_H_
