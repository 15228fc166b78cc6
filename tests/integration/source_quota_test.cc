// A department's requests per day, whatever becomes of the processes that ask it.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/dates.h"
#include "tests/integration/departments.h"
#include "tests/integration/running_platform.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

constexpr char kSource[] = "nx-tax";
constexpr char kPerson[] = "m1";

bool WasAsked(const v1::VerifyHouseholdResponse& response) {
  const v1::SourceOutcome outcome = OutcomeOf(response, kPerson, "tax");
  if (outcome.kind() != v1::ANSWER_KIND_NOT_ASKED) return true;
  EXPECT_EQ(outcome.reason(), v1::REASON_QUOTA);
  return false;
}

// Noon of today, and later by as much as passes: no day ends.
class NoonClock final : public base::Clock {
 public:
  absl::Time WallNow() const override { return noon_ + (system_.SteadyNow() - started_); }
  absl::Duration SteadyNow() const override { return system_.SteadyNow(); }

 private:
  base::SystemClock system_;
  const absl::Duration started_ = system_.SteadyNow();
  const absl::Time noon_ = base::StartOfDay(base::CivilDayOf(system_.WallNow())) + absl::Hours(12);
};

class SourceQuotaTest : public ::testing::Test {
 protected:
  SourceQuotaTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  }
  v1::VerifyHouseholdRequest NewRequest(v1::CheckKind kind) {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_check_kind(kind);
    request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
    return request;
  }
  bool VerifyOne(RunningPlatform* platform, v1::CheckKind kind = v1::CHECK_KIND_NEW) {
    const auto response = platform->Verify(NewRequest(kind));
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() && WasAsked(*response);
  }

  void Reload(RunningPlatform* platform) {
    scenario_.Write();
    const absl::Status reloaded = platform->Reload();
    ASSERT_TRUE(reloaded.ok()) << reloaded;
  }

  Scenario scenario_;
  base::SecureIdSource ids_;
};

TEST_F(SourceQuotaTest, ItIsKeptOverRestarts) {
  Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, "per_day: 5");
  const NoonClock clock;
  RunningPlatform platform(&scenario_, nullptr,
                           [&clock](PlatformOptions* options) { options->clock = &clock; });
  platform.Register();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(VerifyOne(&platform)) << i;
  platform.Restart();
  for (int i = 2; i < 4; ++i) EXPECT_TRUE(VerifyOne(&platform)) << i;
  platform.Restart();
  EXPECT_TRUE(VerifyOne(&platform)) << "with blocks of one a restart loses nothing";
  EXPECT_FALSE(VerifyOne(&platform));
  platform.Restart();
  EXPECT_FALSE(VerifyOne(&platform));
}

TEST_F(SourceQuotaTest, ReviewsLeaveOfTheDayWhatIsForThoseWhoWait) {
  Scenario::AddToSource(&scenario_.catalogue_yaml, kSource,
                        "per_day: 6\n    interactive_percent: 50");
  const NoonClock clock;
  RunningPlatform platform(&scenario_, nullptr,
                           [&clock](PlatformOptions* options) { options->clock = &clock; });
  platform.Register();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(VerifyOne(&platform, v1::CHECK_KIND_REVIEW)) << i;
  EXPECT_FALSE(VerifyOne(&platform, v1::CHECK_KIND_REVIEW));
  EXPECT_TRUE(VerifyOne(&platform));
  platform.Restart();
  EXPECT_FALSE(VerifyOne(&platform, v1::CHECK_KIND_REVIEW));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(VerifyOne(&platform)) << i;
  EXPECT_FALSE(VerifyOne(&platform));
}

TEST_F(SourceQuotaTest, AnotherNumberHoldsAtOnceAndWhatWasSentBeforeIsCounted) {
  const NoonClock clock;
  RunningPlatform platform(&scenario_, nullptr,
                           [&clock](PlatformOptions* options) { options->clock = &clock; });
  platform.Register();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(VerifyOne(&platform)) << i;
  Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, "per_day: 3");
  Reload(&platform);
  EXPECT_TRUE(VerifyOne(&platform));
  EXPECT_FALSE(VerifyOne(&platform));
  Scenario::Replace(&scenario_.catalogue_yaml, "per_day: 3", "per_day: 4");
  Reload(&platform);
  EXPECT_TRUE(VerifyOne(&platform));
  EXPECT_FALSE(VerifyOne(&platform));
  Scenario::Replace(&scenario_.catalogue_yaml, "    per_day: 4\n", "");
  Reload(&platform);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(VerifyOne(&platform)) << i;
}

