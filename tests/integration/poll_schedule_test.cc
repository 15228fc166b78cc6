#include "server/poll_schedule.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
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
  bool Add(const base::Uuid& id, std::optional<absl::Time> due_at,
           const std::string& source = "bank") {
    return schedule_.Add({id, source, due_at}, now_, Random());
  }
  void Replace(const base::Uuid& id, const base::Uuid& by, std::optional<absl::Time> due_at) {
    schedule_.Replace(id, {by, "bank", due_at}, now_, Random());
  }

  PollSchedule::Now now_{absl::FromUnixSeconds(1'740'967'200), absl::Seconds(5)};
  std::mt19937_64 random_{7};
  PollSchedule schedule_;
};

TEST_F(PollScheduleTest, IsDueAtTheTimeItsSourceNamedAndNotBefore) {
  ASSERT_TRUE(Add(IdOf(1), now_.wall + absl::Hours(30)));
  EXPECT_FALSE(Add(IdOf(1), now_.wall)) << "once";
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
  Add(IdOf(1), now_.wall - absl::Hours(30));
  EXPECT_EQ(schedule_.TakeDue(now_), IdOf(1));
}

TEST_F(PollScheduleTest, PausesGrowToAnHourAndAreDrawn) {
  Add(IdOf(1), std::nullopt);
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

// A department gives again for some minutes what it gave and what did not arrive, or was not kept.
TEST_F(PollScheduleTest, WhatMayHaveComeIsAskedForSoonSomeTimesHoweverOftenItWasPolled) {
  Add(IdOf(1), std::nullopt);
  const auto next = [&] {
    const absl::Duration pause = schedule_.next() - now_.steady;
    Pass(pause);
    EXPECT_EQ(schedule_.TakeDue(now_), IdOf(1));
    return pause;
  };
  next();
  for (int polls = 0; polls < 20; ++polls) {
    schedule_.Again(IdOf(1), std::nullopt, now_, Random());
    next();
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kTimesSoon; ++i) {
      schedule_.Soon(IdOf(1), now_, Random());
      const absl::Duration pause = next();
      EXPECT_GE(pause, kPollPauseLeast);
      EXPECT_LE(pause, kPollPauseFirst);
    }
    absl::Duration longest = absl::ZeroDuration();
    for (int i = 0; i < 20; ++i) {
      schedule_.Soon(IdOf(1), now_, Random());
      longest = std::max(longest, next());
    }
    EXPECT_GT(longest, kPollPauseMax / 4) << "nobody is asked every minute for a month";
    schedule_.Again(IdOf(1), now_.wall, now_, Random());  // it was heard of
    next();
  }
}

TEST_F(PollScheduleTest, AWallClockThatIsSetIsNoticedWithinAnHour) {
  Add(IdOf(1), now_.wall + absl::Hours(24 * 7));
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
  Add(IdOf(1), now_.wall);
  ASSERT_EQ(schedule_.TakeDue(now_), IdOf(1));
  schedule_.Again(IdOf(1), now_.wall + absl::Milliseconds(1), now_, Random());
  EXPECT_GE(schedule_.next() - now_.steady, kPollPauseLeast);
  Pass(kPollPauseLeast);
  ASSERT_EQ(schedule_.TakeDue(now_), IdOf(1));
  schedule_.Retry(IdOf(1), absl::Seconds(1), now_);
  EXPECT_EQ(schedule_.next() - now_.steady, absl::Seconds(1));
}

TEST_F(PollScheduleTest, WhatStandsInItsPlaceHasBeenPolledAsOften) {
  Add(IdOf(1), std::nullopt);
  absl::Duration longest;
  for (uint8_t number = 1; number < 100; ++number) {
    const absl::Duration pause = schedule_.next() - now_.steady;
    EXPECT_GE(pause, kPollPauseLeast);
    longest = std::max(longest, pause);
    Pass(pause);
    ASSERT_EQ(schedule_.TakeDue(now_), IdOf(number));
    Replace(IdOf(number), IdOf(number + 1), std::nullopt);
    ASSERT_EQ(schedule_.size(), 1u);
  }
  EXPECT_GT(longest, kPollPauseMax * 0.9) << "the pauses grow";
}

TEST_F(PollScheduleTest, ASourceThatSaysSoonForAMonthIsNotBelievedForAMonth) {
  Add(IdOf(0), now_.wall);
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
      Replace(*due, next, now_.wall + absl::Seconds(10));
    }
  }
  EXPECT_LT(polls, 2'000) << "some two an hour";
}

