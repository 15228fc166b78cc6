#include "server/match/discrepancies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/match/match_builder.h"

namespace hedui::match {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(DiscrepanciesTest, UndeclaredPropertyOfEachKindIsNamed) {
  MatchBuilder b;
  b.Found("police", 10, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁A12345")})});
  b.Found("bank", 10, "m1", "deposit", {Record("deposit", {Amount(5000)})});
  b.Found("land", 10, "m1", "real_estate", {Record("real_estate", {})});
  b.Found("market", 10, "m2", "business", {Record("business", {})});
  const MatchResult result = b.Run();
  EXPECT_THAT(
      CodesOf(result),
      ElementsAre(DiscrepancyCode::kUndeclaredVehicle, DiscrepancyCode::kUndeclaredDeposit,
                  DiscrepancyCode::kUndeclaredProperty, DiscrepancyCode::kUndeclaredBusiness));
  const Discrepancy& vehicle = result.discrepancies[0];
  EXPECT_EQ(vehicle.person_id, "m1");
  EXPECT_EQ(vehicle.source_id, "police");
  EXPECT_EQ(result.facts.answers[vehicle.answer].category, "vehicle");
  EXPECT_EQ(vehicle.record.kind, "vehicle");
}

TEST(DiscrepanciesTest, DeclaredPropertyIsNone) {
  MatchBuilder b;
  b.person(0).declared = {Record("vehicle", {Text("plate", "宁A12345")})};
  b.Found("police", 10, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁A12345")})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, PropertyDeclaredByTheSpouseIsDeclared) {
  MatchBuilder b;
  b.person(1).declared = {Record("real_estate", {})};
  b.Found("land", 10, "m1", "real_estate", {Record("real_estate", {Text("certificate", "宁1号")})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, OneDeclaredCarDoesNotCoverTwo) {
  MatchBuilder b;
  b.person(0).declared = {Record("vehicle", {})};
  b.Found("police", 10, "m1", "vehicle",
          {Record("vehicle", {Text("plate", "宁A1")}), Record("vehicle", {Text("plate", "宁A2")})});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kUndeclaredVehicle));
}

TEST(DiscrepanciesTest, AnotherPlateIsAnotherCar) {
  MatchBuilder b;
  b.person(0).declared = {Record("vehicle", {Text("plate", "宁A1")})};
  b.Found("police", 10, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁A2")})});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kUndeclaredVehicle));
}

TEST(DiscrepanciesTest, ADepositAboveTheDeclaredOneIsShown) {
  MatchBuilder b;
  b.person(0).declared = {Record("deposit", {Amount(1000)})};
  b.Found("bank", 10, "m1", "deposit", {Record("deposit", {Amount(100000)})});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kDepositAboveDeclared));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("100000.00"));
}

TEST(DiscrepanciesTest, WhatIsDeclaredAndNotFoundIsNone) {
  MatchBuilder b;
  b.person(0).declared = {Record("vehicle", {}), Record("wage", {Month(2), Amount(800)})};
  b.Answer("police", 10, "m1", "vehicle", base::AnswerKind::kConfirmedNone);
  b.Answer("tax", 10, "m1", "employment", base::AnswerKind::kConfirmedNone);
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, WagesThatDifferAreShown) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Month(2), Amount(2500)})};
  b.Found("tax", 10, "m1", "employment", {Wage(2000, 2, "甲"), Wage(1000, 2, "乙")});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kWageDiffers));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("3000.00"));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("2500.00"));
}

TEST(DiscrepanciesTest, EqualWagesAreNone) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Month(2), Amount(3000)})};
  b.Found("tax", 10, "m1", "employment", {Wage(2000, 2, "甲"), Wage(1000, 2, "乙")});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, AWageDeclaredWithoutAMonthIsComparedWithTheLastOne) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Amount(3000)})};
  b.Found("tax", 10, "m1", "employment", {Wage(2000, 1, "甲"), Wage(3000, 2, "甲")});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, AnIncompleteAnswerBelowTheDeclaredWageSaysNothing) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Month(2), Amount(3000)})};
  b.Found("tax", 10, "m1", "employment", {Wage(2000, 2, "甲")}).answer.complete = false;
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
  b.input().outcomes[0].answer.records = {Wage(4000, 2, "甲")};
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kWageDiffers));
}

