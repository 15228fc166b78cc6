#include "tests/support/fake_clock.h"

#include <algorithm>

#include "server/base/dates.h"

namespace hedui::testing {

FakeClock::FakeClock() : FakeClock(base::StartOfDay(absl::CivilDay(2025, 3, 3)) + absl::Hours(9)) {}

// A steady clock's zero is arbitrary; an odd start keeps tests from relying on it.
FakeClock::FakeClock(absl::Time wall) : wall_(wall), steady_(absl::Seconds(1000)) {}

absl::Time FakeClock::WallNow() const {
  const base::MutexLock lock(&mutex_);
  return wall_;
}

absl::Duration FakeClock::SteadyNow() const {
  const base::MutexLock lock(&mutex_);
  return steady_;
}

void FakeClock::Advance(absl::Duration by) {
  const base::MutexLock lock(&mutex_);
  by = std::max(by, absl::ZeroDuration());
  wall_ += by;
  steady_ += by;
}

void FakeClock::AdvanceTo(absl::Duration steady) {
  const base::MutexLock lock(&mutex_);
  const absl::Duration by = std::max(steady - steady_, absl::ZeroDuration());
  wall_ += by;
  steady_ += by;
}

void FakeClock::SetWall(absl::Time wall) {
  const base::MutexLock lock(&mutex_);
  wall_ = wall;
}

}  // namespace hedui::testing