// Taxes are asked of the county where the region's day is used up.
TEST_F(SourceQuotaTest, WhoeverStandsInForASourceIsAskedOnceItsDayIsUsedUp) {
  constexpr char kStandIn[] = "xq-civil-affairs";
  Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, "per_day: 1");
  Scenario::Replace(&scenario_.catalogue_yaml, "{code: assistance}",
                    "{code: assistance}, {code: tax, fallback: true}");
  Scenario::Replace(&scenario_.simulation_yaml, "categories: [assistance]",
                    "categories: [assistance, tax]");
  const NoonClock clock;
  RunningPlatform platform(&scenario_, nullptr,
                           [&clock](PlatformOptions* options) { options->clock = &clock; });
  platform.Register();
  const auto told = [&] {
    const auto response = platform.Verify(NewRequest(v1::CHECK_KIND_NEW));
    EXPECT_TRUE(response.ok()) << response.status();
    std::map<std::string, std::string> by_source;
    if (!response.ok()) return by_source;
    for (const v1::SourceOutcome& outcome : response->outcomes()) {
      if (outcome.person_id() != kPerson || outcome.category() != "tax") continue;
      by_source[outcome.source_id()] =
          absl::StrCat(v1::AnswerKind_Name(outcome.kind()), " ", v1::Reason_Name(outcome.reason()));
    }
    return by_source;
  };
  const std::map<std::string, std::string> first = told();
  EXPECT_EQ(first.size(), 1u);
  EXPECT_EQ(first.count(kSource), 1u);
  EXPECT_EQ(told(), (std::map<std::string, std::string>{
                        {kSource, "ANSWER_KIND_NOT_ASKED REASON_QUOTA"},
                        {kStandIn, "ANSWER_KIND_CONFIRMED_NONE REASON_UNSPECIFIED"}}));
}

// As many callers as ask at once while the platform is killed.
class Killed {
 public:
  static constexpr int kPerDay = 640;
  static constexpr int kBlock = kPerDay / 64;
  static constexpr int kCallers = 4;
  static constexpr int kKills = 9;

  Killed() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, absl::StrCat("per_day: ", kPerDay));
    departments_ = std::make_unique<Departments>(&scenario_);
  }

  void Run() {
    for (int i = 0; i < kKills && !::testing::Test::HasFailure(); ++i) {
      static constexpr const char* kMoments[] = {"answers", "intent", "commit"};
      const std::string moment = kMoments[i % 3];
      SCOPED_TRACE(absl::StrCat("kill ", i, " at ", moment));
      const int count = 1 + static_cast<int>(random_() % (moment == "commit" ? 100 : 40));
      auto platform = Start(moment, count);
      Load(kCallers, [](const v1::VerifyHouseholdResponse& response) {
        EXPECT_TRUE(WasAsked(response)) << "used up too early";
        return true;
      });
      EXPECT_EQ(platform->AwaitEnd(), (ProcessEnd{SIGKILL, 0}));
    }
    if (::testing::Test::HasFailure()) return;
    auto platform = Start("never", 0);
    std::atomic<int> refused{0};
    Load(kCallers, [&refused](const v1::VerifyHouseholdResponse& response) {
      if (!WasAsked(response)) ++refused;
      return refused.load() == 0;
    });
    EXPECT_GT(refused.load(), 0);
    EXPECT_EQ(platform->Stop(), ProcessEnd{});
    for (const SeenQuery& query : departments_->TakeJournal()) sent_ += query.source_id == kSource;
  }

  int sent() const { return sent_; }

 private:
  std::unique_ptr<ChildProcess> Start(const std::string& moment, int count) {
    auto child = ChildProcess::Start({absl::StrCat(HEDUI_BIN_DIR, "/../tests/kill_platform"),
                                      scenario_.Path("heduid.yaml"), moment, absl::StrCat(count)});
    EXPECT_TRUE(child.ok()) << child.status();
    const auto line = (*child)->ReadLine("listening ");
    EXPECT_TRUE(line.ok() && absl::SimpleAtoi(*line, &port_)) << line.status();
    if (!registered_) {
      // A moment may come before it is done: the next process does it then.
      registered_ =
          scenario_.Connect(port_)->RegisterAuthorizations(scenario_.letters, kPatience).ok();
    }
    return *std::move(child);
  }

  // Until the platform is dead, or `go_on` says no.
  template <typename GoOn>
  void Load(int callers, GoOn go_on) {
    std::vector<std::thread> threads;
    for (int i = 0; i < callers; ++i) {
      threads.emplace_back([this, &go_on, client = scenario_.Connect(port_)] {
        while (true) {
          v1::VerifyHouseholdRequest request = scenario_.household;
          request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
          const auto response = client->VerifyHousehold(request, kPatience);
          if (!response.ok()) {
            EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable)
                << response.status();
            return;
          }
          if (!go_on(*response)) return;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  Scenario scenario_;
  std::unique_ptr<Departments> departments_;
  base::SecureIdSource ids_;
  std::mt19937 random_{20250303};
  bool registered_ = false;
  int port_ = 0;
  int sent_ = 0;
};

TEST(SourceQuotaKillsTest, KilledAgainAndAgainThePlatformKeepsToItAndWastesABlockAtMost) {
  // The processes have the machine's clock: where a day ends meanwhile the next one has room too.
  absl::CivilDay begun;
  int sent = 0;
  do {
    begun = base::CivilDayOf(absl::Now() - absl::Minutes(1));
    Killed killed;
    killed.Run();
    if (::testing::Test::HasFailure()) return;
    sent = killed.sent();
  } while (base::CivilDayOf(absl::Now() + absl::Minutes(1)) != begun);
  EXPECT_LE(sent, Killed::kPerDay);
  // And what was charged but had not arrived when the process died.
  EXPECT_GE(sent, Killed::kPerDay - Killed::kKills * (Killed::kBlock + Killed::kCallers));
}

}  // namespace
}  // namespace hedui::testing
