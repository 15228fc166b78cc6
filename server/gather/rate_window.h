// RateWindow: never more than `per_second` queries leave within any second, wherever the second
// begins.
//
// A query reserves its place before it is prepared and is charged when it leaves, however much
// later that is: what is reserved counts as leaving now. So queries that waited together for a
// connection and leave together keep the limit too.
//
// A plain machine without lock or clock; SourceState owns one. `now` never goes back. Costs 8 bytes
// for each query of the last second.
#ifndef HEDUI_SERVER_GATHER_RATE_WINDOW_H_
#define HEDUI_SERVER_GATHER_RATE_WINDOW_H_

#include <cstddef>
#include <deque>
#include <optional>

#include "absl/time/time.h"

namespace hedui::gather {

class RateWindow {
 public:
  struct Limits {
    int per_second = 0;  // 0: no limit
    // Of them only queries that somebody waits for may use so many percent; but one a second is
    // open to all.
    int interactive_percent = 20;
    friend bool operator==(const Limits&, const Limits&) = default;
  };

  // With a limit nothing leaves in the first second: what another process sent just before is not
  // known. So too when SetLimits brings the first limit.
  RateWindow(const Limits& limits, absl::Duration now);

  // nullopt: reserved. Otherwise when to ask again; InfiniteDuration while that depends on what
  // becomes of reservations.
  std::optional<absl::Duration> TryReserve(absl::Duration now, bool background);
  // A reserved query leaves now. False, and still reserved, where a limit set meanwhile has no
  // room.
  bool Send(absl::Duration now);
  // A reserved query does not leave.
  void GiveBack() { --reserved_; }

  void SetLimits(const Limits& limits, absl::Duration now);
  size_t reserved() const { return reserved_; }

 private:
  void Forget(absl::Duration now);

  Limits limits_;
  std::deque<absl::Duration> sent_;  // within the last second; the oldest first
  size_t reserved_ = 0;
  absl::Duration closed_until_ = -absl::InfiniteDuration();
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_RATE_WINDOW_H_
