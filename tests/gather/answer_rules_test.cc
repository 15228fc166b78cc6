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

}  // namespace
}  // namespace hedui::gather
