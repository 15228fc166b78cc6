#include "server/gather/gatherer.h"

#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

class GathererTest : public GatherTest {
 protected:
  // The bank is asked by `flow` and fails until its last attempt; returns how often it was asked.
  size_t AttemptsOf(Flow* flow, Reason reason, bool retryable) {
    flow->Start({QueryOf("bank", {"m1"})});
    for (size_t i = 0; i < bank.attempts.size(); ++i) {
      bank.attempts[i]->ReplyAll(AnswerKind::kUnavailable, reason, retryable);
      loop.AdvanceBy(absl::Seconds(1));
    }
    return bank.attempts.size();
  }
};

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

TEST_F(GathererTest, RetryableFailureIsTriedAgainUnderANewName) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kUnreachable, true);
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 1u) << "not without a pause";
  loop.AdvanceBy(absl::Seconds(1));
  ASSERT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(bank.attempts[1]->request.attempt_id, "v1/1/bank/0/2");
  EXPECT_EQ(bank.attempts[1]->request.warrant, "warrant");
  bank.attempts[1]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotCovered);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 2);
}

TEST_F(GathererTest, TheLastAttemptsFailureIsTheAnswer) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  EXPECT_EQ(AttemptsOf(flow.get(), Reason::kUnreachable, true), 3u);
  EXPECT_EQ(flow->Only().reason, Reason::kUnreachable);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 3);
}

TEST_F(GathererTest, OtherFailuresAreNotTriedAgain) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  EXPECT_EQ(AttemptsOf(flow.get(), Reason::kMalformed, false), 1u);
  EXPECT_EQ(flow->Only().reason, Reason::kMalformed);
}

TEST_F(GathererTest, PausesDoubleAndAreDrawnFromTheirUpperHalf) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  absl::Duration longest = absl::Milliseconds(100);
  for (size_t i = 0; i < 2; ++i) {
    bank.attempts.at(i)->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
    loop.RunReady();
    loop.AdvanceBy(longest / 2 - absl::Microseconds(1));
    EXPECT_EQ(bank.attempts.size(), i + 1) << "before half of the pause";
    loop.AdvanceBy(longest / 2 + absl::Microseconds(1));
    EXPECT_EQ(bank.attempts.size(), i + 2) << "after all of it";
    longest *= 2;
  }
}

TEST_F(GathererTest, NoAttemptBeginsWhereItsPauseWouldEndAfterTheDeadline) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})}, absl::Milliseconds(49));
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kUnreachable, true);
  loop.RunReady();
  EXPECT_EQ(flow->done, 1) << "what is known is said at once";
  EXPECT_EQ(flow->Only().reason, Reason::kUnreachable);
}

TEST_F(GathererTest, TheSourcesDeadlineIsOfTheWholeQueryNotOfEachAttempt) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  EXPECT_EQ(bank.attempts.at(0)->request.timeout, absl::Seconds(3));
  loop.AdvanceBy(absl::Seconds(2));
  bank.attempts[0]->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
  loop.AdvanceBy(absl::Milliseconds(100));
  ASSERT_EQ(bank.attempts.size(), 2u);
  EXPECT_LE(bank.attempts[1]->request.timeout, absl::Milliseconds(950)) << "what is left of 3 s";
  loop.AdvanceBy(absl::Milliseconds(900));
  EXPECT_EQ(flow->Only().reason, Reason::kLate);
  EXPECT_EQ(flow->outcomes.at(0).elapsed, absl::Seconds(3));
  EXPECT_EQ(bank.attempts.size(), 2u);
  EXPECT_TRUE(bank.attempts[1]->cancelled);
  // After all: too late to count.
  bank.attempts[1]->ReplyAll(AnswerKind::kConfirmedNone);
  loop.RunReady();
  EXPECT_EQ(flow->outcomes.size(), 1u);
}

