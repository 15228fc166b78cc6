// The fakes that other rooms' tests rest on.
#include <gtest/gtest.h>

#include "server/base/clock.h"
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
