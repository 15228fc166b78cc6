// DayCount: never more than `per_day` queries leave on a civil day (UTC+8), over restarts and
// kills too.
//
// A process counts within blocks that it has leased: that so many are used is durable before the
// first of them leaves (LeaseDay). What a process that dies had leased and not used is lost to the
// day: at most a block, a 64th of the day's. A block is filled up when half of it is used, so that
// mostly nothing waits for it.
//
// A department's clock may differ. Within kMidnightSlack of midnight a query counts for both days.
// Reserving and sending are as with RateWindow: a query counts when, and on the day on which, it
// leaves. Without a limit it counts too, so that a limit set later knows of it, but by this
// process alone.
//
// A plain machine without lock or clock; SourceState owns one. Time is the wall clock's and may go
// back: the last few days are remembered, and of others the leases are.
#ifndef HEDUI_SERVER_GATHER_DAY_COUNT_H_
#define HEDUI_SERVER_GATHER_DAY_COUNT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace hedui::gather {

// What a process asks for. Queries of a day are numbered from 0.
struct DayLease {
  absl::CivilDay day;
  int64_t from = 0;   // at least: what this process knows to be used or leased
  int64_t size = 0;   // at least 1
  int64_t limit = 0;  // nothing from this number on
};

// The numbers [from, to) may be used; nobody else ever gets them. Empty: none are left.
struct DayBlock {
  int64_t from = 0;
  int64_t to = 0;
};

// Makes a block durable that no process had before. Thread-safe, returns at once; `done` runs once,
// on any thread, within the call too. An error gives nothing.
using LeaseDone = absl::AnyInvocable<void(absl::StatusOr<DayBlock>) &&>;
using LeaseDay = std::function<void(const DayLease&, LeaseDone done)>;

class DayCount {
 public:
  static constexpr absl::Duration kMidnightSlack = absl::Seconds(60);
  // After a lease that failed.
  static constexpr absl::Duration kLeaseAgain = absl::Seconds(1);

  struct Limits {
    int per_day = 0;  // 0: no limit
    // Of them only queries that somebody waits for may use so many percent; but one a day is open
    // to all.
    int interactive_percent = 20;
  };
  enum class Room : uint8_t {
    kYes,
    kLater,   // a lease, or what becomes of reservations, decides
    kUsedUp,  // for this day
  };

  explicit DayCount(const Limits& limits) : limits_(limits) {}

  bool UsedUp(absl::Time wall, bool background);
  // kYes: reserved.
  Room TryReserve(absl::Time wall, bool background);
  // Whether a reserved query may leave now.
  bool MaySend(absl::Time wall, bool background);
  // It leaves; MaySend has just said so.
  void Send(absl::Time wall);
  // A reserved query does not leave.
  void GiveBack() { --reserved_; }

  // The blocks to be leased now, at most one a day; each is to be answered. `now` is steady.
  // `ahead`: nobody waits for them yet; blocks of one are then left to whoever comes.
  std::vector<DayLease> TakeWishes(absl::Time wall, absl::Duration now, bool ahead = false);
  void Leased(absl::CivilDay day, const DayBlock& block);
  void NotLeased(absl::CivilDay day, absl::Duration now);
  // When a lease that failed may be asked for again; in the past where none did.
  absl::Duration again_at() const { return again_at_; }

  // What is known to have left on the day, by anybody; 0 for days that are not remembered.
  int64_t UsedOn(absl::CivilDay day) const;
  void SetLimits(const Limits& limits) { limits_ = limits; }
  int per_day() const { return limits_.per_day; }

 private:
  struct Day {
    absl::CivilDay day;
    int64_t used = 0;    // this many have left, or belong to somebody else
    int64_t leased = 0;  // up to here by this process
    bool asked = false;  // a lease is under way
  };

  int64_t OpenTo(bool background) const;
  // Of this moment: one, or near midnight two.
  size_t DaysAt(absl::Time wall, std::array<Day*, 2>* days);
  Day* Find(absl::CivilDay day);

  Limits limits_;
  int64_t reserved_ = 0;
  absl::Duration again_at_ = -absl::InfiniteDuration();
  std::vector<Day> days_;  // what counted last stands last
  // For as long as the days are these.
  absl::Time same_from_ = absl::InfiniteFuture();
  absl::Time same_until_ = absl::InfinitePast();
  absl::CivilDay first_;
  absl::CivilDay last_;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_DAY_COUNT_H_