TEST_F(GathererTest, WaitingInLineCountsTowardsTheSourcesDeadline) {
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

TEST_F(GathererTest, WithdrawnPersonIsNotAskedAndTheOthersGoOn) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->withdrawn = {"m2"};
  flow->Start({QueryOf("bank", {"m1", "m2", "m3"})});
  const plan::SourceQuery& sent = bank.attempts.at(0)->request.query;
  ASSERT_EQ(sent.people.size(), 2u);
  EXPECT_EQ(sent.people[1].person_id, "m3");
  // A source that tells about the withdrawn person all the same is not heard.
  adapters::SourceReply reply;
  for (const char* person : {"m1", "m2", "m3"}) {
    reply.answers.push_back(AnswerOf(person, "employment", AnswerKind::kNotCovered));
  }
  bank.attempts[0]->Reply(std::move(reply));
  loop.RunReady();
  ASSERT_EQ(flow->outcomes.at(0).answers.size(), 3u);
  EXPECT_EQ(flow->outcomes[0].answers[0].kind, AnswerKind::kNotCovered);
  EXPECT_EQ(flow->outcomes[0].answers[1].kind, AnswerKind::kNotAsked);
  EXPECT_EQ(flow->outcomes[0].answers[1].reason, Reason::kNoAuthorization);
  EXPECT_EQ(flow->outcomes[0].answers[2].kind, AnswerKind::kNotCovered);
  EXPECT_EQ(flow->outcomes[0].dropped_answers, 1);
}

TEST_F(GathererTest, NothingIsSentWhenEverybodyWithdrew) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->withdrawn = {"m1"};
  flow->Start({QueryOf("bank", {"m1"})});
  loop.RunReady();
  EXPECT_TRUE(bank.attempts.empty());
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotAsked);
  EXPECT_EQ(flow->Only().reason, Reason::kNoAuthorization);
  EXPECT_EQ(sources->Find("bank")->gate->in_flight(), 0u);
}

TEST_F(GathererTest, AuthorizationIsAskedForAgainBeforeTheNextAttempt) {
  AddSource("bank", &bank, 2);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kUnreachable, true);
  loop.RunReady();
  flow->withdrawn = {"m1"};
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(bank.attempts.size(), 1u);
  EXPECT_EQ(flow->done, 1);
}

// They were asked about: that a letter was withdrawn afterwards does not unask it.
TEST_F(GathererTest, WhoWasSentBeforeTheWithdrawalIsReportedAsAskedWithWhatCameOfIt) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1", "m2", "m3"})});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
  loop.RunReady();
  flow->withdrawn = {"m1"};
  loop.AdvanceBy(absl::Seconds(1));
  ASSERT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(bank.attempts[1]->request.query.people.size(), 2u);
  bank.attempts[1]->ReplyAll(AnswerKind::kUnavailable, Reason::kUnreachable, true);
  loop.RunReady();
  flow->withdrawn = {"m1", "m2"};
  loop.AdvanceBy(absl::Seconds(1));
  ASSERT_EQ(bank.attempts.size(), 3u);
  bank.attempts[2]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  const std::vector<base::Answer>& answers = flow->outcomes.at(0).answers;
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].kind, AnswerKind::kUnavailable);
  EXPECT_EQ(answers[0].reason, Reason::kOverloaded);
  EXPECT_EQ(answers[1].kind, AnswerKind::kUnavailable);
  EXPECT_EQ(answers[1].reason, Reason::kUnreachable);
  EXPECT_EQ(answers[2].kind, AnswerKind::kNotCovered);
}

TEST_F(GathererTest, WhenAllAreWithdrawnAfterAnAttemptItsOutcomeStands) {
  AddSource("bank", &bank, 2);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kUnreachable, true);
  loop.RunReady();
  flow->withdrawn = {"m1"};
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(flow->Only().kind, AnswerKind::kUnavailable);
  EXPECT_EQ(flow->Only().reason, Reason::kUnreachable);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 1);
}

TEST_F(GathererTest, AnAttemptThatNeverLeftHasAskedNobody) {
  AddSource("bank", &bank, 2);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  adapters::SourceReply unsent =
      adapters::UniformReply(bank.attempts.at(0)->request.query, AnswerKind::kUnavailable,
                             Reason::kUnreachable, /*retryable=*/true, "");
  unsent.sent = false;
  bank.attempts[0]->Reply(std::move(unsent));
  loop.RunReady();
  flow->withdrawn = {"m1"};
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(bank.attempts.size(), 1u);
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotAsked);
  EXPECT_EQ(flow->Only().reason, Reason::kNoAuthorization);
}

