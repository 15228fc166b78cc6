// A platform at full load for as long as HEDUI_SOAK_SECONDS says, its departments in every mood:
// reviews among the requests, answers promised and polled for, answers used again, a fallback,
// letters withdrawn under way, matters closed, catalogues changed, a source held and released,
// another recalled, the platform started anew. Nothing is stuck, nothing is forgotten, no promise
// stays open, every department is spared as its entry says, and memory does not grow. `./dev prove
// soak` takes ten minutes; as a test it takes some seconds, and says nothing of memory.
//
// The machine's clocks: what arrives at a department is noted when it gets around to it. So spans
// here are long, and looked at with room for that; a second is held to in SourceRateTest.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/base/dates.h"
#include "server/base/mutex.h"
#include "tests/integration/scenario.h"
#include "tests/operation/http_get.h"
#include "tests/soak/rates.h"
#include "tests/soak/soak_callers.h"
#include "tests/soak/soak_catalogue.h"
#include "tests/soak/soak_departments.h"
#include "tests/soak/soak_operator.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

constexpr int kShortSeconds = 3;
// From here on the machine is loaded to its full, and limits are such as hold then.
constexpr int kSecondsForLoad = 30;
// From here on memory is judged.
constexpr int kSecondsForMemory = 240;
// Reports made. With fewer a process has not yet all that it will ever hold.
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
constexpr absl::Duration kDeadline = absl::Seconds(2);  // of most sources
constexpr absl::Duration kDeadlineShort = absl::Milliseconds(600);
// Of the rated sources: less than would be asked, so that the limit is what holds.
constexpr int kPerSecond = 10;
constexpr int kPerSecondShort = 4;
// So long a span is looked at, and so late may what arrives in it be noted.
constexpr absl::Duration kSpan = absl::Seconds(10);
constexpr absl::Duration kNotedLate = absl::Seconds(3);

// In the first of the times at which everybody rests the platform is started anew. In every other
// of them the source is held, in the next it is released: so there are two at least.
constexpr int kHeldEach = 2;
constexpr size_t kRestsLeast = 2;
// Of a recall: reports of at most the load's first seconds, so that it comes to an end.
constexpr absl::Duration kRecalledSpan = absl::Seconds(10);
// After the load, on a machine that does much else: what is waited for may have been asked for in
// vain before, and is asked for again after a pause then.
constexpr absl::Duration kPatience = absl::Minutes(4);
// A process that has just begun asks for it at once.
constexpr absl::Duration kPatienceOfShort = absl::Seconds(5);
// With fewer reports, as of a machine that does much else, not everything has to have happened.
constexpr int kReportsForAll = 30;

int SecondsWanted() {
  const char* const wanted = std::getenv("HEDUI_SOAK_SECONDS");
  int seconds = kShortSeconds;
  if (wanted != nullptr && (!absl::SimpleAtoi(wanted, &seconds) || seconds < 1)) {
    ADD_FAILURE() << "HEDUI_SOAK_SECONDS: " << wanted;
  }
  return seconds;
}

class SoakTest : public ::testing::Test {
 protected:
  SoakTest()
      : seconds_(SecondsWanted()),
        operator_(&scenario_),
        callers_(&scenario_, is_long() ? kCallers : kFewCallers) {
    const std::vector<std::string> ids = AddSoakSources(&scenario_, per_second(), deadline());
    departments_ =
        std::make_unique<SoakDepartments>(&scenario_, ids, SoakManners(ids, /*patient=*/is_long()),
                                          deadline() + absl::Seconds(1), /*seed=*/20250303);
    scenario_.server_yaml += "loops: 2\nmetrics: {listen: \"127.0.0.1:0\"}\n";
    config_ = scenario_.Write();
    StartPlatform();
  }

  bool is_long() const { return seconds_ >= kSecondsForLoad; }
  absl::Duration deadline() const { return is_long() ? kDeadline : kDeadlineShort; }
  int per_second() const { return is_long() ? kPerSecond : kPerSecondShort; }

