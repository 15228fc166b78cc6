#include "server/poll_schedule.h"

#include <map>
#include <random>

#include "gtest/gtest.h"

namespace hedui {
namespace {

base::Uuid IdOf(uint8_t number) {
  base::Uuid id;
  id.bytes[15] = number;
  return id;
}

class PollScheduleTest : public ::testing::Test {
 protected:
  void Pass(absl::Duration time) {
    now_.wall += time;
    now_.steady += time;
  }
  uint64_t Random() { return random_(); }

  PollSchedule::Now now_{absl::FromUnixSeconds(1'740'967'200), absl::Seconds(5)};
  std::mt19937_64 random_{7};
  PollSchedule schedule_;
};

TEST_F(PollScheduleTest, IsDueAtTheTimeItsSourceNamedAndNotBefore) {
  ASSERT_TRUE(schedule_.Add(IdOf(1), now_.wall + absl::Hours(30), now_, Random()));
  EXPECT_FALSE(schedule_.Add(IdOf(1), now_.wall, now_, Random())) << "once";
  const absl::Time ready = now_.wall + absl::Hours(30);
  while (now_.wall < ready) {
    EXPECT_EQ(schedule_.TakeDue(now_), std::nullopt);
    ASSERT_GT(schedule_.next(), now_.steady);
    ASSERT_LE(schedule_.next() - now_.steady, kPollLookAgain);
    Pass(schedule_.next() - now_.steady);
  }
  EXPECT_EQ(now_.wall, ready);
  EXPECT_EQ(schedule_.TakeDue(now_), IdOf(1));
  EXPECT_EQ(schedule_.TakeDue(now_), std::nullopt) << "it is in hand";
  EXPECT_EQ(schedule_.next(), absl::InfiniteDuration());
  schedule_.Remove(IdOf(1));
  EXPECT_EQ(schedule_.size(), 0u);
}

TEST_F(PollScheduleTest, WhatIsOverdueIsDueAtOnce) {
  schedule_.Add(IdOf(1), now_.wall - absl::Hours(30), now_, Random());
  EXPECT_EQ(schedule_.TakeDue(now_), IdOf(1));
}

TEST_F(PollScheduleTest, PausesGrowToAnHourAndAreDrawn) {
  schedule_.Add(IdOf(1), std::nullopt, now_, Random());
  absl::Duration longest;
  absl::Duration limit = kPollPauseFirst;
  for (int poll = 1; poll < 300; ++poll) {
    const absl::Duration pause = schedule_.next() - now_.steady;
    EXPECT_GE(pause, kPollPauseLeast);
    EXPECT_LE(pause, limit);
    longest = std::max(longest, pause);
    Pass(pause);
    ASSERT_EQ(schedule_.TakeDue(now_), IdOf(1));
    schedule_.Again(IdOf(1), std::nullopt, now_, Random());
    limit = poll == 1 ? kPollPauseFirst : std::min(2 * limit, kPollPauseMax);
  }
  EXPECT_GT(longest, kPollPauseMax * 0.9);
}

TEST_F(PollScheduleTest, AWallClockThatIsSetIsNoticedWithinAnHour) {
  schedule_.Add(IdOf(1), now_.wall + absl::Hours(24 * 7), now_, Random());
  now_.wall += absl::Hours(24 * 8);
  EXPECT_LE(schedule_.next() - now_.steady, kPollLookAgain);
  Pass(kPollLookAgain);
  EXPECT_EQ(schedule_.TakeDue(now_), IdOf(1));
  // Set back, it is waited for what the source named as the clock has it.
  schedule_.Again(IdOf(1), now_.wall + absl::Minutes(5), now_, Random());
  now_.wall -= absl::Hours(2);
  Pass(absl::Minutes(5));
  EXPECT_EQ(schedule_.TakeDue(now_), std::nullopt);
  EXPECT_LE(schedule_.next() - now_.steady, kPollLookAgain);
}

TEST_F(PollScheduleTest, ASourceThatSaysAtOnceIsNotAskedWithoutPause) {
  schedule_.Add(IdOf(1), now_.wall, now_, Random());
  ASSERT_EQ(schedule_.TakeDue(now_), IdOf(1));
  schedule_.Again(IdOf(1), now_.wall + absl::Milliseconds(1), now_, Random());
  EXPECT_GE(schedule_.next() - now_.steady, kPollPauseLeast);
  Pass(kPollPauseLeast);
  ASSERT_EQ(schedule_.TakeDue(now_), IdOf(1));
  schedule_.Retry(IdOf(1), absl::Seconds(1), now_);
  EXPECT_EQ(schedule_.next() - now_.steady, absl::Seconds(1));
}

TEST_F(PollScheduleTest, WhatStandsInItsPlaceHasBeenPolledAsOften) {
  schedule_.Add(IdOf(1), std::nullopt, now_, Random());
  absl::Duration longest;
  for (uint8_t number = 1; number < 100; ++number) {
    const absl::Duration pause = schedule_.next() - now_.steady;
    EXPECT_GE(pause, kPollPauseLeast);
    longest = std::max(longest, pause);
    Pass(pause);
    ASSERT_EQ(schedule_.TakeDue(now_), IdOf(number));
    schedule_.Replace(IdOf(number), IdOf(number + 1), std::nullopt, now_, Random());
    ASSERT_EQ(schedule_.size(), 1u);
  }
  EXPECT_GT(longest, kPollPauseMax * 0.9) << "the pauses grow";
}

TEST_F(PollScheduleTest, ASourceThatSaysSoonForAMonthIsNotBelievedForAMonth) {
  schedule_.Add(IdOf(0), now_.wall, now_, Random());
  const absl::Time begun = now_.wall;
  int polls = 0;
  while (now_.wall < begun + absl::Hours(30 * 24)) {
    Pass(schedule_.next() - now_.steady);
    const auto due = schedule_.TakeDue(now_);
    ASSERT_TRUE(due.has_value());
    ++polls;
    if (polls == kTimesBelieved) {
      EXPECT_LT(now_.wall - begun, absl::Hours(1)) << "it is at first";
    }
    const auto next = IdOf(static_cast<uint8_t>(polls % 200));
    if (polls % 2 == 0) {
      schedule_.Again(*due, now_.wall + absl::Seconds(10), now_, Random());
    } else {
      schedule_.Replace(*due, next, now_.wall + absl::Seconds(10), now_, Random());
    }
  }
  EXPECT_LT(polls, 2'000) << "some two an hour";
}

// Many at once, taken, put back and removed in any order: each is due once at a time, none is lost.
TEST_F(PollScheduleTest, NoneIsLostOrTakenTwice) {
  std::map<base::Uuid, bool> in_hand;
  for (int step = 0; step < 20'000; ++step) {
    const base::Uuid id = IdOf(static_cast<uint8_t>(Random() % 50));
    switch (Random() % 5) {
      case 0:
        EXPECT_EQ(schedule_.Add(id, now_.wall + absl::Seconds(Random() % 100), now_, Random()),
                  !in_hand.contains(id));
        in_hand.try_emplace(id, false);
        break;
      case 1:
        if (const auto due = schedule_.TakeDue(now_)) {
          ASSERT_TRUE(in_hand.contains(*due));
          EXPECT_FALSE(in_hand[*due]);
          in_hand[*due] = true;
        }
        break;
      case 2:
        if (in_hand.contains(id) && in_hand[id]) {
          schedule_.Again(id, std::nullopt, now_, Random());
          in_hand[id] = false;
        }
        break;
      case 3:
        schedule_.Remove(id);
        in_hand.erase(id);
        break;
      default:
        Pass(absl::Seconds(Random() % 60));
    }
    ASSERT_EQ(schedule_.size(), in_hand.size());
  }
  Pass(absl::Hours(48));
  size_t left = 0;
  for (const auto& [id, taken] : in_hand) left += taken ? 0 : 1;
  while (schedule_.TakeDue(now_).has_value()) --left;
  EXPECT_EQ(left, 0u);
}

}  // namespace
}  // namespace hedui
