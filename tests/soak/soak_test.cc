// A platform at full load for as long as HEDUI_SOAK_SECONDS says, its departments in every mood,
// letters withdrawn under way, matters closed, catalogues changed: nothing is stuck, nothing is
// forgotten, every department is spared as its entry says, and memory does not grow. `./dev prove
// soak` takes ten minutes; as a test it takes some seconds, and says nothing of memory.
//
// The machine's clocks: what arrives at a department is noted when it gets around to it. So spans
// here are looked at with room for that; exactly they are held to in SourceRateTest.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/base/dates.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "tests/integration/running_platform.h"
#include "tests/integration/scenario.h"
#include "tests/operation/http_get.h"
#include "tests/soak/rates.h"
#include "tests/soak/soak_departments.h"
#include "tests/soak/soak_matter.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

constexpr char kOfficer[] = "XQ-0107";
constexpr int kShortSeconds = 6;
// From here on memory is judged.
constexpr int kSecondsForMemory = 240;
// Verifications. With fewer a process has not yet all that it will ever hold.
constexpr size_t kVerifiedForMemory = 30'000;
constexpr double kGrowthMax = 0.02;  // over the last half, of its median
// Freed pages go back at once. As it is set otherwise, the allocator keeps what bursts of the last
// seconds have used: up to a third of all, more than any growth that is looked for.
constexpr char kAllocator[] = "dirty_decay_ms:0,muzzy_decay_ms:0";

// So many that the processors are what is short, though some wait for departments that do not
// answer.
constexpr int kCallers = 96;
// Of the short form.
constexpr int kFewCallers = 8;
constexpr absl::Duration kCallTimeout = absl::Seconds(50);
// Of the callers' steps: begun without waiting; withdrawn from under way.
constexpr uint32_t kPromisedPercent = 15;
constexpr uint32_t kRevokedPercent = 5;

constexpr absl::Duration kDeadline = absl::Seconds(2);  // of a source
constexpr absl::Duration kRatedDeadline = absl::Milliseconds(300);
constexpr int kPerSecond = 60;
constexpr int kPerDay = 3'000;
// As the catalogue's defaults have it, and retry_budget.h.
constexpr int kExtraReserve = 10;
constexpr double kExtraShare = 0.10;

// Together with the demo's eleven: 32.
constexpr int kBanks = 21;

constexpr const char* kDemoSources[] = {
    "mca-centre",   "nx-social-security",     "nx-tax",          "nx-public-security",
    "nx-education", "nx-disabled-federation", "nx-bank",         "nx-securities",
    "yc-market",    "yc-real-estate",         "xq-civil-affairs"};

int SecondsWanted() {
  const char* const wanted = std::getenv("HEDUI_SOAK_SECONDS");
  int seconds = kShortSeconds;
  if (wanted != nullptr && (!absl::SimpleAtoi(wanted, &seconds) || seconds < 1)) {
    ADD_FAILURE() << "HEDUI_SOAK_SECONDS: " << wanted;
  }
  return seconds;
}

bool IsRated(const std::string& id) { return id == "bank-01" || id == "bank-02"; }
bool IsCounted(const std::string& id) { return id == "bank-02" || id == "bank-03"; }

// The sum over all labels; of one source where it is named.
double Metric(const std::string& scraped, const std::string& name, const std::string& source = "") {
  double sum = 0;
  for (absl::string_view line : absl::StrSplit(scraped, '\n')) {
    const bool is_it = absl::StartsWith(line, absl::StrCat(name, "{")) ||
                       absl::StartsWith(line, absl::StrCat(name, " "));
    if (!is_it) continue;
    if (!source.empty() && !absl::StrContains(line, absl::StrCat("source=\"", source, "\"")))
      continue;
    double value = 0;
    const bool read = absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value);
    EXPECT_TRUE(read) << line;
    sum += value;
  }
  return sum;
}

