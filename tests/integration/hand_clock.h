// Clocks of which the steady one stands still until a test moves it; the wall clock is the
// machine's. With it every timer of a platform waits for the test, and what its flows say of time
// is exact. Thread-safe.
#ifndef HEDUI_TESTS_INTEGRATION_HAND_CLOCK_H_
#define HEDUI_TESTS_INTEGRATION_HAND_CLOCK_H_

#include <algorithm>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"

namespace hedui::testing {

class HandClock final : public base::Clock {
 public:
  absl::Time WallNow() const override { return system_.WallNow(); }
  absl::Duration SteadyNow() const override {
    const base::MutexLock lock(&mutex_);
    return now_;
  }
  void Advance(absl::Duration by) {
    const base::MutexLock lock(&mutex_);
    now_ += by;
  }
  // Nothing happens when it is later already.
  void AdvanceTo(absl::Duration then) {
    const base::MutexLock lock(&mutex_);
    now_ = std::max(now_, then);
  }

 private:
  const base::SystemClock system_;
  mutable base::Mutex mutex_;
  absl::Duration now_ ABSL_GUARDED_BY(mutex_) = absl::Hours(1);
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_HAND_CLOCK_H_
