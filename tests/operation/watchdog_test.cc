#include "server/operation/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/base/status.h"
#include "tests/support/notification.h"

namespace hedui::operation {
namespace {

using ::testing::ElementsAre;

// Checks are answered in turn, and what happened is written down until the last of them.
class WatchdogTest : public ::testing::Test {
 protected:
  absl::Status Check() {
    if (checks_ == answers_.size()) {
      all_asked_.Notify();
      over_ = true;
      return absl::OkStatus();
    }
    const bool well = answers_[checks_++];
    said_.push_back(well ? "well" : "unwell");
    return well ? absl::OkStatus()
                : base::MakeError(absl::StatusCode::kUnavailable, "LOOP_STUCK", "stuck");
  }
  void Say(const std::string& what) {
    if (!over_) said_.push_back(what);
  }

  // On the watchdog's thread only, and read after it has ended.
  std::vector<bool> answers_;
  std::vector<std::string> said_;
  size_t checks_ = 0;
  bool over_ = false;
  testing::Notification all_asked_;
};

TEST_F(WatchdogTest, NothingIsSaidWhileTheCheckFailsAndThatIsToldOnce) {
  answers_ = {true, false, false, true, false, true};
  {
    Watchdog watchdog(
        absl::ZeroDuration(), [this] { return Check(); }, [this] { Say("alive"); },
        [this](const base::Event& event) { Say(event.name); });
    all_asked_.Wait();
  }
  EXPECT_THAT(said_, ElementsAre("well", "alive", "unwell", "unhealthy", "unwell", "well", "alive",
                                 "unwell", "unhealthy", "well", "alive"));
}

TEST_F(WatchdogTest, ItEndsWithoutWaitingForTheNextCheck) {
  testing::Notification checked;
  Watchdog watchdog(
      absl::InfiniteDuration(),
      [&checked] {
        checked.Notify();
        return absl::OkStatus();
      },
      [] {}, [](const base::Event&) {});
  checked.Wait();
}

}  // namespace
}  // namespace hedui::operation