class SoakTest : public ::testing::Test {
 protected:
  SoakTest() : seconds_(SecondsWanted()) {
    Scenario::Replace(&scenario_.simulation_yaml, "    faults: [{kind: silent}]\n", "");
    Scenario::Replace(&scenario_.catalogue_yaml, "    deadline: 2s\n", "");
    Scenario::Replace(&scenario_.catalogue_yaml, "    attempts: 2\n    hedge_safe: true\n", "");
    AddBanks();
    std::vector<std::string> ids;
    for (const char* const id : kDemoSources) ids.push_back(id);
    for (int i = 1; i <= kBanks; ++i) ids.push_back(BankId(i));
    for (const std::string& id : ids) {
      Scenario::AddToSource(&scenario_.catalogue_yaml, id, PolicyOf(id));
    }
    departments_ = std::make_unique<SoakDepartments>(&scenario_, ids, kDeadline + absl::Seconds(1),
                                                     /*seed=*/20250303);
    scenario_.server_yaml += "loops: 2\nmetrics: {listen: \"127.0.0.1:0\"}\n";
    StartPlatform();
  }

  static std::string BankId(int number) { return absl::StrFormat("bank-%02d", number); }

  void AddBanks() {
    std::string simulated;
    for (int i = 1; i <= kBanks; ++i) {
      absl::StrAppend(&scenario_.catalogue_yaml, "  - id: ", BankId(i), "\n    name: 银行 ", i,
                      "\n    department: 银行业金融机构\n    level: region\n"
                      "    divisions: [\"640000\"]\n    categories: [{code: deposit}]\n"
                      "    simulated: {file: simulation.yaml}\n");
      absl::StrAppend(&simulated, "  - id: ", BankId(i), "\n    categories: [deposit]\n");
    }
    Scenario::Replace(&scenario_.simulation_yaml, "\npeople:\n",
                      absl::StrCat(simulated, "\npeople:\n"));
  }

  static std::string PolicyOf(const std::string& id) {
    std::string policy = "attempts: 2\n    hedge_safe: true\n    concurrency: 64";
    absl::StrAppend(&policy, "\n    deadline: ",
                    absl::FormatDuration(IsRated(id) ? kRatedDeadline : kDeadline));
    if (IsRated(id)) absl::StrAppend(&policy, "\n    per_second: ", kPerSecond);
    if (IsCounted(id)) absl::StrAppend(&policy, "\n    per_day: ", kPerDay);
    return policy;
  }

  void StartPlatform() {
    setenv("MALLOC_CONF", kAllocator, /*overwrite=*/1);
    auto child = ChildProcess::Start(
        {absl::StrCat(HEDUI_BIN_DIR, "/heduid"), "--config", scenario_.Write()});
    ASSERT_TRUE(child.ok()) << child.status();
    platform_ = *std::move(child);
    const auto metrics = platform_->ReadLine("metrics ");
    const auto port = platform_->ReadLine("listening ");
    ASSERT_TRUE(metrics.ok() && absl::SimpleAtoi(*metrics, &metrics_port_));
    ASSERT_TRUE(port.ok() && absl::SimpleAtoi(*port, &port_));
    platform_->DiscardOutput();  // it logs every call
  }

  // ---- the callers

  void Fail(const std::string& what) {
    const base::MutexLock lock(&mutex_);
    if (failures_.size() < 10) failures_.push_back(what);
    over_ = true;
  }
  // Whether a call succeeded; one that is turned away for now is none of either.
  template <typename Result>
  bool Succeeded(const char* call, const absl::StatusOr<Result>& result) {
    if (result.ok()) return true;
    if (result.status().code() == absl::StatusCode::kResourceExhausted) {
      ++turned_away_;
    } else {
      Fail(absl::StrCat(call, ": ", result.status().ToString()));
    }
    return false;
  }

  void Call(clients::Client* client, uint32_t seed) {
    std::mt19937 random(seed);
    VerifyOnce(client);
    while (!over_) {
      const Matter matter(scenario_, ++matters_);
      if (!Succeeded("RegisterAuthorizations",
                     client->RegisterAuthorizations(matter.letters(), kCallTimeout))) {
        continue;
      }
      std::vector<std::string> promised;
      while (!over_) {
        RestIfAsked();
        const uint32_t drawn = random() % 100;
        const v1::VerifyHouseholdRequest request = matter.NewRequest(&ids_);
        if (drawn < kRevokedPercent) {
          if (Promise(client, request, &promised)) {
            Withdraw(client, matter.Withdrawal(random()));
          }
          End(client, matter, promised);
          break;
        }
        if (drawn < kRevokedPercent + kPromisedPercent) {
          Promise(client, request, &promised);
        } else {
          const auto response = client->VerifyHousehold(request, kCallTimeout);
          if (Succeeded("VerifyHousehold", response)) Reported(*response);
        }
      }
    }
  }

