// The store on SQLite: hedui.db (rows and log), lookup.db (sorted runs, derived) and keys.db. See
// store.h.
//
// Locks: commit_mutex_ (one commit, or the end of a checkpoint that keeps commits out),
// maintain_mutex_ (one merge or checkpoint at a time), state_mutex_ (flags). Taken in the order
// maintain, commit, state.
#ifndef HEDUI_SERVER_STORE_SQLITE_SQLITE_STORE_H_
#define HEDUI_SERVER_STORE_SQLITE_SQLITE_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/types/span.h"
#include "server/base/mutex.h"
#include "server/store/key_store.h"
#include "server/store/sqlite/connection.h"
#include "server/store/sqlite/lookup_index.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/sqlite/store_writer.h"
#include "server/store/store.h"

namespace hedui::store {

class SqliteStore final : public Store {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const SqliteStoreOptions& options,
                                                           base::IdSource* ids);
  ~SqliteStore() override;

  absl::StatusOr<std::vector<base::Row>> Find(const base::LookupKey& key,
                                              size_t limit) const override;
  absl::StatusOr<std::string> DigestKey(const base::Uuid& matter) const override;
  absl::StatusOr<base::RowPage> FindBefore(const base::LookupKey& key, uint64_t before,
                                           size_t limit) const override;
  absl::StatusOr<base::RowPage> FindBeforeWithLost(const base::LookupKey& key, uint64_t before,
                                                   size_t limit) const override;
  absl::StatusOr<std::vector<base::RowHead>> FindHeads(const base::LookupKey& key,
                                                       size_t limit) const override;
  std::string TokenKey() const override;

  absl::StatusOr<std::optional<ledger::LogHead>> ReadHead() const override;
  absl::StatusOr<std::string> ReadTile(uint32_t level, uint64_t index) const override;
  absl::StatusOr<std::string> ReadTileRoots(uint32_t level, uint64_t from,
                                            uint64_t to) const override;
  absl::StatusOr<std::string> ReadLeafHashes(uint64_t from, uint64_t to) const override;
  absl::StatusOr<std::vector<std::string>> ReadEntries(uint64_t from, uint64_t to) const override;
  absl::StatusOr<std::string> ReadCheckpoint(uint64_t size) const override;

  absl::Status CheckRows(absl::Span<const base::Row> rows) override;
  absl::Status Commit(const CommitBatch& batch) override;

  absl::Status KeepPolicySets(const assess::PolicySets& sets, absl::Time at) override;
  absl::StatusOr<std::vector<assess::ArchivedPolicySet>> ListPolicySets() const override;
  absl::StatusOr<std::vector<assess::PolicyText>> ReadPolicySet(
      absl::string_view digest) const override;

  absl::Status EraseMatter(const base::Uuid& matter) override;
  absl::StatusOr<std::optional<absl::Time>> NewestRowTime() const override;
  absl::Status Maintain() override;
  Stats stats() const override;

 private:
  SqliteStore(const SqliteStoreOptions& options, base::IdSource* ids)
      : options_(options), ids_(ids) {}
  ConnectionOptions FileOptions(const std::string& path) const;
  absl::Status Start();
  absl::Status OpenKeysAndSchema(const ConnectionOptions& rows);
  absl::Status OpenLookups(const ConnectionOptions& rows);
  absl::Status AddUnmerged(Connection* connection);

  // The numbers of the rows under `key`, ascending.
  absl::StatusOr<std::vector<uint64_t>> NumbersOf(Reader* reader, const base::LookupKey& key) const;

  // The matters' keys in the order of `rows`; makes those that are missing durable first.
  absl::StatusOr<std::vector<std::shared_ptr<const MatterKeys>>> KeysFor(
      const std::vector<base::Row>& rows);
  absl::StatusOr<SealedCommit> Seal(const CommitBatch& batch);
  std::vector<IndexEntry> DigestKeys(const std::vector<base::Row>& rows, uint64_t first_row,
                                     uint32_t* lookup_key_version) const;
  absl::Status WaitForRoom();
  absl::Status CommitLocked(const CommitBatch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);

  void RunBackground();
  void WakeBackground();
  // One piece of maintenance; false when there is nothing to do.
  absl::StatusOr<bool> MaintainStep(int log_pages_max)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(maintain_mutex_);
  // False when nothing could be copied.
  absl::StatusOr<bool> CopyLog() ABSL_EXCLUSIVE_LOCKS_REQUIRED(maintain_mutex_);

  const SqliteStoreOptions options_;
  base::IdSource* const ids_;
  std::unique_ptr<KeyStore> keys_;
  std::unique_ptr<LookupIndex> index_;
  std::unique_ptr<ReaderPool> readers_;

  base::Mutex maintain_mutex_;
  std::unique_ptr<Connection> checkpointer_ ABSL_GUARDED_BY(maintain_mutex_);
  int copied_pages_ ABSL_GUARDED_BY(maintain_mutex_) = 0;  // of the write-ahead log

  base::Mutex commit_mutex_ ABSL_ACQUIRED_AFTER(maintain_mutex_);
  std::unique_ptr<StoreWriter> writer_ ABSL_GUARDED_BY(commit_mutex_);

  std::atomic<int> log_pages_{0};  // of the write-ahead log after the last commit
  std::atomic<uint64_t> commits_{0};
  std::atomic<uint64_t> rows_{0};

  mutable base::Mutex state_mutex_;
  base::CondVar woken_;       // the background thread
  base::CondVar maintained_;  // commits that wait for room
  bool wake_ ABSL_GUARDED_BY(state_mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(state_mutex_) = false;
  absl::Status background_ ABSL_GUARDED_BY(state_mutex_);
  std::thread thread_;
};

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_SQLITE_STORE_H_
