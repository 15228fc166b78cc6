// A fixed number of connections for reading. A look-up takes one, and waits while all are taken.
//
// Thread-safe; the pool outlives its leases.
#ifndef HEDUI_SERVER_STORE_SQLITE_READER_POOL_H_
#define HEDUI_SERVER_STORE_SQLITE_READER_POOL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/store/sealer.h"
#include "server/store/sqlite/connection.h"
#include "server/store/sqlite/log_tables.h"
#include "server/store/sqlite/run.h"

namespace hedui::store {

// Belongs to one thread at a time.
class Reader {
 public:
  // Without `lookup` there are no runs().
  static absl::StatusOr<std::unique_ptr<Reader>> Open(
      const ConnectionOptions& rows, const std::optional<ConnectionOptions>& lookup);

  // Header and sealed body. DATA_LOSS (STORE_CORRUPT) when there is no such row.
  absl::StatusOr<std::pair<RowHeader, std::string>> ReadRow(uint64_t row);
  // The header alone: the body, which is most of a row, is not read.
  absl::StatusOr<RowHeader> ReadHeader(uint64_t row);
  absl::StatusOr<std::optional<absl::Time>> NewestRowTime();
  Connection* connection() { return connection_.get(); }
  LogReader& log() { return *log_; }
  RunTables& runs() { return *runs_; }

 private:
  Reader() = default;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<RunTables> runs_;
  std::optional<LogReader> log_;
  std::optional<Statement> row_, header_;
};

class ReaderPool {
 public:
  class Lease {
   public:
    Lease(ReaderPool* pool, std::unique_ptr<Reader> reader)
        : pool_(pool), reader_(std::move(reader)) {}
    Lease(Lease&&) = default;
    ~Lease() {
      if (reader_ != nullptr) pool_->Return(std::move(reader_));
    }
    Reader* operator->() const { return reader_.get(); }
    Reader& operator*() const { return *reader_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Reader> reader_;
  };

  explicit ReaderPool(std::vector<std::unique_ptr<Reader>> readers) : free_(std::move(readers)) {}
  Lease Take();

 private:
  void Return(std::unique_ptr<Reader> reader);

  base::Mutex mutex_;
  base::CondVar returned_;
  std::vector<std::unique_ptr<Reader>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_READER_POOL_H_
