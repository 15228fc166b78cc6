#include "server/match/matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/match/match_builder.h"

namespace hedui::match {
namespace {

using base::AnswerKind;
using base::Reason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(MatcherTest, AnswersAreOrderedByPersonCategoryAndSource) {
  MatchBuilder b;
  b.Answer("tax", 10, "m2", "employment", AnswerKind::kConfirmedNone);
  b.Answer("bank", 10, "m1", "deposit", AnswerKind::kUnavailable, Reason::kLate);
  b.Answer("b", 10, "m1", "vehicle", AnswerKind::kConfirmedNone);
  b.Answer("a", 10, "m1", "vehicle", AnswerKind::kConfirmedNone);
  std::vector<std::string> places;
  for (const auto& state : b.Run().facts.answers) {
    places.push_back(state.person_id + "/" + state.category + "/" + state.source_id);
  }
  EXPECT_THAT(places,
              ElementsAre("m1/deposit/bank", "m1/vehicle/a", "m1/vehicle/b", "m2/employment/tax"));
}

TEST(MatcherTest, TheOrderOfOutcomesDoesNotMatter) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(3000, 2, "甲"), Wage(100, 1, "丙")});
  b.Found("b", 20, "m1", "tax", {Wage(3100, 2, "甲"), Record("wage", {Month(1), Amount(100)})});
  b.Found("police", 10, "m2", "vehicle", {Record("vehicle", {Text("plate", "宁A12345")})});
  b.Answer("bank", 10, "m2", "deposit", AnswerKind::kUnavailable, Reason::kLate);
  b.Answer("bank", 10, "nobody", "deposit", AnswerKind::kConfirmedNone);
  b.Answer("bank", 10, "anybody", "deposit", AnswerKind::kConfirmedNone);
  const MatchResult expected = b.Run();
  auto& outcomes = b.input().outcomes;
  const auto by_source = [](const SourceOutcome& x, const SourceOutcome& y) {
    return std::tie(x.source_id, x.answer.person_id) < std::tie(y.source_id, y.answer.person_id);
  };
  std::sort(outcomes.begin(), outcomes.end(), by_source);
  do {
    const MatchResult result = b.Run();
    ASSERT_EQ(result.facts, expected.facts);
    ASSERT_EQ(result.discrepancies, expected.discrepancies);
    ASSERT_EQ(result.quarantined, expected.quarantined);
  } while (std::next_permutation(outcomes.begin(), outcomes.end(), by_source));
}

TEST(MatcherTest, AWrongPersonsRecordsAreQuarantined) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(9000, 2, "甲")}).answer.subject = base::Identity{
      base::IdentityKind::kResidentId,
      testing::SyntheticCitizenNumber("640104", absl::CivilDay(1990, 1, 1), 33), "马志强"};
  const MatchResult result = b.Run();
  ASSERT_THAT(result.facts.answers, SizeIs(1));
  EXPECT_EQ(result.facts.answers[0].kind, AnswerKind::kAmbiguous);
  EXPECT_EQ(result.facts.answers[0].reason, Reason::kWrongPerson);
  EXPECT_FALSE(result.facts.answers[0].complete);
  EXPECT_THAT(result.facts.facts, IsEmpty());
  ASSERT_THAT(result.quarantined, SizeIs(1));
  EXPECT_EQ(result.quarantined[0].answer, 0);
}

TEST(MatcherTest, TheSameNumberUnderAnotherNameIsQuarantined) {
  MatchBuilder b;
  auto& outcome = b.Found("a", 10, "m1", "employment", {Wage(9000, 2, "甲")});
  outcome.answer.subject = b.person(0).identity;
  outcome.answer.subject->name = "马自强";
  EXPECT_EQ(b.Run().facts.answers[0].reason, Reason::kWrongPerson);
}

TEST(MatcherTest, NothingFoundAboutAWrongPersonIsQuarantinedToo) {
  MatchBuilder b;
  auto& outcome = b.Answer("a", 10, "m1", "employment", AnswerKind::kConfirmedNone);
  outcome.answer.subject = b.person(1).identity;
  EXPECT_EQ(b.Run().facts.answers[0].kind, AnswerKind::kAmbiguous);
}

