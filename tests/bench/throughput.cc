#include "tests/bench/throughput.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/status.h"
#include "tests/bench/floor_rig.h"
#include "tests/bench/platform_rig.h"

namespace hedui::bench {
namespace {

std::string ToString(const FloorShape& shape, int sources) {
  return absl::StrCat("request ", shape.request_bytes, " B, ", sources, " queries of ",
                      shape.source_request_bytes, " B, answers of ", shape.source_response_bytes,
                      " B, rows of ", shape.intent_row_bytes, " and ", shape.result_row_bytes,
                      " B, response ", shape.response_bytes, " B");
}

}  // namespace

void Runs::Note(const LoadResult& result) {
  rates_.push_back(result.per_second);
  cpu_ms_.push_back(absl::ToDoubleMilliseconds(result.cpu_per_call));
  latencies_ = absl::StrFormat("p50 %.1f ms, p99 %.1f ms", absl::ToDoubleMilliseconds(result.p50),
                               absl::ToDoubleMilliseconds(result.p99));
}

std::string Runs::ToString() const {
  const auto [least, most] = std::minmax_element(rates_.begin(), rates_.end());
  return absl::StrFormat("%.0f to %.0f/s, %.2f ms of processor each, %s", *least, *most,
                         Median(cpu_ms_), latencies_);
}

absl::StatusOr<Row> MeasureThroughputRatio(const ThroughputSize& size) {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> platform,
                         PlatformRig::Start({.sources = size.sources}));
  RigOptions floor_options;
  floor_options.sources = size.sources;
  floor_options.signing = Signing::kSm2;
  HEDUI_ASSIGN_OR_RETURN(floor_options.shape, platform->MeasureShape());
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<FloorRig> floor, FloorRig::Start(floor_options));
  Runs platform_runs;
  Runs floor_runs;
  HEDUI_ASSIGN_OR_RETURN(
      const Paired paired,
      MedianOfPairs(platform_runs.Of(platform.get(), size.in_flight, size.platform_requests),
                    floor_runs.Of(floor.get(), size.in_flight, size.floor_requests)));
  Row row{.name = size.name, .value = paired.ratio, .unit = "ratio"};
  row.floor = paired.other;
  row.ratio = paired.ratio;
  row.target = size.target;
  row.setup = absl::StrFormat(
      "heduid %.0f/s (%s), floor %.0f/s (%s): %d gRPC sources, mutual TLS, SM2 and Ed25519 "
      "signature a commit, 2 loops each, %d in flight; %s",
      paired.value, platform_runs.ToString(), paired.other, floor_runs.ToString(), size.sources,
      size.in_flight, ToString(floor_options.shape, size.sources));
  return row;
}

}  // namespace hedui::bench
