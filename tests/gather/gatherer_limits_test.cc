// What the state of a source keeps a query from, and what is said then.
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

class GathererLimitsTest : public GatherTest {
 protected:
  // One query that ends as `reason` says.
  void Fail(Reason reason = Reason::kSourceError) {
    const auto flow = NewFlow();
    flow->Start({QueryOf("bank", {"m1"})});
    ASSERT_FALSE(bank.attempts.empty());
    bank.attempts.back()->ReplyAll(AnswerKind::kUnavailable, reason);
    loop.RunReady();
    ASSERT_EQ(flow->done, 1);
  }
  Breaker::State breaker() { return StateOf("bank").breaker(); }
};

TEST_F(GathererLimitsTest, ASourceThatFailsIsSparedThenAskedOnceToSee) {
  AddSource("bank", &bank);
  for (int i = 0; i < 5; ++i) Fail();
  const auto spared = NewFlow();
  spared->Start({QueryOf("bank", {"m1"})});
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 5u);
  EXPECT_EQ(spared->Only().kind, AnswerKind::kNotAsked);
  EXPECT_EQ(spared->Only().reason, Reason::kBreaker);
  EXPECT_EQ(spared->outcomes.at(0).attempts, 0);
  EXPECT_EQ(spared->outcomes[0].elapsed, absl::ZeroDuration()) << "at once";
  loop.AdvanceBy(absl::Seconds(1));
  const auto probe = NewFlow();
  const auto other = NewFlow();
  probe->Start({QueryOf("bank", {"m1"})});
  other->Start({QueryOf("bank", {"m1"})});
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 6u);
  EXPECT_EQ(other->Only().reason, Reason::kBreaker);
  bank.attempts[5]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(probe->Only().kind, AnswerKind::kNotCovered);
  EXPECT_EQ(breaker(), Breaker::State::kClosed);
}

TEST_F(GathererLimitsTest, AProbeThatIsCancelledMakesWayForTheNext) {
  AddSource("bank", &bank);
  for (int i = 0; i < 5; ++i) Fail();
  loop.AdvanceBy(absl::Seconds(1));
  const auto probe = NewFlow();
  probe->Start({QueryOf("bank", {"m1"})});
  probe->Cancel();
  const auto next = NewFlow();
  next->Start({QueryOf("bank", {"m1"})});
  EXPECT_EQ(bank.attempts.size(), 7u);
}

TEST_F(GathererLimitsTest, CancellationsAndRejectionsOfOurOwnDoNotCount) {
  AddSource("bank", &bank);
  for (int i = 0; i < 20; ++i) {
    const auto cancelled = NewFlow();
    cancelled->Start({QueryOf("bank", {"m1"})});
    cancelled->Cancel();
    bank.attempts.back()->ReplyAll(AnswerKind::kUnavailable, Reason::kCancelled);
    const auto gone = NewFlow();
    gone->Start({QueryOf("bank", {"m1"})});
    gone->gatherer.reset();
    bank.attempts.back()->ReplyAll(AnswerKind::kUnavailable, Reason::kSourceError);
    const auto withdrawn = NewFlow();
    withdrawn->withdrawn = {"m1"};
    withdrawn->Start({QueryOf("bank", {"m1"})});
    const auto hurried = NewFlow();
    hurried->Start({QueryOf("bank", {"m1"})}, absl::Milliseconds(1));
    loop.AdvanceBy(absl::Milliseconds(1));
    bank.attempts.back()->ReplyAll(AnswerKind::kUnavailable, Reason::kCancelled);
    loop.RunReady();
  }
  EXPECT_EQ(breaker(), Breaker::State::kClosed);
  EXPECT_EQ(StateOf("bank").in_flight(), 0u);
}

TEST_F(GathererLimitsTest, SilenceForAsLongAsTheSourceMayTakeCounts) {
  AddSource("bank", &bank);
  std::vector<std::unique_ptr<Flow>> flows;
  for (int i = 0; i < 5; ++i) {
    flows.push_back(NewFlow());
    flows.back()->Start({QueryOf("bank", {"m1"})});
  }
  loop.AdvanceBy(absl::Seconds(3));
  EXPECT_EQ(breaker(), Breaker::State::kOpen);
}

TEST_F(GathererLimitsTest, SoDoesAConnectionThatNeverComes) {
  bank.connecting = true;
  AddSource("bank", &bank);
  std::vector<std::unique_ptr<Flow>> flows;
  for (int i = 0; i < 5; ++i) {
    flows.push_back(NewFlow());
    flows.back()->Start({QueryOf("bank", {"m1"})});
  }
  loop.AdvanceBy(absl::Seconds(3));
  EXPECT_EQ(breaker(), Breaker::State::kOpen);
}

