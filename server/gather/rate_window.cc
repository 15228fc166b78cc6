#include "server/gather/rate_window.h"

#include <algorithm>
#include <cstdint>

namespace hedui::gather {
namespace {

// A second with both its ends.
constexpr absl::Duration kSpan = absl::Microseconds(1'000'001);

}  // namespace

RateWindow::RateWindow(const Limits& limits, absl::Duration now) { SetLimits(limits, now); }

std::optional<absl::Duration> RateWindow::TryReserve(absl::Duration now, bool background) {
  if (limits_.per_second > 0) {
    if (now < closed_until_) return closed_until_;
    Forget(now);
    const int open = background
                         ? std::max(1, static_cast<int>(int64_t{limits_.per_second} *
                                                        (100 - limits_.interactive_percent) / 100))
                         : limits_.per_second;
    const size_t used = sent_.size() + reserved_;
    if (used >= static_cast<size_t>(open)) {
      const size_t too_many = used - static_cast<size_t>(open) + 1;
      return too_many <= sent_.size() ? sent_[too_many - 1] + kSpan : absl::InfiniteDuration();
    }
  }
  ++reserved_;
  return std::nullopt;
}

bool RateWindow::Send(absl::Duration now) {
  if (limits_.per_second > 0) {
    Forget(now);
    const bool room = sent_.size() < static_cast<size_t>(limits_.per_second);
    if (now < closed_until_ || !room) return false;
    sent_.push_back(now);
  }
  --reserved_;
  return true;
}

void RateWindow::SetLimits(const Limits& limits, absl::Duration now) {
  if (limits_.per_second == 0 && limits.per_second > 0) closed_until_ = now + kSpan;
  if (limits.per_second == 0) sent_.clear();
  limits_ = limits;
}

void RateWindow::Forget(absl::Duration now) {
  while (!sent_.empty() && sent_.front() + kSpan <= now) sent_.pop_front();
}

}  // namespace hedui::gather
