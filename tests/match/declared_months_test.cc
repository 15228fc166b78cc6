#include "server/match/declared_months.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "server/match/vocabulary.h"
#include "tests/match/match_builder.h"

namespace hedui::match {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

base::Record Contribution(std::string insured_as, int month) {
  std::vector<base::Field> fields{Month(month), Text("payer", "甲"),
                                  Text("nature", "pension_insurance")};
  if (!insured_as.empty()) fields.push_back(Text("insured_as", std::move(insured_as)));
  return Record("contribution", std::move(fields));
}

base::Record Pension(int64_t yuan, std::string nature = "pension") {
  return Record("transfer_income", {Month(2), Amount(yuan), Text("payer", "社保局"),
                                    Text("nature", std::move(nature))});
}

TEST(DeclaredMonthsTest, AGrossWageIsNotHeldAgainstADeclaredNetOne) {
  MatchBuilder b;
  b.person(0).declared = {Wage(2600, 2, "甲")};
  b.Found("tax", 10, "m1", "employment", {Wage(3000, 2, "甲")});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kWageDiffers));
  b.person(0).declared[0].fields.push_back(base::Field{"net", true});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DeclaredMonthsTest, OtherIncomesThatDifferAreShownByKind) {
  MatchBuilder b;
  b.person(0).declared = {Pension(1500)};
  b.Found("hrss", 10, "m1", "employment", {Pension(1800)});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kIncomeDiffers));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("转移净收入 1800.00 元，申报 1500.00 元"));
  EXPECT_EQ(result.discrepancies[0].other, b.person(0).declared[0]);
  EXPECT_EQ(result.discrepancies[0].other_answer, -1);
  b.person(0).declared = {Pension(1800)};
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DeclaredMonthsTest, WhatIsNoIncomeByLawNeedNotBeDeclaredAsIncome) {
  MatchBuilder b;
  b.person(0).declared = {Pension(1500)};
  b.Found("hrss", 10, "m1", "employment", {Pension(1500)});
  b.Found("rolls", 10, "m1", "assistance", {Pension(600, "social_assistance")});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
  b.person(0).declared = {Wage(800, 2, "甲")};
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kUndeclaredIncome));
  b.input().outcomes.erase(b.input().outcomes.begin());
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DeclaredMonthsTest, AKindOfIncomeThatADeclarationLeavesOutIsShownOnce) {
  MatchBuilder b;
  b.Found("tax", 10, "m1", "employment", {Wage(3000, 1, "甲"), Wage(3100, 2, "甲")});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());  // nothing declared is no statement
  b.person(1).declared = {Pension(1500)};
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());  // another person's
  b.person(0).declared = {Pension(1500)};
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kUndeclaredIncome));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("未申报工资性收入"));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("2025-02"));
}

TEST(DeclaredMonthsTest, AnIncomeOfNothingIsNone) {
  MatchBuilder b;
  b.person(0).declared = {Pension(1500)};
  b.Found("tax", 10, "m1", "employment", {Wage(0, 2, "甲")});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

// m2 is called dead.
class DeathTest : public ::testing::Test {
 protected:
  void CallDead(std::vector<base::Field> fields, std::string source = "cremation") {
    b_.Found(std::move(source), 10, "m2", "death", {Record("death", std::move(fields))});
  }
  std::vector<DiscrepancyCode> Codes() { return CodesOf(b_.Run()); }
  MatchBuilder b_;
};

TEST_F(DeathTest, IsContradictedByWagesOfALaterMonthAndNobodyIsExcluded) {
  CallDead({base::Field{"day", absl::CivilDay(2025, 1, 7)}});
  b_.Found("tax", 10, "m2", "employment", {Wage(1600, 1, "甲"), Wage(1600, 2, "甲")});
  const MatchResult result = b_.Run();
  ASSERT_THAT(CodesOf(result),
              ElementsAre(DiscrepancyCode::kDeathFound, DiscrepancyCode::kDeathContradicted));
  const Discrepancy& conflict = result.discrepancies[1];
  EXPECT_EQ(conflict.source_id, "tax");
  EXPECT_EQ(MonthOf(conflict.record), "2025-02");
  EXPECT_EQ(result.facts.answers[conflict.other_answer].source_id, "cremation");
  EXPECT_THAT(conflict.text, HasSubstr("2025-01-07"));
  EXPECT_THAT(conflict.text, HasSubstr("不据此排除该人员"));
  EXPECT_EQ(result.facts.facts.size(), 3u);
}

TEST_F(DeathTest, IsNotContradictedByWagesOfItsMonthOrBefore) {
  CallDead({base::Field{"day", absl::CivilDay(2025, 2, 7)}});
  b_.Found("tax", 10, "m2", "employment", {Wage(1600, 1, "甲"), Wage(1600, 2, "甲")});
  EXPECT_THAT(Codes(), ElementsAre(DiscrepancyCode::kDeathFound));
}

TEST_F(DeathTest, OfNoKnownDayIsContradictedByNothing) {
  CallDead({});
  b_.Found("tax", 10, "m2", "employment", {Wage(1600, 2, "甲")});
  const MatchResult result = b_.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kDeathFound));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("日期不明"));
}

