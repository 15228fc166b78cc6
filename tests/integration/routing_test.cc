// Whom a running platform asks: fallbacks one after another where departments are down, other
// divisions and the ministry through bodies that relay, and what is said of those it may not ask.
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/integration/departments.h"
#include "tests/integration/running_platform.h"
#include "tests/support/fault_proxy.h"

namespace hedui::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

std::string Told(absl::string_view source, absl::string_view kind, absl::string_view reason) {
  if (reason == "NONE" || reason == "UNSPECIFIED") return absl::StrCat(source, " ", kind);
  return absl::StrCat(source, " ", kind, "/", reason);
}

// "nx-tax REFUSED/SOURCE_REFUSED" of every outcome of the pair, in the order told.
std::vector<std::string> TheyToldOf(const v1::VerifyHouseholdResponse& response,
                                    const std::string& person, const std::string& category) {
  std::vector<std::string> told;
  for (const v1::SourceOutcome& outcome : response.outcomes()) {
    if (outcome.person_id() != person || outcome.category() != category) continue;
    told.push_back(Told(outcome.source_id(),
                        v1::AnswerKind_Name(outcome.kind()).substr(sizeof("ANSWER_KIND_") - 1),
                        v1::Reason_Name(outcome.reason()).substr(sizeof("REASON_") - 1)));
  }
  return told;
}

// The same, of the report's own lines; sources by the name that is printed.
std::vector<std::string> ReportedOf(const v1::VerifyHouseholdResponse& response,
                                    const std::string& person, const std::string& category) {
  std::vector<std::string> told;
  for (const report::v1::Line& line : LinesOf(response.envelope())) {
    if (line.kind() != report::v1::LINE_KIND_OUTCOME || line.person_id() != person ||
        line.outcome().category() != category) {
      continue;
    }
    told.push_back(
        Told(line.outcome().source_name(), line.outcome().kind(), line.outcome().reason()));
  }
  return told;
}

class RoutingTest : public ::testing::Test {
 protected:
  RoutingTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  }

  void Offer(const std::string& source, const std::string& from, const std::string& to) {
    const std::string head = absl::StrCat("- id: ", source, "\n");
    const size_t begin = scenario_.catalogue_yaml.find(head);
    ASSERT_NE(begin, std::string::npos) << source;
    const size_t at = scenario_.catalogue_yaml.find(from, begin);
    ASSERT_NE(at, std::string::npos) << from;
    scenario_.catalogue_yaml.replace(at, from.size(), to);
  }
  // A verification body among the sources, inside this process.
  void AddBody(const std::string& id, const std::string& name, const std::string& division,
               const std::string& relays_for, const std::string& categories) {
    absl::StrAppend(&scenario_.catalogue_yaml, "  - id: ", id, "\n    name: ", name,
                    "\n    department: 核对中心\n    level: region\n    divisions: [\"", division,
                    "\"]\n    relays_for: [\"", relays_for, "\"]\n    categories: [", categories,
                    "]\n    simulated: {file: simulation.yaml}\n");
    std::string codes = absl::StrReplaceAll(categories, {{"{code: ", ""}, {"}", ""}});
    Scenario::Replace(&scenario_.simulation_yaml, "\npeople:\n",
                      absl::StrCat("  - id: ", id, "\n    categories: [", codes,
                                   "]\n    divisions: [\"", relays_for, "\"]\n\npeople:\n"));
  }
  v1::VerifyHouseholdResponse MustVerify(absl::Duration timeout = kPatience) {
    RunningPlatform platform(&scenario_);
    platform.Register();
    auto response = platform.Verify(scenario_.household, timeout);
    if (response.status().code() == absl::StatusCode::kDeadlineExceeded) {
      // A machine too slow for the reserve: the report is there under the same request id.
      response = platform.Verify();
    }
    EXPECT_TRUE(response.ok()) << response.status();
    if (!response.ok()) return {};
    EXPECT_EQ(CheckOffline(scenario_, response->envelope()).verdict, report::Verdict::kValid);
    return *response;
  }

  Scenario scenario_;
};

