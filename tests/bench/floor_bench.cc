// The floor's absolute rates: what the ratios of other rows are shares of, and a check of the
// machine against the figures that were measured when the stack was chosen.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/status.h"
#include "tests/bench/bench.h"
#include "tests/bench/floor_rig.h"

namespace hedui::bench {
namespace {

constexpr int kInFlight = 128;
constexpr int kRequests = 3'000;
constexpr int kRuns = 5;

// 8 calls in plain text, all in one process, one 4 KiB row and one commit a request: measured with
// this on a machine of 2 cores, for comparison only.
constexpr double kRecordedPlainRate = 2'364;

struct Measured {
  double rate = 0;
  std::string latencies;  // of the median run's neighbour: the last
};

absl::StatusOr<Measured> MeasureRig(const RigOptions& options, int requests) {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<FloorRig> rig, FloorRig::Start(options));
  Measured measured;
  HEDUI_ASSIGN_OR_RETURN(
      measured.rate,
      MedianOf(
          [&]() -> absl::StatusOr<double> {
            HEDUI_ASSIGN_OR_RETURN(const LoadResult result, rig->Run(kInFlight, requests));
            measured.latencies =
                absl::StrFormat("p50 %.1f ms, p99 %.1f ms", absl::ToDoubleMilliseconds(result.p50),
                                absl::ToDoubleMilliseconds(result.p99));
            return result.per_second;
          },
          kRuns));
  return measured;
}

absl::StatusOr<std::vector<Row>> PlainRate() {
  RigOptions options;
  options.tls = false;
  options.own_process = false;
  options.shape = {.request_bytes = 500,
                   .response_bytes = 500,
                   .intent_row_bytes = 4'096,
                   .result_row_bytes = 0,
                   .source_request_bytes = 500,
                   .source_response_bytes = 500};
  HEDUI_ASSIGN_OR_RETURN(const Measured measured, MeasureRig(options, kRequests));
  Row row{.name = "floor.plain_rate", .value = measured.rate, .unit = "1/s"};
  row.floor = kRecordedPlainRate;
  row.ratio = measured.rate / kRecordedPlainRate;
  row.setup =
      absl::StrCat("bare service, plain text, 8 sources, one 4 KiB commit, in one process, ",
                   kInFlight, " in flight; floor: as once recorded; ", measured.latencies);
  return std::vector<Row>{row};
}

absl::StatusOr<std::vector<Row>> TlsRate(const std::string& name, int sources, int requests) {
  RigOptions options;
  options.sources = sources;
  HEDUI_ASSIGN_OR_RETURN(const Measured measured, MeasureRig(options, requests));
  Row row{.name = name, .value = measured.rate, .unit = "1/s"};
  row.setup = absl::StrCat(
      "bare service in its own process, mutual TLS, ", sources,
      " sources, two commits a request (4 and 8 KiB), Ed25519 and P-256 signature a commit, ",
      kInFlight, " in flight; ", measured.latencies);
  return std::vector<Row>{row};
}

const Registration kPlain({"floor.plain_rate"}, &PlainRate);
const Registration kRate8({"floor.rate_8"}, [] { return TlsRate("floor.rate_8", 8, kRequests); });
const Registration kRate32({"floor.rate_32"},
                           [] { return TlsRate("floor.rate_32", 32, kRequests / 3); });

}  // namespace
}  // namespace hedui::bench