  void RestIfAsked() {
    const base::MutexLock lock(&mutex_);
    if (!rest_) return;
    ++resting_;
    rested_.Signal();
    while (rest_) go_on_.Wait(&mutex_);
    --resting_;
  }

  // However slow the machine is, each caller has a report.
  void VerifyOnce(clients::Client* client) {
    const Matter matter(scenario_, ++matters_);
    if (!Succeeded("RegisterAuthorizations",
                   client->RegisterAuthorizations(matter.letters(), kCallTimeout))) {
      return;
    }
    const auto response = client->VerifyHousehold(matter.NewRequest(&ids_), kCallTimeout);
    if (Succeeded("VerifyHousehold", response)) Reported(*response);
  }

  bool Promise(clients::Client* client, const v1::VerifyHouseholdRequest& request,
               std::vector<std::string>* promised) {
    v1::CreateVerificationRequest create;
    *create.mutable_request() = request;
    if (!Succeeded("CreateVerification", client->CreateVerification(create, kCallTimeout))) {
      return false;
    }
    const base::MutexLock lock(&mutex_);
    promised->push_back(request.header().request_id());
    promised_.push_back(promised->back());
    return true;
  }

  void Withdraw(clients::Client* client, const v1::RevokeAuthorizationRequest& withdrawal) {
    if (Succeeded("RevokeAuthorization", client->RevokeAuthorization(withdrawal, kCallTimeout))) {
      ++withdrawn_;
    }
  }

  // As an agency does when what it promised itself of a matter is there.
  void End(clients::Client* client, const Matter& matter,
           const std::vector<std::string>& promised) {
    for (const std::string& id : promised) {
      if (!AwaitReport(client, id)) return;
    }
    if (over_) return;
    if (Succeeded("CloseMatter", client->CloseMatter(matter.Closing(), kCallTimeout))) ++closed_;
  }

  bool AwaitReport(clients::Client* client, const std::string& id) {
    v1::WatchVerificationRequest watch;
    watch.set_request_id(id);
    watch.set_officer(kOfficer);
    const auto finished = client->WatchVerification(watch, kCallTimeout, [](const auto&) {});
    if (finished.ok() && !finished->envelope().empty()) return true;
    Fail(absl::StrCat(id, ": ", finished.ok() ? "no report" : finished.status().ToString()));
    return false;
  }

  void Reported(const v1::VerifyHouseholdResponse& response) {
    ++reports_;
    const int outcomes = response.outcomes_size();
    int known = 0;
    // Each pair of each source, whatever came of it: as many every time.
    if (!outcomes_.compare_exchange_strong(known, outcomes) && known != outcomes) {
      Fail(absl::StrCat(outcomes, " outcomes, not ", known));
    }
    if (response.envelope().empty()) Fail("a reply without a report");
  }

  // Whatever was promised has its report; closed matters' too.
  void AwaitPromised() {
    const auto client = scenario_.Connect(port_);
    std::vector<std::string> promised;
    {
      const base::MutexLock lock(&mutex_);
      promised = promised_;
    }
    given_ = promised.size();
    for (const std::string& id : promised) {
      if (!AwaitReport(client.get(), id)) return;
    }
  }

  // ---- what happens meanwhile

  // Another catalogue: what is no limit changes.
  void Reload() {
    const bool even = ++reloads_ % 2 == 0;
    std::string catalogue = scenario_.catalogue_yaml;
    if (!even) {
      absl::StrReplaceAll({{"concurrency: 64", "concurrency: 32"},
                           {"attempts: 2\n    hedge_safe: true", "attempts: 3"}},
                          &catalogue);
    }
    const std::string path = scenario_.Path("catalogue.yaml");
    std::ofstream(path + ".new") << catalogue;
    ASSERT_EQ(rename((path + ".new").c_str(), path.c_str()), 0);
    ASSERT_EQ(kill(platform_->pid(), SIGHUP), 0);
  }