TEST_F(GathererLimitsTest, WhatAnAttemptCameToStandsWhereTheBreakerForbidsTheNext) {
  AddSource("bank", &bank, 2);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
  loop.RunReady();
  for (int i = 0; i < 4; ++i) Fail();
  ASSERT_EQ(breaker(), Breaker::State::kOpen);
  loop.AdvanceBy(absl::Milliseconds(100));
  EXPECT_EQ(flow->Only().kind, AnswerKind::kUnavailable);
  EXPECT_EQ(flow->Only().reason, Reason::kOverloaded);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 1);
}

TEST_F(GathererLimitsTest, RetriesAreATenthAndTheReserve) {
  SourcePolicy policy = PolicyNamed("bank");
  policy.attempts = 5;
  policy.backoff_first = absl::Milliseconds(10);
  policy.limits.breaker.failures = 0;
  AddSource(policy, &bank);
  constexpr int kQueries = 100;
  size_t sent = 0;
  for (int i = 0; i < kQueries; ++i) {
    bank.attempts.clear();
    const auto flow = NewFlow();
    flow->Start({QueryOf("bank", {"m1"})});
    for (size_t j = 0; j < bank.attempts.size(); ++j) {
      bank.attempts[j]->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
      loop.AdvanceBy(absl::Milliseconds(500));
    }
    sent += bank.attempts.size();
    ASSERT_EQ(flow->Only().reason, Reason::kOverloaded) << "what the source said";
  }
  EXPECT_LE(sent, kQueries + 10u + kQueries / 10);
  EXPECT_GE(sent, kQueries + 18u) << "and all of it is used, but what found the reserve full";
}

