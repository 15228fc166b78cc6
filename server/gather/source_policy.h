// How one source may be asked: the part of its catalogue entry that gather obeys. Plain value,
// thread-compatible.
#ifndef HEDUI_SERVER_GATHER_SOURCE_POLICY_H_
#define HEDUI_SERVER_GATHER_SOURCE_POLICY_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/gather/source_limits.h"
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
  // The longest pause before the second attempt; it doubles up to `backoff_max`. What is waited is
  // drawn evenly from all of it (jitter.h).
  absl::Duration backoff_first = absl::Milliseconds(50);
  absl::Duration backoff_max = absl::Seconds(2);
  // Whether a second query may be sent while the first is under way: where the source has not
  // answered for as long as nineteen of twenty of its answers take, and for `hedge_least`.
  bool hedge_safe = false;
  absl::Duration hedge_least = absl::Milliseconds(2);
  SourceLimits limits;
  // How long an answer may be given again to an equal query of the same matter, purpose and agency;
  // 0: never, also not while the first is under way.
  absl::Duration cache_lifetime = absl::ZeroDuration();
  // The source's promise for each category: its data are at most this many days old. Without an
  // entry it promises nothing. With one, an answer that is older or does not name its day is STALE.
  std::vector<std::pair<std::string, int>> freshness_days;
};

// The policy that a catalogue entry asks for.
SourcePolicy PolicyOf(const plan::Source& source);

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCE_POLICY_H_