// Wages lie with social security, which is down; the tax office stands in for it and refuses; then
// comes the county, which has them, and whom education would follow.
class FallbackTest : public RoutingTest {
 protected:
  FallbackTest() {
    Offer("nx-tax", "{code: tax}",
          "{code: tax}, {code: employment, fallback: true, fallback_order: 1}");
    Offer("xq-civil-affairs", "{code: assistance}",
          "{code: assistance}, {code: employment, fallback: true, fallback_order: 2}");
    Offer("nx-education", "{code: enrolment}",
          "{code: enrolment}, {code: employment, fallback: true, fallback_order: 3}");
    std::string& simulation = scenario_.simulation_yaml;
    absl::StrReplaceAll({{"source: nx-social-security\n        category: employment",
                          "source: xq-civil-affairs\n        category: employment"},
                         {"categories: [tax]", "categories: [tax, employment]"},
                         {"categories: [assistance]", "categories: [assistance, employment]"},
                         {"categories: [enrolment]", "categories: [enrolment, employment]"}},
                        &simulation);
    Scenario::AddToSource(&simulation, "nx-tax",
                          "faults: [{kind: refuse, categories: [employment]}]");
  }

  // What stands between the platform and social security, whose server is there and sound.
  void PutBehindProxy(FaultProxy::Fault fault) {
    std::string& catalogue = scenario_.catalogue_yaml;
    const size_t head = catalogue.find("- id: nx-social-security\n");
    const std::string before = "localhost:";
    const size_t at = catalogue.find(before, head) + before.size();
    size_t end = at;
    int port = 0;
    while (catalogue[end] >= '0' && catalogue[end] <= '9') {
      port = 10 * port + (catalogue[end++] - '0');
    }
    proxy_ = std::make_unique<FaultProxy>(port);
    proxy_->OnNewConnections(fault);
    catalogue.replace(at, end - at, absl::StrCat(proxy_->port()));
  }

