#include "server/runtime/loop_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/status.h"
#include "tests/support/notification.h"

namespace hedui::runtime {
namespace {

using ::testing::HasSubstr;

class LoopWatchTest : public ::testing::Test {
 protected:
  LoopWatchTest() {
    loops_.AddOwn(2);
    loops_.Start();
  }
  ~LoopWatchTest() override { loops_.Shutdown(); }

  // Everything posted to both loops so far has run.
  void AwaitLoops() {
    testing::Latch turned(2);
    for (size_t i = 0; i < 2; ++i) loops_.at(i)->Post([&turned] { turned.CountDown(); });
    turned.Wait();
  }

  base::SystemClock clock_;
  EventLoops loops_{&clock_};
};

TEST_F(LoopWatchTest, LoopsThatTurnAreWell) {
  LoopWatch watch(&loops_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(watch.Check().ok());
    AwaitLoops();
  }
}

TEST_F(LoopWatchTest, ALoopThatHangsIsNamedUntilItTurnsAgain) {
  LoopWatch watch(&loops_);
  testing::Notification hanging;
  testing::Notification release;
  loops_.at(1)->Post([&] {
    hanging.Notify();
    release.Wait();
  });
  hanging.Wait();
  EXPECT_TRUE(watch.Check().ok());  // it could not know yet
  testing::Notification first_turned;
  loops_.at(0)->Post([&] { first_turned.Notify(); });
  first_turned.Wait();
  for (int i = 0; i < 2; ++i) {
    const absl::Status stuck = watch.Check();
    EXPECT_EQ(base::ReasonOf(stuck), "LOOP_STUCK");
    EXPECT_THAT(std::string(stuck.message()), HasSubstr("event loop 1"));
  }
  release.Notify();
  AwaitLoops();
  EXPECT_TRUE(watch.Check().ok());
}

}  // namespace
}  // namespace hedui::runtime