TEST_F(PollScheduleTest, ASlowSourceLeavesTheOthersTheirPolls) {
  for (uint8_t number = 0; number < 100; ++number) ASSERT_TRUE(Add(IdOf(number), now_.wall));
  Pass(absl::Seconds(1));
  ASSERT_TRUE(Add(IdOf(200), now_.wall, "tax"));
  for (size_t i = 0; i < kPollsOfSourceMax; ++i) {
    EXPECT_EQ(schedule_.TakeDue(now_), IdOf(static_cast<uint8_t>(i))) << "those due first, first";
  }
  EXPECT_EQ(schedule_.TakeDue(now_), IdOf(200));
  EXPECT_EQ(schedule_.TakeDue(now_), std::nullopt);
  EXPECT_EQ(schedule_.next(), absl::InfiniteDuration())
      << "nothing to look at before one has ended";
  // However one ends, another takes its place.
  const auto expect_next = [this](uint8_t number) {
    EXPECT_EQ(schedule_.TakeDue(now_), IdOf(number));
    EXPECT_EQ(schedule_.TakeDue(now_), std::nullopt);
  };
  schedule_.Again(IdOf(0), std::nullopt, now_, Random());
  expect_next(8);
  schedule_.Retry(IdOf(1), absl::Seconds(1), now_);
  expect_next(9);
  schedule_.Remove(IdOf(2));
  expect_next(10);
  Replace(IdOf(3), IdOf(201), std::nullopt);
  expect_next(11);
  schedule_.Remove(IdOf(50));
  EXPECT_EQ(schedule_.TakeDue(now_), std::nullopt) << "that one had no place to leave";
}

TEST_F(PollScheduleTest, NoMoreAreInHandThanMayBeOverAllSources) {
  for (uint8_t number = 0; number < 100; ++number) {
    ASSERT_TRUE(Add(IdOf(number), now_.wall, absl::StrCat("source ", number)));
  }
  for (size_t i = 0; i < kPollsAtOnceMax; ++i) {
    ASSERT_EQ(schedule_.TakeDue(now_), IdOf(static_cast<uint8_t>(i)));
  }
  EXPECT_EQ(schedule_.TakeDue(now_), std::nullopt);
  EXPECT_EQ(schedule_.next(), absl::InfiniteDuration());
  schedule_.Remove(IdOf(7));
  EXPECT_EQ(schedule_.next(), now_.steady);
  EXPECT_EQ(schedule_.TakeDue(now_), IdOf(kPollsAtOnceMax));
  EXPECT_EQ(schedule_.TakeDue(now_), std::nullopt);
}

TEST_F(PollScheduleTest, HoldsAsManyAsItMay) {
  PollSchedule two({.held_max = 2});
  const auto add = [&](uint8_t number) {
    return two.Add({IdOf(number), "bank", now_.wall}, now_, Random());
  };
  EXPECT_TRUE(add(1));
  EXPECT_FALSE(two.full());
  EXPECT_TRUE(add(2));
  EXPECT_TRUE(two.full());
  EXPECT_FALSE(add(3));
  EXPECT_EQ(two.size(), 2u);
  // What stands in the place of one takes its room.
  two.Replace(IdOf(1), {IdOf(4), "bank", now_.wall}, now_, Random());
  EXPECT_EQ(two.size(), 2u);
  two.Remove(IdOf(2));
  EXPECT_TRUE(add(3));
}

TEST_F(PollScheduleTest, HasRoomAgainOnceAQuarterIsFree) {
  PollSchedule eight({.held_max = 8});
  for (uint8_t number = 0; number < 8; ++number) {
    ASSERT_TRUE(eight.Add({IdOf(number), "bank", now_.wall}, now_, Random()));
  }
  EXPECT_FALSE(eight.has_room_again());
  eight.Remove(IdOf(0));
  eight.Remove(IdOf(1));
  EXPECT_FALSE(eight.has_room_again());
  eight.Remove(IdOf(2));
  EXPECT_TRUE(eight.has_room_again());
  PollSchedule one({.held_max = 1});
  EXPECT_TRUE(one.has_room_again());
  ASSERT_TRUE(one.Add({IdOf(0), "bank", now_.wall}, now_, Random()));
  EXPECT_FALSE(one.has_room_again());
}

