// The fakes that other rooms' tests rest on.
#include <gtest/gtest.h>
#include <signal.h>

#include "server/base/clock.h"
#include "tests/support/child_process.h"
#include "tests/support/fake_clock.h"

namespace hedui::testing {
namespace {

TEST(FakeClockTest, StandsStillUntilMoved) {
  FakeClock clock;
  const absl::Time wall = clock.WallNow();
  const absl::Duration steady = clock.SteadyNow();
  EXPECT_EQ(clock.WallNow(), wall);
  clock.Advance(absl::Seconds(2));
  EXPECT_EQ(clock.WallNow(), wall + absl::Seconds(2));
  EXPECT_EQ(clock.SteadyNow(), steady + absl::Seconds(2));
  clock.AdvanceTo(steady + absl::Seconds(5));
  EXPECT_EQ(clock.WallNow(), wall + absl::Seconds(5));
  clock.AdvanceTo(steady);
  EXPECT_EQ(clock.SteadyNow(), steady + absl::Seconds(5)) << "a steady clock never goes back";
}

TEST(FakeClockTest, SettingTheWallLeavesTheSteadyClockAlone) {
  FakeClock clock;
  const absl::Time wall = clock.WallNow();
  const absl::Duration steady = clock.SteadyNow();
  clock.SetWall(wall - absl::Hours(3));
  EXPECT_EQ(clock.WallNow(), wall - absl::Hours(3));
  EXPECT_EQ(clock.SteadyNow(), steady);
}

TEST(ChildProcessTest, SaysHowItEnded) {
  const auto end_of = [](const char* script) {
    auto process = ChildProcess::Start({"/bin/sh", "-c", script});
    EXPECT_TRUE(process.ok()) << process.status();
    return (*process)->AwaitEnd();
  };
  EXPECT_EQ(end_of("exit 0"), ProcessEnd{});
  EXPECT_EQ(end_of("exit 3"), (ProcessEnd{0, 3}));
  EXPECT_EQ(end_of("kill -9 $$"), (ProcessEnd{SIGKILL, 0}));
  EXPECT_EQ(end_of("kill -6 $$"), (ProcessEnd{SIGABRT, 0}));
}

TEST(ChildProcessTest, StoppedOnceItStaysStopped) {
  auto process = ChildProcess::Start({"/bin/sh", "-c", "echo ready; while :; do :; done"});
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE((*process)->ReadLine("ready").ok());
  EXPECT_EQ((*process)->Stop(), (ProcessEnd{SIGTERM, 0}));
  EXPECT_EQ((*process)->Stop(), (ProcessEnd{SIGTERM, 0}));
  EXPECT_EQ((*process)->AwaitEnd(), (ProcessEnd{SIGTERM, 0}));
}

TEST(SystemClockTest, SteadyTimeDoesNotGoBack) {
  const base::SystemClock clock;
  absl::Duration last = clock.SteadyNow();
  for (int i = 0; i < 1'000; ++i) {
    const absl::Duration now = clock.SteadyNow();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace hedui::testing
