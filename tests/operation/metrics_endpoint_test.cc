#include "server/operation/metrics_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/operation/process_metrics.h"
#include "tests/operation/http_get.h"

namespace hedui::operation {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsEndpointTest, WhatTheBookHoldsIsShownAsItStands) {
  base::MetricBook book;
  base::Counter counter;
  base::Histogram histogram({0.5, 1});
  book.AddCounter("things_total", "Things.", &counter);
  book.AddHistogram("took_seconds", "How long.", &histogram);
  book.Add("empty", "Nothing yet.", base::MetricKind::kGauge,
           [](std::vector<base::MetricSample>*) {});
  auto endpoint = MetricsEndpoint::Start("127.0.0.1:0", &book);
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  counter.Add(2);
  for (const double value : {0.25, 0.75, 0.75, 3.0}) histogram.Observe(value);
  const std::string shown = testing::HttpGet((*endpoint)->port(), "/metrics");
  EXPECT_THAT(shown, HasSubstr("# HELP things_total Things.\n# TYPE things_total counter\n"));
  EXPECT_THAT(shown, HasSubstr("things_total 2\n"));
  EXPECT_THAT(shown, HasSubstr("took_seconds_count 4\n"));
  EXPECT_THAT(shown, HasSubstr("took_seconds_sum 4.75\n"));
  EXPECT_THAT(shown, HasSubstr("took_seconds_bucket{le=\"0.5\"} 1\n"));
  EXPECT_THAT(shown, HasSubstr("took_seconds_bucket{le=\"1\"} 3\n"));
  EXPECT_THAT(shown, HasSubstr("took_seconds_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_THAT(shown, Not(HasSubstr("empty")));
}

TEST(MetricsEndpointTest, AnAddressThatIsTakenIsSaid) {
  const base::MetricBook book;
  auto first = MetricsEndpoint::Start("127.0.0.1:0", &book);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = MetricsEndpoint::Start(absl::StrCat("127.0.0.1:", (*first)->port()), &book);
  EXPECT_EQ(base::ReasonOf(second.status()), "METRICS_LISTEN");
}

TEST(MetricsEndpointTest, TheProcessSaysWhatItUses) {
  base::MetricBook book;
  AddProcessMetrics(&book);
  auto endpoint = MetricsEndpoint::Start("127.0.0.1:0", &book);
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const std::string shown = testing::HttpGet((*endpoint)->port(), "/metrics");
  for (const char* name : {"process_start_time_seconds", "process_resident_memory_bytes",
                           "process_open_fds", "process_max_fds"}) {
    EXPECT_THAT(shown, ContainsRegex(absl::StrCat("\n", name, " [1-9]")));
  }
  EXPECT_THAT(shown, HasSubstr("\nprocess_cpu_seconds_total "));
}

}  // namespace
}  // namespace hedui::operation
