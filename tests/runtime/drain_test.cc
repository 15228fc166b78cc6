#include "server/runtime/drain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_clock.h"

namespace hedui::runtime {
namespace {

using ::testing::ElementsAre;

TEST(DrainTest, StepsRunByStageWhateverTheOrderOfRegistration) {
  std::vector<std::string> order;
  Drain drain;
  drain.Add(DrainStage::kStore, "store", [&] { order.push_back("store"); });
  drain.Add(DrainStage::kWorkers, "committer", [&] { order.push_back("committer"); });
  drain.Add(DrainStage::kWorkers, "compute", [&] { order.push_back("compute"); });
  drain.Add(DrainStage::kHealth, "health", [&] { order.push_back("health"); });
  drain.Add(DrainStage::kLoops, "loops", [&] { order.push_back("loops"); });
  drain.Run(testing::FakeClock());
  EXPECT_THAT(order, ElementsAre("health", "loops", "committer", "compute", "store"));
}

TEST(DrainTest, EachStepIsReportedWithTheTimeItTook) {
  testing::FakeClock clock;
  std::vector<std::string> told;
  Drain drain;
  drain.Add(DrainStage::kServer, "rpc", [&] { clock.Advance(absl::Milliseconds(40)); });
  drain.Add(DrainStage::kChannels, "bank", [] {});
  drain.Run(clock, [&](DrainStage stage, absl::string_view name, absl::Duration took) {
    told.push_back(std::string(DrainStageName(stage)) + " " + std::string(name) + " " +
                   absl::FormatDuration(took));
  });
  EXPECT_THAT(told, ElementsAre("server rpc 40ms", "channels bank 0"));
}

TEST(DrainTest, WhatAStepOwnsEndsInItsTurn) {
  auto channel = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = channel;
  bool gone_before_store = false;
  Drain drain;
  drain.Add(DrainStage::kStore, "store", [&] { gone_before_store = watch.expired(); });
  drain.Add(DrainStage::kChannels, "bank", [channel] {});
  channel.reset();
  drain.Run(testing::FakeClock());
  EXPECT_TRUE(gone_before_store);
}

TEST(DrainTest, ASecondRunDoesNothing) {
  int runs = 0;
  Drain drain;
  drain.Add(DrainStage::kStore, "store", [&] { ++runs; });
  drain.Run(testing::FakeClock());
  drain.Run(testing::FakeClock());
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace hedui::runtime
