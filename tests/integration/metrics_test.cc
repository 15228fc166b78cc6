// What a running platform shows to Prometheus.
#include <regex>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/yaml.h"
#include "tests/integration/running_platform.h"
#include "tests/operation/http_get.h"

namespace hedui::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class MetricsTest : public ::testing::Test {
 protected:
  static Scenario* Shown(Scenario* scenario) {
    Scenario::Replace(&scenario->catalogue_yaml, "deadline: 2s", "deadline: 300ms");
    scenario->server_yaml += "metrics: {listen: \"127.0.0.1:0\"}\n";
    return scenario;
  }
  std::string Scrape() const { return HttpGet(platform_.metrics_port(), "/metrics"); }

  Scenario scenario_;
  RunningPlatform platform_{Shown(&scenario_)};
};

TEST_F(MetricsTest, AVerificationIsCountedFromItsCallToItsCommits) {
  platform_.Register();
  ASSERT_TRUE(platform_.Verify().ok());
  auto unknown = scenario_.household;
  unknown.mutable_header()->set_matter_number("UNKNOWN");
  unknown.mutable_header()->set_request_id("0192f0c1-7000-7000-8000-000000000001");
  EXPECT_FALSE(platform_.Verify(unknown).ok());
  const std::string shown = Scrape();
  const std::string verify = "{service=\"hedui.v1.VerificationService\",method=\"VerifyHousehold\"";
  EXPECT_THAT(shown, HasSubstr(absl::StrCat("\nhedui_rpc_started_total", verify, "} 2\n")));
  EXPECT_THAT(shown,
              HasSubstr(absl::StrCat("\nhedui_rpc_handled_total", verify, ",code=\"OK\"} 1\n")));
  EXPECT_THAT(shown, HasSubstr(absl::StrCat("\nhedui_rpc_errors_total", verify,
                                            ",code=\"NOT_FOUND\",reason=\"MATTER_UNKNOWN\"} 1\n")));
  EXPECT_THAT(shown,
              HasSubstr(absl::StrCat("\nhedui_rpc_duration_seconds_count", verify, "} 2\n")));
  EXPECT_THAT(shown, HasSubstr("\nhedui_source_answers_total{source=\"nx-bank\","
                               "kind=\"UNAVAILABLE\",reason=\"LATE\"} 3\n"));
  EXPECT_THAT(shown, HasSubstr("\nhedui_source_queries_total{source=\"nx-bank\"} 1\n"));
  EXPECT_THAT(shown, HasSubstr("\nhedui_source_attempts_total{source=\"nx-bank\"} 1\n"));
  // Letters, intent, result.
  EXPECT_THAT(shown, HasSubstr("\nhedui_commit_duration_seconds_count 3\n"));
  EXPECT_THAT(shown, HasSubstr("\nhedui_commit_failures_total 0\n"));
  EXPECT_THAT(shown, HasSubstr("\nhedui_verifications_in_flight 0\n"));
  EXPECT_THAT(
      shown,
      HasSubstr("\nhedui_agency_verifications_in_flight{agency=\"640104-civil-affairs\"} 0\n"));
  EXPECT_THAT(shown, ContainsRegex("\nhedui_log_entries [2-9]\n"));
  EXPECT_THAT(shown, ContainsRegex("\nhedui_store_file_bytes\\{file=\"hedui.db\"\\} [1-9]"));
  EXPECT_THAT(shown, HasSubstr("\nhedui_healthy 1\n"));
  EXPECT_THAT(shown, HasSubstr("\nhedui_serving 1\n"));
}

TEST(SharedMetricsTest, WhatAnEarlierAnswerServedIsCountedApart) {
  Scenario scenario;
  Scenario::Replace(&scenario.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  Scenario::AddToSource(&scenario.catalogue_yaml, "nx-tax", "cache_lifetime: 600s");
  scenario.server_yaml += "metrics: {listen: \"127.0.0.1:0\"}\n";
  RunningPlatform platform(&scenario);
  platform.Register();
  for (const char* request_id :
       {"0192f0c1-7000-7000-8000-000000000001", "0192f0c1-7000-7000-8000-000000000002"}) {
    auto household = scenario.household;
    household.mutable_header()->set_request_id(request_id);
    ASSERT_TRUE(platform.Verify(household).ok());
  }
  const std::string shown = HttpGet(platform.metrics_port(), "/metrics");
  EXPECT_THAT(shown, HasSubstr("\nhedui_source_queries_total{source=\"nx-tax\"} 2\n"));
  EXPECT_THAT(shown, HasSubstr("\nhedui_source_attempts_total{source=\"nx-tax\"} 1\n"));
  EXPECT_THAT(shown, HasSubstr("\nhedui_source_reused_total{source=\"nx-tax\"} 1\n"));
  EXPECT_THAT(shown, HasSubstr("\nhedui_source_reused_total{source=\"nx-bank\"} 0\n"));
}

TEST_F(MetricsTest, CertificatesSayWhenTheyEnd) {
  const std::string shown = Scrape();
  for (const char* key : {"tls.certificate_file", "tls.ca_file", "log.ed25519_certificate_file"}) {
    EXPECT_THAT(shown, ContainsRegex(absl::StrCat("\nhedui_certificate_expires_in_seconds\\{key=\"",
                                                  key, "\",file=\"[^\"]*\"\\} [1-9]")));
  }
}

// An alert or a panel on a metric that is not there would be silent for good.
TEST_F(MetricsTest, AlertsAndDashboardNameMetricsThatAreShown) {
  platform_.Register();
  ASSERT_TRUE(platform_.Verify().ok());
  auto unknown = scenario_.household;
  unknown.mutable_header()->set_matter_number("UNKNOWN");
  unknown.mutable_header()->set_request_id("0192f0c1-7000-7000-8000-000000000001");
  EXPECT_FALSE(platform_.Verify(unknown).ok());
  const std::string shown = Scrape();
  // A histogram is shown by the name before what its series add.
  const std::regex name("((?:hedui|process)_[a-z_]+?)(_bucket|_sum|_count)?\\b");
  for (const auto& [file, least] : {std::pair("alerts.yaml", 8), std::pair("hedui.json", 20)}) {
    const auto text = base::ReadFile(absl::StrCat(HEDUI_SOURCE_DIR "/docs/operation/", file));
    ASSERT_TRUE(text.ok()) << text.status();
    int found = 0;
    for (std::sregex_iterator it(text->begin(), text->end(), name), end; it != end; ++it, ++found) {
      const char* const kind = (*it)[2].matched ? " histogram" : " ";
      EXPECT_THAT(shown, HasSubstr(absl::StrCat("\n# TYPE ", (*it)[1].str(), kind))) << file;
    }
    EXPECT_GE(found, least) << file;
  }
}

TEST_F(MetricsTest, NoLabelIsOfAPerson) {
  platform_.Register();
  ASSERT_TRUE(platform_.Verify().ok());
  auto marked = scenario_.household;
  marked.mutable_header()->set_request_id("MARKED");
  marked.mutable_header()->set_officer("MARKED");
  marked.mutable_header()->set_matter_number("MARKED");
  EXPECT_FALSE(platform_.Verify(marked).ok());
  const std::string shown = Scrape();
  for (const char* text : {"马志远", "640104197905123171", "MARKED", "XQ-0107"}) {
    EXPECT_THAT(shown, Not(HasSubstr(text)));
  }
}

}  // namespace
}  // namespace hedui::testing
