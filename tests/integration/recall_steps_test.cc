// What a recall makes of a stored case, without a platform.
#include "server/recall_steps.h"

#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/digest.h"
#include "server/base/limits.h"
#include "server/gather/gatherer.h"
#include "server/report/case_bundle.h"

namespace hedui::testing {
namespace {

match::SourceOutcome Found(const std::string& source_id) {
  match::SourceOutcome outcome;
  outcome.source_id = source_id;
  outcome.authorization = "L-1";
  outcome.reused = base::Reused{"0190/0/1", absl::FromUnixSeconds(1)};
  outcome.answer.person_id = "m1";
  outcome.answer.category = "employment";
  outcome.answer.kind = base::AnswerKind::kFound;
  outcome.answer.records = {{"wage", {}}};
  outcome.answer.digest = base::Sha256("answer");
  return outcome;
}

// Whoever may not be asked about any more: nothing that the source said is left, nor how it was
// come by. What others said is.
TEST(RecallStepsTest, NothingIsLeftOfWhatIsNotAskedAgain) {
  report::CaseBundle bundle;
  bundle.input.outcomes = {Found("nx-tax"), Found("nx-social-security")};
  RecallSpan span;
  span.source_id = "nx-tax";
  Reverification anew;
  anew.pairs = {{"m1", "employment"}};
  std::vector<SourceOutcomeView> views;
  PutAnswers(hedui::Setup(), span, anew, {}, {}, &bundle, &views);
  ASSERT_EQ(bundle.input.outcomes.size(), 2u);
  const match::SourceOutcome& recalled = bundle.input.outcomes[0];
  EXPECT_EQ(recalled.answer.kind, base::AnswerKind::kNotAsked);
  EXPECT_EQ(recalled.answer.reason, base::Reason::kNoAuthorization);
  EXPECT_TRUE(recalled.answer.records.empty());
  EXPECT_EQ(recalled.answer.digest, "");
  EXPECT_EQ(recalled.authorization, "");
  EXPECT_FALSE(recalled.reused.has_value());
  const match::SourceOutcome& other = bundle.input.outcomes[1];
  EXPECT_EQ(other.answer.kind, base::AnswerKind::kFound);
  EXPECT_EQ(other.answer.records.size(), 1u);
  EXPECT_TRUE(other.reused.has_value());
}

// Had the other answered when it was asked, the fallback would not have been asked at all.
TEST(RecallStepsTest, WhoStoodInForOneThatHasAnsweredSinceIsTakenOut) {
  RecallSpan span;
  span.source_id = "nx-tax";
  Reverification anew;
  anew.pairs = {{"m1", "employment"}};
  anew.plan.standings = {{"m1", "employment", "nx-social-security", 1, 0},
                         {"m1", "employment", "nx-tax", 1, 1}};
  const auto put = [&](std::vector<gather::Outcome> outcomes) {
    report::CaseBundle bundle;
    bundle.input.outcomes = {Found("nx-tax"), Found("nx-social-security")};
    std::vector<SourceOutcomeView> views(2);
    for (size_t i = 0; i < 2; ++i) {
      views[i].source_id = bundle.input.outcomes[i].source_id;
      views[i].person_id = "m1";
      views[i].category = "employment";
    }
    PutAnswers(hedui::Setup(), span, anew, std::move(outcomes), {}, &bundle, &views);
    EXPECT_EQ(views.size(), bundle.input.outcomes.size());
    return bundle.input.outcomes;
  };
  EXPECT_EQ(put({}).size(), 2u) << "nobody else has answered";
  anew.progress.Add(anew.plan, "nx-social-security", {Found("nx-social-security").answer});
  const auto left = put({});
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].source_id, "nx-social-security");
  gather::Outcome asked;
  asked.source_id = "nx-tax";
  asked.answers = {Found("nx-tax").answer};
  EXPECT_EQ(put({asked}).size(), 2u) << "it was asked all the same";
}

// Who is asked after the recalled source was asked only since that had said nothing usable: as an
// open answer it had kept the category open, which the later one's cannot close on its own.
TEST(RecallStepsTest, WhoIsAskedLaterDoesNotTakeOutWhoIsAskedBefore) {
  RecallSpan span;
  span.source_id = "nx-tax";
  Reverification anew;
  anew.pairs = {{"m1", "employment"}};
  anew.plan.standings = {{"m1", "employment", "nx-bank", 1, 2},
                         {"m1", "employment", "nx-social-security", 1, 0},
                         {"m1", "employment", "nx-tax", 1, 1}};
  anew.plan.waves = {{{"nx-tax", {{"m1", {}, {"employment"}}}, {}}}};
  anew.plan.first_fallback = 0;
  report::CaseBundle bundle;
  bundle.input.outcomes = {Found("nx-tax"), Found("nx-bank")};
  bundle.input.outcomes[0].answer.kind = base::AnswerKind::kAmbiguous;
  anew.progress.Add(anew.plan, "nx-bank", {Found("nx-bank").answer});
  EXPECT_EQ(plan::NextWave(anew.plan, 0, anew.progress).queries.size(), 1u) << "it is asked";
  std::vector<SourceOutcomeView> views;
  PutAnswers(hedui::Setup(), span, anew, {}, {}, &bundle, &views);
  ASSERT_EQ(bundle.input.outcomes.size(), 2u);
  EXPECT_EQ(bundle.input.outcomes[0].source_id, "nx-tax");
  EXPECT_EQ(bundle.input.outcomes[0].answer.kind, base::AnswerKind::kNotAsked);
}

