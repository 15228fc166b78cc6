// The platform's verifications a second beside the floor's, with as many sources as a row wants.
// Single-threaded.
#ifndef HEDUI_TESTS_BENCH_THROUGHPUT_H_
#define HEDUI_TESTS_BENCH_THROUGHPUT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/bench.h"
#include "tests/bench/load.h"

namespace hedui::bench {

// A measure of a rig's rate that also keeps what was measured, for the spread and the last run's
// latencies. Outlives the measures it gave.
class Runs {
 public:
  template <typename Rig>
  Measure Of(Rig* rig, int in_flight, int requests) {
    return [this, rig, in_flight, requests]() -> absl::StatusOr<double> {
      const absl::StatusOr<LoadResult> result = rig->Run(in_flight, requests);
      if (!result.ok()) return result.status();
      Note(*result);
      return result->per_second;
    };
  }
  std::string ToString() const;

 private:
  void Note(const LoadResult& result);

  std::vector<double> rates_;
  std::vector<double> cpu_ms_;
  std::string latencies_;
};

struct ThroughputSize {
  std::string name;  // of the row
  double target = 0;
  int sources = 8;
  int in_flight = 0;
  int platform_requests = 0;  // in each of the runs
  int floor_requests = 0;
};
// heduid by the floor, which is given the platform's own bytes; pairs, interleaved.
absl::StatusOr<Row> MeasureThroughputRatio(const ThroughputSize& size);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_THROUGHPUT_H_
