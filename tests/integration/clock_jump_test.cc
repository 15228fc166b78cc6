// Somebody sets the machine's wall clock, by hours and by days, either way, under a running
// platform.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/clock.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "server/rooms.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

// The machine's clocks, of which the wall clock has been set by so much.
class SetClock final : public base::Clock {
 public:
  absl::Time WallNow() const override { return clock_.WallNow() + absl::Hours(hours_.load()); }
  absl::Duration SteadyNow() const override { return clock_.SteadyNow(); }
  void SetTo(int hours_from_now) { hours_ = hours_from_now; }

 private:
  base::SystemClock clock_;
  std::atomic<int> hours_{0};
};

class ClockJumpTest : public ::testing::Test {
 protected:
  void Start(std::function<void(FlowStep)> on_step = nullptr) {
    platform_ = std::make_unique<RunningPlatform>(
        &scenario_, std::move(on_step),
        [this](PlatformOptions* options) { options->clock = &clock_; });
    platform_->Register();
  }

  // Verifies the household once more, under a request id of its own; its report is valid.
  v1::VerifyHouseholdResponse VerifyAnew() {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(
        absl::StrCat("0192f0c1-5e2a-7c3d-9b1f-0000000000", 10 + ++requests_));
    auto verified = platform_->Verify(request);
    EXPECT_TRUE(verified.ok()) << verified.status();
    if (!verified.ok()) return {};
    const report::CheckResult check = CheckOffline(scenario_, verified->envelope());
    EXPECT_EQ(check.verdict, report::Verdict::kValid);
    EXPECT_GE(check.checkpoint_time, last_checkpoint_) << "checkpoints do not go back";
    EXPECT_GT(verified->verification_id(), last_id_) << "ids are ordered";
    last_checkpoint_ = check.checkpoint_time;
    last_id_ = verified->verification_id();
    return *verified;
  }

  Scenario scenario_;
  SetClock clock_;
  std::unique_ptr<RunningPlatform> platform_;
  int requests_ = 0;
  absl::Time last_checkpoint_ = absl::InfinitePast();
  std::string last_id_;
};

TEST_F(ClockJumpTest, ReportsStayValidAndInOrderWhereverItJumps) {
  Start();
  for (const int hours : {0, 3, -5, 24 * 40, -24 * 40, 24 * 400, 0}) {
    SCOPED_TRACE(hours);
    clock_.SetTo(hours);
    VerifyAnew();
  }
}

TEST_F(ClockJumpTest, WhatIsUnderWayKeepsItsDeadline) {
  // Sources have been asked when it jumps, past each of their deadlines on the wall.
  Start([this](FlowStep step) {
    if (step == FlowStep::kIntentCommitted) clock_.SetTo(24 * 3);
  });
  const v1::VerifyHouseholdResponse verified = VerifyAnew();
  EXPECT_EQ(OutcomeOf(verified, "m1", "employment").kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(OutcomeOf(verified, "m1", "deposit").reason(), v1::REASON_LATE)
      << "the bank never answers";
}

TEST_F(ClockJumpTest, AWithdrawalHoldsWhenItIsSetBack) {
  Start();
  clock_.SetTo(24 * 10);
  v1::RevokeAuthorizationRequest withdrawal;
  withdrawal.set_matter_number(scenario_.letters.matter_number());
  withdrawal.set_letter_number(scenario_.letters.letters(0).letter_number());
  withdrawal.set_officer("XQ-0107");
  ASSERT_TRUE(platform_->client().RevokeAuthorization(withdrawal, kPatience).ok());
  const std::string person = scenario_.household.persons(0).person_id();
  for (const int hours : {24 * 10, 0, -24 * 10}) {
    SCOPED_TRACE(hours);
    clock_.SetTo(hours);
    EXPECT_EQ(OutcomeOf(VerifyAnew(), person, "employment").reason(), v1::REASON_NO_AUTHORIZATION);
  }
}

TEST_F(ClockJumpTest, AClockFarAheadLeavesNothingBehindThatNobodyCouldCheck) {
  Start();
  VerifyAnew();
  clock_.SetTo(24 * 365 * 20);  // past every certificate
  EXPECT_FALSE(platform_->Verify().ok());
  clock_.SetTo(1);
  VerifyAnew();
}

TEST_F(ClockJumpTest, ARestartInThePastServesWhatWasGivenOut) {
  Start();
  clock_.SetTo(24 * 30);
  const std::string before = VerifyAnew().envelope();
  clock_.SetTo(-24);
  platform_->Restart();
  v1::GetReportRequest request;
  request.set_officer("XQ-0107");
  request.set_request_id(absl::StrCat("0192f0c1-5e2a-7c3d-9b1f-0000000000", 10 + requests_));
  const auto again = platform_->client().GetReport(request, kPatience);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(CheckOffline(scenario_, again->envelope()).verdict, report::Verdict::kValid);
  EXPECT_EQ(LinesOf(again->envelope()).size(), LinesOf(before).size());
  last_id_.clear();  // the new process draws from its own clock
  VerifyAnew();
}

}  // namespace
}  // namespace hedui::testing
