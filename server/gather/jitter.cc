#include "server/gather/jitter.h"

#include <algorithm>

namespace hedui::gather {

absl::Duration FullJitter(absl::Duration first, absl::Duration max, int failed, uint64_t random) {
  absl::Duration longest = first;
  for (int i = 1; i < failed && longest < max; ++i) longest *= 2;
  longest = std::max(std::min(longest, max), absl::ZeroDuration());
  const auto us = static_cast<uint64_t>(absl::ToInt64Microseconds(longest));
  return absl::Microseconds(static_cast<int64_t>(random % (us + 1)));
}

}  // namespace hedui::gather
