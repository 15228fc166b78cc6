// What the rows of a platform under load, of one that waits and of one that was idle do, in sizes
// that the rows choose; a test runs each of them small. Functions; one thread.
#ifndef HEDUI_TESTS_BENCH_SCENARIOS_H_
#define HEDUI_TESTS_BENCH_SCENARIOS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/load.h"
#include "tests/bench/platform_rig.h"

namespace hedui::bench {

struct OverloadSize {
  int capacity_in_flight = 0;  // of the closed loop that finds the capacity
  int capacity_requests = 0;
  double times = 3;        // the capacity: what is offered
  absl::Duration lasting;  // of the overload; a quarter of it again comes before, unmeasured
  absl::Duration in_time;  // within which a verification is of use to its caller
};
struct Overload {
  LoadResult capacity;
  LoadResult overload;
  double offered = 0;  // a second
};
// Finds the capacity, then offers more. An error when a call was neither answered nor turned away
// with RESOURCE_EXHAUSTED and a RetryInfo that names a time.
absl::StatusOr<Overload> RunOverload(PlatformRig* rig, const OverloadSize& size);

// Whether a failed call was turned away for now: RESOURCE_EXHAUSTED, and when to come again.
bool IsTurnedAway(int code, const std::string& details);

struct Waiting {
  int64_t before_bytes = 0;          // the platform's memory, without any of them
  int64_t during_bytes = 0;          // with all of them waiting
  int64_t after_bytes = 0;           // with all of them ended
  std::vector<std::string> threads;  // the names of the platform's, with all of them waiting
};
// Begins `count` verifications, all of which wait for `source_id`, which must be the rig's patient
// source; then lets it answer. An error unless all wait at once and all end with complete reports.
absl::StatusOr<Waiting> HoldVerifications(PlatformRig* rig, const std::string& source_id,
                                          int count);

struct FirstCalls {
  std::vector<absl::Duration> first;  // behind idleness
  std::vector<absl::Duration> later;  // one after another behind the first
};
// Calls each platform in turn, `rounds` times, on a connection that stays open: once when it has
// been idle for so long, then `later` times. Several platforms share the waiting; they take turns
// evenly, so that none is called just behind another.
absl::StatusOr<FirstCalls> CallBehindIdleness(const std::vector<PlatformRig*>& rigs,
                                              absl::Duration idle, int rounds, int later);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_SCENARIOS_H_
