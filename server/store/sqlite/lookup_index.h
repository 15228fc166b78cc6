// LookupIndex: from a look-up digest to rows. New entries stay in memory; a background thread
// writes them into sorted runs in a file of their own (lookup.db) and merges eight runs of one
// level into one of the next, so that nothing random is ever written on the path of a commit, and a
// look-up searches a bounded number of runs. All of it can be rebuilt from the segments in the
// commits, so that lookup.db is written without flushing.
//
// Thread-safe, except that MergeStep is called by one thread at a time. Limits: run_keys entries in
// each of at most nine tables in memory (some 40 MB); seven runs a level below the last, whose runs
// of 512 * run_keys entries are not merged any further.
#ifndef HEDUI_SERVER_STORE_SQLITE_LOOKUP_INDEX_H_
#define HEDUI_SERVER_STORE_SQLITE_LOOKUP_INDEX_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/mutex.h"
#include "server/store/sqlite/memory_index.h"
#include "server/store/sqlite/run.h"

namespace hedui::store {

// What the main database says about its commits, to find out whether lookup.db belongs to it.
struct CommitHistory {
  std::string store;  // its id
  // The random token of a commit, as the main database has it when this is called; empty when there
  // is no such commit. Called after lookup.db's progress has been read: another process may commit
  // and merge meanwhile, and a head read before would make its runs look like another history's.
  std::function<absl::StatusOr<std::string>(uint64_t commit)> token_of;
};

class LookupIndex {
 public:
  static constexpr int kFanOut = 8;
  static constexpr int kLevels = 4;
  static constexpr size_t kFrozenMax = 8;

  // Empties a file that is not of this history. The commits behind merged_through() must then be
  // added.
  static absl::StatusOr<std::unique_ptr<LookupIndex>> Open(const ConnectionOptions& file,
                                                           size_t run_keys,
                                                           const CommitHistory& history);
  ~LookupIndex();

  uint64_t merged_through() const;
  // The entries of a durable commit; in order of commits, one thread at a time.
  void Add(uint64_t commit, const std::string& token, const std::vector<IndexEntry>& entries);
  // False when so much waits to be merged that commits must wait too.
  bool HasRoom() const;
  bool NeedsMerge() const;

  // The rows under `digest`, ascending. `reader` is any connection to lookup.db.
  absl::StatusOr<std::vector<uint64_t>> Find(RunTables* reader, const LookupDigest& digest) const;
  // The rows under `digest` that are smaller than `before`, descending, at most `limit`.
  absl::StatusOr<std::vector<uint64_t>> FindBefore(RunTables* reader, const LookupDigest& digest,
                                                   uint64_t before, size_t limit) const;

  // A bounded piece of merging (tens of milliseconds). False when there was nothing to do.
  absl::StatusOr<bool> MergeStep();

  size_t unmerged_keys() const;
  // Of the entries in memory and of what is held of the runs.
  size_t memory_bytes() const;
  size_t runs() const;

 private:
  class MergeJob;
  using Runs = std::vector<RunPointer>;
  // What a look-up searches, as of one moment.
  struct View {
    std::vector<uint64_t> rows;  // those under the digest that are in memory, ascending
    // Holding the runs keeps their blocks: the merging thread deletes no run that somebody holds.
    std::shared_ptr<const Runs> runs;
  };
  struct Garbage {
    int64_t id;
    RunPointer run;  // null: left behind by a process that ended
  };

  LookupIndex(std::unique_ptr<RunTables> tables, size_t run_keys, RunTables::Progress progress,
              Runs runs);
  View ViewOf(const LookupDigest& digest) const;
  std::shared_ptr<const MemoryIndex> OldestFrozen() const;
  std::shared_ptr<const Runs> CurrentRuns() const;
  absl::Status CollectLeftovers();
  absl::Status WriteFrozen(const MemoryIndex& frozen);
  // The job of the lowest level that has one or needs one; null when none.
  absl::StatusOr<MergeJob*> NextJob(int* level);
  absl::Status RunJob(MergeJob* job, int level);
  absl::StatusOr<bool> DeleteGarbage();
  absl::Status LimitLog();

  const size_t run_keys_;
  // The merging thread's own.
  const std::unique_ptr<RunTables> tables_;
  RunTables::Progress progress_;
  std::array<std::unique_ptr<MergeJob>, kLevels> jobs_;
  std::vector<Garbage> garbage_;
  bool leftovers_collected_ = false;

  mutable base::Mutex mutex_;
  std::shared_ptr<MemoryIndex> active_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<const MemoryIndex>> frozen_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Runs> runs_ ABSL_GUARDED_BY(mutex_);
  uint64_t merged_through_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_LOOKUP_INDEX_H_
