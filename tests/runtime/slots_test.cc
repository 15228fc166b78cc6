#include "server/runtime/slots.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace hedui::runtime {
namespace {

TEST(SlotsTest, AllOrNothingIsReserved) {
  Slots slots(3);
  std::optional<Reservation> two = slots.TryReserve(2);
  ASSERT_TRUE(two.has_value());
  EXPECT_FALSE(slots.TryReserve(2).has_value());
  EXPECT_EQ(slots.used(), 2u);
  EXPECT_TRUE(slots.TryReserve(1).has_value());
}

TEST(SlotsTest, AReservationGivesItsSlotsBackWhenDestroyed) {
  Slots slots(2);
  { const std::optional<Reservation> both = slots.TryReserve(2); }
  EXPECT_EQ(slots.used(), 0u);
}

TEST(SlotsTest, OneTakenOutOutlivesTheReservation) {
  Slots slots(2);
  Reservation one;
  {
    std::optional<Reservation> both = slots.TryReserve(2);
    one = both->TakeOne();
    EXPECT_EQ(both->count(), 1u);
  }
  EXPECT_EQ(one.count(), 1u);
  EXPECT_EQ(slots.used(), 1u);
  one.Release();
  EXPECT_EQ(slots.used(), 0u);
}

TEST(SlotsTest, NothingComesOutOfAnEmptyReservation) {
  Reservation nothing;
  EXPECT_EQ(nothing.TakeOne().count(), 0u);
  EXPECT_EQ(nothing.count(), 0u);
}

TEST(SlotsTest, AssigningOverAReservationReleasesTheOldOne) {
  Slots slots(4);
  Reservation a = *slots.TryReserve(3);
  Reservation b = *slots.TryReserve(1);
  a = std::move(b);
  EXPECT_EQ(slots.used(), 1u);
  EXPECT_EQ(a.count(), 1u);
}

TEST(SlotsTest, AReservationMayOutliveItsSlots) {
  std::optional<Reservation> left;
  {
    Slots slots(1);
    left = slots.TryReserve(1);
  }
  EXPECT_EQ(left->count(), 1u);
}

TEST(SlotsTest, ManyThreadsNeverHoldMoreThanTheCapacity) {
  Slots slots(5);
  std::atomic<int> held{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const std::optional<Reservation> two = slots.TryReserve(2);
        if (!two) continue;
        const int now = held.fetch_add(2) + 2;
        int seen = most.load();
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
        held.fetch_sub(2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most.load(), 5);
  EXPECT_EQ(slots.used(), 0u);
}

}  // namespace
}  // namespace hedui::runtime
