// How one source may be asked: the part of its catalogue entry that gather obeys. Plain value,
// thread-compatible.
#ifndef HEDUI_SERVER_GATHER_SOURCE_POLICY_H_
#define HEDUI_SERVER_GATHER_SOURCE_POLICY_H_

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace hedui::gather {

struct SourcePolicy {
  std::string id;
  // Of one query: waiting for a place, every attempt and the pauses between them. The
  // verification's own deadline may end it sooner, nothing ends it later.
  absl::Duration deadline = absl::Seconds(5);
  // At most this many, the first included. Only failures that the adapter calls retryable are tried
  // again.
  int attempts = 1;
  // The pause before the second attempt; it doubles up to `backoff_max`. What is waited is drawn
  // evenly from the upper half, so that callers refused together do not come back together.
  absl::Duration backoff_first = absl::Milliseconds(50);
  absl::Duration backoff_max = absl::Seconds(2);
  // Attempts in flight at this source, of the whole process. What exceeds it waits here, first come
  // first served: a call waiting inside gRPC costs some 15 KB on each side.
  int concurrency = 32;
  // The source's promise: its data are at most this many days old. Absent: it promises nothing.
  // With a promise, an answer that is older or does not name its day is STALE.
  std::optional<int> freshness_days;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCE_POLICY_H_
