// SourceQuota: the durable half of a source's count of a day (gather/day_count.h). A block of
// queries is leased by a row that says up to where the day is used; the next process goes on behind
// the greatest there is. So no query is counted twice or not at all, however processes end.
//
// Thread-safe; does not block: reads on the disk pool, commits by the committer. A block that
// cannot be made durable is not given (what was told of it: the reason), and may be asked for
// again.
#ifndef HEDUI_SERVER_SOURCE_QUOTA_H_
#define HEDUI_SERVER_SOURCE_QUOTA_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "server/base/clock.h"
#include "server/base/event.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "server/base/row.h"
#include "server/gather/day_count.h"
#include "server/ledger/committer.h"
#include "server/runtime/worker_pool.h"

namespace hedui {

class SourceQuota {
 public:
  // Borrowed objects outlive it; disk pool and committer have drained before it goes.
  SourceQuota(const base::Clock* clock, base::IdSource* ids, const base::RowReader* rows,
              ledger::Committer* committer, runtime::WorkerPool* disk, base::Tell tell)
      : clock_(clock),
        ids_(ids),
        rows_(rows),
        committer_(committer),
        disk_(disk),
        tell_(std::move(tell)) {}

  // As gather::LeaseDay says. RESOURCE_EXHAUSTED (QUOTA_LEASE) where pool or committer have no
  // room; errors of the store.
  void Lease(const std::string& source, const gather::DayLease& wish, gather::LeaseDone done);

 private:
  using Key = std::pair<absl::CivilDay, std::string>;
  struct Day {
    int64_t upto = 0;  // what is behind it belongs to nobody yet
    int under_way = 0;
  };

  void ReadAndLease(const Key& key, const gather::DayLease& wish, gather::LeaseDone done);
  absl::StatusOr<int64_t> ReadDay(const Key& key) const;
  // The next block, under way; empty: none is left. nullopt: what the store has must be read first
  // (`read`).
  std::optional<gather::DayBlock> Take(const Key& key, const gather::DayLease& wish,
                                       std::optional<int64_t> read);
  void Commit(const Key& key, const gather::DayBlock& block, gather::LeaseDone done);
  void Settle(const Key& key, const gather::DayBlock& block, bool durable);
  absl::Status Fail(const Key& key, const absl::Status& why) const;

  const base::Clock* const clock_;
  base::IdSource* const ids_;
  const base::RowReader* const rows_;
  ledger::Committer* const committer_;
  runtime::WorkerPool* const disk_;
  const base::Tell tell_;
  base::Mutex mutex_;
  std::map<Key, Day> days_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui

#endif  // HEDUI_SERVER_SOURCE_QUOTA_H_
