// How one source may be asked: the part of its catalogue entry that gather obeys. Plain value,
// thread-compatible.
#ifndef HEDUI_SERVER_GATHER_SOURCE_POLICY_H_
#define HEDUI_SERVER_GATHER_SOURCE_POLICY_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/plan/catalogue.h"

namespace hedui::gather {

struct SourcePolicy {
  std::string id;
  // Of one query from its start to its end: waiting for a place, every attempt and the pauses
  // between them. The wave's deadline may end it sooner, nothing ends it later.
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
  // The source's promise for each category: its data are at most this many days old. Without an
  // entry it promises nothing. With one, an answer that is older or does not name its day is STALE.
  std::vector<std::pair<std::string, int>> freshness_days;
};

// The policy that a catalogue entry asks for.
SourcePolicy PolicyOf(const plan::Source& source);

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCE_POLICY_H_