TEST(MatcherTest, TheRightPersonIsTaken) {
  MatchBuilder b;
  auto& outcome = b.Found("a", 10, "m2", "employment", {Wage(1600, 2, "甲")});
  outcome.answer.subject = b.person(1).identity;
  outcome.answer.subject->name = "阿依古丽•买买提";
  const MatchResult result = b.Run();
  EXPECT_EQ(result.facts.answers[0].kind, AnswerKind::kFound);
  EXPECT_EQ(result.facts.answers[0].authorization, "letter-m2");
  EXPECT_THAT(result.facts.facts, SizeIs(1));
  EXPECT_THAT(result.quarantined, IsEmpty());
}

TEST(MatcherTest, AnAnswerAboutNobodyOfTheHouseholdIsQuarantined) {
  MatchBuilder b;
  b.Found("a", 10, "m9", "employment", {Wage(1600, 2, "甲")});
  const MatchResult result = b.Run();
  EXPECT_THAT(result.facts.answers, IsEmpty());
  EXPECT_THAT(result.facts.facts, IsEmpty());
  ASSERT_THAT(result.quarantined, SizeIs(1));
  EXPECT_EQ(result.quarantined[0].answer, -1);
}

TEST(MatcherTest, NothingFoundWithRecordsContradictsItself) {
  MatchBuilder b;
  b.Answer("a", 10, "m1", "employment", AnswerKind::kConfirmedNone).answer.records = {
      Wage(1, 2, "甲")};
  const MatchResult result = b.Run();
  EXPECT_EQ(result.facts.answers[0].kind, AnswerKind::kAmbiguous);
  EXPECT_EQ(result.facts.answers[0].reason, Reason::kContradiction);
  EXPECT_THAT(result.facts.facts, IsEmpty());
}

TEST(MatcherTest, TwoAnswersOfOneSourceThatDifferContradictEachOther) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(1000, 2, "甲")});
  b.Found("a", 10, "m1", "employment", {Wage(2000, 2, "甲")});
  const MatchResult result = b.Run();
  ASSERT_THAT(result.facts.answers, SizeIs(1));
  EXPECT_EQ(result.facts.answers[0].reason, Reason::kContradiction);
}

TEST(MatcherTest, AnAnswerStandsBeforeARefusalOfTheSameSource) {
  MatchBuilder b;
  b.Answer("a", 10, "m1", "employment", AnswerKind::kPending);
  b.Found("a", 10, "m1", "employment", {Wage(1000, 2, "甲")});
  EXPECT_EQ(b.Run().facts.answers[0].kind, AnswerKind::kFound);
}

TEST(MatcherTest, StaleRecordsAreShownAndNotCompared) {
  MatchBuilder b;
  auto& outcome = b.Found("a", 10, "m1", "vehicle", {Record("vehicle", {})});
  outcome.answer.kind = AnswerKind::kStale;
  outcome.answer.reason = Reason::kTooOld;
  const MatchResult result = b.Run();
  EXPECT_THAT(result.facts.facts, SizeIs(1));
  EXPECT_THAT(result.discrepancies, IsEmpty());
  EXPECT_FALSE(result.facts.answers[0].complete);
}

TEST(MatcherTest, RecordsOfAnUnavailableAnswerAreNotTaken) {
  MatchBuilder b;
  auto& outcome = b.Found("a", 10, "m1", "vehicle", {Record("vehicle", {})});
  outcome.answer.kind = AnswerKind::kUnavailable;
  EXPECT_THAT(b.Run().facts.facts, IsEmpty());
}

TEST(MatcherTest, DeclaredFactsFollowTheFoundOnes) {
  MatchBuilder b;
  b.person(1).declared = {Record("wage", {Amount(1600)})};
  b.Found("a", 10, "m2", "employment", {Wage(1600, 2, "甲")});
  const MatchResult result = b.Run();
  ASSERT_THAT(result.facts.facts, SizeIs(2));
  EXPECT_FALSE(result.facts.facts[0].declared);
  EXPECT_TRUE(result.facts.facts[1].declared);
  EXPECT_EQ(result.facts.facts[1].answer, -1);
  EXPECT_EQ(result.facts.facts[1].person_id, "m2");
}

