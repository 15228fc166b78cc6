// Time is injected. The wall clock names instants that people and other systems read; the steady
// clock measures how long, and never goes back. Implementations are thread-safe.
#ifndef HEDUI_SERVER_BASE_CLOCK_H_
#define HEDUI_SERVER_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace hedui::base {

class Clock {
 public:
  virtual ~Clock() = default;
  // Now, as the machine's wall clock has it. May jump either way.
  virtual absl::Time WallNow() const = 0;
  // Time since an arbitrary fixed point. Never decreases; compare only with itself.
  virtual absl::Duration SteadyNow() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time WallNow() const override;
  absl::Duration SteadyNow() const override;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_CLOCK_H_
