#include "server/runtime/worker_pool.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/notification.h"

namespace hedui::runtime {
namespace {

WorkerPool::Options OneThread(size_t slots_max) {
  return {.name = "test", .threads = 1, .slots_max = slots_max};
}

TEST(WorkerPoolTest, DrainRunsEverythingSubmitted) {
  std::atomic<int> ran{0};
  WorkerPool pool({.name = "test", .threads = 3});
  std::vector<std::thread> submitters;
  for (int t = 0; t < 4; ++t) {
    submitters.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(pool.TrySubmit([&] { ++ran; }));
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  pool.Drain();
  EXPECT_EQ(ran.load(), 4'000);
  EXPECT_EQ(pool.used(), 0u);
}

TEST(WorkerPoolTest, OneThreadRunsTasksInOrder) {
  std::vector<int> order;
  WorkerPool pool(OneThread(100));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.TrySubmit([&order, i] { order.push_back(i); }));
  pool.Drain();
  ASSERT_EQ(order.size(), 50u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(order[i], i);
}

TEST(WorkerPoolTest, AFullPoolRefusesAndLeavesTheTaskAlone) {
  testing::Notification blocked;
  testing::Notification release;
  WorkerPool pool(OneThread(2));
  ASSERT_TRUE(pool.TrySubmit([&] {
    blocked.Notify();
    release.Wait();
  }));
  blocked.Wait();
  ASSERT_TRUE(pool.TrySubmit([] {}));

  bool ran = false;
  Task task = [&] { ran = true; };
  EXPECT_FALSE(pool.TrySubmit(std::move(task)));
  ASSERT_TRUE(task != nullptr);
  std::move(task)();
  EXPECT_TRUE(ran);
  release.Notify();
}

TEST(WorkerPoolTest, AReservedTaskIsTakenByAFullPool) {
  testing::Notification release;
  std::atomic<int> ran{0};
  WorkerPool pool(OneThread(2));
  std::optional<Reservation> reservation = pool.TryReserve(1);
  ASSERT_TRUE(reservation.has_value());
  ASSERT_TRUE(pool.TrySubmit([&] { release.Wait(); }));
  EXPECT_FALSE(pool.TrySubmit([] {}));

  EXPECT_TRUE(pool.Submit(&*reservation, [&] { ++ran; }));
  EXPECT_FALSE(pool.Submit(&*reservation, [&] { ++ran; })) << "one slot, one task";
  release.Notify();
  pool.Drain();
  EXPECT_EQ(ran.load(), 1);
}

TEST(WorkerPoolTest, ATaskHoldsItsSlotUntilItHasRun) {
  testing::Notification blocked;
  testing::Notification release;
  WorkerPool pool(OneThread(1));
  ASSERT_TRUE(pool.TrySubmit([&] {
    blocked.Notify();
    release.Wait();
  }));
  blocked.Wait();
  EXPECT_FALSE(pool.TryReserve(1).has_value());
  release.Notify();
  pool.Drain();
  EXPECT_TRUE(pool.TryReserve(1).has_value());
}

TEST(WorkerPoolTest, ADrainedPoolRefuses) {
  WorkerPool pool(OneThread(2));
  std::optional<Reservation> reservation = pool.TryReserve(1);
  pool.Drain();
  pool.Drain();
  EXPECT_FALSE(pool.TrySubmit([] {}));
  EXPECT_FALSE(pool.Submit(&*reservation, [] {}));
}

TEST(WorkerPoolTest, TasksRunAtTheSameTimeOnAllThreads) {
  WorkerPool pool({.name = "test", .threads = 3});
  testing::Latch together(3);  // opens only when three run at once
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool.TrySubmit([&together] {
      together.CountDown();
      together.Wait();
    }));
  }
  pool.Drain();
}

TEST(WorkerPoolTest, OneThreadPerProcessorAllowedByDefault) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  EXPECT_EQ(WorkerPool({.name = "compute"}).threads(), static_cast<size_t>(CPU_COUNT(&before)));
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(WorkerPool({.name = "compute"}).threads(), 1u);
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}

}  // namespace
}  // namespace hedui::runtime
