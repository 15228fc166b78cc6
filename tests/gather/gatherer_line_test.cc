// Attempts that wait because their source bears no more.
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

class GathererLineTest : public GatherTest {};

TEST_F(GathererLineTest, WaitingInLineCountsTowardsTheSourcesDeadline) {
  AddSource("bank", &bank, 1, 1);
  const auto first = NewFlow();
  const auto second = NewFlow();
  first->Start({QueryOf("bank", {"m1"})});
  second->Start({QueryOf("bank", {"m2"})});
  loop.AdvanceBy(absl::Seconds(2));
  bank.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(bank.attempts[1]->request.timeout, absl::Seconds(1));
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(second->Only().reason, Reason::kLate);
}

TEST_F(GathererLineTest, NoMoreAttemptsAreInFlightThanTheSourceBears) {
  AddSource("bank", &bank, 1, 2);
  std::vector<std::unique_ptr<Flow>> flows;
  for (int i = 0; i < 4; ++i) {
    flows.push_back(NewFlow());
    flows.back()->Start({QueryOf("bank", {std::string(1, static_cast<char>('a' + i))})});
  }
  EXPECT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(StateOf("bank").waiting(), 2u);
  bank.attempts[1]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 3u);
  EXPECT_EQ(bank.attempts[2]->request.query.people.at(0).person_id, "c") << "first come";
  bank.attempts[0]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 4u);
  EXPECT_EQ(bank.attempts[3]->request.query.people.at(0).person_id, "d");
}

TEST_F(GathererLineTest, WhatAnAttemptCameToStandsWhereTheNextWaitsInLineUntilTheDeadline) {
  SourcePolicy policy = PolicyNamed("bank");
  policy.attempts = 2;
  policy.limits.concurrency = 1;
  AddSource(policy, &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  loop.AdvanceBy(absl::Seconds(1));
  const auto other = NewFlow();
  other->Start({QueryOf("bank", {"m2"})});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 2u) << "the other has the place";
  loop.AdvanceBy(policy.deadline - absl::Seconds(1));
  EXPECT_EQ(flow->Only().kind, AnswerKind::kUnavailable);
  EXPECT_EQ(flow->Only().reason, Reason::kOverloaded);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 1);
}

TEST_F(GathererLineTest, WhoWaitsInLineUntilTheDeadlineIsLateAndLeavesTheLine) {
  AddSource("bank", &bank, 1, 1);
  const auto first = NewFlow();
  const auto second = NewFlow();
  first->Start({QueryOf("bank", {"m1"})});
  second->Start({QueryOf("bank", {"m2"})}, absl::Seconds(1));
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(second->Only().reason, Reason::kLate);
  EXPECT_EQ(second->outcomes.at(0).attempts, 0);
  EXPECT_EQ(StateOf("bank").waiting(), 0u);
}

TEST_F(GathererLineTest, AnAttemptNobodyWaitsForHoldsItsPlaceUntilItEnds) {
  AddSource("bank", &bank, 1, 1);
  const auto first = NewFlow();
  const auto second = NewFlow();
  first->Start({QueryOf("bank", {"m1"})}, absl::Seconds(1));
  second->Start({QueryOf("bank", {"m2"})});
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(first->done, 1);
  EXPECT_EQ(bank.attempts.size(), 1u) << "the source still works on it";
  bank.attempts[0]->ReplyAll(AnswerKind::kUnavailable, Reason::kCancelled);
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 2u);
}

}  // namespace
}  // namespace hedui::gather