// The adapter had to wait for a connection, and asks before it sends.
TEST_F(GathererTest, AWithdrawalWhileTheAdapterWaitsStopsTheQueryAndTheOthersGoOn) {
  AddSource("bank", &bank);  // one attempt
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1", "m2"})});
  adapters::SourceRequest& waiting = bank.attempts.at(0)->request;
  EXPECT_TRUE(waiting.may_be_sent());
  flow->withdrawn = {"m1"};
  EXPECT_FALSE(waiting.may_be_sent());
  adapters::SourceReply unsent = adapters::UniformReply(
      waiting.query, AnswerKind::kNotAsked, Reason::kNoAuthorization, /*retryable=*/false, "");
  unsent.sent = false;
  bank.attempts[0]->Reply(std::move(unsent));
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 2u) << "what was not sent was no attempt";
  const adapters::SourceRequest& sent = bank.attempts[1]->request;
  ASSERT_EQ(sent.query.people.size(), 1u);
  EXPECT_EQ(sent.query.people[0].person_id, "m2");
  EXPECT_EQ(sent.warrant, "warrant");
  EXPECT_FALSE(waiting.may_be_sent()) << "an attempt that was given up";
  bank.attempts[1]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  const Outcome& outcome = flow->outcomes.at(0);
  EXPECT_EQ(outcome.attempts, 1);
  EXPECT_EQ(outcome.answers.at(0).kind, AnswerKind::kNotAsked);
  EXPECT_EQ(outcome.answers[0].reason, Reason::kNoAuthorization);
  EXPECT_EQ(outcome.answers.at(1).kind, AnswerKind::kNotCovered);
}

TEST_F(GathererTest, NothingMayBeSentForAWaveThatEnded) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})}, absl::Seconds(1));
  loop.AdvanceBy(absl::Seconds(1));
  ASSERT_EQ(flow->done, 1);
  EXPECT_FALSE(bank.attempts.at(0)->request.may_be_sent());
  flow->gatherer.reset();
  EXPECT_FALSE(bank.attempts[0]->request.may_be_sent());
}

TEST_F(GathererTest, AuthorizationIsAskedForAfterWaitingInLine) {
  AddSource("bank", &bank, 1, 1);
  const auto first = NewFlow();
  const auto second = NewFlow();
  first->Start({QueryOf("bank", {"m1"})});
  second->Start({QueryOf("bank", {"m1"})});
  second->withdrawn = {"m1"};
  bank.attempts.at(0)->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 1u);
  EXPECT_EQ(second->Only().reason, Reason::kNoAuthorization);
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
  EXPECT_EQ(sources->Find("bank")->gate->in_flight(), 0u);
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

TEST_F(GathererTest, NoMoreAttemptsAreInFlightThanTheSourceBears) {
  AddSource("bank", &bank, 1, 2);
  std::vector<std::unique_ptr<Flow>> flows;
  for (int i = 0; i < 4; ++i) {
    flows.push_back(NewFlow());
    flows.back()->Start({QueryOf("bank", {std::string(1, static_cast<char>('a' + i))})});
  }
  EXPECT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(sources->Find("bank")->gate->waiting(), 2u);
  bank.attempts[1]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 3u);
  EXPECT_EQ(bank.attempts[2]->request.query.people.at(0).person_id, "c") << "first come";
  bank.attempts[0]->ReplyAll(AnswerKind::kNotCovered);
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 4u);
  EXPECT_EQ(bank.attempts[3]->request.query.people.at(0).person_id, "d");
}

TEST_F(GathererTest, WhoWaitsInLineUntilTheDeadlineIsLateAndLeavesTheLine) {
  AddSource("bank", &bank, 1, 1);
  const auto first = NewFlow();
  const auto second = NewFlow();
  first->Start({QueryOf("bank", {"m1"})});
  second->Start({QueryOf("bank", {"m2"})}, absl::Seconds(1));
  loop.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(second->Only().reason, Reason::kLate);
  EXPECT_EQ(second->outcomes.at(0).attempts, 0);
  EXPECT_EQ(sources->Find("bank")->gate->waiting(), 0u);
}

TEST_F(GathererTest, AnAttemptNobodyWaitsForHoldsItsPlaceUntilItEnds) {
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

TEST_F(GathererTest, MissingAndSurplusAnswersAreSettled) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1", "m2"})});
  adapters::SourceReply reply;
  reply.answers.push_back(AnswerOf("m2", "employment", AnswerKind::kNotCovered));
  reply.answers.push_back(AnswerOf("m9", "employment", AnswerKind::kFound));
  bank.attempts.at(0)->Reply(std::move(reply));
  loop.RunReady();
  const Outcome& outcome = flow->outcomes.at(0);
  ASSERT_EQ(outcome.answers.size(), 2u);
  EXPECT_EQ(outcome.answers[0].kind, AnswerKind::kUnavailable);
  EXPECT_EQ(outcome.answers[0].reason, Reason::kEmpty);
  EXPECT_EQ(outcome.answers[1].kind, AnswerKind::kNotCovered);
  EXPECT_EQ(outcome.dropped_answers, 1);
  EXPECT_NE(outcome.operator_text, "");
}

