// Benchmarks as rows. Each bench file registers functions that measure one or more rows; main.cc
// runs those whose names begin with the filter and prints them.
//
// Values are medians; what compares two variants is the median of interleaved pairs, so that a
// machine that grows slower meanwhile slows both. Doubles are for rates and times here; money never
// comes near.
//
// Single-threaded: registration before main, running in it.
#ifndef HEDUI_TESTS_BENCH_BENCH_H_
#define HEDUI_TESTS_BENCH_BENCH_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::bench {

inline constexpr int kPairs = 7;

enum class Aim { kAtLeast, kAtMost };

// One line of the output.
struct Row {
  std::string name;  // "verify.throughput_ratio"
  double value = 0;
  std::string unit;  // "1/s", "ms", "ratio"
  std::optional<double>
      floor;  // what the least program that does the same reaches, in the row's unit or its rate
  std::optional<double> ratio;  // to the floor
  std::optional<double> target;
  Aim aim = Aim::kAtLeast;  // which side of the target is good
  std::string setup;        // what was run: sizes, counts, signatures

  // nullopt without a target.
  std::optional<bool> Met() const;
};

// Measures the rows it was registered for. An error stops the program: half a benchmark is none.
using Function = std::function<absl::StatusOr<std::vector<Row>>()>;

struct Bench {
  std::vector<std::string> names;  // of the rows it yields
  Function run;
};

// At namespace scope: `const Registration kRows({"floor.rate"}, &MeasureFloor);`
class Registration {
 public:
  Registration(std::vector<std::string> names, Function run);
};

const std::vector<Bench>& AllBenches();

// The rows whose names begin with `filter`; benches none of whose rows do are not run. `progress`
// is told each bench before it runs. NOT_FOUND when no name begins so.
absl::StatusOr<std::vector<Row>> RunBenches(const std::vector<Bench>& benches,
                                            absl::string_view filter,
                                            const std::function<void(const Bench&)>& progress);

// Of at least one value.
double Median(std::vector<double> values);

using Measure = std::function<absl::StatusOr<double>()>;

struct Paired {
  double value = 0;  // median of the first
  double other = 0;  // median of the second
  double ratio = 0;  // median of first / second, pair by pair
};

// Runs the two in turn, the order alternating from pair to pair.
absl::StatusOr<Paired> MedianOfPairs(const Measure& first, const Measure& second,
                                     int pairs = kPairs);

// Median of `times` runs.
absl::StatusOr<double> MedianOf(const Measure& measure, int times);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_BENCH_H_
