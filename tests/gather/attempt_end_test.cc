#include "server/gather/attempt_end.h"

#include "gtest/gtest.h"
#include "server/gather/jitter.h"
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

adapters::SourceReply ReplyOf(AnswerKind kind, Reason reason) {
  return adapters::UniformReply(QueryOf("bank", {"m1", "m2"}), kind, reason, false, "");
}

TEST(AttemptEndTest, WhatNothingUsableCameOfIsAFailure) {
  for (const Reason reason : {Reason::kUnreachable, Reason::kOverloaded, Reason::kSourceError,
                              Reason::kMalformed, Reason::kEmpty}) {
    EXPECT_EQ(EndOf(ReplyOf(AnswerKind::kUnavailable, reason), false), AttemptEnd::kFailed)
        << base::ReasonName(reason);
  }
  EXPECT_EQ(EndOf({}, false), AttemptEnd::kFailed);
}

TEST(AttemptEndTest, OneAnswerIsEnoughAndARefusalIsOne) {
  adapters::SourceReply reply = ReplyOf(AnswerKind::kUnavailable, Reason::kMalformed);
  reply.answers.at(1).kind = AnswerKind::kConfirmedNone;
  EXPECT_EQ(EndOf(reply, true), AttemptEnd::kGood);
  EXPECT_EQ(EndOf(ReplyOf(AnswerKind::kRefused, Reason::kWarrantRejected), true),
            AttemptEnd::kGood);
}

// UNAVAILABLE, since the promise stands.
TEST(AttemptEndTest, APollThatIsRefusedAsAWholeIsNoFailureOfItsSource) {
  EXPECT_EQ(EndOf(ReplyOf(AnswerKind::kUnavailable, Reason::kSourceRefused), true),
            AttemptEnd::kGood);
}

TEST(AttemptEndTest, SilenceIsAFailureOnlyOfWhoHadItsTime) {
  const auto late = ReplyOf(AnswerKind::kUnavailable, Reason::kLate);
  EXPECT_EQ(EndOf(late, true), AttemptEnd::kFailed);
  EXPECT_EQ(EndOf(late, false), AttemptEnd::kNeutral);
}

TEST(AttemptEndTest, OurOwnCancellationsAndRejectionsSayNothing) {
  for (const Reason reason : {Reason::kCancelled, Reason::kOversized}) {
    EXPECT_EQ(EndOf(ReplyOf(AnswerKind::kUnavailable, reason), true), AttemptEnd::kNeutral)
        << base::ReasonName(reason);
  }
  EXPECT_EQ(EndOf(ReplyOf(AnswerKind::kNotAsked, Reason::kNoAuthorization), true),
            AttemptEnd::kNeutral);
}

TEST(JitterTest, IsDrawnFromZeroToADoublingLimit) {
  const absl::Duration first = absl::Milliseconds(100);
  const absl::Duration max = absl::Milliseconds(350);
  const absl::Duration limits[] = {first, 2 * first, max, max};
  uint64_t word = 1;
  for (int failed = 1; failed <= 4; ++failed) {
    const absl::Duration limit = limits[failed - 1];
    absl::Duration least = limit;
    absl::Duration most;
    for (int i = 0; i < 10'000; ++i) {
      word = word * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
      const absl::Duration pause = FullJitter(first, max, failed, word >> 20);
      EXPECT_GE(pause, absl::ZeroDuration());
      EXPECT_LE(pause, limit);
      least = std::min(least, pause);
      most = std::max(most, pause);
    }
    EXPECT_LT(least, limit / 100) << "all of it, not a part";
    EXPECT_GT(most, limit * 0.99);
  }
  EXPECT_EQ(FullJitter(absl::ZeroDuration(), max, 9, 7), absl::ZeroDuration());
}

}  // namespace
}  // namespace hedui::gather