TEST_F(GathererLimitsTest, WhatTheRateKeepsUntilTheDeadlineIsNotAsked) {
  SourcePolicy policy = PolicyNamed("bank");
  policy.limits.rate.per_second = 1;
  AddSource(policy, &bank);
  loop.AdvanceBy(absl::Seconds(2));
  const auto first = NewFlow();
  const auto second = NewFlow();
  const auto third = NewFlow();
  first->Start({QueryOf("bank", {"m1"})});
  second->Start({QueryOf("bank", {"m1"})}, absl::Milliseconds(1'500));
  third->Start({QueryOf("bank", {"m1"})}, absl::Milliseconds(1'500));
  loop.AdvanceBy(absl::Milliseconds(1'500));
  EXPECT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(third->Only().kind, AnswerKind::kNotAsked);
  EXPECT_EQ(third->Only().reason, Reason::kQuota);
  EXPECT_EQ(third->outcomes.at(0).elapsed, absl::Milliseconds(1'500));
}

TEST_F(GathererLimitsTest, BeyondTheRequestsOfADayTheSourceIsNotAsked) {
  SourcePolicy policy = PolicyNamed("bank");
  policy.limits.per_day = 3;
  AddSource(policy, &bank);
  for (int day = 0; day < 2; ++day) {
    bank.attempts.clear();
    for (int i = 0; i < 3; ++i) {
      const auto flow = NewFlow();
      flow->Start({QueryOf("bank", {"m1"})});
      loop.RunReady();
      ASSERT_EQ(bank.attempts.size(), static_cast<size_t>(i + 1));
      bank.attempts.back()->ReplyAll(AnswerKind::kNotCovered);
      loop.RunReady();
      EXPECT_EQ(flow->Only().kind, AnswerKind::kNotCovered);
    }
    const auto refused = NewFlow();
    refused->Start({QueryOf("bank", {"m1"})});
    loop.RunReady();
    EXPECT_EQ(bank.attempts.size(), 3u);
    EXPECT_EQ(refused->Only().kind, AnswerKind::kNotAsked);
    EXPECT_EQ(refused->Only().reason, Reason::kQuota);
    EXPECT_EQ(refused->outcomes.at(0).elapsed, absl::ZeroDuration()) << "at once";
    loop.AdvanceBy(absl::Hours(24));
  }
}

TEST_F(GathererLimitsTest, WhatAnAttemptCameToStandsWhereTheDayHasNoRoomForTheNext) {
  SourcePolicy policy = PolicyNamed("bank");
  policy.attempts = 3;
  policy.limits.per_day = 2;
  AddSource(policy, &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  for (size_t i = 0; i < 2; ++i) {
    loop.AdvanceBy(absl::Milliseconds(500));
    ASSERT_EQ(bank.attempts.size(), i + 1);
    bank.attempts[i]->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
  }
  loop.AdvanceBy(absl::Milliseconds(500));
  EXPECT_EQ(bank.attempts.size(), 2u) << "retries count too";
  EXPECT_EQ(flow->Only().reason, Reason::kOverloaded);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 2);
}

TEST_F(GathererLimitsTest, QueriesThatWaitedForAConnectionCountWhenTheyLeave) {
  SourcePolicy policy = PolicyNamed("bank");
  policy.limits.rate.per_second = 2;
  bank.connecting = true;
  AddSource(policy, &bank);
  loop.AdvanceBy(absl::Seconds(2));
  std::vector<std::unique_ptr<Flow>> flows;
  for (int i = 0; i < 5; ++i) {
    flows.push_back(NewFlow());
    flows.back()->Start({QueryOf("bank", {"m1"})});
  }
  loop.AdvanceBy(absl::Milliseconds(1'500));
  ASSERT_EQ(bank.attempts.size(), 2u) << "the others wait until those have left";
  for (const auto& attempt : bank.attempts) EXPECT_TRUE(attempt->request.may_be_sent());
  bank.connecting = false;
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(bank.attempts.size(), 2u);
  loop.AdvanceBy(absl::Microseconds(1));
  EXPECT_EQ(bank.attempts.size(), 4u);
}

TEST_F(GathererLimitsTest, WhatALoweredRateKeepsAtTheLastMomentGoesBackToTheLine) {
  SourcePolicy policy = PolicyNamed("bank");
  bank.connecting = true;
  AddSource(policy, &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  policy.limits.rate.per_second = 1;
  StateOf("bank").SetLimits(policy.limits);  // what left before it is not known
  ASSERT_FALSE(bank.attempts.at(0)->request.may_be_sent());
  bank.attempts[0]->NotAllowed();
  bank.connecting = false;
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(bank.attempts.size(), 1u);
  loop.AdvanceBy(absl::Microseconds(1));
  ASSERT_EQ(bank.attempts.size(), 2u);
  bank.attempts[1]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotCovered);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 1) << "what did not leave was no attempt";
}

TEST_F(GathererLimitsTest, AReviewLeavesRoomForThoseWhoWait) {
  SourcePolicy policy = PolicyNamed("bank");
  policy.limits.rate = {5, 20};
  AddSource(policy, &bank);
  loop.AdvanceBy(absl::Seconds(2));
  std::vector<std::unique_ptr<Flow>> reviews;
  for (int i = 0; i < 5; ++i) {
    reviews.push_back(NewFlow());
    reviews.back()->urgency = Urgency::kBackground;
    reviews.back()->Start({QueryOf("bank", {"review"})});
  }
  EXPECT_EQ(bank.attempts.size(), 4u);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  ASSERT_EQ(bank.attempts.size(), 5u);
  EXPECT_EQ(bank.attempts[4]->request.query.people.at(0).person_id, "m1");
}

TEST_F(GathererLimitsTest, AHeldSourceIsNotAskedAndItsAnswerUnderWayCounts) {
  AddSource("bank", &bank, 1, 1);
  const auto asking = NewFlow();
  asking->Start({QueryOf("bank", {"m1"})});
  const auto waiting = NewFlow();
  waiting->Start({QueryOf("bank", {"m1"})});
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 1u);
  StateOf("bank").SetHeld(true);
  const auto later = NewFlow();
  later->Start({QueryOf("bank", {"m1"})});
  loop.RunReady();
  for (const auto* flow : {waiting.get(), later.get()}) {
    EXPECT_EQ(flow->Only().kind, AnswerKind::kNotAsked);
    EXPECT_EQ(flow->Only().reason, Reason::kHeld);
    EXPECT_EQ(flow->outcomes.at(0).attempts, 0);
    EXPECT_EQ(flow->done_at, loop.Now()) << "nobody waits for nothing";
  }
  adapters::SourceReply reply;
  reply.answers = {AnswerOf("m1", "employment", AnswerKind::kConfirmedNone)};
  reply.answers[0].data_day = absl::CivilDay(2025, 3, 3);
  bank.attempts[0]->Reply(std::move(reply));
  loop.RunReady();
  EXPECT_EQ(asking->Only().kind, AnswerKind::kConfirmedNone);
  StateOf("bank").SetHeld(false);
  const auto again = NewFlow();
  again->Start({QueryOf("bank", {"m1"})});
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 2u);
}

}  // namespace
}  // namespace hedui::gather