  // Everybody stops for a moment. What the platform holds then, it holds for nobody. Less the
  // memory of look-ups, which goes up and down with what waits to be merged, and up to a bound with
  // the filters of the runs (server/store): the platform counts it itself.
  void Rest(size_t callers) {
    {
      const base::MutexLock lock(&mutex_);
      rest_ = true;
      while (resting_ < callers && !over_) rested_.WaitWithTimeout(&mutex_, kTick);
    }
    if (!over_) AwaitIdle();
    lookups_.push_back(Metric(scraped_, "hedui_store_lookup_bytes"));
    at_rest_.push_back(static_cast<double>(platform_->ResidentBytes()) - lookups_.back());
    const base::MutexLock lock(&mutex_);
    rest_ = false;
    go_on_.SignalAll();
  }

  // A second of it, or until it is over.
  void AwaitTick() {
    const base::MutexLock lock(&mutex_);
    tick_.WaitWithTimeout(&mutex_, kTick);
  }

  void Soak() {
    std::vector<std::thread> callers;
    const uint32_t wanted = seconds_ < kSecondsForMemory ? kFewCallers : kCallers;
    for (uint32_t i = 1; i <= wanted; ++i) {
      // Connected here: certificates are issued by one thread.
      callers.emplace_back([this, i, client = scenario_.Connect(port_)] { Call(client.get(), i); });
    }
    const absl::Duration lasting = absl::Seconds(seconds_);
    const absl::Duration begun = clock_.SteadyNow();
    const absl::Duration mood_lasts = std::min(absl::Seconds(5), lasting / 6);
    const absl::Duration catalogue_lasts = std::min(absl::Seconds(20), lasting / 4);
    absl::Duration next_mood = begun + mood_lasts;
    absl::Duration next_catalogue = begun + catalogue_lasts;
    for (absl::Duration now = begun; now < begun + lasting && !over_; now = clock_.SteadyNow()) {
      if (now >= next_mood) {
        departments_->DrawMoods();
        next_mood += mood_lasts;
      }
      if (now >= next_catalogue) {
        Rest(callers.size());
        Reload();
        next_catalogue = clock_.SteadyNow() + catalogue_lasts;
      }
      memory_.push_back(static_cast<double>(platform_->ResidentBytes()));
      AwaitTick();
    }
    lasted_ = clock_.SteadyNow() - begun;
    over_ = true;
    departments_->MakeSound();
    for (std::thread& caller : callers) caller.join();
  }

  // ---- what must hold

  std::string Scrape() const { return HttpGet(metrics_port_, "/metrics"); }

  // All permits are back and nobody waits. Bounded by the test's own time limit.
  void AwaitIdle() {
    while (true) {
      scraped_ = Scrape();
      ASSERT_FALSE(scraped_.empty());
      if (Metric(scraped_, "hedui_verifications_in_flight") == 0 &&
          Metric(scraped_, "hedui_source_in_flight") == 0 &&
          Metric(scraped_, "hedui_source_waiting") == 0) {
        return;
      }
      AwaitTick();
    }
  }

  void CheckDepartments() {
    // What arrives late is noted late.
    constexpr absl::Duration kHalfASecond = absl::Milliseconds(500);
    const double seconds = absl::ToDoubleSeconds(clock_.SteadyNow() - departments_begun_);
    const int64_t days = base::CivilDayOf(clock_.WallNow()) - first_day_ + 1;
    int64_t extra = 0;
    int64_t all = 0;
    for (const auto& [id, counts] : departments_->TakeCounts()) {
      SCOPED_TRACE(id);
      EXPECT_FALSE(counts.arrived.empty());
      all += static_cast<int64_t>(counts.arrived.size());
      extra += counts.extra;
      EXPECT_LE(static_cast<double>(counts.extra),
                kExtraReserve + kExtraShare * Metric(scraped_, "hedui_source_queries_total", id));
      if (IsRated(id)) {
        EXPECT_LE(MostWithin(counts.arrived, kHalfASecond), static_cast<size_t>(kPerSecond));
        EXPECT_LE(static_cast<double>(counts.arrived.size()), kPerSecond * (seconds + 1));
      }
      if (IsCounted(id)) {
        EXPECT_LE(counts.arrived.size(), static_cast<size_t>(days * kPerDay));
      }
    }
    EXPECT_GT(extra, 0);
    std::cout << all << " queries at departments, of them " << extra << " retries and hedges\n";
  }