TEST_F(PollScheduleTest, KnowsWhoseAPromiseIs) {
  ASSERT_TRUE(schedule_.Add({IdOf(1), "bank", now_.wall, {"one", IdOf(7)}}, now_, Random()));
  ASSERT_TRUE(schedule_.Add({IdOf(2), "bank", now_.wall, {"two", IdOf(8)}}, now_, Random()));
  EXPECT_EQ(schedule_.VerificationOf(IdOf(1)), FlowKey("one", IdOf(7)));
  schedule_.Replace(IdOf(2), {IdOf(3), "bank", now_.wall, {"two", IdOf(8)}}, now_, Random());
  EXPECT_EQ(schedule_.VerificationOf(IdOf(3)), FlowKey("two", IdOf(8)));
}

// Its row was read after its commit and before this is told of it; it is in hand already.
TEST_F(PollScheduleTest, WhatStandsInItsPlaceIsNotTakenTwice) {
  ASSERT_TRUE(Add(IdOf(1), now_.wall));
  ASSERT_EQ(schedule_.TakeDue(now_), IdOf(1));
  ASSERT_TRUE(Add(IdOf(2), now_.wall));
  ASSERT_EQ(schedule_.TakeDue(now_), IdOf(2));
  Replace(IdOf(1), IdOf(2), now_.wall);
  EXPECT_EQ(schedule_.size(), 1u);
  Pass(absl::Hours(2));
  EXPECT_EQ(schedule_.TakeDue(now_), std::nullopt);
  schedule_.Again(IdOf(2), std::nullopt, now_, Random());
  Pass(absl::Hours(2));
  EXPECT_EQ(schedule_.TakeDue(now_), IdOf(2));
}

// Many at once, of several sources, taken, put back and removed in any order: each is due once at a
// time, none is lost, and no source has more in hand than it may.
TEST_F(PollScheduleTest, NoneIsLostOrTakenTwice) {
  const auto source_of = [](const base::Uuid& id) { return absl::StrCat(id.bytes[15] % 3); };
  std::map<base::Uuid, bool> in_hand;
  std::map<std::string, size_t> of_source;
  for (int step = 0; step < 20'000; ++step) {
    const base::Uuid id = IdOf(static_cast<uint8_t>(Random() % 50));
    switch (Random() % 5) {
      case 0:
        EXPECT_EQ(Add(id, now_.wall + absl::Seconds(Random() % 100), source_of(id)),
                  !in_hand.contains(id));
        in_hand.try_emplace(id, false);
        break;
      case 1:
        if (const auto due = schedule_.TakeDue(now_)) {
          ASSERT_TRUE(in_hand.contains(*due));
          EXPECT_FALSE(in_hand[*due]);
          in_hand[*due] = true;
          ASSERT_LE(++of_source[source_of(*due)], kPollsOfSourceMax);
        }
        break;
      case 2:
        if (in_hand.contains(id) && in_hand[id]) {
          schedule_.Again(id, std::nullopt, now_, Random());
          in_hand[id] = false;
          --of_source[source_of(id)];
        }
        break;
      case 3:
        schedule_.Remove(id);
        if (in_hand.contains(id) && in_hand[id]) --of_source[source_of(id)];
        in_hand.erase(id);
        break;
      default:
        Pass(absl::Seconds(Random() % 60));
    }
    ASSERT_EQ(schedule_.size(), in_hand.size());
  }
  Pass(absl::Hours(48));
  size_t left = 0;
  for (const auto& [id, taken] : in_hand) {
    if (taken) schedule_.Remove(id);
    left += taken ? 0 : 1;
  }
  while (const auto due = schedule_.TakeDue(now_)) {
    schedule_.Remove(*due);
    --left;
  }
  EXPECT_EQ(left, 0u);
}

}  // namespace
}  // namespace hedui
