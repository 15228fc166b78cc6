#include "server/operation/watchdog.h"

#include <utility>

namespace hedui::operation {

Watchdog::Watchdog(absl::Duration interval, Check check, std::function<void()> alive,
                   base::Tell tell)
    : interval_(interval),
      check_(std::move(check)),
      alive_(std::move(alive)),
      tell_(std::move(tell)),
      thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    const base::MutexLock lock(&mutex_);
    ended_ = true;
    ending_.Signal();
  }
  thread_.join();
}

void Watchdog::Run() {
  for (;;) {
    Beat();
    const base::MutexLock lock(&mutex_);
    while (!ended_ && !ending_.WaitWithTimeout(&mutex_, interval_)) {
    }
    if (ended_) return;
  }
}

void Watchdog::Beat() {
  const absl::Status status = check_();
  if (status.ok()) {
    well_ = true;
    return alive_();
  }
  if (!std::exchange(well_, false)) return;
  tell_(base::FailureEvent("unhealthy", status));
}

}  // namespace hedui::operation