  void CheckMemory() {
    std::vector<double> last(at_rest_.begin() + static_cast<ptrdiff_t>(at_rest_.size() / 2),
                             at_rest_.end());
    const double growth = TheilSenGrowth(last);
    std::nth_element(last.begin(), last.begin() + static_cast<ptrdiff_t>(last.size() / 2),
                     last.end());
    const double median = last[last.size() / 2];
    constexpr double kMebibyte = 1 << 20;
    std::cout << absl::StrFormat(
        "resident memory: first %.0f MB, most %.0f MB; at rest without look-ups, %d times: first "
        "%.0f MB, median of the last half %.1f MB, over which it grew by %.2f MB (%.2f%%); "
        "look-ups "
        "at most %.1f MB\n",
        memory_.front() / kMebibyte, *std::max_element(memory_.begin(), memory_.end()) / kMebibyte,
        static_cast<int>(at_rest_.size()), at_rest_.front() / kMebibyte, median / kMebibyte,
        growth / kMebibyte, 100 * growth / median,
        *std::max_element(lookups_.begin(), lookups_.end()) / kMebibyte);
    if (seconds_ < kSecondsForMemory) return;
    ASSERT_GE(static_cast<size_t>(reports_.load()) + given_, kVerifiedForMemory)
        << "too few for memory to be judged: a longer time, or a machine that does nothing else";
    EXPECT_LT(growth, kGrowthMax * median);
  }

  static constexpr absl::Duration kTick = absl::Seconds(1);

  const int seconds_;
  const base::SystemClock clock_;
  const absl::Duration departments_begun_ = clock_.SteadyNow();
  const absl::CivilDay first_day_ = base::CivilDayOf(clock_.WallNow());
  base::SecureIdSource ids_;
  Scenario scenario_;
  std::unique_ptr<SoakDepartments> departments_;
  std::unique_ptr<ChildProcess> platform_;
  int port_ = 0;
  int metrics_port_ = 0;
  int reloads_ = 0;
  std::vector<double> memory_;   // each second
  std::vector<double> at_rest_;  // before each catalogue, without look-ups
  std::vector<double> lookups_;  // then
  absl::Duration lasted_;
  size_t given_ = 0;
  std::string scraped_;

  std::atomic<bool> over_{false};
  std::atomic<int> matters_{0};
  std::atomic<int> reports_{0};
  std::atomic<int> withdrawn_{0};
  std::atomic<int> closed_{0};
  std::atomic<int> turned_away_{0};
  std::atomic<int> outcomes_{0};
  base::Mutex mutex_;
  base::CondVar tick_;
  bool rest_ ABSL_GUARDED_BY(mutex_) = false;
  size_t resting_ ABSL_GUARDED_BY(mutex_) = 0;  // callers
  base::CondVar rested_;
  base::CondVar go_on_;
  std::vector<std::string> promised_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> failures_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(SoakTest, NothingIsStuckForgottenOrAskedTooOftenAndMemoryDoesNotGrow) {
  if (HasFatalFailure()) return;
  Soak();
  AwaitPromised();
  {
    const base::MutexLock lock(&mutex_);
    for (const std::string& failure : failures_) ADD_FAILURE() << failure;
  }
  if (HasFailure()) return;
  AwaitIdle();
  if (HasFatalFailure()) return;
  std::cout << absl::StrFormat(
      "%.0f s: %d reports waited for (%.0f/s), %d promised and given, %d letters withdrawn, %d "
      "matters, %d of them closed, %d catalogues, %d calls turned away\n",
      absl::ToDoubleSeconds(lasted_), reports_.load(),
      reports_.load() / absl::ToDoubleSeconds(lasted_), static_cast<int>(given_), withdrawn_.load(),
      matters_.load(), closed_.load(), reloads_, turned_away_.load());
  CheckDepartments();
  CheckMemory();
  EXPECT_GT(reports_.load(), 0);
  EXPECT_GT(reloads_, 0);
  EXPECT_EQ(platform_->Stop(), ProcessEnd{}) << "it drains";
}

}  // namespace
}  // namespace hedui::testing
