#include "server/runtime/batch_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/notification.h"

namespace hedui::runtime {
namespace {

using ::testing::ElementsAre;
using Batches = std::vector<std::vector<int>>;

// A worker whose first batch, the item 0 alone, waits until Open(): what is submitted meanwhile
// gathers.
class GatedWorker {
 public:
  explicit GatedWorker(BatchLimits limits)
      : worker_("test", limits, [this](std::vector<int> batch) {
          const bool first = batches_.empty();
          batches_.push_back(std::move(batch));
          if (!first) return;
          entered_.Notify();
          open_.Wait();
        }) {
    EXPECT_TRUE(worker_.TrySubmit(0, 1));
    entered_.Wait();
  }
  ~GatedWorker() { Finish(); }

  BatchWorker<int>& worker() { return worker_; }
  void Open() { open_.Notify(); }
  const Batches& Finish() {
    Open();
    worker_.Drain();
    return batches_;
  }

 private:
  Batches batches_;  // on the worker's thread until drained
  testing::Notification entered_;
  testing::Notification open_;
  BatchWorker<int> worker_;
};

TEST(BatchWorkerTest, WhatQueuedDuringABatchIsTheNextOne) {
  GatedWorker gated({});
  for (int i = 1; i <= 4; ++i) EXPECT_TRUE(gated.worker().TrySubmit(std::move(i), 1));
  EXPECT_THAT(gated.Finish(), ElementsAre(ElementsAre(0), ElementsAre(1, 2, 3, 4)));
}

TEST(BatchWorkerTest, ABatchEndsAtItsCount) {
  GatedWorker gated({.items_max = 3});
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(gated.worker().TrySubmit(std::move(i), 1));
  EXPECT_THAT(gated.Finish(), ElementsAre(ElementsAre(0), ElementsAre(1, 2, 3), ElementsAre(4, 5)));
}

TEST(BatchWorkerTest, ABatchEndsBeforeItsBytesAreExceeded) {
  GatedWorker gated({.bytes_max = 100});
  EXPECT_TRUE(gated.worker().TrySubmit(1, 60));
  EXPECT_TRUE(gated.worker().TrySubmit(2, 40));
  EXPECT_TRUE(gated.worker().TrySubmit(3, 1));
  EXPECT_THAT(gated.Finish(), ElementsAre(ElementsAre(0), ElementsAre(1, 2), ElementsAre(3)));
}

TEST(BatchWorkerTest, AnItemLargerThanABatchGoesAlone) {
  GatedWorker gated({.bytes_max = 100});
  EXPECT_TRUE(gated.worker().TrySubmit(1, 10));
  EXPECT_TRUE(gated.worker().TrySubmit(2, 500));
  EXPECT_TRUE(gated.worker().TrySubmit(3, 10));
  EXPECT_THAT(gated.Finish(),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2), ElementsAre(3)));
}

TEST(BatchWorkerTest, WhatIsBeingProcessedHoldsItsSlot) {
  GatedWorker gated({.slots_max = 2});  // one is in work
  EXPECT_TRUE(gated.worker().TrySubmit(1, 1));
  EXPECT_FALSE(gated.worker().TrySubmit(2, 1));
  EXPECT_THAT(gated.Finish(), ElementsAre(ElementsAre(0), ElementsAre(1)));
  EXPECT_EQ(gated.worker().used(), 0u);
}

TEST(BatchWorkerTest, AReservedItemIsTakenWhenOthersAreRefused) {
  GatedWorker gated({.slots_max = 3});
  std::optional<Reservation> two = gated.worker().TryReserve(2);
  ASSERT_TRUE(two.has_value());
  EXPECT_FALSE(gated.worker().TrySubmit(9, 1));
  EXPECT_TRUE(gated.worker().Submit(&*two, 1, 1));
  EXPECT_TRUE(gated.worker().Submit(&*two, 2, 1));
  EXPECT_FALSE(gated.worker().Submit(&*two, 3, 1)) << "the reservation is used up";
  EXPECT_THAT(gated.Finish(), ElementsAre(ElementsAre(0), ElementsAre(1, 2)));
}

TEST(BatchWorkerTest, ARefusedItemIsUntouched) {
  BatchWorker<std::unique_ptr<int>> worker("test", {.slots_max = 0},
                                           [](std::vector<std::unique_ptr<int>>) {});
  auto item = std::make_unique<int>(7);
  EXPECT_FALSE(worker.TrySubmit(std::move(item), 1));
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(*item, 7);
}

TEST(BatchWorkerTest, ADrainedWorkerRefuses) {
  BatchWorker<int> worker("test", {}, [](std::vector<int>) {});
  std::optional<Reservation> reservation = worker.TryReserve(1);
  worker.Drain();
  worker.Drain();
  EXPECT_FALSE(worker.TrySubmit(1, 1));
  EXPECT_FALSE(worker.Submit(&*reservation, 1, 1));
}

TEST(BatchWorkerTest, ItemsOfManyThreadsArriveOnceAndInEachThreadsOrder) {
  std::vector<int> last(4, -1);
  size_t count = 0;
  bool ordered = true;
  BatchWorker<int> worker("test", {.items_max = 7}, [&](std::vector<int> batch) {
    for (const int item : batch) {
      const int thread = item / 10'000;
      ordered = ordered && last[thread] < item;
      last[thread] = item;
      ++count;
    }
  });
  std::vector<std::thread> submitters;
  for (int t = 0; t < 4; ++t) {
    submitters.emplace_back([&, t] {
      for (int i = 0; i < 2'000; ++i) EXPECT_TRUE(worker.TrySubmit(t * 10'000 + i, 1));
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  worker.Drain();
  EXPECT_EQ(count, 8'000u);
  EXPECT_TRUE(ordered);
}

}  // namespace
}  // namespace hedui::runtime
