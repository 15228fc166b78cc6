#include "tests/support/fake_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeLoopTest : public ::testing::Test {
 protected:
  // A task that notes `what`.
  runtime::Task Note(std::string what) {
    return [this, what = std::move(what)] { log_.push_back(what); };
  }

  FakeClock clock_;
  FakeLoop loop_{&clock_};
  std::vector<std::string> log_;
};

TEST_F(FakeLoopTest, NothingRunsUntilAsked) {
  loop_.Post(Note("posted"));
  loop_.After(absl::ZeroDuration(), Note("due"));
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_EQ(loop_.RunReady(), 2u);
  EXPECT_THAT(log_, ElementsAre("posted", "due"));
  EXPECT_EQ(loop_.RunReady(), 0u);
}

TEST_F(FakeLoopTest, TasksPostedByTasksRunInTheSameRunReady) {
  loop_.Post([this] {
    log_.push_back("first");
    loop_.Post(Note("second"));
  });
  loop_.RunReady();
  EXPECT_THAT(log_, ElementsAre("first", "second"));
}

TEST_F(FakeLoopTest, TimersRunByDeadlineWithTheClockAtIt) {
  const absl::Duration start = loop_.Now();
  std::vector<absl::Duration> at;
  loop_.After(absl::Seconds(2), [&] { at.push_back(loop_.Now() - start); });
  loop_.After(absl::Seconds(1), [&] {
    at.push_back(loop_.Now() - start);
    loop_.After(absl::Milliseconds(500), [&] { at.push_back(loop_.Now() - start); });
  });
  loop_.AdvanceBy(absl::Seconds(3));
  EXPECT_THAT(at, ElementsAre(absl::Seconds(1), absl::Milliseconds(1500), absl::Seconds(2)));
  EXPECT_EQ(loop_.Now() - start, absl::Seconds(3));
}

TEST_F(FakeLoopTest, TimersOfOneDeadlineRunInTheOrderArmed) {
  loop_.After(absl::Seconds(1), Note("a"));
  loop_.After(absl::Seconds(1), Note("b"));
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(log_, ElementsAre("a", "b"));
}

TEST_F(FakeLoopTest, ATimerAMomentLaterDoesNotRun) {
  loop_.After(absl::Seconds(1) + absl::Nanoseconds(1), Note("late"));
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_EQ(loop_.armed_timers(), 1u);
}

TEST_F(FakeLoopTest, ACancelledTimerDoesNotRun) {
  const auto timer = loop_.After(absl::Seconds(1), Note("cancelled"));
  loop_.Cancel(timer);
  loop_.Cancel(timer);
  loop_.AdvanceBy(absl::Seconds(2));
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(FakeLoopTest, RunUntilWaitsForOtherThreads) {
  bool done = false;
  std::thread other([&] { loop_.Post([&] { done = true; }); });
  loop_.RunUntil([&] { return done; });
  other.join();
  EXPECT_TRUE(done);
}

TEST_F(FakeLoopTest, OnlyTheMakingThreadIsInTheLoop) {
  EXPECT_TRUE(loop_.InLoop());
  bool in_loop = true;
  std::thread([&] { in_loop = loop_.InLoop(); }).join();
  EXPECT_FALSE(in_loop);
}

TEST_F(FakeLoopTest, ShutdownDestroysWhatHasNotRun) {
  auto held = std::make_shared<int>(1);
  loop_.Post([held] {});
  loop_.After(absl::Seconds(1), [held] {});
  loop_.Shutdown();
  loop_.Post([held] {});
  loop_.After(absl::Seconds(1), [held] {});
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(loop_.AdvanceBy(absl::Seconds(2)), 0u);
}

}  // namespace
}  // namespace hedui::testing
