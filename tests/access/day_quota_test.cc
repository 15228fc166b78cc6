#include "server/access/day_quota.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "server/base/dates.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"
#include "tests/access/memory_rows.h"
#include "tests/support/fake_clock.h"

namespace hedui::access {
namespace {

Agency AgencyOf(int requests_per_day, const std::string& code = "a") {
  Agency agency;
  agency.code = code;
  agency.requests_per_day = requests_per_day;
  return agency;
}

class DayQuotaTest : public ::testing::Test {
 protected:
  DayQuotaTest() { Restart(); }

  void Restart() { quota_ = std::make_unique<DayQuota>(&clock_, &rows_); }

  // Begins one verification: its intent becomes durable.
  absl::Status Begin(const Agency& agency) {
    auto place = quota_->Take(agency);
    if (!place.ok()) return place.status();
    if (place->key().has_value()) {
      base::Row row;
      row.keys = {*place->key()};
      rows_.Commit({row});
      ++rows_with_keys_;
    }
    place->Keep();
    return absl::OkStatus();
  }
  // How many can be begun until the quota refuses.
  int Begun(const Agency& agency) {
    int begun = 0;
    absl::Status status;
    while ((status = Begin(agency)).ok()) ++begun;
    EXPECT_EQ(base::ReasonOf(status), "AGENCY_DAY_QUOTA") << status;
    return begun;
  }

  testing::FakeClock clock_;  // 09:00
  MemoryRows rows_;
  std::unique_ptr<DayQuota> quota_;
  int rows_with_keys_ = 0;
};

TEST_F(DayQuotaTest, RefusesBeyondTheQuotaUntilTheNextCivilDay) {
  EXPECT_EQ(Begun(AgencyOf(10)), 10);
  const absl::Status refused = Begin(AgencyOf(10));
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::RetryAfterOf(refused), absl::Hours(15));
  clock_.Advance(absl::Hours(15) - absl::Milliseconds(1));
  EXPECT_EQ(base::RetryAfterOf(Begin(AgencyOf(10))), absl::Milliseconds(1));
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Begun(AgencyOf(10)), 10);
}

TEST_F(DayQuotaTest, WhatDidNotBecomeDurableIsGivenBack) {
  {
    auto place = quota_->Take(AgencyOf(1));
    ASSERT_TRUE(place.ok());
    DayQuota::Place moved = *std::move(place);
    EXPECT_FALSE(Begin(AgencyOf(1)).ok());
  }
  EXPECT_EQ(Begun(AgencyOf(1)), 1);
}

TEST_F(DayQuotaTest, RestartsGiveNoMoreThanTheQuota) {
  for (const int quota : {1, 10, 64, 65, 100, 1'000, 5'000}) {
    const Agency agency = AgencyOf(quota, std::to_string(quota));
    int begun = 0;
    while (Begin(agency).ok()) {
      if (++begun % 97 == 0) Restart();
    }
    EXPECT_LE(begun, quota);
    // Each restart may lose a 32nd of what came before it, which is 1/97 of that apart.
    if (quota <= 64) {
      EXPECT_EQ(begun, quota);
    }
    Restart();
    EXPECT_FALSE(Begin(agency).ok());
  }
}

TEST_F(DayQuotaTest, ARestartLosesNoMoreThanA32nd) {
  const Agency agency = AgencyOf(100'000);
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(Begin(agency).ok());
  EXPECT_LT(rows_with_keys_, 64 + 32 * 10) << "most intents carry no further key";
  Restart();
  const int left = Begun(agency);
  EXPECT_LE(left, 50'000);
  EXPECT_GE(left, 50'000 - 50'000 / 32);
}

TEST_F(DayQuotaTest, ABlockWhoseIntentFailedIsSaidByTheNextOne) {
  { ASSERT_TRUE(quota_->Take(AgencyOf(5)).ok()); }  // its commit fails
  ASSERT_TRUE(Begin(AgencyOf(5)).ok());
  Restart();
  EXPECT_EQ(Begun(AgencyOf(5)), 4);
}

TEST_F(DayQuotaTest, AnUnreadableStoreRefusesAndIsAskedAgain) {
  rows_.FailWith(base::MakeError(absl::StatusCode::kUnavailable, "STORE_IO", "x"));
  EXPECT_EQ(base::ReasonOf(Begin(AgencyOf(5))), "STORE_IO");
  rows_.FailWith(absl::OkStatus());
  EXPECT_EQ(Begun(AgencyOf(5)), 5);
}

TEST_F(DayQuotaTest, ErasedMattersStillCount) {
  ASSERT_TRUE(Begin(AgencyOf(5)).ok());
  Restart();
  rows_.FailWith(base::MakeError(absl::StatusCode::kNotFound, "MATTER_ERASED", "x"));
  // Whatever is asked for was there: as many as there can be.
  EXPECT_FALSE(Begin(AgencyOf(5)).ok());
}

TEST_F(DayQuotaTest, AClockSetToAndFroAroundMidnightGivesNothingBack) {
  const absl::Time midnight = base::StartOfDay(absl::CivilDay(2025, 3, 4));
  clock_.SetWall(midnight - absl::Seconds(1));
  EXPECT_EQ(Begun(AgencyOf(3)), 3);
  clock_.SetWall(midnight + absl::Seconds(1));
  EXPECT_EQ(Begun(AgencyOf(3)), 3);
  clock_.SetWall(midnight - absl::Seconds(2));
  EXPECT_EQ(Begun(AgencyOf(3)), 0);
  clock_.SetWall(midnight + absl::Seconds(2));
  EXPECT_EQ(Begun(AgencyOf(3)), 0);
}

TEST_F(DayQuotaTest, AClockThatWasFarAheadLocksNobodyOut) {
  const absl::Time now = clock_.WallNow();
  clock_.SetWall(now + absl::Hours(24 * 1'000));
  EXPECT_EQ(Begun(AgencyOf(3)), 3);
  clock_.SetWall(now);
  EXPECT_EQ(Begun(AgencyOf(3)), 3) << "today's are there";
  for (int days = 1; days < 10; ++days) {
    clock_.SetWall(now + absl::Hours(24 * days));
    EXPECT_EQ(Begun(AgencyOf(3)), 3);
  }
  // The store remembers days that memory has forgotten.
  clock_.SetWall(now);
  EXPECT_EQ(Begun(AgencyOf(3)), 0);
}

TEST_F(DayQuotaTest, NoQuotaIsNoLimitAndAsksNoStore) {
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(Begin(AgencyOf(0)).ok());
  EXPECT_EQ(rows_.finds(), 0);
}

TEST_F(DayQuotaTest, AQuotaThatGrowsOnAReloadCountsOn) {
  EXPECT_EQ(Begun(AgencyOf(3)), 3);
  EXPECT_EQ(Begun(AgencyOf(5)), 2);
  EXPECT_EQ(Begun(AgencyOf(4)), 0);
}

}  // namespace
}  // namespace hedui::access
