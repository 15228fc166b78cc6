// The pause before a further attempt. Pure, thread-safe.
#ifndef HEDUI_SERVER_GATHER_JITTER_H_
#define HEDUI_SERVER_GATHER_JITTER_H_

#include <cstdint>

#include "absl/time/time.h"

namespace hedui::gather {

// Full jitter: drawn evenly from zero to `first` doubled for each attempt after the first, at most
// to `max`; so callers that failed together come back spread over the whole pause. `failed` is the
// number of the attempt that failed, from 1; `random` any word.
absl::Duration FullJitter(absl::Duration first, absl::Duration max, int failed, uint64_t random);

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_JITTER_H_
