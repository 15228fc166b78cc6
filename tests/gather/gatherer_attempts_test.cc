// What is tried again, when, and until when.
#include <array>
#include <set>

#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

class GathererAttemptsTest : public GatherTest {
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

TEST_F(GathererAttemptsTest, RetryableFailureIsTriedAgainUnderANewName) {
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

TEST_F(GathererAttemptsTest, TheLastAttemptsFailureIsTheAnswer) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  EXPECT_EQ(AttemptsOf(flow.get(), Reason::kUnreachable, true), 3u);
  EXPECT_EQ(flow->Only().reason, Reason::kUnreachable);
  EXPECT_EQ(flow->outcomes.at(0).attempts, 3);
}

TEST_F(GathererAttemptsTest, OtherFailuresAreNotTriedAgain) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  EXPECT_EQ(AttemptsOf(flow.get(), Reason::kMalformed, false), 1u);
  EXPECT_EQ(flow->Only().reason, Reason::kMalformed);
}

TEST_F(GathererAttemptsTest, ThePauseIsDrawnFromAllThatTheAttemptAllows) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  absl::Duration longest = absl::Milliseconds(100);
  for (size_t i = 0; i < 2; ++i) {
    bank.attempts.at(i)->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
    loop.RunReady();
    EXPECT_EQ(bank.attempts.size(), i + 1);
    loop.AdvanceBy(longest);
    EXPECT_EQ(bank.attempts.size(), i + 2) << "after all of it";
    longest *= 2;
  }
}

TEST_F(GathererAttemptsTest, NoAttemptBeginsWhereItsPauseWouldEndAfterTheDeadline) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})}, absl::Microseconds(1));
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kUnreachable, true);
  loop.RunReady();
  EXPECT_EQ(flow->done, 1) << "what is known is said at once";
  EXPECT_EQ(flow->Only().reason, Reason::kUnreachable);
}

TEST_F(GathererAttemptsTest, EachAttemptIsASpanOfItsOwnUnderWhoAsked) {
  AddSource("bank", &bank, 2);
  const auto flow = NewFlow();
  flow->trace = base::TraceParent::Parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  flow->Start({QueryOf("bank", {"m1"})});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kUnreachable, true);
  loop.AdvanceBy(absl::Seconds(1));
  ASSERT_EQ(bank.attempts.size(), 2u);
  std::set<std::array<uint8_t, 8>> spans{flow->trace->span_id};
  for (const auto& attempt : bank.attempts) {
    const auto sent = base::TraceParent::Parse(attempt->request.traceparent);
    ASSERT_TRUE(sent.has_value()) << attempt->request.traceparent;
    EXPECT_EQ(sent->trace_id, flow->trace->trace_id);
    spans.insert(sent->span_id);
  }
  EXPECT_EQ(spans.size(), 3u);
}

TEST_F(GathererAttemptsTest, WithoutATraceNoneIsSent) {
  AddSource("bank", &bank);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  EXPECT_EQ(bank.attempts.at(0)->request.traceparent, "");
}

TEST_F(GathererAttemptsTest, TheSourcesDeadlineIsOfTheWholeQueryNotOfEachAttempt) {
  AddSource("bank", &bank, 3);
  const auto flow = NewFlow();
  flow->Start({QueryOf("bank", {"m1"})});
  EXPECT_EQ(bank.attempts.at(0)->request.timeout, absl::Seconds(3));
  loop.AdvanceBy(absl::Seconds(2));
  bank.attempts[0]->ReplyAll(AnswerKind::kUnavailable, Reason::kOverloaded, true);
  loop.AdvanceBy(absl::Milliseconds(100));
  ASSERT_EQ(bank.attempts.size(), 2u);
  EXPECT_LT(bank.attempts[1]->request.timeout, absl::Seconds(1)) << "what is left of 3 s";
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

}  // namespace
}  // namespace hedui::gather
