#include "tests/support/fake_loop.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace hedui::testing {
namespace {

constexpr size_t kRunsMax = 1'000'000;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "FakeLoop: %s\n", what);
  std::abort();
}

}  // namespace

FakeLoop::FakeLoop(FakeClock* clock) : clock_(clock) {}

FakeLoop::~FakeLoop() { Shutdown(); }

void FakeLoop::Post(runtime::Task task) {
  const base::MutexLock lock(&mutex_);
  if (closed_) return;
  posted_.push_back(std::move(task));
  posted_some_.Signal();
}

runtime::EventLoop::TimerId FakeLoop::After(absl::Duration delay, runtime::Task task) {
  if (!InLoop()) Fail("After() off the loop's thread");
  const TimerId id = next_timer_++;
  {
    const base::MutexLock lock(&mutex_);
    if (closed_) return id;
  }
  timers_.emplace(TimerKey(Now() + std::max(delay, absl::ZeroDuration()), id), std::move(task));
  return id;
}

void FakeLoop::Cancel(TimerId timer) {
  if (!InLoop()) Fail("Cancel() off the loop's thread");
  const auto found = std::find_if(timers_.begin(), timers_.end(), [timer](const auto& entry) {
    return entry.first.second == timer;
  });
  if (found == timers_.end()) return;
  const runtime::Task task = std::move(found->second);  // destroying it may cancel others
  timers_.erase(found);
}

absl::Duration FakeLoop::Now() const { return clock_->SteadyNow(); }

bool FakeLoop::InLoop() const { return std::this_thread::get_id() == thread_; }

size_t FakeLoop::RunPosted() {
  std::vector<runtime::Task> tasks;
  {
    const base::MutexLock lock(&mutex_);
    tasks.swap(posted_);
  }
  for (runtime::Task& task : tasks) {
    std::move(task)();
    task = nullptr;
  }
  return tasks.size();
}

bool FakeLoop::RunOneDueTimer() {
  if (timers_.empty() || timers_.begin()->first.first > Now()) return false;
  runtime::Task task = std::move(timers_.begin()->second);
  timers_.erase(timers_.begin());
  std::move(task)();
  return true;
}

size_t FakeLoop::RunReady() {
  size_t ran = 0;
  for (;;) {
    const size_t before = ran;
    ran += RunPosted();
    if (RunOneDueTimer()) ++ran;
    if (ran == before) return ran;
    if (ran > kRunsMax) Fail("a task posts itself for ever");
  }
}

size_t FakeLoop::AdvanceBy(absl::Duration by) { return AdvanceTo(Now() + by); }

size_t FakeLoop::AdvanceTo(absl::Duration steady) {
  size_t ran = RunReady();
  while (next_deadline() <= steady) {
    clock_->AdvanceTo(next_deadline());
    ran += RunReady();
    if (ran > kRunsMax) Fail("a timer arms itself for ever");
  }
  clock_->AdvanceTo(steady);
  return ran;
}

void FakeLoop::RunUntil(absl::FunctionRef<bool()> done) {
  for (;;) {
    RunReady();
    if (done()) return;
    const base::MutexLock lock(&mutex_);
    while (posted_.empty()) posted_some_.Wait(&mutex_);
  }
}

absl::Duration FakeLoop::next_deadline() const {
  return timers_.empty() ? absl::InfiniteDuration() : timers_.begin()->first.first;
}

void FakeLoop::Shutdown() {
  std::vector<runtime::Task> tasks;
  {
    const base::MutexLock lock(&mutex_);
    closed_ = true;
    tasks.swap(posted_);
  }
  std::map<TimerKey, runtime::Task> timers;
  timers.swap(timers_);
}

}  // namespace hedui::testing
