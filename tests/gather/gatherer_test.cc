#include "server/gather/gatherer.h"

#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

class GathererTest : public GatherTest {};

TEST_F(GathererTest, EveryPairAskedHasOneAnswerInTheQuerysOrder) {
  AddSource("bank", &bank);
  AddSource("tax", &tax);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1", "m2"}, {"deposit", "loan"}), QueryOf("tax", {"m1"})});
  ASSERT_EQ(bank.attempts.size(), 1u);
  ASSERT_EQ(tax.attempts.size(), 1u) << "sources are asked at once";
  tax.attempts[0]->ReplyAll(AnswerKind::kConfirmedNone);
  bank.attempts[0]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();

  ASSERT_EQ(flow->outcomes.size(), 2u);
  EXPECT_EQ(flow->outcomes[0].source_id, "tax") << "outcomes come as they become known";
  EXPECT_EQ(flow->outcomes[0].query_index, 1u);
  const Outcome& outcome = flow->outcomes[1];
  EXPECT_EQ(outcome.attempts, 1);
  ASSERT_EQ(outcome.answers.size(), 4u);
  EXPECT_EQ(outcome.answers[1].person_id, "m1");
  EXPECT_EQ(outcome.answers[1].category, "loan");
  EXPECT_EQ(outcome.answers[2].person_id, "m2");
  EXPECT_EQ(outcome.answers[2].category, "deposit");
  EXPECT_EQ(flow->done, 1);
  EXPECT_FALSE(flow->gatherer->asking());
}

TEST_F(GathererTest, AnAttemptCarriesWarrantDigestKeyAndItsName) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  const adapters::SourceRequest& request = bank.attempts.at(0)->request;
  EXPECT_EQ(request.warrant, "warrant");
  EXPECT_EQ(request.digest_key, "digest key");
  EXPECT_EQ(request.attempt_id, "v1/1/bank/0/1");
  EXPECT_EQ(request.timeout, absl::Seconds(3));
}

// A household split by people_per_call asks one source several times: a department that tells
// repeated queries by the attempt's name would answer the second with the first one's answers.
TEST_F(GathererTest, QueriesOfOneSourceHaveAttemptNamesOfTheirOwn) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"}), QueryOf("bank", {"m2"})});
  ASSERT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(bank.attempts[0]->request.attempt_id, "v1/1/bank/0/1");
  EXPECT_EQ(bank.attempts[1]->request.attempt_id, "v1/1/bank/1/1");
}

TEST_F(GathererTest, LateSourceIsReportedUnavailableAndDoesNotDelayTheReply) {
  AddSource("bank", &bank);
  AddSource("tax", &tax);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"}), QueryOf("tax", {"m1"})}, absl::Seconds(2));
  EXPECT_EQ(bank.attempts.at(0)->request.timeout, absl::Seconds(2)) << "never beyond the wave";
  tax.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
  loop.AdvanceBy(absl::Seconds(2) - absl::Milliseconds(1));
  EXPECT_EQ(flow->done, 0);
  loop.AdvanceBy(absl::Milliseconds(1));
  ASSERT_EQ(flow->done, 1) << "the adapter's own time-out is not waited for";
  const base::Answer& answer = flow->outcomes.at(1).answers.at(0);
  EXPECT_EQ(answer.kind, AnswerKind::kUnavailable);
  EXPECT_EQ(answer.reason, Reason::kLate);
  EXPECT_EQ(flow->outcomes[1].elapsed, absl::Seconds(2));
  EXPECT_TRUE(bank.attempts[0]->cancelled);
  EXPECT_EQ(loop.armed_timers(), 0u);
}

TEST_F(GathererTest, AnAnswerAfterTheDeadlineIsIgnored) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})}, absl::Seconds(1));
  loop.AdvanceBy(absl::Seconds(1));
  bank.attempts.at(0)->ReplyAll(AnswerKind::kConfirmedNone);
  loop.RunReady();
  EXPECT_EQ(flow->outcomes.size(), 1u);
  EXPECT_EQ(flow->Only().reason, Reason::kLate);
  EXPECT_EQ(flow->done, 1);
}

