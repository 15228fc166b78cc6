// A sorted run of look-up entries, in blocks of one database page each, with the first digest of
// every block (the fences) and a Bloom filter in memory: a look-up reads one block, and mostly none
// where there is nothing.
//
// Run is immutable and thread-safe. RunTables belongs to one thread at a time.
#ifndef HEDUI_SERVER_STORE_SQLITE_RUN_H_
#define HEDUI_SERVER_STORE_SQLITE_RUN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/sqlite/connection.h"
#include "server/store/sqlite/segment.h"

namespace hedui::store {

// 160 entries of 24 bytes fit a page of 4 KiB with its overhead.
inline constexpr size_t kRunBlockEntries = 160;
// Larger runs have no Bloom filter: 10 bits an entry for every entry ever stored would have no
// bound.
inline constexpr uint64_t kFilteredRunEntriesMax = 5'000'000;

struct Run {
  int64_t id = 0;
  int level = 0;
  uint64_t first_commit = 0;
  uint64_t last_commit = 0;
  uint64_t entries = 0;
  std::vector<uint64_t> fences;  // the first eight bytes of each block's first digest
  std::string filter;            // empty: none

  bool MayHold(const LookupDigest& digest) const;
  size_t memory_bytes() const { return fences.capacity() * sizeof(fences[0]) + filter.capacity(); }
};

using RunPointer = std::shared_ptr<const Run>;

// Collects the fences and the filter of a run while its entries are written in order.
class RunBuilder {
 public:
  RunBuilder(int64_t id, int level, uint64_t first_commit, uint64_t last_commit, uint64_t entries);
  // True when a block is full: write TakeBlock.
  bool Add(const IndexEntry& entry);
  // The bytes of the next block, empty when nothing was added since, and its number.
  std::string TakeBlock(uint32_t* number);
  Run Finish() { return std::move(run_); }

 private:
  Run run_;
  std::string block_;
  uint32_t blocks_ = 0;
};

// The tables of lookup.db on one connection.
class RunTables {
 public:
  static absl::StatusOr<std::unique_ptr<RunTables>> Open(const ConnectionOptions& options);
  Connection* connection() { return connection_.get(); }

  // How far the runs reach. `check` is empty before the first run.
  struct Progress {
    std::string store;  // whose runs these are
    uint64_t merged_through = 0;
    std::string check;
  };
  // nullopt: a new file.
  absl::StatusOr<std::optional<Progress>> ReadProgress();
  absl::Status WriteProgress(const Progress& progress);
  // Empties everything; within a transaction.
  absl::Status Clear();

  enum class State { kBuilding = 0, kLive = 1, kDead = 2 };
  absl::StatusOr<std::vector<RunPointer>> ReadLive();
  absl::StatusOr<std::vector<int64_t>> ReadIds(State state);
  absl::StatusOr<int64_t> NextId();
  absl::Status WriteRun(const Run& run, State state);
  // ABORTED (INDEX_MOVED) when the run is not in state `from`: another process is at work.
  absl::Status ChangeState(int64_t id, State from, State to);
  absl::Status WriteBlock(int64_t run, uint32_t number, absl::string_view bytes);
  // Up to `blocks_max` blocks; true when the run is gone altogether.
  absl::StatusOr<bool> DeleteSome(int64_t run, int blocks_max);

  // ABORTED (INDEX_MOVED) when the block is gone.
  absl::Status ReadBlock(int64_t run, uint32_t number, std::string* bytes);
  // Appends the rows under `digest`.
  absl::Status Find(const Run& run, const LookupDigest& digest, std::vector<uint64_t>* rows);
  // Appends the rows under `digest` that are smaller than `before`, descending, at most `limit`.
  // Reads blocks by their number's logarithm and by `limit`, however many rows there are.
  absl::Status FindBefore(const Run& run, const LookupDigest& digest, uint64_t before, size_t limit,
                          std::vector<uint64_t>* rows);

 private:
  explicit RunTables(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  absl::Status Prepare();

  std::unique_ptr<Connection> connection_;
  std::optional<Statement> read_block_, write_block_;
  std::string block_;  // kept for its capacity
};

// The entry at `position` of a block.
IndexEntry LoadEntry(absl::string_view block, size_t position);
size_t BlockEntries(absl::string_view block);

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_RUN_H_
