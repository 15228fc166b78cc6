// Limits that a reload changes while a source is asked, and what is known of how long it takes.
#include <memory>
#include <vector>

#include "tests/gather/source_state_fixture.h"

namespace hedui::gather {
namespace {

TEST_F(SourceStateTest, ASmallerNumberOfPlacesEndsNothingAndLetsNothingBegin) {
  Open(Places(4));
  std::vector<std::unique_ptr<Asker>> holding;
  for (int i = 0; i < 4; ++i) holding.push_back(Ask());
  state_->SetLimits(Places(2));
  const auto waiting = Ask();
  for (size_t i = 0; i < 2; ++i) {
    holding[i]->permit.reset();
    loop_.RunReady();
    EXPECT_FALSE(waiting->decided) << "still as many as may be";
  }
  holding[2]->permit.reset();
  loop_.RunReady();
  EXPECT_TRUE(waiting->has());
  EXPECT_EQ(state_->in_flight(), 2u);
}

TEST_F(SourceStateTest, ALargerNumberOfPlacesLetsTheLineInAtOnce) {
  Open(Places(1));
  const auto first = Ask();
  const auto second = Ask();
  const auto third = Ask();
  state_->SetLimits(Places(2));
  loop_.RunReady();
  EXPECT_TRUE(second->has());
  EXPECT_FALSE(third->decided);
}

TEST_F(SourceStateTest, ALimitOfADaySetByAReloadKnowsWhatWasSentBefore) {
  Open(Places(10));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Ask()->permit->MaySend());
  EXPECT_TRUE(leases_.empty());
  SourceLimits limits = Places(10);
  limits.per_day = 6;
  state_->SetLimits(limits);
  const auto asker = Ask();
  ASSERT_EQ(leases_.size(), 1u);
  EXPECT_EQ(leases_[0].lease.from, 5);
  EXPECT_EQ(leases_[0].lease.size, 1);
}

TEST_F(SourceStateTest, AnotherBudgetOfFurtherAttemptsHoldsFromThenOn) {
  SourceLimits limits = Places(10);
  limits.extra = {.permille = 0, .reserve = 3};
  Open(limits);
  EXPECT_TRUE(state_->HasRetry());
  limits.extra = {.permille = 0, .reserve = 1};
  state_->SetLimits(limits);
  const auto first = Ask(Try::kRetry);
  ASSERT_TRUE(first->has());
  ASSERT_TRUE(first->permit->MaySend());
  EXPECT_FALSE(state_->HasRetry()) << "what was saved beyond the new reserve is lost";
  limits.extra = {.permille = 500, .reserve = 1};
  state_->SetLimits(limits);
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(state_->HasRetry()) << "a half each";
    ASSERT_TRUE(Ask()->permit->MaySend());
  }
  EXPECT_TRUE(state_->HasRetry());
}

TEST_F(SourceStateTest, AnotherBreakerHoldsFromThenOn) {
  SourceLimits limits = Places(10);
  limits.breaker.failures = 100;
  Open(limits);
  Fail(3);
  EXPECT_EQ(state_->breaker(), Breaker::State::kClosed);
  limits.breaker.failures = 4;
  limits.breaker.open_first = absl::Seconds(7);
  limits.breaker.open_max = absl::Seconds(7);
  state_->SetLimits(limits);
  EXPECT_EQ(state_->breaker(), Breaker::State::kClosed);
  Fail(1);
  EXPECT_EQ(state_->breaker(), Breaker::State::kOpen) << "what was counted stays";
  clock_.Advance(absl::Seconds(7) - absl::Microseconds(1));
  EXPECT_EQ(state_->breaker(), Breaker::State::kOpen);
  clock_.Advance(absl::Microseconds(1));
  EXPECT_EQ(state_->breaker(), Breaker::State::kHalfOpen);
  limits.breaker.failures = 0;
  state_->SetLimits(limits);
  EXPECT_EQ(state_->breaker(), Breaker::State::kClosed) << "it is off";
}

TEST_F(SourceStateTest, AnotherRateAndItsShareHoldFromThenOn) {
  SourceLimits limits = Places(10);
  limits.rate = {.per_second = 4, .interactive_percent = 25};
  Open(limits);
  const auto sent = [this](Urgency urgency) {
    const auto asker = Ask(Try::kFirst, urgency);
    return asker->has() && asker->permit->MaySend();
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(sent(Urgency::kBackground)) << i;
  EXPECT_FALSE(sent(Urgency::kBackground));
  clock_.Advance(absl::Seconds(2));
  limits.rate = {.per_second = 2, .interactive_percent = 50};
  state_->SetLimits(limits);
  EXPECT_TRUE(sent(Urgency::kBackground));
  EXPECT_FALSE(sent(Urgency::kBackground)) << "the other half is for those who wait";
  EXPECT_TRUE(sent(Urgency::kInteractive));
  EXPECT_FALSE(sent(Urgency::kInteractive));
}

TEST_F(SourceStateTest, HedgesAreWorthItOnceEnoughIsKnown) {
  Open(Places(10));
  EXPECT_EQ(state_->HedgeAfter(), absl::InfiniteDuration());
  EXPECT_EQ(state_->Patience(absl::Seconds(5)), absl::Seconds(5));
  AnswerAfter(absl::Milliseconds(10));
  EXPECT_GE(state_->HedgeAfter(), absl::Milliseconds(10));
  EXPECT_LE(state_->HedgeAfter(), absl::Microseconds(11'200));
}

TEST_F(SourceStateTest, HedgesWaitForNineteenOfTwentyNotForHalfNorForNearlyAll) {
  Open(Places(10));
  for (int i = 0; i < 10; ++i) {
    AnswerAfter(absl::Milliseconds(10), 90);
    AnswerAfter(absl::Milliseconds(40), 7);
    AnswerAfter(absl::Milliseconds(160), 3);
  }
  EXPECT_GE(state_->HedgeAfter(), absl::Milliseconds(40));
  EXPECT_LE(state_->HedgeAfter(), absl::Milliseconds(45));
  const SourceState::View view = state_->view();
  ASSERT_TRUE(view.latency_p50.has_value() && view.latency_p95.has_value());
  EXPECT_GE(*view.latency_p50, absl::Milliseconds(10));
  EXPECT_LE(*view.latency_p50, absl::Microseconds(11'200));
  EXPECT_EQ(*view.latency_p95, state_->HedgeAfter());
}

TEST_F(SourceStateTest, SilenceIsJudgedByWhatTheSourceTakesButNotWithinASecond) {
  Open(Places(10));
  AnswerAfter(absl::Milliseconds(5));
  EXPECT_EQ(state_->Patience(absl::Seconds(5)), absl::Seconds(1));
  EXPECT_EQ(state_->Patience(absl::Milliseconds(300)), absl::Milliseconds(300));
  AnswerAfter(absl::Milliseconds(400));
  EXPECT_EQ(state_->Patience(absl::Seconds(5)), 4 * state_->HedgeAfter());
}

}  // namespace
}  // namespace hedui::gather
