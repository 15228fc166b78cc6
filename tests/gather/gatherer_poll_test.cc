// Answers that a source promised, asked for again: under the same limits and with the same
// authority as any query.
#include "server/base/byte_budget.h"
#include "server/gather/answer_share.h"
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

class GathererPollTest : public GatherTest {
 protected:
  std::unique_ptr<Flow> NewPoll(const std::string& token = "token") {
    auto flow = NewFlow();
    flow->poll_token = token;
    return flow;
  }
};

TEST_F(GathererPollTest, AsksWithTheTokenAndBringsWhatWasPromised) {
  AddSource("bank", &bank);
  const auto flow = NewPoll("promise 7");
  flow->Start({QueryOf("bank", {"m1", "m2"}, {"deposit"})});
  ASSERT_EQ(bank.attempts.size(), 1u);
  EXPECT_EQ(bank.attempts[0]->token, "promise 7");
  EXPECT_EQ(bank.attempts[0]->request.warrant, "warrant");
  bank.attempts[0]->ReplyAll(AnswerKind::kConfirmedNone);
  loop.RunReady();
  ASSERT_EQ(flow->outcomes.size(), 1u);
  ASSERT_EQ(flow->outcomes[0].answers.size(), 2u);
  EXPECT_EQ(flow->outcomes[0].answers[1].kind, AnswerKind::kConfirmedNone);
  EXPECT_FALSE(flow->outcomes[0].token_unknown);
  EXPECT_EQ(flow->done, 1);
}

TEST_F(GathererPollTest, AsksAboutThoseOnlyWhoMayStillBeAskedAbout) {
  AddSource("bank", &bank);
  const auto flow = NewPoll();
  flow->withdrawn = {"m2"};
  flow->Start({QueryOf("bank", {"m1", "m2"}, {"deposit"})});
  ASSERT_EQ(bank.attempts.size(), 1u);
  ASSERT_EQ(bank.attempts[0]->request.query.people.size(), 1u);
  EXPECT_EQ(bank.attempts[0]->request.query.people[0].person_id, "m1");
  // Told all the same, it is not heard.
  adapters::SourceReply reply;
  for (const char* person : {"m1", "m2"}) {
    reply.answers.push_back(AnswerOf(person, "deposit", AnswerKind::kConfirmedNone));
  }
  bank.attempts[0]->Reply(std::move(reply));
  loop.RunReady();
  EXPECT_EQ(flow->outcomes.at(0).answers[1].kind, AnswerKind::kNotAsked);
  EXPECT_EQ(flow->outcomes[0].answers[1].reason, Reason::kNoAuthorization);
  EXPECT_EQ(flow->outcomes[0].dropped_answers, 1);

  const auto nobody = NewPoll();
  nobody->withdrawn = {"m1"};
  nobody->Start({QueryOf("bank", {"m1"}, {"deposit"})});
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 1u);
  EXPECT_EQ(nobody->Only().reason, Reason::kNoAuthorization);
}

TEST_F(GathererPollTest, IsNeitherHedgedNorShared) {
  SourcePolicy policy = PolicyNamed("bank");
  policy.hedge_safe = true;
  policy.cache_lifetime = absl::Minutes(5);
  AddSource(policy, &bank);
  base::ByteBudget budget(1 << 20, 1 << 20);
  const auto answers = AnswerShare::Create(&clock, &budget);
  // So that it is known how long the source takes.
  for (int i = 0; i < 100; ++i) {
    const auto query = NewFlow();
    query->Start({QueryOf("bank", {"m1"}, {"deposit"})});
    loop.AdvanceBy(absl::Milliseconds(10));
    bank.attempts.back()->ReplyAll(AnswerKind::kConfirmedNone);
    loop.RunReady();
  }
  const size_t before = bank.attempts.size();
  ASSERT_LT(StateOf("bank").HedgeAfter(), absl::Seconds(1));
  for (int i = 0; i < 2; ++i) {
    const auto flow = NewPoll();
    flow->answers = answers.get();
    flow->scope = "matter";
    flow->Start({QueryOf("bank", {"m1"}, {"deposit"})});
    loop.AdvanceBy(absl::Seconds(2));
    ASSERT_EQ(bank.attempts.size(), before + static_cast<size_t>(i) + 1);
    bank.attempts.back()->ReplyAll(AnswerKind::kConfirmedNone);
    loop.RunReady();
    EXPECT_FALSE(flow->outcomes.at(0).reused.has_value());
  }
}

TEST_F(GathererPollTest, WaitsInTheLineOfItsSource) {
  AddSource("bank", &bank, 1, 1);
  const auto query = NewFlow();
  query->Start({QueryOf("bank", {"m1"}, {"deposit"})});
  const auto poll = NewPoll();
  poll->urgency = Urgency::kBackground;
  poll->Start({QueryOf("bank", {"m2"}, {"deposit"})});
  EXPECT_EQ(bank.attempts.size(), 1u);
  bank.attempts[0]->ReplyAll(AnswerKind::kConfirmedNone);
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(bank.attempts[1]->token, "token");
}

TEST_F(GathererPollTest, ATokenThatIsUnknownIsSaidSoAndSpeaksNotAgainstTheSource) {
  AddSource("bank", &bank);
  for (int i = 0; i < 50; ++i) {
    const auto flow = NewPoll();
    flow->Start({QueryOf("bank", {"m1"}, {"deposit"})});
    ASSERT_FALSE(bank.attempts.empty());
    adapters::SourceReply reply =
        adapters::UniformReply(bank.attempts.back()->request.query, AnswerKind::kUnavailable,
                               Reason::kSourceError, /*retryable=*/false, "");
    reply.token_unknown = true;
    bank.attempts.back()->Reply(std::move(reply));
    loop.RunReady();
    EXPECT_TRUE(flow->outcomes.at(0).token_unknown);
    EXPECT_EQ(flow->outcomes[0].answers.at(0).kind, AnswerKind::kUnavailable);
  }
  EXPECT_EQ(StateOf("bank").breaker(), Breaker::State::kClosed);
}

TEST_F(GathererPollTest, IsRefusedWhileItsSourceIsSpared) {
  AddSource("bank", &bank);
  for (int i = 0; i < 50 && StateOf("bank").breaker() == Breaker::State::kClosed; ++i) {
    const auto flow = NewPoll();
    flow->Start({QueryOf("bank", {"m1"}, {"deposit"})});
    bank.attempts.back()->ReplyAll(AnswerKind::kUnavailable, Reason::kUnreachable);
    loop.RunReady();
  }
  const size_t before = bank.attempts.size();
  const auto flow = NewPoll();
  flow->Start({QueryOf("bank", {"m1"}, {"deposit"})});
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), before);
  EXPECT_EQ(flow->Only().kind, AnswerKind::kNotAsked);
  EXPECT_EQ(flow->Only().reason, Reason::kBreaker);
}

}  // namespace
}  // namespace hedui::gather
