#include "server/base/byte_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

namespace hedui::base {
namespace {

TEST(ByteBudgetTest, NothingPassesTheWhole) {
  ByteBudget budget(100, 100);
  auto first = budget.TryTake("a", 60);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(budget.TryTake("b", 41).has_value());
  EXPECT_TRUE(budget.TryTake("b", 40).has_value());
  EXPECT_EQ(budget.used(), 60u) << "a place that went gives back, a refusal takes nothing";
}

TEST(ByteBudgetTest, OneHolderLeavesRoomForOthers) {
  ByteBudget budget(100, 50);
  const auto first = budget.TryTake("a", 50);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(budget.TryTake("a", 1).has_value());
  EXPECT_TRUE(budget.TryTake("b", 50).has_value());
}

TEST(ByteBudgetTest, APlaceGrowsAsFarAsThereIsRoomAndNoFurther) {
  ByteBudget budget(100, 80);
  auto place = budget.TryTake("a", 10);
  ASSERT_TRUE(place.has_value());
  EXPECT_TRUE(place->TryGrow(70));
  EXPECT_FALSE(place->TryGrow(1)) << "its share";
  auto other = budget.TryTake("b", 10);
  ASSERT_TRUE(other.has_value());
  EXPECT_FALSE(other->TryGrow(11)) << "the whole";
  EXPECT_TRUE(other->TryGrow(10));
  EXPECT_EQ(budget.used(), 100u);
  place.reset();
  EXPECT_EQ(budget.used(), 20u);
}

TEST(ByteBudgetTest, WhatMustGoOnIsCountedAndLeavesNoRoomForWhoComesNext) {
  ByteBudget budget(100, 100);
  auto place = budget.TryTake("a", 90);
  ASSERT_TRUE(place.has_value());
  place->ResizeTo(150);
  EXPECT_EQ(budget.used(), 150u);
  EXPECT_FALSE(budget.TryTake("b", 1).has_value());
  EXPECT_FALSE(place->TryGrow(1));
  EXPECT_TRUE(place->TryGrow(0)) << "nothing takes no room";
  place->ResizeTo(30);
  EXPECT_TRUE(budget.TryTake("b", 70).has_value());
}

TEST(ByteBudgetTest, AMovedPlaceIsGivenBackOnceAndMayOutliveTheBudget) {
  auto budget = std::make_unique<ByteBudget>(100, 100);
  ByteBudget::Place kept;
  {
    auto place = budget->TryTake("a", 40);
    ASSERT_TRUE(place.has_value());
    kept = *std::move(place);
  }
  EXPECT_EQ(budget->used(), 40u);
  ByteBudget::Place moved = std::move(kept);
  EXPECT_EQ(budget->used(), 40u);
  moved = ByteBudget::Place();
  EXPECT_EQ(budget->used(), 0u);
  moved = *budget->TryTake("a", 10);
  budget.reset();
}

TEST(ByteBudgetTest, APlaceOfNothingDoesNotGrow) {
  ByteBudget::Place place;
  EXPECT_FALSE(place.TryGrow(1));
  place.ResizeTo(10);
  EXPECT_EQ(place.bytes(), 0u);
}

TEST(ByteBudgetTest, ManyThreadsNeverPassItTogetherAndLeaveNothingBehind) {
  ByteBudget budget(1'000, 700);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&budget, i] {
      for (int round = 0; round < 5'000; ++round) {
        auto place = budget.TryTake(i % 2 == 0 ? "a" : "b", 200);
        if (place.has_value()) place->TryGrow(200);
        ASSERT_LE(budget.used(), 1'000u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace hedui::base
