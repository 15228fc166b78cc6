#include "server/gather/latency.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace hedui::gather {
namespace {

TEST(LatencyTest, SaysNothingBeforeItHasSeenEnough) {
  Latency latency;
  for (int i = 1; i < Latency::kSamplesMin; ++i) latency.Add(absl::Milliseconds(5));
  EXPECT_FALSE(latency.Quantile(950).has_value());
  latency.Add(absl::Milliseconds(5));
  EXPECT_TRUE(latency.Quantile(950).has_value());
}

TEST(LatencyTest, QuantilesAreWithinTwelvePercent) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::lognormal_distribution<double> ms(
        std::log(std::uniform_real_distribution<double>(1, 500)(random)), 0.8);
    Latency latency;
    std::vector<absl::Duration> all;
    for (int i = 0; i < 1'000; ++i) {
      all.push_back(absl::Milliseconds(1) * std::clamp(ms(random), 0.1, 60'000.0));
      latency.Add(all.back());
    }
    std::sort(all.begin(), all.end());
    for (const int permille : {500, 900, 950, 990}) {
      const absl::Duration truth = all.at(static_cast<size_t>(permille) - 1);
      const absl::Duration said = *latency.Quantile(permille);
      EXPECT_GE(said, truth) << "seed " << seed << ", " << permille;
      EXPECT_LE(said, truth * 1.12) << "seed " << seed << ", " << permille;
    }
  }
}

TEST(LatencyTest, FollowsASourceThatBecameSlower) {
  Latency latency;
  for (int i = 0; i < 100'000; ++i) latency.Add(absl::Milliseconds(1));
  for (int i = 0; i < 3'000; ++i) latency.Add(absl::Milliseconds(100));
  EXPECT_GE(*latency.Quantile(500), absl::Milliseconds(100));
}

TEST(LatencyTest, WhatIsOutsideCountsAtTheEnds) {
  Latency latency;
  for (int i = 0; i < 100; ++i) latency.Add(-absl::Seconds(1));
  EXPECT_LE(*latency.Quantile(950), absl::Microseconds(101));
  for (int i = 0; i < 900; ++i) latency.Add(absl::Hours(1));
  EXPECT_GE(*latency.Quantile(950), absl::Seconds(59));
}

}  // namespace
}  // namespace hedui::gather
