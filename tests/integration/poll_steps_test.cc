#include "server/poll_steps.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hedui {
namespace {

using base::AnswerKind;
using base::Reason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReadPollReplyTest : public ::testing::Test {
 protected:
  ReadPollReplyTest() {
    promise_.token = "first";
    for (const char* person : {"m1", "m2", "m3"}) promise_.pairs.push_back({person, "deposit"});
  }
  void Says(const std::string& person, AnswerKind kind, Reason reason = Reason::kNone) {
    base::Answer& answer = outcome_.answers.emplace_back();
    answer.person_id = person;
    answer.category = "deposit";
    answer.kind = kind;
    answer.reason = reason;
  }
  static PromisedPair Of(const std::string& person) { return {person, "deposit"}; }

  Promise promise_;
  gather::Outcome outcome_;
};

TEST_F(ReadPollReplyTest, WhoIsLeftOutOfAnAnswerIsWaitedForStill) {
  Says("m1", AnswerKind::kFound);
  // As gather has one of whom nothing came, and one who was not asked about.
  Says("m2", AnswerKind::kUnavailable, Reason::kEmpty);
  Says("m3", AnswerKind::kNotAsked, Reason::kNoAuthorization);
  const PollReply reply = ReadPollReply(promise_, outcome_);
  ASSERT_THAT(reply.answers, SizeIs(1));
  EXPECT_EQ(reply.answers[0].person_id, "m1");
  EXPECT_THAT(reply.promised, ElementsAre(Of("m2"), Of("m3")));
  EXPECT_EQ(reply.token, "first") << "there is no other";
  EXPECT_EQ(reply.ready_after, std::nullopt);
}

TEST_F(ReadPollReplyTest, WhoIsInNoAnswerAtAllIsWaitedForStill) {
  Says("m2", AnswerKind::kConfirmedNone);
  const PollReply reply = ReadPollReply(promise_, outcome_);
  EXPECT_THAT(reply.promised, ElementsAre(Of("m1"), Of("m3")));
}

TEST_F(ReadPollReplyTest, TheLastTokenAndTimeCount) {
  for (const char* person : {"m1", "m2", "m3"}) Says(person, AnswerKind::kPending);
  outcome_.pending_token = "second";
  outcome_.pending_ready_after = absl::FromUnixSeconds(1'800'000'000);
  const PollReply reply = ReadPollReply(promise_, outcome_);
  EXPECT_THAT(reply.answers, IsEmpty());
  EXPECT_THAT(reply.promised, SizeIs(3));
  EXPECT_EQ(reply.token, "second");
  EXPECT_EQ(reply.ready_after, absl::FromUnixSeconds(1'800'000'000));
}

TEST_F(ReadPollReplyTest, AFailureIsNoAnswerAndARefusalIs) {
  Says("m1", AnswerKind::kRefused, Reason::kWarrantRejected);
  Says("m2", AnswerKind::kUnavailable, Reason::kUnreachable);
  Says("m3", AnswerKind::kRefused, Reason::kSourceRefused);
  const PollReply reply = ReadPollReply(promise_, outcome_);
  ASSERT_THAT(reply.answers, SizeIs(1));
  EXPECT_EQ(reply.answers[0].person_id, "m3");
  EXPECT_THAT(reply.promised, ElementsAre(Of("m1"), Of("m2")));
}

}  // namespace
}  // namespace hedui