TEST_F(DeathTest, IsContradictedByWorkOnlyNotByAPensionPaidOn) {
  CallDead({base::Field{"day", absl::CivilDay(2024, 12, 7)}});
  b_.Found("hrss", 10, "m2", "employment", {Pension(1500), Contribution("flexible", 2)});
  EXPECT_THAT(Codes(), ElementsAre(DiscrepancyCode::kDeathFound));
  b_.input().outcomes.back().answer.records = {Contribution("employee", 2)};
  EXPECT_THAT(Codes(),
              ElementsAre(DiscrepancyCode::kDeathFound, DiscrepancyCode::kDeathContradicted));
}

TEST_F(DeathTest, IsKnownFromACremation) {
  CallDead({base::Field{"cremation_day", absl::CivilDay(2025, 1, 9)}});
  b_.Found("tax", 10, "m2", "employment", {Wage(1600, 2, "甲")});
  const MatchResult result = b_.Run();
  ASSERT_THAT(CodesOf(result),
              ElementsAre(DiscrepancyCode::kDeathFound, DiscrepancyCode::kDeathContradicted));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("火化信息（火化 2025-01-09）"));
}

// What contradicts a death contradicts it by every register's day.
TEST_F(DeathTest, OfTwoDaysIsContradictedOnlyAfterTheLater) {
  CallDead({base::Field{"day", absl::CivilDay(2025, 1, 7)}}, "police");
  CallDead({base::Field{"day", absl::CivilDay(2025, 2, 7)}}, "cremation");
  b_.Found("tax", 10, "m2", "employment", {Wage(1600, 2, "甲")});
  EXPECT_THAT(Codes(), Not(Contains(DiscrepancyCode::kDeathContradicted)));
  b_.input().outcomes.back().answer.records = {Wage(1600, 3, "甲")};
  EXPECT_THAT(Codes(), Contains(DiscrepancyCode::kDeathContradicted));
}

TEST_F(DeathTest, ThatIsDeclaredIsNoConflict) {
  CallDead({base::Field{"day", absl::CivilDay(2025, 1, 7)}});
  b_.person(1).declared = {Record("death", {})};
  b_.Found("tax", 10, "m2", "employment", {Wage(1600, 2, "甲")});
  EXPECT_THAT(Codes(), Not(Contains(DiscrepancyCode::kDeathFound)));
  EXPECT_THAT(Codes(), Not(Contains(DiscrepancyCode::kDeathContradicted)));
}

// m1 applied on 2025-03-03 and says that they are without work.
class UnemploymentTest : public ::testing::Test {
 protected:
  std::vector<DiscrepancyCode> CodesFor(std::vector<base::Field> said,
                                        std::vector<base::Record> found) {
    MatchBuilder b;
    b.person(0).declared = {Record("work_status", std::move(said))};
    b.Found("hrss", 10, "m1", "employment", std::move(found));
    result_ = b.Run();
    return CodesOf(result_);
  }
  MatchResult result_;
};

