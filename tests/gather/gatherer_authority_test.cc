// Letters withdrawn while a wave is under way: who is still asked, and what is said of the others.
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

class GathererAuthorityTest : public GatherTest {};

TEST_F(GathererAuthorityTest, WithdrawnPersonIsNotAskedAndTheOthersGoOn) {
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

TEST_F(GathererAuthorityTest, NothingIsSentWhenEverybodyWithdrew) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->withdrawn = {"m1"};
  flow->Start({QueryOf("bank", {"m1"})});
  loop.RunReady();
  EXPECT_TRUE(bank.attempts.empty());
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotAsked);
  EXPECT_EQ(flow->Only().reason, Reason::kNoAuthorization);
  EXPECT_EQ(StateOf("bank").in_flight(), 0u);
}

TEST_F(GathererAuthorityTest, AuthorizationIsAskedForAgainBeforeTheNextAttempt) {
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
TEST_F(GathererAuthorityTest, WhoWasSentBeforeTheWithdrawalIsReportedAsAskedWithWhatCameOfIt) {
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

TEST_F(GathererAuthorityTest, WhenAllAreWithdrawnAfterAnAttemptItsOutcomeStands) {
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

TEST_F(GathererAuthorityTest, AnAttemptThatNeverLeftHasAskedNobody) {
  bank.connecting = true;
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
TEST_F(GathererAuthorityTest, AWithdrawalWhileTheAdapterWaitsStopsTheQueryAndTheOthersGoOn) {
  bank.connecting = true;
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

TEST_F(GathererAuthorityTest, NothingMayBeSentForAWaveThatEnded) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})}, absl::Seconds(1));
  loop.AdvanceBy(absl::Seconds(1));
  ASSERT_EQ(flow->done, 1);
  EXPECT_FALSE(bank.attempts.at(0)->request.may_be_sent());
  flow->gatherer.reset();
  EXPECT_FALSE(bank.attempts[0]->request.may_be_sent());
}

TEST_F(GathererAuthorityTest, AuthorizationIsAskedForAfterWaitingInLine) {
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

}  // namespace
}  // namespace hedui::gather
