#include "server/access/rate_limit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

constexpr int64_t kCall = 1'000'000'000;
// Following calls have this part of the rate to themselves.
constexpr int64_t kFollowPart = 4;

// Until a level that lacks `missing` has it.
absl::Duration Until(int64_t missing, int64_t rate) {
  return absl::Nanoseconds((missing + rate - 1) / rate);
}

}  // namespace

absl::Status RateLimit::Take(const Agency& agency, Call call) {
  if (agency.requests_per_second == 0) return absl::OkStatus();
  const int64_t rate = agency.requests_per_second;
  const int64_t shared_max = rate * kCall;  // one second's worth
  const int64_t follow_max = std::max(rate, kFollowPart) * kCall;
  const base::MutexLock lock(&mutex_);
  // Under the lock: two that ask at once must not both count the same time.
  const absl::Duration now = clock_->SteadyNow();
  const auto [found, is_new] = levels_.try_emplace(agency.code);
  Levels& levels = found->second;
  if (is_new) {
    levels = {shared_max, follow_max, now};
  } else {
    // Longer than it takes to fill either is as good as that, and cannot overflow.
    const int64_t passed =
        absl::ToInt64Nanoseconds(std::min(now - levels.at, absl::Seconds(kFollowPart)));
    levels.shared = std::min(levels.shared + passed * rate, shared_max);
    levels.follow = std::min(levels.follow + passed * rate, follow_max);
    levels.at = now;
  }
  if (levels.shared >= kCall) {
    levels.shared -= kCall;
    return absl::OkStatus();
  }
  absl::Duration wait = Until(kCall - levels.shared, rate);
  if (call == Call::kFollow) {
    if (levels.follow >= kFollowPart * kCall) {
      levels.follow -= kFollowPart * kCall;
      return absl::OkStatus();
    }
    wait = std::min(wait, Until(kFollowPart * kCall - levels.follow, rate));
  }
  return base::WithRetryAfter(
      base::MakeError(absl::StatusCode::kResourceExhausted, "AGENCY_RATE",
                      absl::StrCat("this agency may make ", rate,
                                   " calls a second; repeat this one a little later")),
      wait);
}

}  // namespace hedui::access
