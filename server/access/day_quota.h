// How many verifications each agency may begin on a civil day (UTC+8): the register's
// requests_per_day. A verification counts once, when its first intent is made; the same request
// again, and one that is resumed after a crash, do not.
//
// Counts outlive restarts: the intent that begins a block of the day's count carries a look-up key
// for it, and the first count after a start goes on behind the last block that is there. A block is
// one verification up to the 64th, then at most a 32nd of what came before: so much of a quota a
// restart may lose, and never more than the quota is begun. Days are the wall clock's. When that is
// set back, a day goes on with its count; the last few days are remembered.
//
// Thread-safe. Take blocks on the store the first time that an agency counts on a day: not on an
// event loop. An agency without a quota is not counted.
#ifndef HEDUI_SERVER_ACCESS_DAY_QUOTA_H_
#define HEDUI_SERVER_ACCESS_DAY_QUOTA_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "server/access/register.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/base/row.h"

namespace hedui::access {

class DayQuota {
 public:
  // Borrowed objects outlive it and its places.
  DayQuota(const base::Clock* clock, const base::RowReader* rows) : clock_(clock), rows_(rows) {}

  // One verification's place in its day; given back by the destructor unless it was kept.
  // Thread-compatible.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place();

    // To be committed with the intent's row, where there is one.
    const std::optional<base::LookupKey>& key() const { return key_; }
    // The intent is durable.
    void Keep();

   private:
    friend class DayQuota;
    DayQuota* quota_ = nullptr;
    std::string agency_;
    absl::CivilDay day_;
    int block_ = 0;
    std::optional<base::LookupKey> key_;
  };

  // RESOURCE_EXHAUSTED (AGENCY_DAY_QUOTA) when the day's are used up, to be repeated on the next
  // day; errors of the store.
  absl::StatusOr<Place> Take(const Agency& agency);

 private:
  struct Day {
    absl::CivilDay day;
    int count = 0;
    int recorded = -1;  // the last block that is in the store
  };

  absl::StatusOr<Place> Count(const Agency& agency, absl::Time now, Day* day)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The first count that no block in the store covers, and that block's number.
  absl::StatusOr<Day> ReadDay(const std::string& agency, absl::CivilDay day) const;
  absl::StatusOr<bool> HasBlock(const std::string& agency, absl::CivilDay day, int block) const;
  Day* FindDay(const std::string& agency, absl::CivilDay day) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Settle(const Place& place, bool kept);

  const base::Clock* const clock_;
  const base::RowReader* const rows_;
  base::Mutex mutex_;
  // The day counted last stands last.
  absl::flat_hash_map<std::string, std::vector<Day>> days_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_DAY_QUOTA_H_