TEST(MatcherTest, AFallbacksUsableAnswerStandsInForASilentSource) {
  MatchBuilder b;
  b.Answer("region", 10, "m1", "employment", AnswerKind::kUnavailable, Reason::kLate).stand_ins = {
      "city"};
  b.Answer("city", 20, "m1", "employment", AnswerKind::kConfirmedNone);
  const MatchResult result = b.Run();
  EXPECT_EQ(result.facts.answers[1].source_id, "region");
  EXPECT_TRUE(result.facts.answers[1].superseded);
  EXPECT_FALSE(result.facts.answers[0].superseded);
}

TEST(MatcherTest, OnlyWhatSaysNothingEitherWayIsStoodInFor) {
  for (const AnswerKind kind :
       {AnswerKind::kFound, AnswerKind::kConfirmedNone, AnswerKind::kNotCovered,
        AnswerKind::kUnavailable, AnswerKind::kStale, AnswerKind::kRefused, AnswerKind::kAmbiguous,
        AnswerKind::kPending, AnswerKind::kNotAsked}) {
    SCOPED_TRACE(base::AnswerKindName(kind));
    MatchBuilder b;
    b.Answer("region", 10, "m1", "employment", kind).stand_ins = {"city"};
    b.Answer("city", 20, "m1", "employment", AnswerKind::kConfirmedNone);
    const MatchResult result = b.Run();
    ASSERT_EQ(result.facts.answers[1].source_id, "region");
    const bool speaks = kind == AnswerKind::kFound || kind == AnswerKind::kConfirmedNone ||
                        kind == AnswerKind::kAmbiguous;
    EXPECT_EQ(result.facts.answers[1].superseded, !speaks);
  }
}

TEST(MatcherTest, WhatIsAmbiguousStaysBesideItsStandIn) {
  MatchBuilder b;
  b.Found("region", 10, "m1", "employment", {Wage(8000, 2, "甲")}).stand_ins = {"city"};
  b.Answer("region", 10, "m1", "employment", AnswerKind::kConfirmedNone).stand_ins = {"city"};
  b.Answer("city", 20, "m1", "employment", AnswerKind::kConfirmedNone);
  const MatchResult result = b.Run();
  ASSERT_THAT(result.facts.answers, SizeIs(2));
  EXPECT_EQ(result.facts.answers[1].source_id, "region");
  EXPECT_EQ(result.facts.answers[1].kind, AnswerKind::kAmbiguous);
  EXPECT_EQ(result.facts.answers[1].reason, Reason::kContradiction);
  EXPECT_FALSE(result.facts.answers[1].superseded);
}

TEST(MatcherTest, AQuarantinedFallbackStandsInForNobody) {
  MatchBuilder b;
  b.Answer("region", 10, "m1", "employment", AnswerKind::kUnavailable, Reason::kLate).stand_ins = {
      "city"};
  b.Answer("city", 20, "m1", "employment", AnswerKind::kConfirmedNone).answer.subject =
      b.person(1).identity;
  EXPECT_FALSE(b.Run().facts.answers[1].superseded);
}

TEST(MatcherTest, ManualFindingsAreMarked) {
  MatchBuilder b;
  b.Found("visit", 10, "m1", "employment", {Wage(500, 2, "甲")}).manual = true;
  const MatchResult result = b.Run();
  EXPECT_TRUE(result.facts.answers[0].manual);
  EXPECT_TRUE(result.facts.facts[0].manual);
}

TEST(MatcherTest, WhatWasUsedAgainSaysOfWhichQuery) {
  const base::Reused reused{"0190/tax/1/1", absl::FromUnixSeconds(1)};
  MatchBuilder b;
  b.Found("tax", 10, "m1", "employment", {Wage(500, 2, "甲")}).reused = reused;
  EXPECT_EQ(b.Run().facts.answers[0].reused, reused);
}

}  // namespace
}  // namespace hedui::match
