// A platform whose clock stands still, its wage source a server in this process of which a test
// says how it reacts to each query: who is asked at once and who stands in line shows in what
// arrives.
#ifndef HEDUI_TESTS_INTEGRATION_SOURCE_LINE_FIXTURE_H_
#define HEDUI_TESTS_INTEGRATION_SOURCE_LINE_FIXTURE_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/ids.h"
#include "server/rooms.h"
#include "tests/integration/hand_clock.h"
#include "tests/integration/missing_source.h"
#include "tests/integration/running_platform.h"
#include "tests/integration/scripted_department.h"

namespace hedui::testing {

class SourceLineTest : public ::testing::Test {
 protected:
  SourceLineTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  }

  // Puts the wage source behind a network; its clock stands still.
  void StartWith(const std::string& policy, std::function<ScriptStep::Reacts(int number)> reacts) {
    Scenario::AddToSource(&scenario_.catalogue_yaml, kWageSource, policy);
    policy_ = policy;
    department_ = std::make_unique<ScriptedDepartment>(
        &scenario_, kWageSource, "", [reacts = std::move(reacts)](int number, const auto&) {
          return ScriptStep{.reacts = reacts(number)};
        });
    Start();
  }
  void Start() {
    platform_ = std::make_unique<RunningPlatform>(
        &scenario_,
        [this](FlowStep step) {
          if (step == FlowStep::kIntentCommitted) ++intents_;
        },
        [this](PlatformOptions* options) { options->clock = &clock_; });
    platform_->Register();
    pings_ = scenario_.Connect(platform_->port());
  }

  // The wage source's policy is this from now on.
  void ReloadWith(const std::string& policy) {
    Scenario::Replace(&scenario_.catalogue_yaml, absl::StrCat("    ", policy_, "\n"),
                      absl::StrCat("    ", policy, "\n"));
    policy_ = policy;
    Reload();
  }
  void Reload() {
    scenario_.Write();
    const absl::Status reloaded = platform_->Reload();
    ASSERT_TRUE(reloaded.ok()) << reloaded;
  }

  v1::VerifyHouseholdResponse Verify(v1::CheckKind kind = v1::CHECK_KIND_NEW) {
    ++begun_;
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_check_kind(kind);
    request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
    const auto response = platform_->Verify(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::VerifyHouseholdResponse();
  }
  std::future<v1::SourceOutcome> BeginToVerify(v1::CheckKind kind = v1::CHECK_KIND_NEW) {
    const int before = begun_;
    auto verified = std::async(
        std::launch::async, [this, kind] { return OutcomeOf(Verify(kind), "m1", kWageCategory); });
    while (begun_ == before) std::this_thread::yield();
    return verified;
  }

  void Ping() {
    v1::GetReportRequest request;
    request.set_officer("XQ-0107");
    request.set_request_id("00000000-0000-4000-8000-000000000000");
    EXPECT_EQ(pings_->GetReport(request, kPatience).status().code(), absl::StatusCode::kNotFound);
  }
  void AwaitArrived(int queries) {
    while (department_->arrived() < queries) Ping();
  }
  // The verification begun last has asked, or stands in line: its intent is committed, and the
  // loop has gone on since.
  void AwaitInLine() {
    while (intents_ < begun_) Ping();
    Ping();
    Ping();
  }
  // The test fails where it does not come while the clock stands still.
  template <typename Future>
  auto Await(Future* future) {
    absl::Time until = absl::Now() + kPatience;
    while (future->wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      Ping();
      if (absl::Now() < until) continue;
      ADD_FAILURE() << "it does not come in this time";
      clock_.Advance(absl::Hours(1));  // to an end
      until = absl::InfiniteFuture();
    }
    return future->get();
  }

  HandClock clock_;
  std::atomic<int> begun_{0};
  std::atomic<int> intents_{0};
  Scenario scenario_;
  base::SecureIdSource ids_;
  std::string policy_;
  std::unique_ptr<ScriptedDepartment> department_;
  std::unique_ptr<RunningPlatform> platform_;
  std::unique_ptr<clients::Client> pings_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_SOURCE_LINE_FIXTURE_H_
