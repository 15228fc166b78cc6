// A second query beside one that takes long.
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

constexpr absl::Duration kUsual = absl::Milliseconds(10);

class GathererHedgeTest : public GatherTest {
 protected:
  // The bank answers within kUsual so often that its hedges are known to be worth it.
  void AddHedgedBank(int attempts = 1, bool hedge_safe = true) {
    SourcePolicy policy = PolicyNamed("bank");
    policy.hedge_safe = hedge_safe;
    policy.attempts = attempts;
    AddHedgedBank(policy);
  }
  void AddHedgedBank(const SourcePolicy& policy) {
    AddSource(policy, &bank);
    for (int i = 0; i < 100; ++i) {
      const auto flow = NewFlow();
      flow->Start({QueryOf("bank", {"m1"})});
      loop.AdvanceBy(kUsual);
      bank.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
      loop.RunReady();
      ASSERT_EQ(flow->outcomes.at(0).attempts, 1);
      bank.attempts.clear();
    }
    hedge_after_ = StateOf("bank").HedgeAfter();
  }
  std::unique_ptr<Flow> StartHedged() {
    auto flow = NewFlow();
    flow->Start({QueryOf("bank", {"m1"})});
    loop.AdvanceBy(hedge_after_ - absl::Microseconds(1));
    EXPECT_EQ(bank.attempts.size(), 1u) << "not before nineteen of twenty would have answered";
    loop.AdvanceBy(absl::Microseconds(1));
    return flow;
  }

  absl::Duration hedge_after_;
};

TEST_F(GathererHedgeTest, TheHedgesAnswerCountsAndTheFirstIsCancelled) {
  AddHedgedBank();
  const auto flow = StartHedged();
  ASSERT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(bank.attempts[1]->request.attempt_id, "v1/1/bank/0/2");
  EXPECT_EQ(bank.attempts[1]->request.warrant, "warrant");
  EXPECT_EQ(bank.attempts[1]->request.timeout, absl::Seconds(3) - hedge_after_);
  EXPECT_EQ(StateOf("bank").in_flight(), 2u);
  bank.attempts[1]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotCovered);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 2);
  EXPECT_EQ(flow->outcomes[0].hedges, 1);
  EXPECT_TRUE(bank.attempts[0]->cancelled);
  EXPECT_EQ(StateOf("bank").in_flight(), 1u) << "the source still works on it";
  bank.attempts[0]->ReplyAll(AnswerKind::kUnavailable, Reason::kCancelled);
  loop.RunReady();
  EXPECT_EQ(StateOf("bank").in_flight(), 0u);
  EXPECT_EQ(flow->outcomes.size(), 1u);
  EXPECT_EQ(loop.armed_timers(), 0u);
}

TEST_F(GathererHedgeTest, TheFirstsAnswerCountsAndTheHedgeIsCancelled) {
  AddHedgedBank();
  const auto flow = StartHedged();
  bank.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotCovered);
  EXPECT_TRUE(bank.attempts.at(1)->cancelled);
  EXPECT_FALSE(bank.attempts[1]->request.may_be_sent());
}

TEST_F(GathererHedgeTest, AFailureWaitsForTheOther) {
  AddHedgedBank();
  const auto flow = StartHedged();
  bank.attempts.at(1)->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
  loop.AdvanceBy(absl::Milliseconds(500));
  EXPECT_TRUE(flow->outcomes.empty());
  bank.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotCovered);
}

TEST_F(GathererHedgeTest, WhenBothFailedTheNextAttemptComes) {
  AddHedgedBank(/*attempts=*/2);
  const auto flow = StartHedged();
  for (size_t i = 0; i < 2; ++i) {
    bank.attempts.at(i)->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
  }
  // Its pause is drawn; a hedge of its own would come later.
  while (bank.attempts.size() == 2) loop.AdvanceBy(absl::Milliseconds(1));
  ASSERT_EQ(bank.attempts.size(), 3u);
  EXPECT_EQ(bank.attempts[2]->request.attempt_id, "v1/1/bank/0/3");
  bank.attempts[2]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(flow->outcomes.at(0).attempts, 3);
  EXPECT_EQ(flow->outcomes[0].hedges, 1);
}

TEST_F(GathererHedgeTest, SilenceOfBothIsLateAtTheDeadline) {
  AddHedgedBank();
  const auto flow = StartHedged();
  loop.AdvanceBy(absl::Seconds(3) - hedge_after_);
  EXPECT_EQ(flow->Only().reason, Reason::kLate);
  EXPECT_EQ(flow->outcomes.at(0).elapsed, absl::Seconds(3));
  EXPECT_TRUE(bank.attempts.at(0)->cancelled);
  EXPECT_TRUE(bank.attempts.at(1)->cancelled);
}

