#include "server/answer_flow.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/limits.h"

namespace hedui {
namespace {

using base::AnswerKind;
using base::Reason;

base::Answer AnswerOf(const std::string& person, AnswerKind kind, size_t records = 0) {
  base::Answer answer;
  answer.person_id = person;
  answer.category = "deposit";
  answer.kind = kind;
  answer.digest = std::string(32, 'd');
  answer.records.resize(records);
  return answer;
}

class ReplaceAnswersTest : public ::testing::Test {
 protected:
  ReplaceAnswersTest() {
    Has("bank", "m1", AnswerKind::kPending);
    Has("bank", "m2", AnswerKind::kFound);
    Has("post", "m1", AnswerKind::kPending);
  }
  void Has(const std::string& source, const std::string& person, AnswerKind kind) {
    match::SourceOutcome outcome;
    outcome.source_id = source;
    outcome.rank = 3;
    outcome.authorization = "letter 1";
    outcome.stand_ins = {"other"};
    outcome.answer = AnswerOf(person, kind);
    bundle_.input.outcomes.push_back(std::move(outcome));
    views_.push_back({source, person, "deposit", kind});
  }
  const base::Answer& At(size_t place) const { return bundle_.input.outcomes.at(place).answer; }

  report::CaseBundle bundle_;
  std::vector<SourceOutcomeView> views_;
};

TEST_F(ReplaceAnswersTest, PutsWhatCameInThePlaceOfWhatWasPromisedAndOfNothingElse) {
  AnswerRequest request;
  request.answers.push_back(
      {"bank",
       {AnswerOf("m1", AnswerKind::kConfirmedNone), AnswerOf("m2", AnswerKind::kConfirmedNone),
        AnswerOf("m3", AnswerKind::kConfirmedNone)},
       1'000});
  request.authorization = [](const std::string& person) { return "letter of " + person; };
  EXPECT_EQ(ReplaceAnswers(request, &bundle_, &views_), 1u);
  ASSERT_EQ(bundle_.input.outcomes.size(), 3u) << "nothing is added";
  EXPECT_EQ(At(0).kind, AnswerKind::kConfirmedNone);
  EXPECT_EQ(bundle_.input.outcomes[0].authorization, "letter of m1");
  EXPECT_EQ(bundle_.input.outcomes[0].stand_ins, std::vector<std::string>{"other"});
  EXPECT_EQ(bundle_.input.outcomes[0].rank, 3);
  EXPECT_EQ(At(1).kind, AnswerKind::kFound) << "an answer that came is not replaced";
  EXPECT_EQ(bundle_.input.outcomes[1].authorization, "letter 1");
  EXPECT_EQ(At(2).kind, AnswerKind::kPending) << "another source's";
  EXPECT_EQ(views_[0].kind, AnswerKind::kConfirmedNone);
  EXPECT_EQ(views_[0].elapsed_ms, 1'000);
  EXPECT_EQ(views_[1].kind, AnswerKind::kFound);
  EXPECT_EQ(views_[2].kind, AnswerKind::kPending);
}

TEST_F(ReplaceAnswersTest, OtherwiseWhateverARegisterSaidAndNeverWhatPeopleFound) {
  bundle_.input.outcomes[0].manual = true;
  AnswerRequest request;
  request.pending_only = false;
  request.answers.push_back(
      {"bank",
       {AnswerOf("m1", AnswerKind::kConfirmedNone), AnswerOf("m2", AnswerKind::kConfirmedNone)}});
  EXPECT_EQ(ReplaceAnswers(request, &bundle_, &views_), 1u);
  EXPECT_EQ(At(0).kind, AnswerKind::kPending);
  EXPECT_EQ(At(1).kind, AnswerKind::kConfirmedNone);
  EXPECT_EQ(bundle_.input.outcomes[1].authorization, "letter 1") << "as it was";
}

// As at first: a report must not become too large to be issued.
TEST_F(ReplaceAnswersTest, WhatDoesNotFitIsSaidToBeTooMuchAndIsNotThere) {
  bundle_.input.outcomes[1].answer = AnswerOf("m2", AnswerKind::kFound, 10);
  AnswerRequest request;
  request.answers.push_back(
      {"bank", {AnswerOf("m1", AnswerKind::kFound, base::kRecordsPerVerificationMax)}});
  EXPECT_EQ(ReplaceAnswers(request, &bundle_, &views_), 1u);
  EXPECT_EQ(At(0).kind, AnswerKind::kUnavailable);
  EXPECT_EQ(At(0).reason, Reason::kOversized);
  EXPECT_TRUE(At(0).records.empty());
  EXPECT_EQ(At(0).digest.size(), 32u) << "what came can be proved";
  EXPECT_EQ(At(1).records.size(), 10u);
  EXPECT_EQ(views_[0].reason, Reason::kOversized);
}

}  // namespace
}  // namespace hedui
