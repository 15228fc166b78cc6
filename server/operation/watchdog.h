// Watchdog: a thread that asks, again and again, whether the process is as it should be, and says
// so to whoever watches it. One failed check and nothing is said until a later one passes.
#ifndef HEDUI_SERVER_OPERATION_WATCHDOG_H_
#define HEDUI_SERVER_OPERATION_WATCHDOG_H_

#include <functional>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/event.h"
#include "server/base/mutex.h"

namespace hedui::operation {

class Watchdog {
 public:
  // On the watchdog's thread; returns at once.
  using Check = std::function<absl::Status()>;

  // The first check comes at once, then one every `interval`. A check that begins to fail is told.
  Watchdog(absl::Duration interval, Check check, std::function<void()> alive, base::Tell tell);
  // Ends the thread.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void Run();
  void Beat();

  const absl::Duration interval_;
  const Check check_;
  const std::function<void()> alive_;
  const base::Tell tell_;
  bool well_ = true;  // on the thread only

  base::Mutex mutex_;
  base::CondVar ending_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace hedui::operation

#endif  // HEDUI_SERVER_OPERATION_WATCHDOG_H_
