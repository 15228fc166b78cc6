#include "server/gather/day_count.h"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/dates.h"

namespace hedui::gather {
namespace {

using Room = DayCount::Room;

const absl::CivilDay kDay(2025, 3, 3);
const absl::Time kMorning = base::StartOfDay(kDay) + absl::Hours(9);

// What the store does: blocks that no process had before.
class Store {
 public:
  DayBlock Lease(const DayLease& wish) {
    int64_t& upto = upto_[wish.day];
    const int64_t from = std::max(upto, wish.from);
    const int64_t to = std::max(from, std::min(from + wish.size, wish.limit));
    if (to > from) {
      upto = to;
      ++rows_;
    }
    return {from, to};
  }
  // All that is asked for now, at once.
  void Serve(DayCount* count, absl::Time wall) {
    for (const DayLease& wish : count->TakeWishes(wall, absl::ZeroDuration())) {
      count->Leased(wish.day, Lease(wish));
    }
  }
  int rows() const { return rows_; }

 private:
  std::map<absl::CivilDay, int64_t> upto_;
  int rows_ = 0;
};

// Sends as many as may be, up to `most`.
int SendAll(DayCount* count, Store* store, absl::Time wall, bool background = false,
            int most = 1'000'000) {
  int sent = 0;
  while (sent < most) {
    store->Serve(count, wall);
    if (count->TryReserve(wall, background) != Room::kYes) break;
    EXPECT_TRUE(count->MaySend(wall, background));
    count->Send(wall);
    ++sent;
  }
  return sent;
}

TEST(DayCountTest, NothingLeavesBeforeALease) {
  DayCount count({100, 20});
  EXPECT_EQ(count.TryReserve(kMorning, false), Room::kLater);
  const std::vector<DayLease> wishes = count.TakeWishes(kMorning, absl::ZeroDuration());
  ASSERT_EQ(wishes.size(), 1u);
  EXPECT_EQ(wishes[0].day, kDay);
  EXPECT_EQ(wishes[0].size, 2);
  EXPECT_TRUE(count.TakeWishes(kMorning, absl::ZeroDuration()).empty()) << "one at a time";
  count.Leased(kDay, {0, 2});
  EXPECT_EQ(count.TryReserve(kMorning, false), Room::kYes);
  EXPECT_EQ(count.TryReserve(kMorning, false), Room::kYes);
  EXPECT_EQ(count.TryReserve(kMorning, false), Room::kLater) << "both are reserved";
  count.GiveBack();
  EXPECT_EQ(count.TryReserve(kMorning, false), Room::kYes);
}

TEST(DayCountTest, ADayIsUsedUpAndTheNextBegins) {
  DayCount count({100, 20});
  Store store;
  EXPECT_EQ(SendAll(&count, &store, kMorning), 100);
  EXPECT_TRUE(count.UsedUp(kMorning, false));
  EXPECT_EQ(count.TryReserve(kMorning, false), Room::kUsedUp);
  EXPECT_EQ(SendAll(&count, &store, kMorning + absl::Hours(24)), 100);
}

TEST(DayCountTest, AShareIsKeptFromTheBackground) {
  DayCount count({100, 30});
  Store store;
  EXPECT_EQ(SendAll(&count, &store, kMorning, /*background=*/true), 70);
  EXPECT_TRUE(count.UsedUp(kMorning, true));
  EXPECT_FALSE(count.UsedUp(kMorning, false));
  EXPECT_EQ(SendAll(&count, &store, kMorning), 30);
  DayCount one({1, 90});
  Store other;
  EXPECT_EQ(SendAll(&one, &other, kMorning, /*background=*/true), 1) << "one is open to all";
}

TEST(DayCountTest, NearMidnightBothDaysCount) {
  const absl::Time midnight = base::StartOfDay(kDay + 1);
  DayCount count({100, 20});
  Store store;
  EXPECT_EQ(SendAll(&count, &store, kMorning, false, 90), 90);
  EXPECT_EQ(SendAll(&count, &store, midnight - absl::Seconds(60), false, 5), 5);
  EXPECT_EQ(SendAll(&count, &store, midnight + absl::Seconds(59)), 5) << "the day before is full";
  EXPECT_EQ(SendAll(&count, &store, midnight + absl::Seconds(60)), 90);
}

TEST(DayCountTest, AFailedLeaseIsAskedForAgainAfterASecond) {
  DayCount count({100, 20});
  ASSERT_EQ(count.TakeWishes(kMorning, absl::Seconds(10)).size(), 1u);
  count.NotLeased(kDay, absl::Seconds(10));
  EXPECT_EQ(count.TryReserve(kMorning, false), Room::kLater) << "nothing falls open";
  EXPECT_EQ(count.again_at(), absl::Seconds(11));
  EXPECT_TRUE(count.TakeWishes(kMorning, absl::Milliseconds(10'999)).empty());
  EXPECT_EQ(count.TakeWishes(kMorning, absl::Seconds(11)).size(), 1u);
}

TEST(DayCountTest, WhatThisProcessSentWithoutALimitCountsTowardsALaterOne) {
  DayCount count({0, 20});
  Store store;
  EXPECT_EQ(SendAll(&count, &store, kMorning, false, 40), 40);
  EXPECT_EQ(store.rows(), 0);
  count.SetLimits({100, 20});
  EXPECT_EQ(SendAll(&count, &store, kMorning, false, 10), 10);
  count.SetLimits({0, 20});
  EXPECT_EQ(SendAll(&count, &store, kMorning, false, 30), 30);
  count.SetLimits({100, 20});
  EXPECT_EQ(SendAll(&count, &store, kMorning), 20);
}

TEST(DayCountTest, ChangedLimitsHoldAtOnce) {
  DayCount count({1'000, 20});
  Store store;
  EXPECT_EQ(SendAll(&count, &store, kMorning, false, 100), 100);
  ASSERT_EQ(count.TryReserve(kMorning, false), Room::kYes);
  count.SetLimits({100, 20});
  EXPECT_FALSE(count.MaySend(kMorning, false)) << "reserved before";
  EXPECT_TRUE(count.UsedUp(kMorning, false));
  count.GiveBack();
  count.SetLimits({200, 20});
  EXPECT_EQ(SendAll(&count, &store, kMorning), 100);
}

TEST(DayCountTest, ABlockOfOneIsLeftToWhoeverComes) {
  DayCount count({10, 20});
  Store store;
  EXPECT_EQ(SendAll(&count, &store, kMorning, false, 1), 1);
  EXPECT_TRUE(count.TakeWishes(kMorning, absl::ZeroDuration(), /*ahead=*/true).empty());
  EXPECT_EQ(count.TakeWishes(kMorning, absl::ZeroDuration()).size(), 1u);
}

TEST(DayCountTest, ADayTakesTwoLeasesABlock) {
  DayCount count({64'000, 20});
  Store store;
  EXPECT_EQ(SendAll(&count, &store, kMorning), 64'000);
  EXPECT_LE(store.rows(), 130);
}

// One process after another on one store: their clocks, loads and ends drawn from a seed. Leases
// are answered late or never, limits change, the wall clock is set to and fro.
class DayCountTrace {
 public:
  explicit DayCountTrace(uint32_t seed) : random_(seed) {
    limit_ = std::uniform_int_distribution<int>(1, 1'000)(random_);
    count_.emplace(DayCount::Limits{limit_, 20});
  }

  void Step() {
    wall_ += absl::Seconds(UpTo(40));
    now_ += absl::Seconds(1);
    if (UpTo(2'000) == 0) {
      wall_ += absl::Hours(static_cast<int>(UpTo(60)) - 30);
      // What is left of a block is forgotten with its day.
      for (const auto& [day, sent] : sent_) ++lost_[day];
    }
    for (const DayLease& wish : count_->TakeWishes(wall_, now_)) asked_.push_back(wish);
    switch (UpTo(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        if (count_->TryReserve(wall_, UpTo(3) == 0) == Room::kYes) ++reserved_;
        break;
      case 4:
      case 5:
      case 6:
        Send();
        break;
      case 7:
        Answer();
        break;
      default:
        if (UpTo(60) == 0) Crash();
    }
  }

  void Check(uint32_t seed) {
    EXPECT_GT(crashes_, 20) << "seed " << seed;
    int full = 0;
    for (const auto& [day, sent] : sent_) {
      ASSERT_LE(sent, limit_) << "seed " << seed << ", " << base::FormatDay(day);
      if (used_up_.contains(day)) {
        ++full;
        // Every crash and every lease that nobody told of cost at most a block.
        const int64_t block = (limit_ + 63) / 64;
        EXPECT_GE(sent, limit_ - block * lost_[day]) << "seed " << seed;
      }
    }
    EXPECT_GT(full, 0) << "seed " << seed;
  }

 private:
  uint32_t UpTo(uint32_t n) { return static_cast<uint32_t>(random_() % (n + 1)); }
  std::vector<absl::CivilDay> Days() const {
    // As departments see it whose clocks are off by up to a minute.
    std::vector<absl::CivilDay> days = {base::CivilDayOf(wall_ - absl::Seconds(60)),
                                        base::CivilDayOf(wall_ + absl::Seconds(60))};
    days.erase(std::unique(days.begin(), days.end()), days.end());
    return days;
  }
  void Send() {
    if (reserved_ == 0) return;
    if (UpTo(9) == 0 || !count_->MaySend(wall_, false)) {
      count_->GiveBack();
    } else {
      count_->Send(wall_);
      for (const absl::CivilDay day : Days()) ++sent_[day];
    }
    --reserved_;
    for (const absl::CivilDay day : Days()) {
      if (count_->UsedUp(wall_, false) && Days().size() == 1) used_up_[day] = true;
    }
  }
  void Answer() {
    if (asked_.empty()) return;
    const DayLease wish = asked_.back();
    asked_.pop_back();
    const auto how = UpTo(5);
    if (how == 0) return count_->NotLeased(wish.day, now_);
    const DayBlock block = store_.Lease(wish);
    if (how == 1) {  // durable, but it was said not to be
      if (block.to > block.from) ++lost_[wish.day];
      return count_->NotLeased(wish.day, now_);
    }
    count_->Leased(wish.day, block);
  }
  void Crash() {
    ++crashes_;
    // Some leases become durable though nobody is there any more.
    for (const DayLease& wish : asked_) {
      if (UpTo(1) == 0 && store_.Lease(wish).to > wish.from) ++lost_[wish.day];
    }
    asked_.clear();
    reserved_ = 0;
    for (const auto& [day, sent] : sent_) ++lost_[day];
    count_.emplace(DayCount::Limits{limit_, 20});
  }

  std::mt19937 random_;
  int limit_ = 0;
  absl::Time wall_ = kMorning;
  absl::Duration now_ = absl::Hours(1);
  Store store_;
  std::optional<DayCount> count_;
  std::vector<DayLease> asked_;
  int reserved_ = 0;
  int crashes_ = 0;
  std::map<absl::CivilDay, int64_t> sent_;
  std::map<absl::CivilDay, int64_t> lost_;
  std::map<absl::CivilDay, bool> used_up_;
};

TEST(DayCountTest, NeverMoreThanADaysOverCrashesAndClocksSetToAndFro) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    DayCountTrace trace(seed);
    for (int step = 0; step < 100'000; ++step) trace.Step();
    trace.Check(seed);
  }
}

}  // namespace
}  // namespace hedui::gather
