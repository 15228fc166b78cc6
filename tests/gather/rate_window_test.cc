#include "server/gather/rate_window.h"

#include <algorithm>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace hedui::gather {
namespace {

constexpr absl::Duration kStart = absl::Hours(1);

RateWindow Open(const RateWindow::Limits& limits) {
  return RateWindow(limits, kStart - absl::Minutes(1));
}

TEST(RateWindowTest, NothingLeavesInTheFirstSecond) {
  RateWindow window({5, 20}, kStart);
  const auto later = window.TryReserve(kStart, false);
  ASSERT_TRUE(later.has_value());
  EXPECT_GT(*later, kStart + absl::Seconds(1));
  EXPECT_LT(*later, kStart + absl::Milliseconds(1'001));
  EXPECT_FALSE(window.TryReserve(*later, false).has_value());
}

TEST(RateWindowTest, SaysWhenTheNextMayLeave) {
  RateWindow window = Open({2, 20});
  for (const absl::Duration at : {kStart, kStart + absl::Milliseconds(300)}) {
    ASSERT_FALSE(window.TryReserve(at, false).has_value());
    ASSERT_TRUE(window.Send(at));
  }
  const absl::Duration later = *window.TryReserve(kStart + absl::Milliseconds(900), false);
  EXPECT_GT(later, kStart + absl::Seconds(1));
  EXPECT_TRUE(window.TryReserve(later - absl::Microseconds(1), false).has_value());
  EXPECT_FALSE(window.TryReserve(later, false).has_value());
}

// Reserved before a connection was there, sent together long afterwards.
TEST(RateWindowTest, WhatWaitedAndLeavesTogetherCountsWhenItLeaves) {
  RateWindow window = Open({3, 20});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(window.TryReserve(kStart, false).has_value());
  EXPECT_EQ(window.TryReserve(kStart + absl::Minutes(1), false), absl::InfiniteDuration());
  const absl::Duration left = kStart + absl::Minutes(2);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(window.Send(left));
  EXPECT_TRUE(window.TryReserve(left + absl::Seconds(1), false).has_value());
  EXPECT_FALSE(window.TryReserve(left + absl::Milliseconds(1'001), false).has_value());
}

TEST(RateWindowTest, AShareIsKeptFromTheBackground) {
  RateWindow window = Open({10, 30});
  int background = 0;
  while (!window.TryReserve(kStart, true).has_value()) ++background;
  EXPECT_EQ(background, 7);
  int interactive = 0;
  while (!window.TryReserve(kStart, false).has_value()) ++interactive;
  EXPECT_EQ(interactive, 3);
}

TEST(RateWindowTest, OneASecondIsOpenToAll) {
  RateWindow window = Open({1, 90});
  EXPECT_FALSE(window.TryReserve(kStart, true).has_value());
}

TEST(RateWindowTest, ALoweredLimitHoldsForWhatIsReservedAlready) {
  RateWindow window = Open({4, 20});
  for (int i = 0; i < 4; ++i) ASSERT_FALSE(window.TryReserve(kStart, false).has_value());
  window.SetLimits({2, 20}, kStart);
  EXPECT_TRUE(window.Send(kStart));
  EXPECT_TRUE(window.Send(kStart));
  EXPECT_FALSE(window.Send(kStart));
  EXPECT_EQ(window.reserved(), 2u) << "still reserved";
}

TEST(RateWindowTest, AFirstLimitDoesNotKnowWhatLeftBefore) {
  RateWindow window({0, 20}, kStart);
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_FALSE(window.TryReserve(kStart, false).has_value());
    ASSERT_TRUE(window.Send(kStart));
  }
  ASSERT_FALSE(window.TryReserve(kStart, false).has_value());
  window.SetLimits({5, 20}, kStart);
  EXPECT_FALSE(window.Send(kStart)) << "reserved without a limit";
  EXPECT_TRUE(window.TryReserve(kStart + absl::Seconds(1), false).has_value());
}

// However queries are reserved, delayed, given back and sent: within no second, both its ends
// included, more leave than may.
TEST(RateWindowTest, WithinNoSecondMoreLeaveThanMay) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const int limit = std::uniform_int_distribution<int>(1, 40)(random);
    RateWindow window({limit, 20}, kStart);
    absl::Duration now = kStart;
    std::vector<absl::Duration> sent;
    int reserved = 0;
    bool met = false;
    for (int step = 0; step < 100'000; ++step) {
      // Mostly densely, sometimes after a pause.
      now += random() % 50 == 0 ? absl::Milliseconds(random() % 1'500)
                                : absl::Microseconds(random() % 20'000);
      const auto dice = random() % 10;
      if (dice < 5) {
        const bool background = random() % 4 == 0;
        if (window.TryReserve(now, background).has_value()) {
          met = true;
        } else {
          ++reserved;
        }
      } else if (reserved > 0) {
        --reserved;
        if (dice == 9) {
          window.GiveBack();
        } else {
          ASSERT_TRUE(window.Send(now));
          sent.push_back(now);
        }
      }
    }
    for (size_t i = 0; i + static_cast<size_t>(limit) < sent.size(); ++i) {
      ASSERT_GT(sent[i + static_cast<size_t>(limit)] - sent[i], absl::Seconds(1))
          << "seed " << seed;
    }
    EXPECT_TRUE(met) << "seed " << seed;
    EXPECT_GT(sent.size(), 500u);
  }
}

}  // namespace
}  // namespace hedui::gather
