// The thread on which a flow lives. Tasks and timers of one loop run one after another on its
// thread, so state owned by a loop needs no lock. Never block, compute, store or sign in a task: it
// stalls every flow of the loop.
#ifndef HEDUI_SERVER_RUNTIME_EVENT_LOOP_H_
#define HEDUI_SERVER_RUNTIME_EVENT_LOOP_H_

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace hedui::runtime {

using Task = absl::AnyInvocable<void() &&>;

class EventLoop {
 public:
  using TimerId = uint64_t;  // 0 is never given

  virtual ~EventLoop() = default;
  // Runs `task` later on the loop's thread, in the order posted by one thread. Thread-safe. After
  // the loop has shut down the task is destroyed without running.
  virtual void Post(Task task) = 0;
  // Runs `task` once, `delay` from now or later; never inside this call. On the loop's thread only.
  virtual TimerId After(absl::Duration delay, Task task) = 0;
  // The task will not run; an id that already ran or was cancelled does nothing. On the loop's
  // thread only.
  virtual void Cancel(TimerId timer) = 0;
  // Steady time (base::Clock::SteadyNow) as this loop sees it.
  virtual absl::Duration Now() const = 0;
  virtual bool InLoop() const = 0;
};

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_EVENT_LOOP_H_
