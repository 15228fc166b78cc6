// Verifications that nobody waits for: created, watched, cancelled, and brought to their end by the
// next process.
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/rooms.h"
#include "tests/integration/running_platform.h"
#include "tests/support/notification.h"

namespace hedui::testing {
namespace {

class AsyncTest : public ::testing::Test {
 protected:
  AsyncTest() { create_.mutable_request()->CopyFrom(scenario_.household); }

  const std::string& id() const { return scenario_.household.header().request_id(); }

  // The bank holds its answer back, for as long as anyone would wait.
  void LetTheBankHang() {
    Scenario::Replace(&scenario_.catalogue_yaml, "deadline: 2s", "deadline: 60s");
  }

  absl::StatusOr<v1::VerifyHouseholdResponse> Watch(
      RunningPlatform& platform, std::vector<v1::SourceOutcome>* outcomes,
      const std::function<void()>& on_outcome = [] {}) {
    v1::WatchVerificationRequest request;
    request.set_request_id(id());
    request.set_officer("XQ-0107");
    return platform.client().WatchVerification(request, kPatience,
                                               [&](const v1::SourceOutcome& outcome) {
                                                 outcomes->push_back(outcome);
                                                 on_outcome();
                                               });
  }

  absl::StatusOr<v1::Verification> Get(RunningPlatform& platform) {
    v1::GetVerificationRequest request;
    request.set_request_id(id());
    request.set_officer("XQ-0107");
    auto response = platform.client().GetVerification(request, kPatience);
    if (!response.ok()) return response.status();
    return response->verification();
  }

  absl::StatusOr<v1::Verification> Create(RunningPlatform& platform) {
    auto response = platform.client().CreateVerification(create_, kPatience);
    if (!response.ok()) return response.status();
    return response->verification();
  }

  absl::StatusOr<v1::Verification> Cancel(RunningPlatform& platform) {
    v1::CancelVerificationRequest request;
    request.set_request_id(id());
    request.set_officer("XQ-0107");
    auto response = platform.client().CancelVerification(request, kPatience);
    if (!response.ok()) return response.status();
    return response->verification();
  }

  Scenario scenario_;
  v1::CreateVerificationRequest create_;
};

TEST_F(AsyncTest, IsAnsweredBeforeTheSourcesHaveAndWatchedToItsReport) {
  RunningPlatform platform(&scenario_);
  platform.Register();
  const auto created = Create(platform);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->state(), v1::VERIFICATION_STATE_RUNNING);
  EXPECT_EQ(created->request_id(), id());

  std::vector<v1::SourceOutcome> outcomes;
  const auto finished = Watch(platform, &outcomes);
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->verification_id(), created->verification_id());
  // Whatever was told before the report is in it; nothing is told twice.
  EXPECT_LE(static_cast<int>(outcomes.size()), finished->outcomes_size());
  EXPECT_EQ(AccessesIn(scenario_).size(), 1u) << "whoever watches is shown the report";
  EXPECT_EQ(CheckOffline(scenario_, finished->envelope()).verdict, report::Verdict::kValid);

  const auto now = Get(platform);
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->state(), v1::VERIFICATION_STATE_FINISHED);
  EXPECT_EQ(now->report_number(), LinesOf(finished->envelope())[0].header().report_number());
  // The blocking call under the same request id has the same lines.
  const auto again = platform.Verify();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->verification_id(), created->verification_id());
  // Watching what has ended shows the report at once.
  outcomes.clear();
  const auto late = Watch(platform, &outcomes);
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_TRUE(outcomes.empty());
  EXPECT_EQ(late->outcomes_size(), finished->outcomes_size());
}

TEST_F(AsyncTest, TellsEachOutcomeWhileOthersAreAwaited) {
  LetTheBankHang();
  RunningPlatform platform(&scenario_);
  platform.Register();
  ASSERT_TRUE(Create(platform).ok());
  std::vector<v1::SourceOutcome> outcomes;
  // Every source but the bank has answered when it is cancelled, so all were told as they came.
  const auto cancelled = Watch(platform, &outcomes, [&] {
    if (outcomes.size() == 39) {
      EXPECT_TRUE(Cancel(platform).ok());
    }
  });
  EXPECT_EQ(base::ReasonOf(cancelled.status()), "VERIFICATION_CANCELLED") << cancelled.status();
  EXPECT_GE(outcomes.size(), 39u);
}

TEST_F(AsyncTest, TheSameRequestJoinsAndAnotherIsRefused) {
  LetTheBankHang();
  RunningPlatform platform(&scenario_);
  platform.Register();
  const auto first = Create(platform);
  const auto second = Create(platform);
  ASSERT_TRUE(first.ok() && second.ok()) << second.status();
  EXPECT_EQ(first->verification_id(), second->verification_id());
  create_.mutable_request()->set_staff_relative(true);
  const auto other = Create(platform);
  EXPECT_EQ(other.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(base::ReasonOf(other.status()), "REQUEST_ID_REUSED");
  EXPECT_TRUE(Cancel(platform).ok());
}

TEST_F(AsyncTest, WhatIsCancelledHasNoReportAndItsRequestIdIsUsedUp) {
  LetTheBankHang();
  RunningPlatform platform(&scenario_);
  platform.Register();
  ASSERT_TRUE(Create(platform).ok());
  const auto cancelled = Cancel(platform);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::VERIFICATION_STATE_CANCELLED);
  const auto again = Cancel(platform);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state(), v1::VERIFICATION_STATE_CANCELLED);
  EXPECT_EQ(base::ReasonOf(platform.Verify().status()), "VERIFICATION_CANCELLED");
  EXPECT_EQ(base::ReasonOf(Create(platform).status()), "VERIFICATION_CANCELLED");
  // A later process neither resumes nor forgets it.
  platform.Restart();
  const auto now = Get(platform);
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->state(), v1::VERIFICATION_STATE_CANCELLED);
}

