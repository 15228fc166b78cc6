// Rows of a store read beside the process that writes it, without changing anything: no file is
// made, migrated, merged, cleared or checkpointed. See OpenSqliteForReading in store.h.
//
// How it finds. lookup.db says how far its sorted runs reach; within one snapshot of it the runs
// are searched. Only then are the commits read, so that they reach at least as far, and the
// segments of those behind the runs are searched one by one. Where the runs are missing, unreadable
// or of another history, every segment is: some seconds a million rows, and always right.
//
// Thread-safe: one look-up at a time.
#ifndef HEDUI_SERVER_STORE_SQLITE_SQLITE_ROW_READER_H_
#define HEDUI_SERVER_STORE_SQLITE_SQLITE_ROW_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/mutex.h"
#include "server/base/row.h"
#include "server/store/key_store.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/sqlite/run.h"
#include "server/store/store.h"

namespace hedui::store {

class SqliteRowReader final : public base::RowReader {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteRowReader>> Open(const SqliteStoreOptions& options,
                                                               base::IdSource* ids);

  absl::StatusOr<std::vector<base::Row>> Find(const base::LookupKey& key,
                                              size_t limit) const override;
  absl::StatusOr<std::string> DigestKey(const base::Uuid& matter) const override;

 private:
  // What the sorted runs know, as of one moment.
  struct RunRows {
    uint64_t through = 0;  // the last commit in them; 0: none
    std::string check;     // its token
    std::vector<uint64_t> rows;
  };

  SqliteRowReader() = default;
  absl::StatusOr<RunRows> SearchRuns(const std::vector<LookupDigest>& digests) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status SearchSegments(const std::vector<LookupDigest>& digests, uint64_t behind,
                              std::vector<uint64_t>* rows) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::string> TokenOf(uint64_t commit) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::unique_ptr<KeyStore> keys_;
  mutable base::Mutex mutex_;
  std::unique_ptr<Reader> reader_ ABSL_PT_GUARDED_BY(mutex_);
  std::unique_ptr<RunTables> runs_ ABSL_PT_GUARDED_BY(mutex_);  // null: lookup.db cannot be read
};

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_SQLITE_ROW_READER_H_
