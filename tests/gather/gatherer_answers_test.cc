// What a reply becomes: one answer for each pair asked, as old as promised.
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

class GathererAnswersTest : public GatherTest {};

TEST_F(GathererAnswersTest, MissingAndSurplusAnswersAreSettled) {
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

TEST_F(GathererAnswersTest, OldDataAreStale) {
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

TEST_F(GathererAnswersTest, DataFromTheFutureAreMalformed) {
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

TEST_F(GathererAnswersTest, AnAnswerAboutDaysToComeEndsToday) {
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

TEST_F(GathererAnswersTest, PendingAnswersPassWithTheirToken) {
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

}  // namespace
}  // namespace hedui::gather
