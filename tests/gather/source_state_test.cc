#include "server/gather/source_state.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "tests/gather/source_state_fixture.h"

namespace hedui::gather {
namespace {

TEST_F(SourceStateTest, PlacesComeBackWhenPermitsGo) {
  Open(Places(1));
  const auto first = Ask();
  ASSERT_TRUE(first->has());
  auto second = Ask();
  EXPECT_FALSE(second->decided);
  EXPECT_EQ(state_->waiting(), 1u);
  second.reset();
  EXPECT_EQ(state_->waiting(), 0u);
  first->permit.reset();
  EXPECT_EQ(state_->in_flight(), 0u);
}

TEST_F(SourceStateTest, NobodyOvertakesTheLine) {
  Open(Places(1));
  const auto first = Ask();
  const auto second = Ask();
  first->permit.reset();
  const auto third = Ask();
  EXPECT_FALSE(third->decided) << "the place belongs to who waited";
  EXPECT_FALSE(state_->TryHedge(Urgency::kInteractive).has_value());
  loop_.RunReady();
  EXPECT_TRUE(second->has());
  EXPECT_EQ(state_->in_flight(), 1u);
}

TEST_F(SourceStateTest, AGrantNobodyTakesGoesToTheNext) {
  Open(Places(1));
  const auto first = Ask();
  const auto leaving = Ask();
  const auto staying = Ask();
  first->permit.reset();    // granted to the first in line, its task is posted …
  leaving->ticket.reset();  // … and it leaves before the task runs
  loop_.RunReady();
  EXPECT_FALSE(leaving->decided);
  EXPECT_TRUE(staying->has());
}

TEST_F(SourceStateTest, ALoopThatHasShutDownGivesThePlaceBack) {
  Open(Places(1));
  testing::FakeLoop dead(&clock_);
  const auto first = Ask();
  const auto stranded = Ask(Try::kFirst, Urgency::kInteractive, &dead);
  const auto waiting = Ask();
  dead.Shutdown();
  first->permit.reset();
  loop_.RunReady();
  EXPECT_FALSE(stranded->decided);
  EXPECT_TRUE(waiting->has());
}

TEST_F(SourceStateTest, WhoIsWaitedForGoesFirstAndOneOfEightIsOfTheBackground) {
  Open(Places(10));
  std::vector<std::unique_ptr<Asker>> holding;
  for (int i = 0; i < 10; ++i) holding.push_back(Ask());
  std::vector<std::unique_ptr<Asker>> background;
  std::vector<std::unique_ptr<Asker>> interactive;
  for (int i = 0; i < 3; ++i) background.push_back(Ask(Try::kFirst, Urgency::kBackground));
  for (int i = 0; i < 16; ++i) interactive.push_back(Ask());
  const auto served = [](const std::vector<std::unique_ptr<Asker>>& all) {
    return std::count_if(all.begin(), all.end(), [](const auto& one) { return one->decided; });
  };
  for (int i = 0; i < 7; ++i) {
    holding[static_cast<size_t>(i)]->permit.reset();
    loop_.RunReady();
  }
  EXPECT_EQ(served(interactive), 7);
  EXPECT_EQ(served(background), 0);
  holding[7]->permit.reset();
  loop_.RunReady();
  EXPECT_EQ(served(background), 1);
}

TEST_F(SourceStateTest, TheBackgroundLeavesAShareOfThePlaces) {
  Open(Places(10));
  std::vector<std::unique_ptr<Asker>> background;
  for (int i = 0; i < 10; ++i) background.push_back(Ask(Try::kFirst, Urgency::kBackground));
  EXPECT_EQ(state_->in_flight(), 8u);
  EXPECT_TRUE(Ask()->has());
  background[0]->permit.reset();
  loop_.RunReady();
  EXPECT_EQ(state_->in_flight(), 8u) << "the next of the background";
}

TEST_F(SourceStateTest, WhatTheRateHoldsUpIsLetInAtThatVeryMoment) {
  SourceLimits limits = Places(10);
  limits.rate.per_second = 2;
  Open(limits);
  const auto first = Ask();
  const auto second = Ask();
  ASSERT_TRUE(first->permit->MaySend());
  ASSERT_TRUE(second->permit->MaySend());
  first->permit.reset();
  const auto third = Ask();
  EXPECT_FALSE(third->decided);
  EXPECT_TRUE(state_->QuotaHoldsUp(Urgency::kInteractive));
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_FALSE(third->decided);
  loop_.AdvanceBy(absl::Microseconds(1));
  EXPECT_TRUE(third->has());
}

TEST_F(SourceStateTest, TheLineGoesOnWhereItsTimerWentWithItsLoop) {
  SourceLimits limits = Places(10);
  limits.rate.per_second = 1;
  Open(limits);
  const auto first = Ask();
  ASSERT_TRUE(first->permit->MaySend());
  testing::FakeLoop dead(&clock_);
  auto stranded = Ask(Try::kFirst, Urgency::kInteractive, &dead);
  dead.RunReady();
  dead.Shutdown();
  stranded.reset();
  const auto waiting = Ask();
  loop_.AdvanceBy(absl::Seconds(2));
  EXPECT_TRUE(waiting->has());
}

TEST_F(SourceStateTest, WhatWasNotSentIsChargedToNobody) {
  SourceLimits limits = Places(10);
  limits.rate.per_second = 1;
  limits.extra = {100, 1};
  Open(limits);
  for (int i = 0; i < 5; ++i) {
    const auto asker = Ask(Try::kRetry);
    ASSERT_TRUE(asker->has()) << i;
    EXPECT_FALSE(Ask()->decided) << "while it may still be sent";
  }
  const auto sent = Ask(Try::kRetry);
  ASSERT_TRUE(sent->permit->MaySend());
  sent->permit.reset();
  const auto refused = Ask(Try::kRetry);
  EXPECT_TRUE(refused->decided && !refused->has());
  EXPECT_EQ(refused->refused, base::Reason::kNone) << "no budget left";
}

TEST_F(SourceStateTest, AfterFailuresNobodyPassesAndTheLineIsTurnedAway) {
  SourceLimits limits = Places(6);
  Open(limits);
  std::vector<std::unique_ptr<Asker>> holding;
  for (int i = 0; i < 6; ++i) holding.push_back(Ask());
  const auto waiting = Ask();
  for (size_t i = 0; i < 5; ++i) holding[i]->permit->Judge(AttemptEnd::kFailed, false);
  loop_.RunReady();
  EXPECT_EQ(waiting->refused, base::Reason::kBreaker);
  EXPECT_EQ(Ask()->refused, base::Reason::kBreaker);
  EXPECT_EQ(state_->breaker(), Breaker::State::kOpen);
  EXPECT_FALSE(state_->TryHedge(Urgency::kInteractive).has_value());
}

TEST_F(SourceStateTest, OneProbeIsLetThroughAndALostOneIsReplaced) {
  Open(Places(10));
  Fail(5);
  loop_.AdvanceBy(absl::Seconds(1));
  auto probe = Ask();
  ASSERT_TRUE(probe->has());
  EXPECT_EQ(Ask()->refused, base::Reason::kBreaker) << "one at a time";
  EXPECT_FALSE(state_->TryHedge(Urgency::kInteractive).has_value()) << "nor beside it";
  probe.reset();  // whoever made it is gone
  const auto next = Ask();
  ASSERT_TRUE(next->has());
  next->permit->Judge(AttemptEnd::kGood, false);
  EXPECT_EQ(state_->breaker(), Breaker::State::kClosed);
  EXPECT_TRUE(Ask()->has());
}

TEST_F(SourceStateTest, OfADayNothingLeavesBeforeABlockOfItIsLeased) {
  SourceLimits limits = Places(10);
  limits.per_day = 100;
  Open(limits);
  const auto first = Ask();
  const auto second = Ask();
  const auto third = Ask();
  loop_.RunReady();
  EXPECT_FALSE(first->decided);
  EXPECT_TRUE(state_->QuotaHoldsUp(Urgency::kInteractive));
  ASSERT_EQ(leases_.size(), 1u);
  EXPECT_EQ(leases_[0].lease.day, absl::CivilDay(2025, 3, 3));
  EXPECT_EQ(leases_[0].lease.size, 2);
  leases_[0].Grant();
  loop_.RunReady();
  ASSERT_TRUE(first->has() && second->has());
  EXPECT_FALSE(third->decided);
  EXPECT_FALSE(state_->TryHedge(Urgency::kInteractive).has_value());
  second->permit.reset();  // not sent
  loop_.RunReady();
  EXPECT_TRUE(third->has());
  EXPECT_TRUE(first->permit->MaySend());
  ASSERT_EQ(leases_.size(), 2u) << "half of the block is used";
}

TEST_F(SourceStateTest, ALeaseThatFailsIsAskedForAgainAndNothingFallsOpen) {
  SourceLimits limits = Places(10);
  limits.per_day = 10;
  Open(limits);
  const auto asker = Ask();
  ASSERT_EQ(leases_.size(), 1u);
  std::move(leases_[0].done)(absl::ResourceExhaustedError("the disk is full"));
  loop_.AdvanceBy(absl::Milliseconds(999));
  EXPECT_FALSE(asker->decided);
  ASSERT_EQ(leases_.size(), 1u);
  loop_.AdvanceBy(absl::Milliseconds(1));
  ASSERT_EQ(leases_.size(), 2u);
  leases_[1].Grant();
  loop_.RunReady();
  EXPECT_TRUE(asker->has());
}

TEST_F(SourceStateTest, WhereADayIsUsedUpTheLineIsTurnedAwayUntilTheNext) {
  SourceLimits limits = Places(10);
  limits.per_day = 1;
  Open(limits);
  const auto first = Ask();
  const auto second = Ask(Try::kFirst, Urgency::kBackground);
  const auto third = Ask();
  ASSERT_EQ(leases_.size(), 1u);
  leases_[0].Grant();
  loop_.RunReady();
  ASSERT_TRUE(first->has());
  EXPECT_FALSE(third->decided) << "the first may still not be sent";
  EXPECT_TRUE(first->permit->MaySend());
  loop_.RunReady();
  EXPECT_EQ(second->refused, base::Reason::kQuota);
  EXPECT_EQ(third->refused, base::Reason::kQuota);
  EXPECT_EQ(Ask(Try::kRetry)->refused, base::Reason::kQuota);
  EXPECT_EQ(leases_.size(), 1u);
  loop_.AdvanceBy(absl::Hours(24));
  const auto next = Ask();
  ASSERT_EQ(leases_.size(), 2u);
  leases_[1].Grant();
  loop_.RunReady();
  EXPECT_TRUE(next->has());
}

TEST_F(SourceStateTest, AQueryThatLeavesOnAnotherDayCountsThere) {
  SourceLimits limits = Places(10);
  limits.per_day = 64;
  Open(limits);
  const auto asker = Ask();
  leases_.at(0).Grant();
  loop_.RunReady();
  ASSERT_TRUE(asker->has());
  loop_.AdvanceBy(absl::Hours(24));
  EXPECT_FALSE(asker->permit->MaySend()) << "nothing of that day is leased";
  const auto next = Ask();
  ASSERT_EQ(leases_.size(), 2u);
  EXPECT_EQ(leases_[1].lease.day, absl::CivilDay(2025, 3, 4));
  EXPECT_EQ(leases_[1].lease.from, 0);
}

// Half, nineteen of twenty and ninety-nine of a hundred are in classes that lie far apart.
TEST_F(SourceStateTest, LoopsOnSeveralThreadsKeepToThePlacesWhileTheirNumberChanges) {
  constexpr int kRounds = 2'000;
  Open(Places(3));
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<bool> over{false};
  const auto work = [&] {
    testing::FakeLoop loop(&clock_);
    for (int i = 0; i < kRounds; ++i) {
      bool through = false;
      const auto enter = [&](Permit permit) {
        const int now = ++inside;
        int seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        permit.MaySend();
        std::this_thread::yield();  // long enough for others to come
        permit.Judge(i % 3 == 0 ? AttemptEnd::kNeutral : AttemptEnd::kGood, true);
        --inside;
        through = true;
      };
      SourceState::Asked asked =
          state_->Ask(&loop, Try::kFirst, i % 2 == 0 ? Urgency::kInteractive : Urgency::kBackground,
                      [&](Decision decision) { enter(std::get<Permit>(std::move(decision))); });
      if (auto* const permit = std::get_if<Permit>(&asked)) enter(std::move(*permit));
      loop.RunUntil([&] { return through; });
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  std::thread resizer([&] {
    for (int i = 0; !over.load(); ++i) state_->SetLimits(Places(1 + i % 3));
  });
  for (std::thread& thread : threads) thread.join();
  over = true;
  resizer.join();
  EXPECT_LE(most.load(), 3);
  EXPECT_EQ(state_->in_flight(), 0u);
  EXPECT_EQ(state_->waiting(), 0u);
}

TEST_F(SourceStateTest, HeldItIsNotAskedAndTheLineHearsSo) {
  Open(Places(1));
  const auto asking = Ask();
  ASSERT_TRUE(asking->has());
  ASSERT_TRUE(asking->permit->MaySend());
  const auto waiting = Ask();
  const auto behind = Ask(Try::kFirst, Urgency::kBackground);
  state_->SetHeld(true);
  loop_.RunReady();
  EXPECT_EQ(waiting->refused, base::Reason::kHeld);
  EXPECT_EQ(behind->refused, base::Reason::kHeld);
  EXPECT_EQ(Ask()->refused, base::Reason::kHeld);
  EXPECT_EQ(Ask(Try::kRetry)->refused, base::Reason::kHeld);
  EXPECT_FALSE(state_->TryHedge(Urgency::kInteractive).has_value());
  EXPECT_TRUE(asking->permit->MaySend()) << "what has left goes on";
  asking->permit->Judge(AttemptEnd::kGood, true);
  asking->permit.reset();
  EXPECT_EQ(Ask()->refused, base::Reason::kHeld);
  EXPECT_EQ(state_->in_flight(), 0u);
  state_->SetHeld(false);
  EXPECT_TRUE(Ask()->has());
}

TEST_F(SourceStateTest, WhatHasNotLeftWhenItIsHeldDoesNotLeave) {
  SourceLimits limits = Places(2);
  limits.per_day = 10;
  Open(limits);
  const auto first = Ask();
  ASSERT_EQ(leases_.size(), 1u);
  leases_[0].Grant();
  loop_.RunReady();
  ASSERT_TRUE(first->has());
  state_->SetHeld(true);
  EXPECT_FALSE(first->permit->MaySend());
  EXPECT_FALSE(first->permit->sent());
  first->permit.reset();
  EXPECT_EQ(state_->view().used_today, 0) << "what was reserved is given back";
  state_->SetHeld(false);
  const auto second = Ask();
  ASSERT_TRUE(second->has());
  EXPECT_TRUE(second->permit->MaySend());
  EXPECT_EQ(state_->view().used_today, 1);
}

TEST_F(SourceStateTest, AHoldEndsNoProbeAndOutlastsTheBreaker) {
  SourceLimits limits = Places(4);
  limits.breaker.failures = 2;
  Open(limits);
  Fail(2);
  EXPECT_EQ(Ask()->refused, base::Reason::kBreaker);
  state_->SetHeld(true);
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Ask()->refused, base::Reason::kHeld);
  state_->SetHeld(false);
  const auto probe = Ask();
  ASSERT_TRUE(probe->has());
  EXPECT_EQ(Ask()->refused, base::Reason::kBreaker) << "one probe";
}

TEST_F(SourceStateTest, OneLookSaysHowItStands) {
  SourceLimits limits = Places(2);
  limits.rate.per_second = 50;
  Open(limits);
  const auto first = Ask();
  const auto second = Ask();
  const auto waiting = Ask();
  ASSERT_TRUE(first->has() && second->has());
  EXPECT_TRUE(first->permit->MaySend());
  SourceState::View view = state_->view();
  EXPECT_FALSE(view.held);
  EXPECT_EQ(view.breaker, Breaker::State::kClosed);
  EXPECT_EQ(view.in_flight, 2u);
  EXPECT_EQ(view.waiting, 1u);
  EXPECT_EQ(view.used_today, 1);
  EXPECT_FALSE(view.latency_p50.has_value()) << "of one nothing is known";
  EXPECT_EQ(view.limits, limits);
  state_->SetHeld(true);
  loop_.RunReady();
  view = state_->view();
  EXPECT_TRUE(view.held);
  EXPECT_EQ(view.waiting, 0u);
}

TEST_F(SourceStateTest, NoEraComesTwiceAlsoNotToAStateMadeAnew) {
  Open(Places(1));
  std::set<uint64_t> eras = {state_->era()};
  state_->SetHeld(true);
  EXPECT_TRUE(eras.insert(state_->era()).second);
  state_->SetHeld(true);
  EXPECT_FALSE(eras.insert(state_->era()).second) << "it was held";
  state_->SetHeld(false);
  EXPECT_FALSE(eras.insert(state_->era()).second) << "the hold began it";
  state_->BeginEra();
  EXPECT_TRUE(eras.insert(state_->era()).second);
  state_.reset();
  Open(Places(1));
  EXPECT_TRUE(eras.insert(state_->era()).second);
  state_->BeginEra();
  EXPECT_TRUE(eras.insert(state_->era()).second);
}

}  // namespace
}  // namespace hedui::gather
