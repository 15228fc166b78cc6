// How a source may be asked changes with the catalogue, for those who wait at it already too.
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
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/ids.h"
#include "server/rooms.h"
#include "tests/integration/hand_clock.h"
#include "tests/integration/missing_source.h"
#include "tests/integration/running_platform.h"
#include "tests/integration/scripted_department.h"

namespace hedui::testing {
namespace {

using ::testing::UnorderedElementsAre;
using Reacts = ScriptStep::Reacts;

class SourceReloadTest : public ::testing::Test {
 protected:
  SourceReloadTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  }

  // Puts the wage source behind a network; its clock stands still.
  void StartWith(const std::string& policy, std::function<Reacts(int number)> reacts) {
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

  v1::VerifyHouseholdResponse Verify() {
    ++begun_;
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
    const auto response = platform_->Verify(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::VerifyHouseholdResponse();
  }
  std::future<v1::SourceOutcome> BeginToVerify() {
    const int before = begun_;
    auto verified =
        std::async(std::launch::async, [this] { return OutcomeOf(Verify(), "m1", kWageCategory); });
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
  template <typename Future>
  auto Await(Future* future) {
    while (future->wait_for(std::chrono::seconds(0)) != std::future_status::ready) Ping();
    return future->get();
  }

  // "nx-tax FOUND" of every outcome of the pair.
  static std::vector<std::string> TheyToldOf(const v1::VerifyHouseholdResponse& response,
                                             const std::string& person,
                                             const std::string& category) {
    std::vector<std::string> told;
    for (const v1::SourceOutcome& outcome : response.outcomes()) {
      if (outcome.person_id() != person || outcome.category() != category) continue;
      told.push_back(
          absl::StrCat(outcome.source_id(), " ",
                       v1::AnswerKind_Name(outcome.kind()).substr(sizeof("ANSWER_KIND_") - 1)));
    }
    return told;
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

TEST_F(SourceReloadTest, MorePlacesLetThoseInLineGoAndFewerHoldForWhoComesThen) {
  std::atomic<bool> silent{true};
  StartWith("deadline: 20s\n    concurrency: 1",
            [&silent](int) { return silent ? Reacts::kSilent : Reacts::kRight; });
  auto one = BeginToVerify();
  AwaitArrived(1);
  auto two = BeginToVerify();
  AwaitInLine();
  EXPECT_EQ(department_->arrived(), 1);
  ReloadWith("deadline: 20s\n    concurrency: 3");
  AwaitArrived(2);
  auto three = BeginToVerify();
  AwaitArrived(3);
  ReloadWith("deadline: 20s\n    concurrency: 2");
  clock_.Advance(absl::Seconds(1));
  auto four = BeginToVerify();
  AwaitInLine();
  EXPECT_EQ(department_->arrived(), 3) << "three are there, and two may be";
  silent = false;
  clock_.Advance(absl::Seconds(19));
  for (auto* const late : {&one, &two, &three}) EXPECT_EQ(Await(late).reason(), v1::REASON_LATE);
  EXPECT_EQ(Await(&four).kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(department_->arrived(), 4);
}

TEST_F(SourceReloadTest, ARateHoldsFromThenOnAndItsEndLetsGoWhoeverWaits) {
  StartWith("deadline: 20s", [](int) { return Reacts::kRight; });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(OutcomeOf(Verify(), "m1", kWageCategory).kind(), v1::ANSWER_KIND_FOUND);
  }
  ReloadWith("deadline: 20s\n    per_second: 1");
  auto fourth = BeginToVerify();
  AwaitInLine();
  EXPECT_EQ(department_->arrived(), 3);
  clock_.Advance(absl::Seconds(1) + absl::Milliseconds(1));
  EXPECT_EQ(Await(&fourth).kind(), v1::ANSWER_KIND_FOUND);
  auto fifth = BeginToVerify();
  AwaitInLine();
  EXPECT_EQ(department_->arrived(), 4) << "one was sent within this second";
  ReloadWith("deadline: 20s");
  EXPECT_EQ(Await(&fifth).kind(), v1::ANSWER_KIND_FOUND);
}

TEST_F(SourceReloadTest, ASecondAttemptIsMadeOnceItMayBe) {
  StartWith("deadline: 20s",
            [](int number) { return number <= 2 ? Reacts::kUnavailable : Reacts::kRight; });
  EXPECT_EQ(OutcomeOf(Verify(), "m1", kWageCategory).reason(), v1::REASON_UNREACHABLE);
  ReloadWith("deadline: 20s\n    attempts: 2\n    backoff_first: 1ms");
  auto verified = BeginToVerify();
  AwaitArrived(2);
  while (department_->arrived() < 3) {
    clock_.Advance(absl::Milliseconds(1));
    Ping();
  }
  EXPECT_EQ(Await(&verified).kind(), v1::ANSWER_KIND_FOUND);
}

TEST_F(SourceReloadTest, AnotherFallbackComesFirst) {
  const auto offer = [this](const std::string& category, int order) {
    absl::StrReplaceAll(
        {{absl::StrCat("[{code: ", category, "}]"),
          absl::StrCat("[{code: ", category,
                       "}, {code: employment, fallback: true, fallback_order: ", order, "}]")}},
        &scenario_.catalogue_yaml);
    absl::StrReplaceAll({{absl::StrCat("categories: [", category, "]"),
                          absl::StrCat("categories: [", category, ", employment]")}},
                        &scenario_.simulation_yaml);
  };
  offer("tax", 1);
  offer("assistance", 2);
  Scenario::AddToSource(&scenario_.simulation_yaml, kWageSource, "faults: [{kind: refuse}]");
  Start();
  EXPECT_THAT(TheyToldOf(Verify(), "m1", "employment"),
              UnorderedElementsAre("nx-social-security REFUSED", "nx-tax CONFIRMED_NONE"));
  absl::StrReplaceAll(
      {{"fallback_order: 1", "fallback_order: 2"}, {"fallback_order: 2", "fallback_order: 1"}},
      &scenario_.catalogue_yaml);
  Reload();
  EXPECT_THAT(
      TheyToldOf(Verify(), "m1", "employment"),
      UnorderedElementsAre("nx-social-security REFUSED", "xq-civil-affairs CONFIRMED_NONE"));
}

TEST_F(SourceReloadTest, ABodyThatRelaysIsAskedWhileTheCatalogueNamesIt) {
  auto* const hukou = scenario_.household.mutable_persons(2)->add_declared();
  hukou->set_kind("hukou");
  auto* const field = hukou->add_fields();
  field->set_name("division");
  field->set_text("610104");
  Start();
  const std::vector<std::string> before = {"nx-bank CONFIRMED_NONE", " NOT_ASKED"};
  EXPECT_EQ(TheyToldOf(Verify(), "m3", "deposit"), before);
  const std::string catalogue = scenario_.catalogue_yaml;
  absl::StrAppend(&scenario_.catalogue_yaml,
                  "  - id: sn-body\n    name: 陕西省核对中心（演示）\n    department: 核对中心\n"
                  "    level: region\n    divisions: [\"610000\"]\n    relays_for: [\"610000\"]\n"
                  "    categories: [{code: deposit}]\n    simulated: {file: simulation.yaml}\n");
  Scenario::Replace(&scenario_.simulation_yaml, "\npeople:\n",
                    "  - id: sn-body\n    categories: [deposit]\n    divisions: [\"610000\"]\n"
                    "\npeople:\n");
  Reload();
  EXPECT_THAT(TheyToldOf(Verify(), "m3", "deposit"),
              UnorderedElementsAre("nx-bank CONFIRMED_NONE", "sn-body CONFIRMED_NONE"));
  scenario_.catalogue_yaml = catalogue;
  Reload();
  EXPECT_EQ(TheyToldOf(Verify(), "m3", "deposit"), before);
}

}  // namespace
}  // namespace hedui::testing