  void StartPlatform() {
    setenv("MALLOC_CONF", kAllocator, /*overwrite=*/1);
    auto child = ChildProcess::Start({absl::StrCat(HEDUI_BIN_DIR, "/heduid"), "--config", config_});
    ASSERT_TRUE(child.ok()) << child.status();
    platform_ = *std::move(child);
    const auto metrics = platform_->ReadLine("metrics ");
    const auto port = platform_->ReadLine("listening ");
    ASSERT_TRUE(metrics.ok() && absl::SimpleAtoi(*metrics, &metrics_port_));
    ASSERT_TRUE(port.ok() && absl::SimpleAtoi(*port, &port_));
    platform_->DiscardOutput();  // it logs every call
    ++processes_;
    operator_.Connect(port_);
    callers_.Connect(port_);
  }

  // Another process goes on, while nobody calls.
  void Restart() {
    scraped_before_ += Scrape();
    EXPECT_EQ(platform_->Stop(), ProcessEnd{}) << "it drains";
    StartPlatform();
  }

  // ---- what is still to come

  // False where it does not come to that.
  bool Await(absl::FunctionRef<bool()> is_so, absl::Duration patience = kPatience) {
    const absl::Duration until = clock_.SteadyNow() + patience;
    while (!is_so()) {
      if (clock_.SteadyNow() > until) return false;
      AwaitTick();
    }
    return true;
  }

  // Nothing that a department promised is waited for any more, also of recalls. The short form does
  // not wait for what is given up in a minute since somebody withdrew: it must be all there is.
  void AwaitSettled() {
    std::set<std::string> pending = callers_.pending();
    settled_ = pending.size();
    const std::set<std::string> touched = callers_.touched();
    const auto open = [this] { return Metric(Scrape(), "hedui_promised_answers"); };
    const auto all_are = [&] {
      std::erase_if(pending, [this](const std::string& id) { return callers_.IsSettled(id); });
      const bool to_be_given_up = !is_long() && std::includes(touched.begin(), touched.end(),
                                                              pending.begin(), pending.end());
      // One department alone promises in the short form.
      return (pending.empty() || to_be_given_up) && open() <= static_cast<double>(pending.size());
    };
    const absl::Duration until = clock_.SteadyNow() + kPatience;
    while (!Await(all_are, is_long() ? kPatience : kPatienceOfShort)) {
      ASSERT_LT(clock_.SteadyNow(), until)
          << open() << " promises are open, of " << pending.size() << " verifications, "
          << (pending.empty() ? "" : *pending.begin()) << " one of them";
      Restart();
    }
  }

  // ---- what happens meanwhile

  // Another catalogue: what is no limit changes.
  void Reload() {
    const bool even = ++reloads_ % 2 == 0;
    const std::string catalogue = even ? scenario_.catalogue_yaml : OtherCatalogue(scenario_);
    const std::string path = scenario_.Path("catalogue.yaml");
    std::ofstream(path + ".new") << catalogue;
    ASSERT_EQ(rename((path + ".new").c_str(), path.c_str()), 0);
    ASSERT_EQ(kill(platform_->pid(), SIGHUP), 0);
  }

  // Everybody stops for a moment. What the platform holds then, it holds for nobody. Less the
  // memory of look-ups, which goes up and down with what waits to be merged, and up to a bound with
  // the filters of the runs (server/store): the platform counts it itself.
  void Rest() {
    callers_.Rest();
    if (!callers_.over()) AwaitIdle();
    lookups_.push_back(Metric(scraped_, "hedui_store_lookup_bytes"));
    at_rest_.push_back(static_cast<double>(platform_->ResidentBytes()) - lookups_.back());
    if (!callers_.over()) ChangeAtRest(static_cast<int>(at_rest_.size()));
    callers_.GoOn();
  }

  // No verification is under way, so that each has been asked under one state of things.
  void ChangeAtRest(int number) {
    number % kHeldEach == 1 ? Hold() : Release();
    if (number == 1) {
      Restart();
      const absl::Time now = clock_.WallNow();
      operator_.Recall(kRecalledSource, begun_at_, std::min(now, begun_at_ + kRecalledSpan));
    }
    Reload();
  }

  void Hold() {
    operator_.Hold(kHeldSource);
    held_ = true;
    callers_.SetHeld(true);
    ++holds_;
    arrived_when_held_ = departments_->Arrived(kHeldSource);
  }
  void Release() {
    if (!held_) return;
    EXPECT_EQ(departments_->Arrived(kHeldSource), arrived_when_held_) << "asked while it was held";
    held_ = false;
    callers_.SetHeld(false);
    operator_.Release(kHeldSource);
  }

