// Departments that do not trust the platform's log. They hold much about the household; what they
// do not tell must come out as not known.
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/report/v1/report.pb.h"
#include "tests/integration/departments.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using report::v1::Line;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

class RejectedWarrantTest : public ::testing::Test {
 protected:
  RejectedWarrantTest() {
    Scenario::Replace(&scenario_.simulation_yaml,
                      absl::StrCat("log_trust_file: ", scenario_.pki().ca_path()),
                      absl::StrCat("log_trust_file: ", other_.ca_path()));
    departments_ = std::make_unique<Departments>(&scenario_);
    platform_ = std::make_unique<RunningPlatform>(&scenario_);
    platform_->Register();
    auto response = platform_->Verify();
    EXPECT_TRUE(response.ok()) << response.status();
    if (response.ok()) response_ = *std::move(response);
  }

  Scenario scenario_;
  TestPki other_;
  std::unique_ptr<Departments> departments_;
  std::unique_ptr<RunningPlatform> platform_;
  v1::VerifyHouseholdResponse response_;
};

TEST_F(RejectedWarrantTest, EverySourceRefusesAndTheReportSaysSo) {
  ASSERT_EQ(CheckOffline(scenario_, response_.envelope()).verdict, report::Verdict::kValid);
  std::set<std::string> sources;
  for (const v1::SourceOutcome& outcome : response_.outcomes()) {
    EXPECT_EQ(outcome.kind(), v1::ANSWER_KIND_REFUSED) << outcome.ShortDebugString();
    EXPECT_EQ(outcome.reason(), v1::REASON_WARRANT_REJECTED) << outcome.ShortDebugString();
    sources.insert(outcome.source_id());
  }
  EXPECT_EQ(sources.size(), 11u);
  int said = 0;
  for (const Line& line : LinesOf(response_.envelope())) {
    if (line.kind() != report::v1::LINE_KIND_OUTCOME) continue;
    EXPECT_EQ(line.outcome().kind(), "REFUSED") << line.text();
    EXPECT_EQ(line.outcome().reason(), "WARRANT_REJECTED") << line.text();
    ++said;
  }
  EXPECT_EQ(said, response_.outcomes_size());
  EXPECT_THAT(departments_->TakeJournal(), IsEmpty()) << "a query under this warrant was accepted";
}

TEST_F(RejectedWarrantTest, TheReportKnowsWhatWasDeclaredAndBlamesTheRefusals) {
  int refusals_blamed = 0;
  for (const Line& line : LinesOf(response_.envelope())) {
    if (line.kind() == report::v1::LINE_KIND_FINDING) {
      EXPECT_TRUE(line.marks().declared()) << line.text();
    }
    EXPECT_NE(line.kind(), report::v1::LINE_KIND_DISCREPANCY)
        << "a register that says nothing contradicts nothing: " << line.text();
    for (const report::v1::Blame& blame : line.blame()) {
      if (blame.kind() != "SOURCE") continue;
      EXPECT_EQ(blame.answer(), "REFUSED") << line.code();
      EXPECT_EQ(blame.reason(), "WARRANT_REJECTED") << line.code();
      ++refusals_blamed;
    }
  }
  EXPECT_GT(refusals_blamed, 0);
}

// Each of these would be settled if a refusal were a "no record".
TEST_F(RejectedWarrantTest, NothingIsTakenForNoneFound) {
  for (const char* person : {"m1", "m2", "m3"}) {
    for (const char* code : {"wage_total", "financial_assets"}) {
      const Line line = LineOf(response_.envelope(), report::v1::LINE_KIND_QUANTITY, code, person);
      EXPECT_FALSE(line.value().low().empty()) << code << " " << person;
      EXPECT_TRUE(line.value().high().empty()) << code << " " << person;
    }
    EXPECT_EQ(
        LineOf(response_.envelope(), report::v1::LINE_KIND_TEST, "dead", person).value().truth(),
        report::v1::TRUTH_UNDETERMINED);
  }
  for (const char* test :
       {"dibao_income_test", "financial_test", "vehicle_test", "dwelling_test", "asset_test"}) {
    EXPECT_EQ(LineOf(response_.envelope(), report::v1::LINE_KIND_TEST, test).value().truth(),
              report::v1::TRUTH_UNDETERMINED)
        << test;
  }
  for (const char* programme : {"dibao", "marginal"}) {
    const Line line = LineOf(response_.envelope(), report::v1::LINE_KIND_INDICATION, programme);
    EXPECT_EQ(line.indication().result(), report::v1::TRUTH_UNDETERMINED) << programme;
    EXPECT_FALSE(line.indication().robust()) << programme;
    std::set<std::string> blamed;
    for (const report::v1::Blame& blame : line.blame()) blamed.insert(blame.source_id());
    EXPECT_THAT(blamed, IsSupersetOf({"nx-bank", "nx-social-security", "nx-public-security"}))
        << programme;
  }
}

}  // namespace
}  // namespace hedui::testing
