// What the rows of a source that is slow now and then and of one that hangs do, in sizes that the
// rows choose; a test runs each of them small. Functions; one thread.
#ifndef HEDUI_TESTS_BENCH_FANOUT_H_
#define HEDUI_TESTS_BENCH_FANOUT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/platform_rig.h"

namespace hedui::bench {

// An open loop of verifications.
struct FanoutLoad {
  double per_second = 0;
  int requests = 0;
  int warm_up = 0;
};
struct FanoutRun {
  absl::Duration p50;
  absl::Duration p99;
  // Queries to the source beyond one for each verification, as a share of the verifications.
  double extra_calls = 0;
};
// With every other source asked once for each verification; an error otherwise.
absl::StatusOr<FanoutRun> RunFanout(PlatformRig* rig, const std::string& source_id,
                                    const FanoutLoad& load);

// The replies of so many verifications are complete, but for the source that is held: so many in
// flight, no time is taken.
absl::Status CheckReplies(PlatformRig* rig, int verifications, int in_flight);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_FANOUT_H_
