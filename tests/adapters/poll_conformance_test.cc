// Polls for answers that a department promised: what every kind of adapter that can poll must do.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/digest.h"
#include "server/base/mutex.h"
#include "tests/adapters/conformance_fixture.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"

namespace hedui::adapters {
namespace {

using base::AnswerKind;
using base::Reason;

class PollConformanceTest : public ConformanceTest {
 protected:
  // What the department promises with every query.
  std::string Promise() {
    const SourceReply reply = Reply();
    for (const base::Answer& answer : reply.answers) {
      EXPECT_EQ(answer.kind, AnswerKind::kPending) << answer.category;
    }
    EXPECT_NE(reply.pending_token, "");
    return reply.pending_token;
  }
};

TEST_P(PollConformanceTest, APromiseIsKeptOnceItsTimeHasCome) {
  Open("{kind: pending, pending_for: 0s}");
  const std::string token = Promise();
  for (int again = 0; again < 2; ++again) {
    const SourceReply reply = ReplyToPoll(token);
    EXPECT_EQ(reply.operator_text, "");
    EXPECT_TRUE(reply.sent);
    EXPECT_FALSE(reply.token_unknown);
    EXPECT_EQ(reply.pending_token, "");
    ASSERT_EQ(reply.answers.size(), 2u);
    EXPECT_EQ(reply.answers[0].kind, AnswerKind::kConfirmedNone);
    const base::Answer& answer = reply.answers[1];
    EXPECT_EQ(answer.kind, AnswerKind::kFound);
    EXPECT_EQ(answer.data_day, absl::CivilDay(2025, 3, 2));
    EXPECT_EQ(answer.covered, Query().period);
    EXPECT_TRUE(answer.complete);
    ASSERT_EQ(answer.records.size(), 1u);
    EXPECT_EQ(answer.digest.size(), base::kDigestBytes);
  }
}

TEST_P(PollConformanceTest, AskedTooSoonItIsRenewed) {
  Open("{kind: pending}");
  const std::string token = Promise();
  const SourceReply reply = ReplyToPoll(token);
  ASSERT_EQ(reply.answers.size(), 2u);
  EXPECT_EQ(reply.answers[0].kind, AnswerKind::kPending);
  EXPECT_EQ(reply.answers[1].kind, AnswerKind::kPending);
  EXPECT_EQ(reply.pending_token, token);
  EXPECT_FALSE(reply.token_unknown);
}

TEST_P(PollConformanceTest, SaysWhenToAskAgain) {
  Open("{kind: pending, pending_for: 86400s}");
  const SourceReply first = Reply();
  EXPECT_NE(first.pending_ready_after, absl::InfinitePast());
  EXPECT_EQ(ReplyToPoll(first.pending_token).pending_ready_after, first.pending_ready_after);
}

TEST_P(PollConformanceTest, ATokenThatTheDepartmentDoesNotKnowIsNoOtherFailure) {
  Open();
  for (const char* token : {"another", "sim-0-0-0"}) {
    const SourceReply reply = ReplyToPoll(token);
    EXPECT_TRUE(reply.token_unknown);
    EXPECT_FALSE(reply.retryable);
    ASSERT_EQ(reply.answers.size(), 2u);
    EXPECT_EQ(reply.answers[1].kind, AnswerKind::kUnavailable);
    EXPECT_EQ(reply.answers[1].reason, Reason::kSourceError);
  }
}

// But for `deny`: a refusal of all of a query is its answer.
TEST_P(PollConformanceTest, FailuresAreThoseOfQueriesAndLoseNoPromise) {
  struct {
    const char* fault;
    AnswerKind kind;
    Reason reason;
    bool retryable;
  } const faults[] = {
      {"unavailable", AnswerKind::kUnavailable, Reason::kUnreachable, true},
      {"overloaded", AnswerKind::kUnavailable, Reason::kOverloaded, true},
      {"source_error", AnswerKind::kUnavailable, Reason::kSourceError, false},
      {"deny", AnswerKind::kUnavailable, Reason::kSourceRefused, false},
      {"reject_warrant", AnswerKind::kRefused, Reason::kWarrantRejected, false},
      {"garbage", AnswerKind::kUnavailable, Reason::kMalformed, false},
      {"empty", AnswerKind::kUnavailable, Reason::kEmpty, false},
      {"oversized", AnswerKind::kUnavailable, Reason::kOversized, false},
  };
  for (const auto& fault : faults) {
    SCOPED_TRACE(fault.fault);
    Open(absl::StrCat("{kind: ", fault.fault, "}"));
    const SourceReply reply = ReplyToPoll("token");
    ASSERT_EQ(reply.answers.size(), 2u);
    EXPECT_EQ(reply.answers[1].kind, fault.kind);
    EXPECT_EQ(reply.answers[1].reason, fault.reason);
    EXPECT_EQ(reply.retryable, fault.retryable);
    EXPECT_FALSE(reply.token_unknown);
    EXPECT_FALSE(absl::StrContains(reply.operator_text, "6401")) << reply.operator_text;
  }
}

TEST_P(PollConformanceTest, SilenceIsLateAtTheDeadline) {
  Open("{kind: silent}");
  const SourceReply reply = ReplyToPoll("token", Request(kNotSoon));
  ASSERT_EQ(reply.answers.size(), 2u);
  EXPECT_EQ(reply.answers[1].kind, AnswerKind::kUnavailable);
  EXPECT_EQ(reply.answers[1].reason, Reason::kLate);
}

TEST_P(PollConformanceTest, CancelEndsItOnce) {
  Open("{kind: silent}");
  const auto call = Poll("token", Request());
  harness_->OnLoop([&](runtime::EventLoop&) {
    call->Cancel();
    EXPECT_EQ(ended_, 0) << "done ran inside Cancel";
    call->Cancel();
  });
  harness_->RunUntil([&] { return ended_ == 1; });
  EXPECT_EQ(replies_.at(0).answers.at(0).reason, Reason::kCancelled);
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_P(PollConformanceTest, NamesWhomItIsForUnderItsWarrant) {
  base::Mutex mutex;
  v1::QueryRequest at_the_department;
  Open("{kind: pending, pending_for: 0s}", [&](const v1::QueryRequest& request) {
    const base::MutexLock lock(&mutex);
    at_the_department = request;
    return absl::OkStatus();
  });
  const std::string token = Promise();
  SourceRequest request = Request();
  request.attempt_id = "v1/2/dept/1";
  request.warrant = "another warrant";
  request.query.people[0].categories = {"employment"};
  const SourceReply reply = ReplyToPoll(token, std::move(request));
  ASSERT_EQ(reply.answers.size(), 1u);
  EXPECT_EQ(reply.answers[0].kind, AnswerKind::kFound);
  const base::MutexLock lock(&mutex);
  const v1::QueryRequest& seen = at_the_department;
  EXPECT_EQ(seen.warrant(), "another warrant");
  EXPECT_EQ(seen.attempt_id(), "v1/2/dept/1");
  EXPECT_EQ(seen.period().from(), "2025-02-01");
  ASSERT_EQ(seen.people_size(), 1);
  EXPECT_EQ(seen.people(0).identity().number(), kNumber);
  ASSERT_EQ(seen.people(0).categories_size(), 1);
}

TEST_P(PollConformanceTest, LeavesOnlyWhereItMayInThatMoment) {
  Open("", [this](const v1::QueryRequest&) {
    ++arrived_;
    return absl::OkStatus();
  });
  int asked = 0;  // on the loop
  SourceRequest allowed = Request();
  allowed.may_be_sent = [&asked] { return ++asked > 0; };
  EXPECT_TRUE(ReplyToPoll("token", std::move(allowed)).sent);
  EXPECT_EQ(asked, 1);
  SourceRequest request = Request();
  request.may_be_sent = [] { return false; };
  const SourceReply reply = ReplyToPoll("token", std::move(request));
  EXPECT_FALSE(reply.sent);
  ASSERT_EQ(reply.answers.size(), 2u);
  EXPECT_EQ(reply.answers[0].kind, AnswerKind::kNotAsked);
  EXPECT_EQ(arrived_, 1);
}

TEST_P(PollConformanceTest, OneThatHadToWaitIsNotSentAfterAWithdrawal) {
  OpenHeld();
  bool allowed = true;  // on the loop
  SourceRequest request = Request();
  request.may_be_sent = [&allowed] { return allowed; };
  const auto call = Poll("token", std::move(request));
  int left_before = 0;
  harness_->OnLoop([&](runtime::EventLoop&) {
    allowed = false;
    left_before = arrived_;
  });
  harness_->LetThrough();
  harness_->RunUntil([&] { return ended_ == 1; });
  EXPECT_EQ(arrived_, left_before);
  EXPECT_EQ(replies_.at(0).sent, left_before == 1);
}

INSTANTIATE_TEST_SUITE_P(Kinds, PollConformanceTest, ::testing::ValuesIn(kKinds),
                         [](const auto& tested) { return std::string(tested.param.name); });

// A kind that never promises anything.
class OnlyQueries final : public SourceAdapter {
 public:
  std::shared_ptr<SourceCall> Start(runtime::EventLoop&, SourceRequest, SourceDone) override {
    ADD_FAILURE() << "a poll is no query";
    return nullptr;
  }
};

TEST(PollTest, OfAKindWithoutItSendsNothingAndSaysSo) {
  testing::FakeClock clock;
  testing::FakeLoop loop(&clock);
  OnlyQueries adapter;
  SourceRequest request;
  request.query.people.push_back({"m1", {}, {"deposit"}});
  std::vector<SourceReply> replies;
  adapter
      .Poll(loop, "token", std::move(request),
            [&](SourceReply reply) { replies.push_back(std::move(reply)); })
      ->Cancel();
  EXPECT_TRUE(replies.empty());
  loop.RunReady();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_FALSE(replies[0].sent);
  EXPECT_FALSE(replies[0].token_unknown);
  ASSERT_EQ(replies[0].answers.size(), 1u);
  EXPECT_EQ(replies[0].answers[0].kind, AnswerKind::kUnavailable);
  EXPECT_EQ(replies[0].answers[0].reason, Reason::kSourceError);
}

}  // namespace
}  // namespace hedui::adapters