// As many as may wait for one verification: the next caller is turned away, and nothing is ended
// beside it.
TEST_F(AsyncTest, WhoIsOneTooManyIsTurnedAwayAndEndsNothing) {
  LetTheBankHang();
  RunningPlatform platform(&scenario_);
  platform.Register();
  ASSERT_TRUE(Create(platform).ok());
  constexpr int kWaiting = 16;
  Latch watching(kWaiting);
  v1::WatchVerificationRequest watch;
  watch.set_request_id(id());
  watch.set_officer("XQ-0107");
  std::vector<std::thread> watchers;
  for (int i = 0; i < kWaiting; ++i) {
    // Clients of their own: the platform's goes with it.
    watchers.emplace_back([&watching, &watch, client = scenario_.Connect(platform.port())] {
      bool told = false;
      // Each is told what came before: from then on it waits.
      const auto ended = client->WatchVerification(watch, kPatience, [&](const v1::SourceOutcome&) {
        if (!std::exchange(told, true)) watching.CountDown();
      });
      EXPECT_FALSE(ended.ok());
    });
  }
  watching.Wait();
  EXPECT_EQ(base::ReasonOf(Cancel(platform).status()), "IN_FLIGHT");
  std::vector<v1::SourceOutcome> outcomes;
  EXPECT_EQ(base::ReasonOf(Watch(platform, &outcomes).status()), "IN_FLIGHT");
  const auto now = Get(platform);
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->state(), v1::VERIFICATION_STATE_RUNNING);
  platform.Restart();
  for (std::thread& watcher : watchers) watcher.join();
}

TEST_F(AsyncTest, WhatHasAReportCannotBeCancelled) {
  RunningPlatform platform(&scenario_);
  platform.Register();
  ASSERT_TRUE(platform.Verify().ok());
  const auto cancelled = Cancel(platform);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::VERIFICATION_STATE_FINISHED);
}

TEST_F(AsyncTest, TheNextProcessBringsItToItsEnd) {
  LetTheBankHang();
  RunningPlatform platform(&scenario_);
  platform.Register();
  const auto created = Create(platform);
  ASSERT_TRUE(created.ok()) << created.status();
  // The end of this process does not wait for the bank; the next one's bank answers.
  Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  scenario_.Write();
  platform.Restart();
  std::vector<v1::SourceOutcome> outcomes;
  auto finished = Watch(platform, &outcomes);
  // It may not have been taken up yet.
  while (base::ReasonOf(finished.status()) == "VERIFICATION_INTERRUPTED") {
    finished = Watch(platform, &outcomes);
  }
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->verification_id(), created->verification_id());
  EXPECT_NE(OutcomeOf(*finished, "m1", "deposit").kind(), v1::ANSWER_KIND_UNAVAILABLE);
}

TEST_F(AsyncTest, WhatACallWaitedForIsNotTakenUpByItself) {
  LetTheBankHang();
  Notification asked;
  RunningPlatform platform(&scenario_, [&asked](FlowStep step) {
    if (step == FlowStep::kIntentCommitted) asked.Notify();
  });
  platform.Register();
  std::thread caller([&] {
    auto client = scenario_.Connect(platform.port());
    EXPECT_FALSE(client->VerifyHousehold(scenario_.household, kPatience).ok());
  });
  asked.Wait();
  platform.Restart();
  caller.join();
  const auto now = Get(platform);
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->state(), v1::VERIFICATION_STATE_INTERRUPTED);
  std::vector<v1::SourceOutcome> outcomes;
  EXPECT_EQ(base::ReasonOf(Watch(platform, &outcomes).status()), "VERIFICATION_INTERRUPTED");
  const auto cancelled = Cancel(platform);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::VERIFICATION_STATE_CANCELLED);
}

TEST_F(AsyncTest, NothingIsToldOfWhatOthersBegan) {
  scenario_.register_yaml += R"(
  - code: 640106-civil-affairs
    name: 银川市金凤区民政局（演示）
    level: county
    division: "640106"
    purposes: [social_assistance]
)";
  RunningPlatform platform(&scenario_);
  platform.Register();
  ASSERT_TRUE(platform.Verify().ok());
  auto other = scenario_.Connect(platform.port(), "640106-civil-affairs");
  v1::GetVerificationRequest get;
  get.set_request_id(id());
  get.set_officer("JF-0001");
  const auto answer = other->GetVerification(get, kPatience);
  EXPECT_EQ(base::ReasonOf(answer.status()), "VERIFICATION_UNKNOWN") << answer.status();
  v1::WatchVerificationRequest watch;
  watch.set_request_id(id());
  watch.set_officer("JF-0001");
  const auto watched =
      other->WatchVerification(watch, kPatience, [](const v1::SourceOutcome&) { FAIL(); });
  EXPECT_EQ(base::ReasonOf(watched.status()), "VERIFICATION_UNKNOWN") << watched.status();
}

TEST_F(AsyncTest, WhatWouldBeRefusedIsRefusedAtOnce) {
  RunningPlatform platform(&scenario_);
  EXPECT_EQ(base::ReasonOf(Create(platform).status()), "MATTER_UNKNOWN");
  create_.mutable_request()->mutable_header()->set_request_id("1");
  EXPECT_EQ(base::ReasonOf(Create(platform).status()), "INVALID_REQUEST");
  v1::GetVerificationRequest get;
  get.set_request_id("1");
  get.set_officer("XQ-0107");
  EXPECT_EQ(base::ReasonOf(platform.client().GetVerification(get, kPatience).status()),
            "INVALID_REQUEST");
}

}  // namespace
}  // namespace hedui::testing
