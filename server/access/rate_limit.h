// How many calls a second each agency may make: the register's requests_per_second, exact, on the
// steady clock, so that nobody who sets the wall clock fills or empties a bucket.
//
// A bucket holds one second's worth. What an agency has begun it must be able to follow and to end:
// calls that read, withdraw or end draw on the bucket as all others do, and where it is empty on
// one of their own that fills a quarter as fast. So together at most five quarters of the rate.
//
// Levels outlive reloads of the register; a rate that changed counts from then on. Thread-safe;
// never blocks. Limits: a level for each agency that ever called under a rate.
#ifndef HEDUI_SERVER_ACCESS_RATE_LIMIT_H_
#define HEDUI_SERVER_ACCESS_RATE_LIMIT_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/access/register.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"

namespace hedui::access {

class RateLimit {
 public:
  enum class Call {
    kWork,    // begins or registers something
    kFollow,  // looks up, watches, withdraws, cancels, closes
  };

  // `clock` outlives it.
  explicit RateLimit(const base::Clock* clock) : clock_(clock) {}

  // Takes one call of the agency's rate. RESOURCE_EXHAUSTED (AGENCY_RATE) when there is none, to be
  // repeated when the next is there (base/retry_after.h).
  absl::Status Take(const Agency& agency, Call call);

 private:
  // In thousand-millionths of a call: at `rate` a second, a nanosecond adds `rate` of them.
  struct Levels {
    int64_t shared = 0;
    int64_t follow = 0;  // a call costs four times as much of it
    absl::Duration at;
  };

  const base::Clock* const clock_;
  base::Mutex mutex_;
  absl::flat_hash_map<std::string, Levels> levels_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_RATE_LIMIT_H_
