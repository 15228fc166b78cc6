#include "server/gather/breaker.h"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace hedui::gather {
namespace {

using State = Breaker::State;

Breaker::Limits Limits() {
  Breaker::Limits limits;
  limits.failures = 3;
  limits.percent = 50;
  limits.window = absl::Seconds(10);
  limits.open_first = absl::Seconds(1);
  limits.open_max = absl::Seconds(4);
  return limits;
}

class BreakerTest : public ::testing::Test {
 protected:
  void End(bool good) {
    const auto pass = breaker_.Ask(now_);
    ASSERT_TRUE(pass.has_value());
    breaker_.End(now_, *pass, good);
  }
  void Open() {
    for (int i = 0; i < 3; ++i) End(false);
    ASSERT_EQ(breaker_.state(now_), State::kOpen);
  }

  Breaker breaker_{Limits()};
  absl::Duration now_ = absl::Hours(1);
};

TEST_F(BreakerTest, OpensAtEnoughFailures) {
  End(false);
  End(false);
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
  End(false);
  EXPECT_EQ(breaker_.state(now_), State::kOpen);
  EXPECT_FALSE(breaker_.Ask(now_).has_value());
}

TEST_F(BreakerTest, StaysClosedWhileMostEndWell) {
  for (int i = 0; i < 7; ++i) End(true);
  for (int i = 0; i < 6; ++i) End(false);
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
  End(false);
  EXPECT_EQ(breaker_.state(now_), State::kOpen) << "seven of fourteen are half";
}

TEST_F(BreakerTest, FailuresOfLongAgoDoNotCount) {
  End(false);
  End(false);
  now_ += absl::Seconds(11);
  End(false);
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
}

TEST_F(BreakerTest, OneProbePassesAndItsGoodEndCloses) {
  Open();
  now_ += absl::Seconds(1);
  EXPECT_EQ(breaker_.state(now_), State::kHalfOpen);
  const auto probe = breaker_.Ask(now_);
  ASSERT_TRUE(probe.has_value());
  EXPECT_TRUE(probe->probe);
  EXPECT_FALSE(breaker_.Ask(now_).has_value());
  now_ += absl::Hours(1);
  EXPECT_FALSE(breaker_.Ask(now_).has_value()) << "while it is under way, however long";
  breaker_.End(now_, *probe, true);
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
  End(false);
  End(false);
  EXPECT_EQ(breaker_.state(now_), State::kClosed) << "what was before is forgotten";
}

TEST_F(BreakerTest, EachFailedProbeDoublesTheTimeUpToTheLongest) {
  Open();
  absl::Duration open = absl::Seconds(1);
  for (int i = 0; i < 4; ++i) {
    now_ += open - absl::Milliseconds(1);
    EXPECT_EQ(breaker_.state(now_), State::kOpen) << i;
    now_ += absl::Milliseconds(1);
    End(false);
    open = std::min(2 * open, absl::Seconds(4));
  }
  now_ += open;
  End(true);
  Open();
  now_ += absl::Seconds(1);
  EXPECT_EQ(breaker_.state(now_), State::kHalfOpen) << "short again after a good end";
}

TEST_F(BreakerTest, AProbeThatSaysNothingLetsTheNextThroughAtOnce) {
  Open();
  now_ += absl::Seconds(1);
  breaker_.Drop(*breaker_.Ask(now_));
  EXPECT_TRUE(breaker_.Ask(now_).has_value());
}

TEST_F(BreakerTest, WhatPassedBeforeItOpenedSaysNothingAfterwards) {
  const auto old_good = breaker_.Ask(now_);
  const auto old_bad = breaker_.Ask(now_);
  Open();
  breaker_.End(now_, *old_good, true);
  EXPECT_EQ(breaker_.state(now_), State::kOpen);
  now_ += absl::Seconds(1);
  End(true);
  for (int i = 0; i < 5; ++i) breaker_.End(now_, *old_bad, false);
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
}

TEST_F(BreakerTest, OffIsClosed) {
  Open();
  breaker_.SetLimits({.failures = 0});
  for (int i = 0; i < 100; ++i) End(false);
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
}

// A second breaker sees the same without what is neutral: both always agree. And never are two
// probes under way; whatever becomes of them, a good one closes it in the end.
TEST(BreakerPropertyTest, NeverTwoProbesAndNeutralEndsChangeNothing) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    Breaker breaker(Limits());
    Breaker without(Limits());
    absl::Duration now = absl::Hours(1);
    struct Flight {
      Breaker::Pass pass;
      std::optional<Breaker::Pass> of_other;
    };
    std::vector<Flight> under_way;
    int opened = 0;
    const auto probes = [&under_way] {
      return std::count_if(under_way.begin(), under_way.end(),
                           [](const Flight& flight) { return flight.pass.probe; });
    };
    for (int step = 0; step < 100'000; ++step) {
      now += absl::Milliseconds(random() % 200);
      const State before = breaker.state(now);
      ASSERT_EQ(before, without.state(now)) << "seed " << seed << " step " << step;
      if (random() % 2 == 0) {
        if (const auto pass = breaker.Ask(now)) {
          // Whether it will be neutral is known only at its end: the other hears of it then.
          under_way.push_back({*pass, std::nullopt});
          if (before == State::kHalfOpen) {
            ASSERT_TRUE(pass->probe);
          }
        } else {
          ASSERT_NE(before, State::kClosed);
        }
        ASSERT_LE(probes(), 1);
      } else if (!under_way.empty()) {
        const size_t at = random() % under_way.size();
        const Flight flight = under_way[at];
        under_way.erase(under_way.begin() + static_cast<int64_t>(at));
        const int dice = static_cast<int>(random() % 3);
        if (dice == 0) {
          breaker.Drop(flight.pass);
        } else {
          breaker.End(now, flight.pass, dice == 1);
          Breaker::Pass same = flight.pass;
          if (same.probe) {
            const auto probe = without.Ask(now);
            ASSERT_TRUE(probe.has_value() && probe->probe);
            same = *probe;
          }
          without.End(now, same, dice == 1);
        }
      }
      if (before == State::kClosed && breaker.state(now) == State::kOpen) ++opened;
    }
    EXPECT_GT(opened, 10) << "seed " << seed;
  }
}

}  // namespace
}  // namespace hedui::gather
