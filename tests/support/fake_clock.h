// A clock that stands still until a test moves it. Thread-safe.
#ifndef HEDUI_TESTS_SUPPORT_FAKE_CLOCK_H_
#define HEDUI_TESTS_SUPPORT_FAKE_CLOCK_H_

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"

namespace hedui::testing {

class FakeClock final : public base::Clock {
 public:
  // Monday 2025-03-03 09:00:00 at UTC+8: an ordinary working morning.
  FakeClock();
  explicit FakeClock(absl::Time wall);

  absl::Time WallNow() const override;
  absl::Duration SteadyNow() const override;

  // Time passes: both clocks move. `by` is not negative.
  void Advance(absl::Duration by);
  // Time passes until the steady clock shows `steady`; nothing happens when it already does. The
  // wall clock moves by as much.
  void AdvanceTo(absl::Duration steady);
  // Somebody sets the wall clock, forwards or back; the steady clock does not notice.
  void SetWall(absl::Time wall);

 private:
  mutable base::Mutex mutex_;
  absl::Time wall_ ABSL_GUARDED_BY(mutex_);
  absl::Duration steady_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_FAKE_CLOCK_H_