// Who stands in is asked once more beside the recalled source, and is not in doubt itself.
TEST(RecallStepsTest, AFailureOfWhoStandsInTakesNothingAwayThatItSaidOrPromised) {
  report::CaseBundle bundle;
  bundle.input.outcomes = {Found("nx-tax"), Found("nx-social-security"), Found("nx-bank")};
  bundle.input.outcomes[2].answer.kind = base::AnswerKind::kPending;
  RecallSpan span;
  span.source_id = "nx-tax";
  Reverification anew;
  anew.pairs = {{"m1", "employment"}};
  std::vector<gather::Outcome> outcomes;
  for (const char* const id : {"nx-social-security", "nx-bank"}) {
    gather::Outcome& outcome = outcomes.emplace_back();
    outcome.source_id = id;
    base::Answer& answer = outcome.answers.emplace_back();
    answer.person_id = "m1";
    answer.category = "employment";
    answer.kind = base::AnswerKind::kUnavailable;
    answer.reason = base::Reason::kLate;
  }
  std::vector<SourceOutcomeView> views;
  PutAnswers(hedui::Setup(), span, anew, std::move(outcomes), {}, &bundle, &views);
  ASSERT_EQ(bundle.input.outcomes.size(), 3u);
  EXPECT_EQ(bundle.input.outcomes[1].answer.kind, base::AnswerKind::kFound);
  EXPECT_EQ(bundle.input.outcomes[1].answer.records.size(), 1u);
  EXPECT_EQ(bundle.input.outcomes[2].answer.kind, base::AnswerKind::kPending);
  EXPECT_EQ(views.size(), 1u) << "of the recalled source";
}

// What it said before makes room for what it says now.
TEST(RecallStepsTest, AnAnswerInThePlaceOfAnotherIsHeldToTheBudgetWithoutThat) {
  constexpr size_t kMost = base::kRecordsPerVerificationMax;
  const auto put = [](size_t others) {
    report::CaseBundle bundle;
    bundle.input.outcomes = {Found("nx-tax"), Found("nx-social-security"), Found("nx-bank")};
    bundle.input.outcomes[1].answer.kind = base::AnswerKind::kStale;
    bundle.input.outcomes[1].answer.records.resize(kMost - others);
    bundle.input.outcomes[2].answer.records.resize(others);
    RecallSpan span;
    span.source_id = "nx-tax";
    Reverification anew;
    anew.pairs = {{"m1", "employment"}};
    gather::Outcome outcome;
    outcome.source_id = "nx-social-security";
    outcome.answers = {Found(outcome.source_id).answer};
    outcome.answers[0].records.resize(kMost - 10);
    std::vector<SourceOutcomeView> views;
    PutAnswers(hedui::Setup(), span, anew, {outcome}, {}, &bundle, &views);
    return bundle.input.outcomes[1].answer.kind;
  };
  EXPECT_EQ(put(10), base::AnswerKind::kFound);
  EXPECT_EQ(put(11), base::AnswerKind::kUnavailable) << "beside the bank's";
}

// Why somebody is not asked about is said of the recalled source and of who stands in for it, as in
// a verification; what who stands in said before stands.
TEST(RecallStepsTest, WhoIsPassedOverIsSaidWithTheReasonUnlessSomethingWasSaidBefore) {
  report::CaseBundle bundle;
  bundle.input.outcomes = {Found("nx-tax"), Found("nx-bank")};
  RecallSpan span;
  span.source_id = "nx-tax";
  Reverification anew;
  anew.pairs = {{"m1", "employment"}};
  std::vector<plan::Unasked> unasked;
  for (const char* const id : {"nx-tax", "nx-social-security", "nx-bank"}) {
    unasked.push_back(
        {"m1", "employment", base::AnswerKind::kNotAsked, base::Reason::kDeceased, id});
  }
  std::vector<SourceOutcomeView> views;
  PutAnswers(hedui::Setup(), span, anew, {}, unasked, &bundle, &views);
  ASSERT_EQ(bundle.input.outcomes.size(), 3u);
  EXPECT_EQ(bundle.input.outcomes[1].answer.kind, base::AnswerKind::kFound);
  ASSERT_EQ(views.size(), 2u);
  for (const size_t at : {0u, 2u}) {
    const match::SourceOutcome& passed = bundle.input.outcomes[at];
    EXPECT_EQ(passed.answer.kind, base::AnswerKind::kNotAsked) << passed.source_id;
    EXPECT_EQ(passed.answer.reason, base::Reason::kDeceased) << passed.source_id;
    EXPECT_TRUE(passed.answer.records.empty());
    EXPECT_EQ(passed.authorization, "");
    EXPECT_EQ(views[at / 2].source_id, passed.source_id);
    EXPECT_EQ(views[at / 2].reason, base::Reason::kDeceased);
  }
}

}  // namespace
}  // namespace hedui::testing