TEST_F(UnemploymentTest, IsContradictedByARecentWageOrAnEmployersContribution) {
  const base::Field unemployed = Text("status", "unemployed");
  ASSERT_THAT(CodesFor({unemployed}, {Wage(3000, 2, "甲"), Contribution("employee", 2)}),
              ElementsAre(DiscrepancyCode::kEmploymentFound, DiscrepancyCode::kEmploymentFound));
  EXPECT_THAT(result_.discrepancies[0].text, HasSubstr("2025-02 有工资性收入"));
  EXPECT_THAT(result_.discrepancies[1].text, HasSubstr("2025-02 有社会保险缴费"));
  EXPECT_EQ(TextOf(*result_.discrepancies[0].other, "status"), "unemployed");
}

TEST_F(UnemploymentTest, IsNotContradictedByWhatLiesBackOrIsNotWork) {
  const base::Field unemployed = Text("status", "unemployed");
  EXPECT_THAT(CodesFor({unemployed}, {Wage(3000, 1, "甲")}), IsEmpty());
  EXPECT_THAT(CodesFor({unemployed}, {Contribution("flexible", 2)}), IsEmpty());
  EXPECT_THAT(CodesFor({unemployed}, {Contribution("", 2)}), IsEmpty());  // not known
  EXPECT_THAT(CodesFor({unemployed}, {Record("wage", {Amount(3000)})}), IsEmpty());
  EXPECT_THAT(CodesFor({Text("status", "flexible")}, {Contribution("employee", 2)}), IsEmpty());
}

TEST_F(UnemploymentTest, SinceADayIsContradictedByLaterMonthsOnly) {
  const std::vector<base::Field> said = {Text("status", "unemployed"),
                                         base::Field{"since", absl::CivilDay(2024, 12, 20)}};
  ASSERT_THAT(CodesFor(said, {Wage(3000, 1, "甲")}),
              ElementsAre(DiscrepancyCode::kEmploymentFound));
  EXPECT_THAT(result_.discrepancies[0].text, HasSubstr("自 2024-12-20 起"));
  const std::vector<base::Field> later = {Text("status", "unemployed"),
                                          base::Field{"since", absl::CivilDay(2025, 2, 1)}};
  EXPECT_THAT(CodesFor(later, {Wage(3000, 2, "甲")}), IsEmpty());
}

TEST(DeclaredMonthsTest, WagesThatDifferAreShown) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Month(2), Amount(2500)})};
  b.Found("tax", 10, "m1", "employment", {Wage(2000, 2, "甲"), Wage(1000, 2, "乙")});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kWageDiffers));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("3000.00"));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("2500.00"));
}

TEST(DeclaredMonthsTest, EqualWagesAreNone) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Month(2), Amount(3000)})};
  b.Found("tax", 10, "m1", "employment", {Wage(2000, 2, "甲"), Wage(1000, 2, "乙")});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DeclaredMonthsTest, AWageDeclaredWithoutAMonthIsComparedWithTheLastOne) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Amount(3000)})};
  b.Found("tax", 10, "m1", "employment", {Wage(2000, 1, "甲"), Wage(3000, 2, "甲")});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DeclaredMonthsTest, AnIncompleteAnswerBelowTheDeclaredWageSaysNothing) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Month(2), Amount(3000)})};
  b.Found("tax", 10, "m1", "employment", {Wage(2000, 2, "甲")}).answer.complete = false;
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
  b.input().outcomes[0].answer.records = {Wage(4000, 2, "甲")};
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kWageDiffers));
}

TEST(DeclaredMonthsTest, AWageWithinWhatSourcesAllowIsNoDifference) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Month(2), Amount(3500)})};
  b.Found("a", 10, "m1", "employment", {Record("wage", {Month(2), Amount(3000)})});
  b.Found("b", 20, "m1", "tax", {Wage(1000, 2, "甲")});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kPossibleDuplicateIncome));
  b.person(0).declared = {Record("wage", {Month(2), Amount(5000)})};
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kWageDiffers,
                                           DiscrepancyCode::kPossibleDuplicateIncome));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("1000.00 至 4000.00"));
}

TEST(DeclaredMonthsTest, AWageWithoutAMonthMayBeWhatIsMissing) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Month(2), Amount(4000)})};
  b.Found("a", 10, "m1", "employment",
          {Wage(3000, 2, "甲"), Record("wage", {Amount(1000), Text("payer", "乙")})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

}  // namespace
}  // namespace hedui::match
