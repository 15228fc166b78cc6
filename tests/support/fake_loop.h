// An event loop without a thread: the test that made it is the loop's thread, and runs what is
// ready when it says so. Time is a FakeClock's; timers run in the order of their deadlines, each
// with the clock at its own deadline.
//
// Post is thread-safe, so that real workers may post; everything else belongs to the test's thread.
#ifndef HEDUI_TESTS_SUPPORT_FAKE_LOOP_H_
#define HEDUI_TESTS_SUPPORT_FAKE_LOOP_H_

#include <cstddef>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/runtime/event_loop.h"
#include "tests/support/fake_clock.h"

namespace hedui::testing {

class FakeLoop final : public runtime::EventLoop {
 public:
  // `clock` outlives the loop; several loops may share it, but only one of them moves it at a time.
  explicit FakeLoop(FakeClock* clock);
  // Destroys what has not run.
  ~FakeLoop() override;

  void Post(runtime::Task task) override;
  TimerId After(absl::Duration delay, runtime::Task task) override;
  void Cancel(TimerId timer) override;
  absl::Duration Now() const override;
  // True on the thread that made the loop.
  bool InLoop() const override;

  // Runs posted tasks and due timers until none is left, those they post included. Returns how many
  // ran. Aborts after a million: something posts itself for ever.
  size_t RunReady();
  // RunReady, then each timer due by then in order, with RunReady after each; ends with the clock
  // at the new time. Returns how many tasks and timers ran.
  size_t AdvanceBy(absl::Duration by);
  size_t AdvanceTo(absl::Duration steady);
  // RunReady until `done` holds, waiting for other threads to post meanwhile. For tests with real
  // workers; one that waits for nothing ends by the test's time limit.
  void RunUntil(absl::FunctionRef<bool()> done);

  // As of now; not counting posted tasks.
  size_t armed_timers() const { return timers_.size(); }
  // The earliest deadline; InfiniteDuration without timers.
  absl::Duration next_deadline() const;
  // After this the loop destroys what it holds and what is posted or armed later, as one that has
  // shut down.
  void Shutdown();

 private:
  using TimerKey = std::pair<absl::Duration, TimerId>;

  size_t RunPosted();
  bool RunOneDueTimer();

  FakeClock* const clock_;
  const std::thread::id thread_ = std::this_thread::get_id();

  base::Mutex mutex_;
  base::CondVar posted_some_;
  std::vector<runtime::Task> posted_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;

  std::map<TimerKey, runtime::Task> timers_;
  TimerId next_timer_ = 1;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_FAKE_LOOP_H_
