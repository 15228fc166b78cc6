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

TEST(DiscrepanciesTest, ADeathOfALivingMemberIsShownAndNobodyIsExcluded) {
  MatchBuilder b;
  b.Found("cremation", 10, "m2", "death",
          {Record("death", {base::Field{"day", absl::CivilDay(2025, 2, 27)}})});
  b.Found("tax", 10, "m2", "employment", {Wage(1600, 2, "甲")});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kDeathFound));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("2025-02-27"));
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

TEST(DiscrepanciesTest, WhomAnObligorIsMarriedToNeedNotBeNamed) {
  MatchBuilder b;
  b.person(1).relation = base::Relation::kChild;
  b.Found("marriage", 10, "m2", "marriage",
          {Record("marriage", {Text("status", "married"), Text("spouse_name", "李娜")})});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kUndeclaredSpouse));
  b.person(1).role = base::PersonRole::kObligor;
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DiscrepanciesTest, AnUndeclaredSpouseLeavesOpenWhoBelongs) {
  MatchBuilder b;
  b.Found("marriage", 10, "m1", "marriage", {Record("marriage", {Text("spouse_name", "李娜")})});
  const MatchResult result = b.Run();
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("未查询其信息"));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("家庭成员是否完整不明"));
}

TEST(DiscrepanciesTest, EveryCodeHasANameAndALabel) {
  for (int code = 1; code <= static_cast<int>(base::kLastDiscrepancyCode); ++code) {
    const auto value = static_cast<DiscrepancyCode>(code);
    EXPECT_EQ(DiscrepancyCodeFromName(DiscrepancyCodeName(value)), value);
    EXPECT_FALSE(DiscrepancyLabel(value).empty());
  }
}

}  // namespace
}  // namespace hedui::match