TEST(DiscrepanciesTest, AWageWithinWhatSourcesAllowIsNoDifference) {
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

TEST(DiscrepanciesTest, AWageWithoutAMonthMayBeWhatIsMissing) {
  MatchBuilder b;
  b.person(0).declared = {Record("wage", {Month(2), Amount(4000)})};
  b.Found("a", 10, "m1", "employment",
          {Wage(3000, 2, "甲"), Record("wage", {Amount(1000), Text("payer", "乙")})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, WhatMayBeTheDeclaredHouseIsNotUndeclared) {
  MatchBuilder b;
  b.person(0).declared = {Record("real_estate", {})};
  b.Found("land", 10, "m1", "real_estate", {Record("real_estate", {Text("certificate", "宁1号")})});
  b.Found("housing", 20, "m1", "real_estate", {Record("real_estate", {})});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kPossibleDuplicateAsset));
}

TEST(DiscrepanciesTest, ADeathOfALivingMemberIsShownAndNobodyIsExcluded) {
  MatchBuilder b;
  b.Found("cremation", 10, "m2", "death",
          {Record("death", {base::Field{"day", absl::CivilDay(2025, 1, 7)}})});
  b.Found("tax", 10, "m2", "employment", {Wage(1600, 2, "甲")});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kDeathFound));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("2025-01-07"));
  EXPECT_EQ(result.facts.facts.size(), 2u);
}

TEST(DiscrepanciesTest, ADeclaredDeathIsNoConflict) {
  MatchBuilder b;
  b.person(1).declared = {Record("death", {})};
  b.Found("cremation", 10, "m2", "death", {Record("death", {})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, AnUndeclaredSpouseIsNamedWithTheNumberMasked) {
  MatchBuilder b;
  const std::string number =
      testing::SyntheticCitizenNumber("640104", absl::CivilDay(1985, 3, 3), 42);
  b.Found("marriage", 10, "m1", "marriage",
          {Record("marriage", {Text("spouse_number", number), Text("spouse_name", "李娜")})});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kUndeclaredSpouse,
                                           DiscrepancyCode::kSpouseNotRegistered));
  EXPECT_THAT(result.discrepancies[0].text, Not(HasSubstr(number)));
}

TEST(DiscrepanciesTest, ADeclaredSpouseIsRecognisedByNumberOrElseByName) {
  MatchBuilder b;
  b.Found("marriage", 10, "m1", "marriage",
          {Record("marriage", {Text("spouse_number", b.person(1).identity.number)})});
  b.Found("marriage", 10, "m2", "marriage",
          {Record("marriage", {Text("spouse_name", b.person(0).identity.name)})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, AMarriageThatEndedNamesNoSpouse) {
  MatchBuilder b;
  b.person(1).relation = base::Relation::kSibling;
  b.Found("marriage", 10, "m1", "marriage",
          {Record("marriage", {Text("status", "divorced"), Text("spouse_name", "李娜")})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, OneRecordThatNamesTheDeclaredSpouseSuffices) {
  MatchBuilder b;
  b.Answer("marriage", 10, "m1", "marriage", base::AnswerKind::kConfirmedNone);
  b.Found("marriage", 10, "m2", "marriage",
          {Record("marriage", {Text("status", "married"),
                               Text("spouse_number", b.person(0).identity.number)})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, ADeclaredSpouseWhomNoRegisterHasIsToldOnce) {
  MatchBuilder b;
  b.Answer("marriage", 10, "m1", "marriage", base::AnswerKind::kConfirmedNone);
  b.Answer("marriage", 10, "m2", "marriage", base::AnswerKind::kConfirmedNone);
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kSpouseNotRegistered));
  EXPECT_EQ(result.discrepancies[0].person_id, "m2");
  EXPECT_EQ(result.discrepancies[0].source_id, "marriage");
}

TEST(DiscrepanciesTest, AMarriageToTheDeclaredSpouseThatEndedIsToldWhateverTheOtherRecordSays) {
  MatchBuilder b;
  b.Found("marriage", 10, "m1", "marriage",
          {Record("marriage", {Text("status", "divorced"),
                               Text("spouse_number", b.person(1).identity.number)})});
  b.Found("marriage", 10, "m2", "marriage",
          {Record("marriage", {Text("status", "married"),
                               Text("spouse_number", b.person(0).identity.number)})});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kSpouseNotRegistered));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("已经结束"));
}

TEST(DiscrepanciesTest, NothingIsSaidOfASpouseWhileNoRegisterHasAnswered) {
  MatchBuilder b;
  b.Answer("marriage", 10, "m1", "marriage", base::AnswerKind::kUnavailable, base::Reason::kLate);
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, EveryCodeHasANameAndALabel) {
  for (int code = 1; code <= static_cast<int>(DiscrepancyCode::kSpouseNotRegistered); ++code) {
    const auto value = static_cast<DiscrepancyCode>(code);
    EXPECT_EQ(DiscrepancyCodeFromName(DiscrepancyCodeName(value)), value);
    EXPECT_FALSE(DiscrepancyLabel(value).empty());
  }
}

}  // namespace
}  // namespace hedui::match