  void AwaitTick() {
    const base::MutexLock lock(&mutex_);
    tick_.WaitWithTimeout(&mutex_, tick());
  }

  void Soak() {
    begun_at_ = clock_.WallNow();
    callers_.Begin();
    const absl::Duration lasting = absl::Seconds(seconds_);
    const absl::Duration begun = clock_.SteadyNow();
    const absl::Duration mood_lasts = std::min(absl::Seconds(5), lasting / 6);
    const absl::Duration catalogue_lasts = std::min(absl::Seconds(20), lasting / 5);
    absl::Duration next_mood = begun + mood_lasts;
    absl::Duration next_catalogue = begun + catalogue_lasts;
    absl::Duration now = begun;
    for (; !callers_.over() && (now < begun + lasting || at_rest_.size() < kRestsLeast);
         now = clock_.SteadyNow()) {
      if (now >= next_mood) {
        departments_->DrawMoods();
        next_mood += mood_lasts;
      }
      if (now >= next_catalogue) {
        Rest();
        next_catalogue = clock_.SteadyNow() + catalogue_lasts;
      }
      memory_.push_back(static_cast<double>(platform_->ResidentBytes()));
      AwaitTick();
    }
    lasted_ = clock_.SteadyNow() - begun;
    departments_->MakeSound();
    callers_.End();
    Release();
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
    const double seconds = absl::ToDoubleSeconds(clock_.SteadyNow() - departments_begun_);
    const std::string scraped = scraped_before_ + scraped_;
    const int64_t days = base::CivilDayOf(clock_.WallNow()) - first_day_ + 1;
    int64_t extra = 0;
    int64_t all = 0;
    int64_t polls = 0;
    for (const auto& [id, counts] : departments_->TakeCounts()) {
      SCOPED_TRACE(id);
      // Where there is a rate nothing leaves in a process's first second, which may be most of it.
      EXPECT_TRUE(!counts.arrived.empty() || (IsRated(id) && !is_long()));
      const auto arrived = static_cast<int64_t>(counts.arrived.size());
      all += arrived;
      extra += counts.extra;
      polls += counts.polls;
      kept_ += counts.kept;
      // What was sent and never came has earned its share too.
      const double lost = std::max(
          0.0, Metric(scraped, "hedui_source_attempts_total", id) - static_cast<double>(arrived));
      EXPECT_LE(
          static_cast<double>(counts.extra),
          processes_ * kExtraReserve + kExtraShare * (static_cast<double>(counts.firsts) + lost))
          << counts.firsts << " firsts, " << lost << " lost";
      if (IsRated(id)) CheckRate(id, counts.arrived, seconds);
      if (IsCounted(id)) {
        EXPECT_LE(counts.arrived.size(), static_cast<size_t>(days * kSoakPerDay));
      }
    }
    EXPECT_GT(extra, 0);
    EXPECT_GT(kept_, 0);
    const double reused = Metric(scraped, "hedui_source_reused_total", kCachedSource);
    std::cout << all << " queries at departments, of them " << extra << " retries and hedges, "
              << polls << " polls, of which " << kept_ << " were given what was promised; "
              << departments_->Arrived(kFallbackSource) << " at the fallback; answers used again "
              << reused << " times\n";
    EXPECT_GT(departments_->Arrived(kFallbackSource), 0u);
    EXPECT_TRUE(reused > 0 || reports() < kReportsForAll);
  }