// Which of the two failed makes no difference.
TEST_F(GathererHedgeTest, WhyOneFailedIsSaidWhereTheOtherIsSilentToTheEnd) {
  AddHedgedBank();
  for (const size_t failing : {size_t{0}, size_t{1}}) {
    SCOPED_TRACE(failing);
    bank.attempts.clear();
    const auto flow = NewFlow();
    flow->Start({QueryOf("bank", {"m1"})});
    const absl::Duration begun = loop.Now();
    loop.AdvanceBy(StateOf("bank").HedgeAfter());
    ASSERT_EQ(bank.attempts.size(), 2u);
    bank.attempts[failing]->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
    loop.AdvanceTo(begun + absl::Seconds(3) - absl::Microseconds(1));
    EXPECT_TRUE(flow->outcomes.empty()) << "the other may answer yet";
    loop.AdvanceBy(absl::Microseconds(1));
    EXPECT_EQ(flow->Only().kind, AnswerKind::kUnavailable);
    EXPECT_EQ(flow->Only().reason, Reason::kOverloaded);
    EXPECT_EQ(flow->outcomes.at(0).elapsed, absl::Seconds(3));
    EXPECT_EQ(flow->outcomes[0].attempts, 2);
    EXPECT_TRUE(bank.attempts[1 - failing]->cancelled);
    bank.attempts[1 - failing]->ReplyAll(AnswerKind::kUnavailable, Reason::kCancelled);
    loop.RunReady();
    EXPECT_EQ(StateOf("bank").in_flight(), 0u);
    EXPECT_EQ(loop.armed_timers(), 0u);
  }
}

// The adapter's own timer may be the first to say that there was no answer.
TEST_F(GathererHedgeTest, WhyOneFailedIsSaidWhereTheAdapterGivesTheOtherUp) {
  AddHedgedBank();
  const auto flow = StartHedged();
  ASSERT_EQ(bank.attempts.size(), 2u);
  bank.attempts[1]->ReplyAll(AnswerKind::kUnavailable, Reason::kSourceError);
  loop.RunReady();
  EXPECT_TRUE(flow->outcomes.empty());
  bank.attempts[0]->ReplyAll(AnswerKind::kUnavailable, Reason::kLate);
  loop.RunReady();
  EXPECT_EQ(flow->Only().reason, Reason::kSourceError);
}

TEST_F(GathererHedgeTest, OfTwoFailuresTheLastIsSaid) {
  AddHedgedBank();
  const auto flow = StartHedged();
  ASSERT_EQ(bank.attempts.size(), 2u);
  bank.attempts[1]->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded);
  loop.RunReady();
  bank.attempts[0]->ReplyAll(AnswerKind::kUnavailable, Reason::kSourceError);
  loop.RunReady();
  EXPECT_EQ(flow->Only().reason, Reason::kSourceError);
}

TEST_F(GathererHedgeTest, ItWaitsAtLeastAsLongAsTheCatalogueSays) {
  SourcePolicy policy = PolicyNamed("bank");
  policy.hedge_safe = true;
  policy.hedge_least = absl::Milliseconds(50);
  AddHedgedBank(policy);
  ASSERT_LT(hedge_after_, absl::Milliseconds(12));
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  loop.AdvanceBy(absl::Milliseconds(50) - absl::Microseconds(1));
  EXPECT_EQ(bank.attempts.size(), 1u) << "however soon nineteen of twenty answer";
  loop.AdvanceBy(absl::Microseconds(1));
  EXPECT_EQ(bank.attempts.size(), 2u);
}

TEST_F(GathererHedgeTest, NobodyWhoWithdrewIsInAHedge) {
  AddHedgedBank();
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1", "m2"})});
  flow->withdrawn = {"m2"};
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(bank.attempts.size(), 1u);
}

TEST_F(GathererHedgeTest, AWithdrawalWhileTheHedgeWaitsForItsConnectionStopsIt) {
  AddHedgedBank();
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  bank.connecting = true;
  loop.AdvanceBy(hedge_after_);
  ASSERT_EQ(bank.attempts.size(), 2u);
  flow->withdrawn = {"m1"};
  EXPECT_FALSE(bank.attempts[1]->request.may_be_sent());
  bank.attempts[1]->NotAllowed();
  loop.RunReady();
  EXPECT_TRUE(flow->outcomes.empty()) << "the first was sent and is waited for";
  bank.attempts[0]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotCovered);
  EXPECT_EQ(flow->outcomes.at(0).hedges, 0);
  EXPECT_EQ(flow->outcomes[0].attempts, 1);
}

TEST_F(GathererHedgeTest, WithoutHedgeSafeNothingIsAskedTwice) {
  AddHedgedBank(1, /*hedge_safe=*/false);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  loop.AdvanceBy(absl::Seconds(2));
  EXPECT_EQ(bank.attempts.size(), 1u);
}

TEST_F(GathererHedgeTest, WhatWasNotSentIsNotHedged) {
  AddHedgedBank();
  bank.connecting = true;
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(bank.attempts.size(), 1u);
  EXPECT_TRUE(bank.attempts[0]->request.may_be_sent());
  loop.AdvanceBy(hedge_after_);
  EXPECT_EQ(bank.attempts.size(), 2u) << "from when it was sent";
}

TEST_F(GathererHedgeTest, HedgesAreATenthAtMost) {
  AddHedgedBank();
  int hedges = 0;
  constexpr int kQueries = 500;
  for (int i = 0; i < kQueries; ++i) {
    bank.attempts.clear();
    const auto flow = NewFlow();
    flow->Start({QueryOf("bank", {"m1"})});
    loop.AdvanceBy(std::min(StateOf("bank").HedgeAfter(), absl::Seconds(1)));
    // All at once slower than ever before.
    for (const auto& attempt : bank.attempts) attempt->ReplyAll(AnswerKind::kNotCovered);
    loop.RunReady();
    hedges += flow->outcomes.at(0).hedges;
  }
  EXPECT_GT(hedges, 10);
  EXPECT_LE(hedges, 10 + (kQueries + 100) / 10);
}

}  // namespace
}  // namespace hedui::gather