TEST_F(GathererTest, OldDataAreStale) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1", "m2"})});
  adapters::SourceReply reply;
  for (const char* person : {"m1", "m2"}) {
    reply.answers.push_back(AnswerOf(person, "employment", AnswerKind::kFound));
    reply.answers.back().records.push_back({"wage", {}});
  }
  reply.answers[0].data_day = absl::CivilDay(2025, 1, 22);  // 40 days against a promise of 31
  reply.answers[1].data_day = absl::CivilDay(2025, 1, 31);  // 31
  bank.attempts.at(0)->Reply(std::move(reply));
  loop.RunReady();
  const std::vector<base::Answer>& answers = flow->outcomes.at(0).answers;
  EXPECT_EQ(answers.at(0).kind, AnswerKind::kStale);
  EXPECT_EQ(answers[0].reason, Reason::kTooOld);
  EXPECT_EQ(answers[0].records.size(), 1u) << "shown, not used";
  EXPECT_EQ(answers.at(1).kind, AnswerKind::kFound);
}

TEST_F(GathererTest, DataFromTheFutureAreMalformed) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  adapters::SourceReply reply;
  reply.answers.push_back(AnswerOf("m1", "employment", AnswerKind::kConfirmedNone));
  reply.answers[0].data_day = absl::CivilDay(2999, 1, 1);
  bank.attempts.at(0)->Reply(std::move(reply));
  loop.RunReady();
  EXPECT_EQ(flow->Only().kind, AnswerKind::kUnavailable);
  EXPECT_EQ(flow->Only().reason, Reason::kMalformed);
}

TEST_F(GathererTest, AnAnswerAboutDaysToComeEndsToday) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"}, {"deposit"})});
  adapters::SourceReply reply;
  reply.answers.push_back(AnswerOf("m1", "deposit", AnswerKind::kConfirmedNone));
  reply.answers[0].covered = {absl::CivilDay(2025, 2, 1), absl::CivilDay(2025, 6, 1)};
  bank.attempts.at(0)->Reply(std::move(reply));
  loop.RunReady();
  EXPECT_EQ(flow->Only().covered.to, absl::CivilDay(2025, 3, 4));
}

TEST_F(GathererTest, PendingAnswersPassWithTheirToken) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  adapters::SourceReply reply;
  reply.answers.push_back(AnswerOf("m1", "employment", AnswerKind::kPending));
  reply.pending_token = "token";
  reply.pending_ready_after = absl::FromUnixSeconds(1'741'000'000);
  bank.attempts.at(0)->Reply(std::move(reply));
  loop.RunReady();
  EXPECT_EQ(flow->Only().kind, AnswerKind::kPending);
  EXPECT_EQ(flow->outcomes.at(0).pending_token, "token");
  EXPECT_EQ(flow->outcomes[0].pending_ready_after, absl::FromUnixSeconds(1'741'000'000));
}

TEST(SourcesTest, PoliciesOutOfRangeAreRefused) {
  FakeSourceAdapter adapter;
  Sources sources;
  SourcePolicy good;
  good.id = "bank";
  EXPECT_TRUE(sources.Add(good, &adapter).ok());
  EXPECT_EQ(sources.Add(good, &adapter).code(), absl::StatusCode::kAlreadyExists);
  SourcePolicy bad = good;
  bad.id = "other";
  bad.attempts = 0;
  EXPECT_EQ(sources.Add(bad, &adapter).code(), absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.id = "other";
  bad.concurrency = 0;
  EXPECT_EQ(sources.Add(bad, &adapter).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(sources.size(), 1u);
}

TEST(SourcesTest, PolicyIsReadFromTheCatalogue) {
  plan::Source source;
  source.id = "nx-bank";
  source.deadline = absl::Seconds(2);
  source.attempts = 3;
  source.concurrency = 7;
  source.categories = {{"deposit", 31, false}, {"loan", std::nullopt, false}};
  const SourcePolicy policy = PolicyOf(source);
  EXPECT_EQ(policy.id, "nx-bank");
  EXPECT_EQ(policy.deadline, absl::Seconds(2));
  EXPECT_EQ(policy.attempts, 3);
  EXPECT_EQ(policy.concurrency, 7);
  ASSERT_EQ(policy.freshness_days.size(), 1u);
  EXPECT_EQ(policy.freshness_days[0].first, "deposit");
  EXPECT_EQ(policy.freshness_days[0].second, 31);
}

}  // namespace
}  // namespace hedui::gather
