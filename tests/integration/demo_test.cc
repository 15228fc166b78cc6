// The demo's household (clients/demo), through the whole platform: what README.md shows of its
// report, and how near it is to another result.
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/report/v1/report.pb.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using report::v1::Line;
using report::v1::LINE_KIND_DISCREPANCY;
using report::v1::LINE_KIND_INDICATION;
using report::v1::LINE_KIND_POLICY_ROW;
using report::v1::LINE_KIND_QUANTITY;
using report::v1::LINE_KIND_TEST;
using ::testing::ElementsAre;

class DemoTest : public ::testing::Test {
 protected:
  // The bank is silent however long it is waited for.
  DemoTest() { Scenario::Replace(&scenario_.catalogue_yaml, "deadline: 2s", "deadline: 300ms"); }

  // Verifies the household.
  void Verify() {
    platform_ = std::make_unique<RunningPlatform>(&scenario_);
    platform_->Register();
    auto response = platform_->Verify();
    ASSERT_TRUE(response.ok()) << response.status();
    response_ = *std::move(response);
    ASSERT_EQ(CheckOffline(scenario_, response_.envelope()).verdict, report::Verdict::kValid);
  }

  Line TestLine(const std::string& code) const {
    return LineOf(response_.envelope(), LINE_KIND_TEST, code);
  }
  Line Quantity(const std::string& code) const {
    return LineOf(response_.envelope(), LINE_KIND_QUANTITY, code);
  }
  Line Indication(const std::string& programme) const {
    return LineOf(response_.envelope(), LINE_KIND_INDICATION, programme);
  }

  // The bank's silence about each of the three, and nothing else.
  template <typename Blames>
  static void ExpectBankAlone(const Blames& blames, const std::string& what) {
    std::set<std::string> persons;
    for (const report::v1::Blame& blame : blames) {
      EXPECT_EQ(blame.kind(), "SOURCE") << what;
      EXPECT_EQ(blame.source_id(), "nx-bank") << what;
      EXPECT_EQ(blame.category(), "deposit") << what;
      EXPECT_EQ(blame.answer(), "UNAVAILABLE") << what;
      EXPECT_EQ(blame.reason(), "LATE") << what;
      persons.insert(blame.person_id());
    }
    EXPECT_THAT(persons, ElementsAre("m1", "m2", "m3")) << what;
  }

  Scenario scenario_;
  std::unique_ptr<RunningPlatform> platform_;
  v1::VerifyHouseholdResponse response_;
};

TEST_F(DemoTest, EverySourceAnswersButTheBank) {
  Verify();
  for (const v1::SourceOutcome& outcome : response_.outcomes()) {
    const bool bank = outcome.source_id() == "nx-bank";
    EXPECT_EQ(outcome.kind() == v1::ANSWER_KIND_UNAVAILABLE, bank) << outcome.ShortDebugString();
    EXPECT_EQ(outcome.reason(), bank ? v1::REASON_LATE : v1::REASON_UNSPECIFIED)
        << outcome.ShortDebugString();
  }
  EXPECT_EQ(OutcomeOf(response_, "m1", "employment").kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(OutcomeOf(response_, "m1", "deposit").kind(), v1::ANSWER_KIND_UNAVAILABLE);
}

TEST_F(DemoTest, TheHouseholdIsUndeterminedBecauseOfTheBankAlone) {
  Verify();
  const Line income = TestLine("dibao_income_test");
  EXPECT_TRUE(income.value().exact());
  EXPECT_EQ(income.value().truth(), report::v1::TRUTH_TRUE);
  EXPECT_EQ(income.blame_size(), 0);
  EXPECT_EQ(Quantity("per_capita_income").value().text(), "1055.00");

  const Line assets = TestLine("asset_test");
  EXPECT_FALSE(assets.value().exact());
  EXPECT_EQ(assets.value().truth(), report::v1::TRUTH_UNDETERMINED);
  ExpectBankAlone(assets.blame(), "asset_test");

  const Line amount = Quantity("dibao_amount");
  EXPECT_FALSE(amount.value().exact());
  EXPECT_EQ(amount.value().low(), "0");
  EXPECT_EQ(amount.value().high(), "135");
  EXPECT_EQ(amount.value().unit(), "yuan/month");
  EXPECT_EQ(amount.value().text(), "[0.00, 135.00]");
  ExpectBankAlone(amount.blame(), "dibao_amount");

  for (const char* programme : {"dibao", "marginal"}) {
    const Line line = Indication(programme);
    EXPECT_EQ(line.indication().result(), report::v1::TRUTH_UNDETERMINED) << programme;
    EXPECT_FALSE(line.indication().robust()) << programme;
    ExpectBankAlone(line.blame(), programme);
  }
  EXPECT_EQ(Indication("dibao").value().text(), "[0.00, 135.00]");
  ExpectBankAlone(Indication("dibao").indication().amount_blame(), "the indication's amount");
}

TEST_F(DemoTest, TheMotorcycleThatWasNotDeclaredIsADiscrepancy) {
  Verify();
  const Line line = LineOf(response_.envelope(), LINE_KIND_DISCREPANCY, "UNDECLARED_VEHICLE", "m1");
  EXPECT_EQ(line.outcome().source_id(), "nx-public-security");
  EXPECT_TRUE(absl::StrContains(line.text(), "普通摩托车")) << line.text();
}

TEST_F(DemoTest, WhatNobodyVerifiedIsMarkedAndSoIsAllThatRestsOnIt) {
  Verify();
  const std::vector<Line> lines = LinesOf(response_.envelope());
  int verified_rows = 0;
  for (const Line& line : lines) {
    if (line.kind() == LINE_KIND_POLICY_ROW) {
      EXPECT_EQ(line.marks().assumed(), !line.citation().verified()) << line.code();
      verified_rows += line.marks().assumed() ? 0 : 1;
      continue;
    }
    bool rests_on_assumed = false;
    for (const uint32_t input : line.inputs()) {
      rests_on_assumed |= lines.at(input).marks().assumed();
    }
    EXPECT_EQ(line.marks().assumed(), rests_on_assumed) << line.number() << " " << line.code();
  }
  EXPECT_GT(verified_rows, 0) << "a mark on everything says nothing";
  const Line standard =
      LineOf(response_.envelope(), LINE_KIND_POLICY_ROW, "dibao_standard[scope=urban]");
  EXPECT_TRUE(standard.marks().assumed());
  EXPECT_EQ(standard.row().value(), "1100");
  EXPECT_EQ(standard.row().division(), "640104");
  EXPECT_TRUE(TestLine("dibao_income_test").marks().assumed());
  EXPECT_TRUE(Quantity("dibao_amount").marks().assumed());
  EXPECT_TRUE(Indication("dibao").marks().assumed());
  EXPECT_TRUE(Indication("marginal").marks().assumed());
}

TEST_F(DemoTest, AnotherWageGivesAnotherResultThatIsRobustAlthoughTheBankIsSilent) {
  Scenario::Replace(&scenario_.simulation_yaml, "money_fen: 300000", "money_fen: 320000");
  Verify();
  EXPECT_EQ(Quantity("per_capita_income").value().text(), "1121.67");
  EXPECT_EQ(Indication("dibao").indication().result(), report::v1::TRUTH_FALSE);
  EXPECT_TRUE(Indication("dibao").indication().robust());
  EXPECT_EQ(Indication("marginal").indication().result(), report::v1::TRUTH_UNDETERMINED);
}

}  // namespace
}  // namespace hedui::testing
