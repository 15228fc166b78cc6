#include "server/base/clock.h"

#include <chrono>

#include "absl/time/clock.h"

namespace hedui::base {

absl::Time SystemClock::WallNow() const { return absl::Now(); }

absl::Duration SystemClock::SteadyNow() const {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace hedui::base
