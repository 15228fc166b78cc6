#include "server/access/rate_limit.h"

#include <gtest/gtest.h>

#include "server/base/retry_after.h"
#include "server/base/status.h"
#include "tests/support/fake_clock.h"

namespace hedui::access {
namespace {

using Call = RateLimit::Call;

Agency AgencyOf(int requests_per_second, const std::string& code = "a") {
  Agency agency;
  agency.code = code;
  agency.requests_per_second = requests_per_second;
  return agency;
}

class RateLimitTest : public ::testing::Test {
 protected:
  // How many of these calls go through now.
  int Admitted(const Agency& agency, Call call = Call::kWork) {
    int admitted = 0;
    while (rates_.Take(agency, call).ok()) ++admitted;
    return admitted;
  }

  testing::FakeClock clock_;
  RateLimit rates_{&clock_};
};

TEST_F(RateLimitTest, AsManyAsASecondsWorthComeAtOnceAndThenNone) {
  EXPECT_EQ(Admitted(AgencyOf(5)), 5);
  const absl::Status refused = rates_.Take(AgencyOf(5), Call::kWork);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(refused), "AGENCY_RATE");
  EXPECT_EQ(base::VisibilityOf(refused), base::Visibility::kCaller);
}

TEST_F(RateLimitTest, WhoeverWaitsAsLongAsToldGetsInAndNobodyEarlier) {
  const Agency agency = AgencyOf(7);
  Admitted(agency);
  for (int i = 0; i < 100; ++i) {
    const auto wait = base::RetryAfterOf(rates_.Take(agency, Call::kWork));
    ASSERT_TRUE(wait.has_value());
    clock_.Advance(*wait - absl::Milliseconds(1));
    ASSERT_FALSE(rates_.Take(agency, Call::kWork).ok());
    clock_.Advance(absl::Milliseconds(1));
    ASSERT_TRUE(rates_.Take(agency, Call::kWork).ok());
  }
}

TEST_F(RateLimitTest, ExactOverAnHourOfOddSteps) {
  const Agency agency = AgencyOf(3);
  int admitted = Admitted(agency);
  const absl::Duration step = absl::Nanoseconds(333'333'331);
  for (absl::Duration passed; passed < absl::Hours(1); passed += step) {
    clock_.Advance(step);
    admitted += Admitted(agency);
  }
  EXPECT_GE(admitted, 3 + 3 * 3'600 - 1);
  EXPECT_LE(admitted, 3 + 3 * 3'600 + 1);
}

TEST_F(RateLimitTest, OneSecondsWorthIsAllThatIdlenessSaves) {
  const Agency agency = AgencyOf(100'000);
  Admitted(agency);
  clock_.Advance(absl::Hours(24 * 400));
  EXPECT_EQ(Admitted(agency), 100'000);
}

TEST_F(RateLimitTest, WhatWasBegunCanBeFollowedWhenTheRateIsUsedUp) {
  const Agency agency = AgencyOf(8);
  Admitted(agency);
  EXPECT_EQ(Admitted(agency, Call::kFollow), 2) << "a quarter of the rate is theirs alone";
  const absl::Status refused = rates_.Take(agency, Call::kFollow);
  EXPECT_EQ(base::ReasonOf(refused), "AGENCY_RATE");
  // Work that takes every call as soon as it is there leaves them theirs.
  int followed = 0;
  for (int ms = 0; ms < 10'000; ++ms) {
    clock_.Advance(absl::Milliseconds(1));
    Admitted(agency);
    followed += Admitted(agency, Call::kFollow);
  }
  EXPECT_EQ(followed, 20);
}

TEST_F(RateLimitTest, FollowingCountsUnderTheRate) {
  const Agency agency = AgencyOf(4);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(rates_.Take(agency, Call::kFollow).ok());
  EXPECT_EQ(Admitted(agency), 1);
}

TEST_F(RateLimitTest, OneCallASecondStillCanBeFollowed) {
  const Agency agency = AgencyOf(1);
  EXPECT_EQ(Admitted(agency), 1);
  EXPECT_EQ(Admitted(agency, Call::kFollow), 1);
  EXPECT_EQ(base::RetryAfterOf(rates_.Take(agency, Call::kFollow)), absl::Seconds(1));
}

TEST_F(RateLimitTest, AgenciesDoNotTakeEachOthers) {
  Admitted(AgencyOf(2, "a"));
  EXPECT_EQ(Admitted(AgencyOf(2, "b")), 2);
}

TEST_F(RateLimitTest, NoRateIsNoLimit) {
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(rates_.Take(AgencyOf(0), Call::kWork).ok());
}

TEST_F(RateLimitTest, AReloadedRegisterFillsNobodysBucket) {
  Admitted(AgencyOf(5));
  EXPECT_EQ(Admitted(AgencyOf(50)), 0);
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_EQ(Admitted(AgencyOf(50)), 5);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Admitted(AgencyOf(2)), 2) << "and a smaller rate has a smaller bucket";
}

TEST_F(RateLimitTest, AWallClockSetBackOrForwardsChangesNothing) {
  const Agency agency = AgencyOf(5);
  Admitted(agency);
  for (const int days : {400, -800, 400}) {
    clock_.SetWall(clock_.WallNow() + absl::Hours(24 * days));
    EXPECT_EQ(base::RetryAfterOf(rates_.Take(agency, Call::kWork)), absl::Milliseconds(200));
  }
  clock_.Advance(absl::Milliseconds(200));
  EXPECT_EQ(Admitted(agency), 1);
}

}  // namespace
}  // namespace hedui::access