  void CheckRate(const std::string& id, const std::vector<absl::Duration>& arrived,
                 double seconds) {
    EXPECT_LE(static_cast<double>(arrived.size()), per_second() * (seconds + 1));
    const size_t most = MostWithin(arrived, kSpan);
    std::cout << id << ": at most " << most << " queries within " << kSpan << ", " << arrived.size()
              << " in all\n";
    if (!is_long()) return;
    EXPECT_LE(static_cast<double>(most), per_second() * absl::ToDoubleSeconds(kSpan + kNotedLate));
    EXPECT_GT(static_cast<double>(most), per_second() * absl::ToDoubleSeconds(kSpan) / 2)
        << "the limit held nobody up";
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
        "look-ups at most %.1f MB\n",
        memory_.front() / kMebibyte, *std::max_element(memory_.begin(), memory_.end()) / kMebibyte,
        static_cast<int>(at_rest_.size()), at_rest_.front() / kMebibyte, median / kMebibyte,
        growth / kMebibyte, 100 * growth / median,
        *std::max_element(lookups_.begin(), lookups_.end()) / kMebibyte);
    if (seconds_ < kSecondsForMemory) return;
    ASSERT_GE(static_cast<size_t>(reports() + kept_) + callers_.promised().size(),
              kVerifiedForMemory)
        << "too few for memory to be judged: a longer time, or a machine that does nothing else";
    EXPECT_LT(growth, kGrowthMax * median);
  }

  // That callers were given.
  int reports() const { return callers_.counts().reports + callers_.counts().reviews; }
  // How often is looked.
  absl::Duration tick() const { return is_long() ? absl::Seconds(1) : absl::Milliseconds(100); }

  const int seconds_;
  const base::SystemClock clock_;
  const absl::Duration departments_begun_ = clock_.SteadyNow();
  const absl::CivilDay first_day_ = base::CivilDayOf(clock_.WallNow());
  Scenario scenario_;
  std::unique_ptr<SoakDepartments> departments_;
  std::string config_;
  std::unique_ptr<ChildProcess> platform_;
  int processes_ = 0;
  SoakOperator operator_;
  SoakCallers callers_;
  bool held_ = false;
  int port_ = 0;
  int metrics_port_ = 0;
  int reloads_ = 0;
  std::vector<double> memory_;   // each second
  std::vector<double> at_rest_;  // before each catalogue, without look-ups
  std::vector<double> lookups_;  // then
  absl::Time begun_at_;
  absl::Duration lasted_;
  size_t arrived_when_held_ = 0;
  int holds_ = 0;
  size_t settled_ = 0;
  int64_t kept_ = 0;
  std::string scraped_;
  std::string scraped_before_;  // of the processes before, at their ends

  base::Mutex mutex_;
  base::CondVar tick_;
};

TEST_F(SoakTest, NothingIsStuckForgottenOrAskedTooOftenAndMemoryDoesNotGrow) {
  if (HasFatalFailure()) return;
  Soak();
  // What was begun and not waited for, what departments have promised, and the recall: the next
  // process brings it to its end.
  const absl::Duration ended = clock_.SteadyNow();
  Restart();
  callers_.AwaitPromised();
  EXPECT_TRUE(Await([this] { return operator_.RecallIsDone(); })) << "the recall does not end";
  const absl::Duration recalled = clock_.SteadyNow();
  AwaitSettled();
  if (HasFatalFailure()) return;
  std::cout << "promised reports and recall " << recalled - ended << " after the load, answers "
            << clock_.SteadyNow() - recalled << " after that\n";
  for (const std::string& failure : callers_.failures()) ADD_FAILURE() << failure;
  if (HasFailure()) return;
  AwaitIdle();
  if (HasFatalFailure()) return;
  const SoakCallers::Counts& counts = callers_.counts();
  std::cout << absl::StrFormat(
      "%.0f s: %d reports waited for (%.0f/s), %d of them reviews, %d promised and given, %d had "
      "answers to wait for, %d letters withdrawn, %d matters, %d of them closed, %d catalogues, %d "
      "times held, %d reports recalled, %d processes, %d calls turned away\n",
      absl::ToDoubleSeconds(lasted_), reports(), reports() / absl::ToDoubleSeconds(lasted_),
      counts.reviews.load(), callers_.promised().size(), settled_, counts.withdrawn.load(),
      counts.matters.load(), counts.closed.load(), reloads_, holds_, operator_.recalled(),
      processes_, counts.turned_away.load());
  CheckDepartments();
  CheckMemory();
  EXPECT_GT(counts.reports, 0);
  EXPECT_GT(counts.reviews, 0);
  EXPECT_GT(operator_.recalled(), 0u);
  EXPECT_GT(reloads_, 0);
  EXPECT_GT(holds_, 0);
  EXPECT_EQ(platform_->Stop(), ProcessEnd{}) << "it drains";
}

}  // namespace
}  // namespace hedui::testing