TEST_F(GathererTest, WithoutTimeLeftNothingIsSent) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})}, absl::ZeroDuration());
  loop.RunReady();
  EXPECT_TRUE(bank.attempts.empty());
  EXPECT_EQ(flow->Only().reason, Reason::kLate);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 0);
  EXPECT_EQ(flow->done, 1);
}

TEST_F(GathererTest, CancelEndsTheWaveAndTheAttempts) {
  AddSource("bank", &bank);
  AddSource("tax", &tax);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"}), QueryOf("tax", {"m1"})});
  flow->Cancel();
  flow->Cancel();
  loop.RunReady();
  ASSERT_EQ(flow->outcomes.size(), 2u);
  EXPECT_EQ(flow->outcomes[0].answers.at(0).reason, Reason::kCancelled);
  EXPECT_EQ(flow->done, 1);
  EXPECT_TRUE(bank.attempts.at(0)->cancelled);
  EXPECT_TRUE(tax.attempts.at(0)->cancelled);
  bank.attempts[0]->ReplyAll(AnswerKind::kConfirmedNone);
  loop.RunReady();
  EXPECT_EQ(flow->outcomes.size(), 2u);
}

TEST_F(GathererTest, ADestroyedGathererIsNeverHeardOfAgain) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  flow->gatherer.reset();
  EXPECT_TRUE(bank.attempts.at(0)->cancelled);
  bank.attempts[0]->ReplyAll(AnswerKind::kConfirmedNone);
  loop.AdvanceBy(kWaveTime);
  EXPECT_TRUE(flow->outcomes.empty());
  EXPECT_EQ(flow->done, 0);
  EXPECT_EQ(loop.armed_timers(), 0u);
  EXPECT_EQ(StateOf("bank").in_flight(), 0u);
}

TEST_F(GathererTest, AFlowMayDestroyTheGathererInItsCallback) {
  AddSource("bank", &bank);
  AddSource("tax", &tax);
  const auto flow = NewFlow();
  flow->destroy_on_outcome = true;
  flow->Start({QueryOf("bank", {"m1"}), QueryOf("tax", {"m1"})});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
  tax.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(flow->outcomes.size(), 1u);
}

TEST_F(GathererTest, AnotherWaveFollowsTheFirst) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  flow->Start({QueryOf("bank", {"m2"})});
  EXPECT_TRUE(flow->gatherer->asking());
  bank.attempts.at(1)->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(flow->done, 2);
  EXPECT_EQ(flow->outcomes.at(1).answers.at(0).person_id, "m2");
}

TEST_F(GathererTest, AWaveThatEndedLetsGoOfItsCallbacks) {
  AddSource("bank", &bank);
  const auto held = std::make_shared<int>(0);
  Gatherer gatherer(&loop, sources, &ids);
  GatherRequest request;
  request.queries.push_back({QueryOf("bank", {"m1"}), "warrant"});
  request.deadline = loop.Now() + kWaveTime;
  request.still_authorized = [held](const std::string&) { return true; };
  gatherer.Start(
      std::move(request), [held](Outcome) {}, [held] {});
  EXPECT_EQ(held.use_count(), 4);
  bank.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(held.use_count(), 1) << "a flow may be held by them";
}

TEST_F(GathererTest, AWaveOfNothingEnds) {
  const auto flow = NewFlow();
  flow->Start({});
  loop.RunReady();
  EXPECT_EQ(flow->done, 1);
  EXPECT_TRUE(flow->outcomes.empty());
}

TEST_F(GathererTest, ASourceThatIsNotSetUpIsNotAsked) {
  const auto flow = NewFlow();
  flow->Start({QueryOf("nowhere", {"m1"})});
  loop.RunReady();
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotAsked);
  EXPECT_EQ(flow->Only().reason, Reason::kNotRoutable);
  EXPECT_EQ(flow->done, 1);
}

}  // namespace
}  // namespace hedui::gather
