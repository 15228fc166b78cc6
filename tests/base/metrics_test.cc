#include "server/base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace hedui::base {
namespace {

using ::testing::ElementsAre;

TEST(HistogramTest, ABoundIncludesItself) {
  Histogram histogram({1, 2});
  for (const double value : {0.0, 1.0, 1.5, 2.0, 2.5, 100.0}) histogram.Observe(value);
  const Histogram::Reading reading = histogram.Read();
  EXPECT_THAT(reading.bounds, ElementsAre(1, 2));
  EXPECT_THAT(reading.counts, ElementsAre(2, 2, 2));
  EXPECT_EQ(reading.sum, 107);
}

TEST(HistogramTest, DurationsAreCountedInSeconds) {
  Histogram histogram({0.25});
  histogram.Observe(absl::Milliseconds(250));
  EXPECT_THAT(histogram.Read().counts, ElementsAre(1, 0));
}

TEST(CounterTest, NothingIsLostBetweenThreads) {
  Counter counter;
  Histogram histogram({1});
  const auto count = [&] {
    for (int i = 0; i < 10'000; ++i) {
      counter.Add();
      histogram.Observe(1.0);
    }
  };
  std::thread other(count);
  count();
  other.join();
  EXPECT_EQ(counter.value(), 20'000u);
  EXPECT_THAT(histogram.Read().counts, ElementsAre(20'000, 0));
  EXPECT_EQ(histogram.Read().sum, 20'000);
}

std::vector<std::pair<std::string, double>> SeriesOf(const std::vector<MetricSample>& samples) {
  std::vector<std::pair<std::string, double>> series;
  for (const MetricSample& sample : samples) {
    std::string labels;
    for (const MetricLabel& label : sample.labels) labels += label.name + "=" + label.value + ";";
    series.emplace_back(labels, sample.value);
  }
  return series;
}

TEST(LabelledCountersTest, CombinationsPastTheLimitAreCountedTogether) {
  LabelledCounters counters({"code", "reason"}, 2);
  counters.Add({"A", "X"});
  counters.Add({"B", "Y"});
  counters.Add({"C", "Z"});
  counters.Add({"D", "Z"});
  counters.Add({"A", "X"});
  std::vector<MetricSample> samples;
  counters.AppendTo(&samples);
  EXPECT_THAT(SeriesOf(samples), ElementsAre(std::make_pair("code=A;reason=X;", 2),
                                             std::make_pair("code=B;reason=Y;", 1),
                                             std::make_pair("code=OTHER;reason=OTHER;", 2)));
}

TEST(MetricBookTest, FamiliesAreReadAsTheyStand) {
  MetricBook book;
  Counter counter;
  double level = 1;
  book.AddCounter("things_total", "Things.", &counter);
  book.AddGauge("level", "How high.", [&level] { return level; });
  counter.Add(3);
  level = 7;
  const std::vector<MetricFamily> families = book.Collect();
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[0].name, "things_total");
  EXPECT_EQ(families[0].kind, MetricKind::kCounter);
  EXPECT_EQ(families[0].samples.at(0).value, 3);
  EXPECT_EQ(families[1].help, "How high.");
  EXPECT_EQ(families[1].samples.at(0).value, 7);
}

}  // namespace
}  // namespace hedui::base
