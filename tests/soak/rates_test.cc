#include "tests/soak/rates.h"

#include "gtest/gtest.h"

namespace hedui::testing {
namespace {

TEST(RatesTest, GrowthIsTheMedianSlopeOverAll) {
  EXPECT_EQ(TheilSenGrowth({}), 0);
  EXPECT_EQ(TheilSenGrowth({5}), 0);
  EXPECT_DOUBLE_EQ(TheilSenGrowth({10, 12, 14, 16}), 6);
  EXPECT_DOUBLE_EQ(TheilSenGrowth({10, 12, 900, 16, 18, 20}), 10) << "a peak moves nothing";
  EXPECT_LT(TheilSenGrowth({30, 20, 10}), 0);
}

TEST(RatesTest, MostWithinAnySpan) {
  const auto at = [](std::initializer_list<int> ms) {
    std::vector<absl::Duration> times;
    for (const int one : ms) times.push_back(absl::Milliseconds(one));
    return times;
  };
  EXPECT_EQ(MostWithin({}, absl::Seconds(1)), 0u);
  EXPECT_EQ(MostWithin(at({0, 999, 1'000, 1'001, 2'500}), absl::Seconds(1)), 3u);
  EXPECT_EQ(MostWithin(at({0, 1'001, 2'002}), absl::Seconds(1)), 1u);
}

TEST(RatesTest, MetricsAreAddedUpByNameAndSource) {
  const std::string scraped =
      "# TYPE asked counter\nasked{source=\"a\"} 3\nasked{source=\"b\"} 4\nasked_more 7\n";
  EXPECT_EQ(Metric(scraped, "asked"), 7);
  EXPECT_EQ(Metric(scraped + scraped, "asked", "a"), 6);
  EXPECT_EQ(Metric(scraped, "asked_more"), 7);
  EXPECT_EQ(Metric(scraped, "other"), 0);
}

}  // namespace
}  // namespace hedui::testing
