// What the rows of many sources do with a whole platform, small: that it is done and counted, not
// how fast.
#include "tests/bench/fanout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "server/base/status.h"

namespace hedui::bench {
namespace {

using ::testing::HasSubstr;

constexpr char kSlowSource[] = "nx-finance";

std::unique_ptr<PlatformRig> StartRig(PlatformRigOptions options) {
  options.heduid = HEDUI_BIN_DIR "/heduid";
  auto rig = PlatformRig::Start(options);
  EXPECT_TRUE(rig.ok()) << rig.status();
  return rig.ok() ? *std::move(rig) : nullptr;
}

TEST(FanoutTest, EachOfManySourcesIsAskedOncePerVerificationAndItsAnswerIsInTheReport) {
  const auto rig = StartRig({.sources = 64});
  ASSERT_NE(rig, nullptr);
  const auto shape = rig->MeasureShape();
  ASSERT_TRUE(shape.ok()) << shape.status();
  EXPECT_GT(shape->source_request_bytes, 0u);
  const auto run =
      RunFanout(rig.get(), "bank-64", {.per_second = 100, .requests = 4, .warm_up = 2});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->extra_calls, 0);
}

TEST(FanoutTest, OneThatIsHeldIsMissedAndTheOthersAreNot) {
  const auto rig = StartRig({.sources = 10});
  ASSERT_NE(rig, nullptr);
  ASSERT_TRUE(rig->sources().Hold("bank-10").ok());
  rig->sources().DelayAll(absl::Milliseconds(1));
  const auto run = RunFanout(rig.get(), "bank-10", {.per_second = 100, .requests = 4});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->extra_calls, 0) << "it was asked, and is not spared yet";
  const absl::Status checked = CheckReplies(rig.get(), 2, 2);
  EXPECT_TRUE(checked.ok()) << checked;
  EXPECT_FALSE(rig->CheckComplete("").ok());
}

TEST(FanoutTest, WhoIsNotThereIsNotMeasured) {
  const auto rig = StartRig({});
  ASSERT_NE(rig, nullptr);
  const auto run = RunFanout(rig.get(), "bank-10", {.per_second = 100, .requests = 1});
  EXPECT_THAT(std::string(run.status().message()), HasSubstr("bank-10"));
}

TEST(FanoutTest, ASourceThatIsSlowIsAskedASecondTimeWhereItMayBe) {
  const auto plain = StartRig({});
  const auto hedging = StartRig({.hedged_source = kSlowSource});
  ASSERT_TRUE(plain != nullptr && hedging != nullptr);
  constexpr int kKnown = 100;  // how long the source takes
  const FanoutLoad load{.per_second = 200, .requests = 60};
  double extra[2];
  for (const auto* rig : {&plain, &hedging}) {
    ASSERT_TRUE((*rig)->Run(4, kKnown).ok());
    ASSERT_TRUE((*rig)->sources().DelaySome(kSlowSource, 100, absl::Milliseconds(1'500)).ok());
    const auto run = RunFanout(rig->get(), kSlowSource, load);
    ASSERT_TRUE(run.ok()) << run.status();
    extra[rig == &hedging] = run->extra_calls;
  }
  EXPECT_EQ(extra[0], 0);
  EXPECT_GT(extra[1], 0);
}

}  // namespace
}  // namespace hedui::bench
