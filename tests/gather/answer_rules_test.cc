#include "server/gather/answer_rules.h"

#include "gtest/gtest.h"
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::Answer;
using base::AnswerKind;
using base::Reason;

CompletedAnswers Complete(const plan::SourceQuery& asked, std::vector<Answer> came) {
  return CompleteAnswers(asked, asked, std::move(came), /*has_pending_token=*/false);
}

TEST(AnswerRulesTest, AnswersInAnotherOrderFindTheirPlaces) {
  const CompletedAnswers completed =
      Complete(QueryOf("bank", {"m1", "m2"}), {AnswerOf("m2", "employment", AnswerKind::kRefused),
                                               AnswerOf("m1", "employment", AnswerKind::kFound)});
  ASSERT_EQ(completed.answers.size(), 2u);
  EXPECT_EQ(completed.answers[0].person_id, "m1");
  EXPECT_EQ(completed.answers[0].kind, AnswerKind::kFound);
  EXPECT_EQ(completed.answers[1].kind, AnswerKind::kRefused);
  EXPECT_EQ(completed.dropped, 0);
}

TEST(AnswerRulesTest, TheSameAnswerTwiceCountsOnce) {
  Answer first = AnswerOf("m1", "employment", AnswerKind::kConfirmedNone);
  Answer second = first;
  second.digest = "another";
  const CompletedAnswers completed = Complete(QueryOf("bank", {"m1"}), {first, second});
  EXPECT_EQ(completed.answers.at(0).kind, AnswerKind::kConfirmedNone);
  EXPECT_EQ(completed.dropped, 1);
}

TEST(AnswerRulesTest, TwoAnswersThatDifferAreAmbiguous) {
  const CompletedAnswers completed =
      Complete(QueryOf("bank", {"m1"}), {AnswerOf("m1", "employment", AnswerKind::kConfirmedNone),
                                         AnswerOf("m1", "employment", AnswerKind::kFound)});
  EXPECT_EQ(completed.answers.at(0).kind, AnswerKind::kAmbiguous);
  EXPECT_EQ(completed.answers[0].reason, Reason::kContradiction);
}

TEST(AnswerRulesTest, PendingWithoutATokenCouldNeverBeFetched) {
  const CompletedAnswers completed =
      Complete(QueryOf("bank", {"m1"}), {AnswerOf("m1", "employment", AnswerKind::kPending)});
  EXPECT_EQ(completed.answers.at(0).kind, AnswerKind::kUnavailable);
  EXPECT_EQ(completed.answers[0].reason, Reason::kMalformed);
}

class FreshnessTest : public ::testing::Test {
 protected:
  AnswerKind After(AnswerKind kind, std::optional<absl::CivilDay> day,
                   const std::string& category = "employment") {
    SourcePolicy policy;
    policy.freshness_days = {{"employment", 31}};
    std::vector<Answer> answers = {AnswerOf("m1", category, kind)};
    answers[0].data_day = day;
    ApplyFreshness(policy, absl::CivilDay(2025, 3, 3), &answers);
    return answers[0].kind;
  }
};

TEST_F(FreshnessTest, APromiseHoldsToTheDay) {
  EXPECT_EQ(After(AnswerKind::kFound, absl::CivilDay(2025, 1, 31)), AnswerKind::kFound);
  EXPECT_EQ(After(AnswerKind::kFound, absl::CivilDay(2025, 1, 30)), AnswerKind::kStale);
}

TEST_F(FreshnessTest, NoRecordInOldDataIsStaleToo) {
  EXPECT_EQ(After(AnswerKind::kConfirmedNone, absl::CivilDay(2024, 12, 31)), AnswerKind::kStale);
}

TEST_F(FreshnessTest, DataThatDoNotNameTheirDayAreStaleWhereFreshnessIsPromised) {
  EXPECT_EQ(After(AnswerKind::kFound, std::nullopt), AnswerKind::kStale);
  EXPECT_EQ(After(AnswerKind::kFound, std::nullopt, "deposit"), AnswerKind::kFound);
}

TEST_F(FreshnessTest, OtherKindsHaveNoAge) {
  EXPECT_EQ(After(AnswerKind::kRefused, std::nullopt), AnswerKind::kRefused);
  EXPECT_EQ(After(AnswerKind::kAmbiguous, absl::CivilDay(2020, 1, 1)), AnswerKind::kAmbiguous);
}

class EndWithTodayTest : public ::testing::Test {
 protected:
  Answer After(AnswerKind kind, base::Period covered) {
    std::vector<Answer> answers = {AnswerOf("m1", "employment", kind)};
    answers[0].covered = covered;
    answers[0].complete = kind == AnswerKind::kFound;
    answers[0].records.push_back({"wage", {}});
    EndWithToday(kToday, &answers);
    return answers[0];
  }
  const absl::CivilDay kToday{2025, 3, 3};
  const absl::CivilDay kTomorrow{2025, 3, 4};
  const absl::CivilDay kFirst{2024, 3, 1};
};

TEST_F(EndWithTodayTest, APastPeriodStaysAsItCame) {
  const base::Period past{kFirst, kToday};
  EXPECT_EQ(After(AnswerKind::kFound, past).covered, past);
  const base::Period until_today{kFirst, kTomorrow};
  EXPECT_EQ(After(AnswerKind::kFound, until_today).covered, until_today);
}

TEST_F(EndWithTodayTest, DaysToComeAndAnOpenEndAreCutOffBehindToday) {
  const base::Period cut{kFirst, kTomorrow};
  EXPECT_EQ(After(AnswerKind::kFound, {kFirst, absl::CivilDay(2026, 1, 1)}).covered, cut);
  EXPECT_EQ(After(AnswerKind::kConfirmedNone, {kFirst, std::nullopt}).covered, cut);
  EXPECT_EQ(After(AnswerKind::kFound, {}).covered, (base::Period{std::nullopt, kTomorrow}));
  EXPECT_EQ(After(AnswerKind::kFound, {kFirst, std::nullopt}).records.size(), 1u);
}

TEST_F(EndWithTodayTest, AnAnswerOfNothingButDaysToComeIsNotCovered) {
  const base::Period future{kTomorrow, absl::CivilDay(2025, 4, 1)};
  for (const AnswerKind kind : {AnswerKind::kFound, AnswerKind::kConfirmedNone}) {
    const Answer answer = After(kind, future);
    EXPECT_EQ(answer.kind, AnswerKind::kNotCovered);
    EXPECT_EQ(answer.reason, Reason::kNone);
    EXPECT_EQ(answer.covered, future) << "it is this period that is not covered";
    EXPECT_FALSE(answer.complete);
    EXPECT_TRUE(answer.records.empty());
  }
}

TEST_F(EndWithTodayTest, OtherKindsStayWhatTheyAre) {
  const base::Period future{kTomorrow, absl::CivilDay(2025, 4, 1)};
  EXPECT_EQ(After(AnswerKind::kRefused, future).kind, AnswerKind::kRefused);
  EXPECT_EQ(After(AnswerKind::kUnavailable, {}).covered, base::Period());
  EXPECT_EQ(After(AnswerKind::kAmbiguous, {kFirst, absl::CivilDay(2026, 1, 1)}).covered.to,
            kTomorrow);
}

}  // namespace
}  // namespace hedui::gather
