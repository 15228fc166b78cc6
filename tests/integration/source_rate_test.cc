// A department's requests per second and per day, counted where they arrive, under load, retries
// and hedges, over a restart and kills.
//
// The platforms are processes of their own, which go by a clock that the test moves: only while
// nothing else happens, and all that has left by the platform's own count has arrived. So a query
// arrives at the time at which it was sent, however busy the machine is.
#include <signal.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hedui/v1/source.pb.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "tests/integration/running_platform.h"
#include "tests/integration/scripted_department.h"
#include "tests/support/child_process.h"
#include "tests/support/shared_clock.h"

namespace hedui::testing {
namespace {

using Reacts = ScriptStep::Reacts;

constexpr char kSource[] = "nx-tax";
constexpr int kPerSecond = 20;
constexpr int kPerDay = 480;
constexpr int kBlock = kPerDay / 64;
constexpr int kCallers = 6;
constexpr absl::Duration kTick = absl::Milliseconds(50);
// So many calls go to the platform and back, one after another, before time passes.
constexpr int kCallsWithoutChange = 20;
// What has left and has not arrived after so many more never will: cancelled on its way, mostly.
constexpr int kCallsUntilLost = 3'000;
// One in so many is refused, one in so many is not answered: seldom the same one, and not the one
// after it, which is its second attempt, when one caller is left (from some 350th to the 430th).
// Together less than the tenth that further attempts may be.
constexpr int kRefusedEach = 25;
constexpr int kSilentEach = 43;

// Of each process but the last, which uses the day up. Enough that it knows how long the source
// takes, and hedges.
constexpr int kVerifications = 120;

class SourceRateTest : public ::testing::Test {
 protected:
  SourceRateTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    Scenario::Replace(&scenario_.register_yaml, "    policy_uses: [read, try]\n",
                      "    source_uses: [read]\n");
    Scenario::AddToSource(&scenario_.catalogue_yaml, kSource,
                          absl::StrCat("per_second: ", kPerSecond, "\n    per_day: ", kPerDay,
                                       "\n    attempts: 3\n    hedge_safe: true\n"
                                       "    deadline: 6s\n    breaker: {off: true}"));
    department_ = std::make_unique<ScriptedDepartment>(
        &scenario_, kSource, "", [this](int number, const v1::QueryRequest& query) {
          return Note(number, query.attempt_id());
        });
    scenario_.Write();
    clock_ = std::make_unique<SharedClock>(scenario_.Path("clock"));
  }

  std::unique_ptr<ChildProcess> Start(const std::string& moment, int count) {
    auto child = ChildProcess::Start({absl::StrCat(HEDUI_BIN_DIR, "/../tests/kill_platform"),
                                      scenario_.Path("heduid.yaml"), moment, absl::StrCat(count),
                                      scenario_.Path("clock")});
    EXPECT_TRUE(child.ok()) << child.status();
    begun_ = clock_->SteadyNow();
    const auto line = (*child)->ReadLine("listening ");
    EXPECT_TRUE(line.ok() && absl::SimpleAtoi(*line, &port_)) << line.status();
    if (!registered_) {
      // A moment may come before it is done: the next process does it then.
      registered_ =
          scenario_.Connect(port_)->RegisterAuthorizations(scenario_.letters, kPatience).ok();
    }
    return *std::move(child);
  }

  // Verifies with so many callers until the platform is dead, or until `go_on` says no to each.
  // Time passes while nothing else happens.
  void Load(int count, const std::function<bool(const v1::VerifyHouseholdResponse&)>& go_on) {
    std::atomic<int> ended{0};
    std::atomic<int> verified{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < count; ++i) {
      callers.emplace_back([&, client = scenario_.Connect(port_)] {
        while (true) {
          v1::VerifyHouseholdRequest request = scenario_.household;
          request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
          const auto response = client->VerifyHousehold(request, kPatience);
          if (!response.ok()) {
            EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable)
                << response.status();
            break;
          }
          ++verified;
          if (!go_on(*response)) break;
        }
        ++ended;
      });
    }
    const auto pings = scenario_.Connect(port_);
    std::pair<int, int> before;
    int unchanged = 0;
    while (ended < count) {
      if (!Ping(pings.get())) continue;  // it dies
      const std::pair<int, int> now(department_->arrived(), verified);
      unchanged = now == before ? unchanged + 1 : 0;
      before = now;
      if (unchanged < kCallsWithoutChange || !AllHasArrived(pings.get(), unchanged)) continue;
      clock_->Advance(kTick);
      unchanged = 0;
    }
    for (std::thread& caller : callers) caller.join();
  }

  static bool Ping(clients::Client* client) {
    v1::GetReportRequest request;
    request.set_officer("XQ-0107");
    request.set_request_id("00000000-0000-4000-8000-000000000000");
    return client->GetReport(request, kPatience).status().code() == absl::StatusCode::kNotFound;
  }

