#include "tests/bench/bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/base/status.h"
#include "tests/bench/output.h"

namespace hedui::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Measure Values(std::vector<double> values, std::string* order, char name) {
  return [values, order, name, next = size_t{0}]() mutable -> absl::StatusOr<double> {
    *order += name;
    return values[next++];
  };
}

TEST(BenchTest, TheMedianOfAnEvenNumberLiesBetween) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
}

TEST(BenchTest, PairsAlternateWhoGoesFirst) {
  std::string order;
  const auto paired =
      MedianOfPairs(Values({1, 1, 1}, &order, 'a'), Values({2, 2, 2}, &order, 'b'), 3);
  ASSERT_TRUE(paired.ok());
  EXPECT_EQ(order, "abbaab");
}

TEST(BenchTest, TheRatioIsTheMedianOfThePairsNotOfTheMedians) {
  std::string order;
  const auto paired =
      MedianOfPairs(Values({10, 20, 90}, &order, 'a'), Values({10, 40, 30}, &order, 'b'), 3);
  ASSERT_TRUE(paired.ok());
  EXPECT_EQ(paired->value, 20);
  EXPECT_EQ(paired->other, 30);
  EXPECT_EQ(paired->ratio, 1);  // of 1, 0.5 and 3
}

TEST(BenchTest, AFailedMeasurementEndsThePairs) {
  std::string order;
  const auto paired = MedianOfPairs(
      Values({1}, &order, 'a'),
      []() -> absl::StatusOr<double> { return absl::InternalError("no"); }, 3);
  EXPECT_EQ(paired.status(), absl::InternalError("no"));
}

TEST(BenchTest, ATargetIsMetFromItsGoodSide) {
  Row row{.name = "x", .value = 5, .unit = "ms"};
  EXPECT_EQ(row.Met(), std::nullopt);
  row.target = 5;
  EXPECT_EQ(row.Met(), true);
  row.value = 6;
  EXPECT_EQ(row.Met(), true);
  row.aim = Aim::kAtMost;
  EXPECT_EQ(row.Met(), false);
}

TEST(BenchTest, OnlyBenchesWithAMatchingRowRunAndOnlyMatchingRowsAreGiven) {
  std::string ran;
  const std::vector<Bench> benches = {
      {{"a.one", "a.two"},
       [&] {
         ran += "a";
         return std::vector<Row>{{.name = "a.one"}, {.name = "a.two"}};
       }},
      {{"b.one"}, [&] {
         ran += "b";
         return std::vector<Row>{{.name = "b.one"}};
       }}};
  const auto rows = RunBenches(benches, "a.t", [](const Bench&) {});
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(ran, "a");
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().name, "a.two");
  EXPECT_EQ(base::ReasonOf(RunBenches(benches, "c", [](const Bench&) {}).status()),
            "NO_SUCH_BENCH");
}

TEST(OutputTest, JsonHoldsEveryFieldAndNullForWhatIsAbsent) {
  EXPECT_EQ(
      FormatJson({{.name = "a.b",
                   .value = 0.5,
                   .unit = "ratio",
                   .floor = 2364,
                   .ratio = 0.5,
                   .target = 0.5,
                   .setup = "8 \"sources\"\n"},
                  {.name = "c", .value = 12345.678, .unit = "1/s"}}),
      "[\n"
      "  {\"name\": \"a.b\", \"value\": 0.5, \"unit\": \"ratio\", \"floor\": 2364, \"ratio\": 0.5, "
      "\"target\": 0.5, \"met\": true, \"setup\": \"8 \\\"sources\\\"\\u000a\"},\n"
      "  {\"name\": \"c\", \"value\": 12346, \"unit\": \"1/s\", \"floor\": null, \"ratio\": null, "
      "\"target\": null, \"met\": null, \"setup\": \"\"}\n"
      "]\n");
}

TEST(OutputTest, TheTableSaysWhichTargetsAreMissed) {
  const std::string table = FormatTable({{.name = "verify.throughput_ratio",
                                          .value = 0.4,
                                          .unit = "ratio",
                                          .target = 0.5,
                                          .setup = "eight"}});
  EXPECT_THAT(table, HasSubstr("verify.throughput_ratio"));
  EXPECT_THAT(table, HasSubstr(">= 0.5 NO\n    eight\n"));
}

}  // namespace
}  // namespace hedui::bench