  void ExpectTheCountyStoodIn(const v1::VerifyHouseholdResponse& response) {
    EXPECT_EQ(TheyToldOf(response, "m1", "employment").size(), 3U);
    EXPECT_THAT(TheyToldOf(response, "m1", "employment"),
                IsSupersetOf({"nx-tax REFUSED/SOURCE_REFUSED", "xq-civil-affairs FOUND"}));
    EXPECT_THAT(ReportedOf(response, "m1", "employment"),
                IsSupersetOf(
                    {"自治区税务信息系统 REFUSED/SOURCE_REFUSED", "兴庆区社会救助信息系统 FOUND"}));
    for (const char* person : {"m1", "m2", "m3"}) {
      const report::v1::Line wages =
          LineOf(response.envelope(), report::v1::LINE_KIND_QUANTITY, "wage_total", person);
      EXPECT_FALSE(wages.value().high().empty())
          << "nothing waits for those that were stood in for";
    }
  }

  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(FallbackTest, TheNextIsAskedWhereTheFirstIsDownAndTheReportNamesThemAll) {
  Departments departments(&scenario_);
  PutBehindProxy({FaultProxy::Kind::kCut});
  const v1::VerifyHouseholdResponse response = MustVerify();
  ExpectTheCountyStoodIn(response);
  EXPECT_THAT(TheyToldOf(response, "m1", "employment"),
              Contains("nx-social-security UNAVAILABLE/UNREACHABLE"));
  EXPECT_THAT(ReportedOf(response, "m1", "employment"),
              Contains("自治区社会保险信息系统 UNAVAILABLE/UNREACHABLE"));
  // The departments' own journal: each query under one intent that their warrants prove.
  std::multiset<std::string> asked;
  std::set<std::string> intents;
  for (const SeenQuery& query : departments.TakeJournal()) {
    asked.insert(query.source_id);
    intents.insert(query.intent_id);
  }
  EXPECT_EQ(intents.size(), 1U);
  EXPECT_EQ(asked.count("nx-social-security"), 0U);
  EXPECT_EQ(asked.count("nx-tax"), 2U) << "of taxes, then in place of social security";
  EXPECT_EQ(asked.count("xq-civil-affairs"), 2U);
  EXPECT_EQ(asked.count("nx-education"), 1U) << "nothing was left to ask it";
}

TEST_F(FallbackTest, NobodyStandsInForASourceThatAnswers) {
  absl::StrReplaceAll({{"source: xq-civil-affairs\n        category: employment",
                        "source: nx-social-security\n        category: employment"}},
                      &scenario_.simulation_yaml);
  const v1::VerifyHouseholdResponse response = MustVerify();
  for (const char* person : {"m1", "m2", "m3"}) {
    EXPECT_EQ(TheyToldOf(response, person, "employment").size(), 1U) << person;
  }
  EXPECT_THAT(TheyToldOf(response, "m1", "employment"), ElementsAre("nx-social-security FOUND"));
}

TEST_F(FallbackTest, ASilentSourceLeavesTimeForThoseThatStandInForIt) {
  // It may take longer than the caller waits.
  Scenario::AddToSource(&scenario_.catalogue_yaml, "nx-social-security", "deadline: 60s");
  Scenario::AddToSource(&scenario_.simulation_yaml, "nx-social-security",
                        "faults: [{kind: silent}]");
  const v1::VerifyHouseholdResponse response = MustVerify(absl::Seconds(12));
  ExpectTheCountyStoodIn(response);
  EXPECT_THAT(TheyToldOf(response, "m1", "employment"),
              Contains("nx-social-security UNAVAILABLE/LATE"));
}

// ---- Other divisions.

TEST_F(RoutingTest, AHukouInAnotherRegionThatNobodySpeaksForIsSaidToBeUnasked) {
  auto* const hukou = scenario_.household.mutable_persons(2)->add_declared();
  hukou->set_kind("hukou");
  auto* const field = hukou->add_fields();
  field->set_name("division");
  field->set_text("610104");
  const v1::VerifyHouseholdResponse response = MustVerify();
  EXPECT_THAT(TheyToldOf(response, "m1", "deposit"), ElementsAre("nx-bank FOUND"));
  EXPECT_THAT(TheyToldOf(response, "m3", "deposit"),
              ElementsAre("nx-bank CONFIRMED_NONE", " NOT_ASKED/NOT_ROUTABLE"));
  EXPECT_THAT(ReportedOf(response, "m3", "deposit"), Contains(" NOT_ASKED/NOT_ROUTABLE"));
  // The ministry's register is the whole country's.
  EXPECT_THAT(TheyToldOf(response, "m3", "marriage"), ElementsAre("mca-centre CONFIRMED_NONE"));
}

TEST_F(RoutingTest, AHukouInAnotherRegionIsAskedAboutThroughItsBody) {
  auto* const hukou = scenario_.household.mutable_persons(2)->add_declared();
  hukou->set_kind("hukou");
  auto* const field = hukou->add_fields();
  field->set_name("division");
  field->set_text("610104");
  AddBody("sn-body", "陕西省核对中心（演示）", "610000", "610000",
          "{code: deposit}, {code: employment}");
  const v1::VerifyHouseholdResponse response = MustVerify();
  EXPECT_THAT(TheyToldOf(response, "m1", "deposit"), ElementsAre("nx-bank FOUND"))
      << "whose hukou is here";
  EXPECT_THAT(TheyToldOf(response, "m3", "deposit"),
              ElementsAre("nx-bank CONFIRMED_NONE", "sn-body CONFIRMED_NONE"));
  EXPECT_THAT(ReportedOf(response, "m3", "employment"),
              Contains("陕西省核对中心（演示） CONFIRMED_NONE"));
  EXPECT_THAT(TheyToldOf(response, "m3", "vehicle"),
              ElementsAre("nx-public-security CONFIRMED_NONE", " NOT_ASKED/NOT_ROUTABLE"))
      << "the body does not hold it";
}

// ---- Levels.

class CountyPlatformTest : public RoutingTest {
 protected:
  CountyPlatformTest() {
    Scenario::Replace(&scenario_.register_yaml, "  level: region\n  division: \"640000\"",
                      "  level: county\n  division: \"640104\"");
  }
};

TEST_F(CountyPlatformTest, TheMinistryIsNamedAndNotAsked) {
  const v1::VerifyHouseholdResponse response = MustVerify();
  EXPECT_THAT(TheyToldOf(response, "m1", "marriage"),
              ElementsAre("mca-centre NOT_ASKED/NOT_ROUTABLE"));
  EXPECT_THAT(ReportedOf(response, "m1", "marriage"),
              ElementsAre("全国社会救助家庭经济状况核对信息平台 NOT_ASKED/NOT_ROUTABLE"));
  EXPECT_THAT(TheyToldOf(response, "m1", "employment"), ElementsAre("nx-social-security FOUND"));
}

TEST_F(CountyPlatformTest, TheRegionsBodyIsAskedInTheMinistrysPlace) {
  AddBody("nx-body", "自治区核对中心（演示）", "640000", "000000", "{code: marriage}");
  const v1::VerifyHouseholdResponse response = MustVerify();
  EXPECT_THAT(TheyToldOf(response, "m1", "marriage"), ElementsAre("nx-body CONFIRMED_NONE"));
  EXPECT_THAT(TheyToldOf(response, "m1", "death"), ElementsAre("mca-centre NOT_ASKED/NOT_ROUTABLE"))
      << "the body does not hold it";
}

}  // namespace
}  // namespace hedui::testing