  // As many have left as arrived, but for those that this process counts and were not its own, or
  // that are lost. In its first second none leave, so that it shows which those are. False also
  // where it dies.
  bool AllHasArrived(clients::Client* client, int unchanged) {
    const int arrived = department_->arrived();
    v1::ListSourcesRequest request;
    request.set_officer("XQ-0107");
    const auto list = client->ListSources(request, kPatience);
    if (!list.ok()) return false;
    for (const v1::Source& source : list->sources()) {
      if (source.source_id() != kSource) continue;
      const int64_t left = source.used_today() - arrived;
      const bool first_second = clock_->SteadyNow() < begun_ + absl::Seconds(1);
      if (first_second || unchanged > kCallsUntilLost) not_to_come_ = left;
      return left <= not_to_come_;
    }
    ADD_FAILURE() << "it is not listed";
    return true;
  }

  // At the department, as a query arrives.
  ScriptStep Note(int number, const std::string& attempt_id) {
    const size_t end = attempt_id.rfind('/');
    const base::MutexLock lock(&mutex_);
    arrived_at_.push_back(clock_->SteadyNow());
    const auto [found, first] = reacted_.try_emplace(attempt_id.substr(0, end), Reacts::kRight);
    if (!first) ++(found->second == Reacts::kSilent ? hedges_ : retries_);
    found->second = number % kRefusedEach == 0  ? Reacts::kUnavailable
                    : number % kSilentEach == 0 ? Reacts::kSilent
                                                : Reacts::kRight;
    return {.reacts = found->second};
  }

  int hedges() {
    const base::MutexLock lock(&mutex_);
    return hedges_;
  }

  Scenario scenario_;
  std::unique_ptr<SharedClock> clock_;
  base::SecureIdSource ids_;
  base::Mutex mutex_;
  std::vector<absl::Duration> arrived_at_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Reacts> reacted_ ABSL_GUARDED_BY(mutex_);  // to a query, last
  int retries_ ABSL_GUARDED_BY(mutex_) = 0;
  int hedges_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<ScriptedDepartment> department_;
  absl::Duration begun_;     // of the process
  int64_t not_to_come_ = 0;  // of what it counts as left
  bool registered_ = false;
  int port_ = 0;
};

bool IsUsedUp(const v1::VerifyHouseholdResponse& response) {
  const v1::SourceOutcome outcome = OutcomeOf(response, "m1", "tax");
  return outcome.kind() == v1::ANSWER_KIND_NOT_ASKED && outcome.reason() == v1::REASON_QUOTA;
}

TEST_F(SourceRateTest, NoSecondAndNoDayHasMoreThanItsLimitWhateverHappens) {
  int kills = 0;
  for (const char* const moment : {"answers", "intent"}) {
    const auto platform = Start(moment, kVerifications);
    Load(kCallers, [](const v1::VerifyHouseholdResponse& response) {
      EXPECT_FALSE(IsUsedUp(response)) << "too early";
      return true;
    });
    EXPECT_EQ(platform->AwaitEnd(), (ProcessEnd{SIGKILL, 0}));
    ++kills;
  }
  {
    const auto platform = Start("never", 0);
    std::atomic<int> left{kVerifications};
    Load(kCallers, [&left](const v1::VerifyHouseholdResponse& response) {
      EXPECT_FALSE(IsUsedUp(response)) << "too early";
      return --left > 0;
    });
    // No hedge leaves while others wait for the second to end. Alone, and seldom enough that there
    // is always room in it, the next query that is not answered has one: by now it is known how
    // long the source takes.
    const int before = hedges();
    left = kSilentEach + 1;
    Load(1, [&](const v1::VerifyHouseholdResponse& response) {
      EXPECT_FALSE(IsUsedUp(response)) << "too early";
      clock_->Advance(2 * kTick);
      return hedges() == before && --left > 0;
    });
    EXPECT_GT(hedges(), before);
    EXPECT_EQ(platform->Stop(), ProcessEnd{});
  }
  {
    const auto platform = Start("never", 0);
    Load(kCallers, [](const v1::VerifyHouseholdResponse& response) { return !IsUsedUp(response); });
    EXPECT_EQ(platform->Stop(), ProcessEnd{});
  }

  const base::MutexLock lock(&mutex_);
  EXPECT_LE(arrived_at_.size(), static_cast<size_t>(kPerDay));
  // A block of each process that is gone, and what was charged but had not arrived when it died.
  EXPECT_GE(arrived_at_.size(), static_cast<size_t>(kPerDay - 3 * kBlock - kills * 2 * kCallers));
  bool was_full = false;
  for (size_t i = 0; i + kPerSecond < arrived_at_.size(); ++i) {
    EXPECT_GE(arrived_at_[i + kPerSecond] - arrived_at_[i], absl::Seconds(1)) << i;
    was_full |= arrived_at_[i + kPerSecond - 1] - arrived_at_[i] <= absl::Seconds(1);
  }
  EXPECT_TRUE(was_full) << "the limit held nobody up";
  EXPECT_GT(retries_, 0);
}

}  // namespace
}  // namespace hedui::testing
