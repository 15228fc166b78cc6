// The main job beside its floor: signed, durable verifications a second.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/status.h"
#include "tests/bench/bench.h"
#include "tests/bench/floor_rig.h"
#include "tests/bench/platform_rig.h"

namespace hedui::bench {
namespace {

constexpr int kInFlight = 128;
// Some two seconds of either; the platform's requests are fewer since each takes longer.
constexpr int kPlatformRequests = 1'500;
constexpr int kFloorRequests = 3'000;

// A measure that also keeps what was measured, for the spread and the last run's latencies.
class Runs {
 public:
  template <typename Rig>
  Measure Of(Rig* rig, int requests) {
    return [this, rig, requests]() -> absl::StatusOr<double> {
      HEDUI_ASSIGN_OR_RETURN(const LoadResult result, rig->Run(kInFlight, requests));
      rates_.push_back(result.per_second);
      cpu_ms_.push_back(absl::ToDoubleMilliseconds(result.cpu_per_call));
      latencies_ =
          absl::StrFormat("p50 %.1f ms, p99 %.1f ms", absl::ToDoubleMilliseconds(result.p50),
                          absl::ToDoubleMilliseconds(result.p99));
      return result.per_second;
    };
  }
  std::string ToString() const {
    const auto [least, most] = std::minmax_element(rates_.begin(), rates_.end());
    return absl::StrFormat("%.0f to %.0f/s, %.2f ms of processor each, %s", *least, *most,
                           Median(cpu_ms_), latencies_);
  }

 private:
  std::vector<double> rates_;
  std::vector<double> cpu_ms_;
  std::string latencies_;
};

std::string ToString(const FloorShape& shape) {
  return absl::StrCat("request ", shape.request_bytes, " B, 8 queries of ",
                      shape.source_request_bytes, " B, answers of ", shape.source_response_bytes,
                      " B, rows of ", shape.intent_row_bytes, " and ", shape.result_row_bytes,
                      " B, response ", shape.response_bytes, " B");
}

absl::StatusOr<std::vector<Row>> ThroughputRatio() {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> platform, PlatformRig::Start({}));
  RigOptions floor_options;
  floor_options.signing = Signing::kSm2;
  HEDUI_ASSIGN_OR_RETURN(floor_options.shape, platform->MeasureShape());
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<FloorRig> floor, FloorRig::Start(floor_options));
  Runs platform_runs;
  Runs floor_runs;
  HEDUI_ASSIGN_OR_RETURN(const Paired paired,
                         MedianOfPairs(platform_runs.Of(platform.get(), kPlatformRequests),
                                       floor_runs.Of(floor.get(), kFloorRequests)));
  Row row{.name = "verify.throughput_ratio", .value = paired.ratio, .unit = "ratio"};
  row.floor = paired.other;
  row.ratio = paired.ratio;
  row.target = 0.5;
  row.setup = absl::StrFormat(
      "heduid %.0f/s (%s), floor %.0f/s (%s): 8 gRPC sources, mutual TLS, SM2 and Ed25519 "
      "signature a commit, 2 loops each, %d in flight; %s",
      paired.value, platform_runs.ToString(), paired.other, floor_runs.ToString(), kInFlight,
      ToString(floor_options.shape));
  return std::vector<Row>{row};
}

// What the platform loses against one of its own that leaves something out.
absl::StatusOr<Row> CostAgainst(PlatformServer without_it, const std::string& name,
                                const std::string& with_text, const std::string& without_text) {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> with,
                         PlatformRig::Start({.server = PlatformServer::kSigned}));
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> without,
                         PlatformRig::Start({.server = without_it}));
  Runs with_runs;
  Runs without_runs;
  HEDUI_ASSIGN_OR_RETURN(const Paired paired,
                         MedianOfPairs(with_runs.Of(with.get(), kPlatformRequests),
                                       without_runs.Of(without.get(), kPlatformRequests)));
  Row row{.name = name, .value = 1 - paired.ratio, .unit = "share"};
  row.target = 0.10;
  row.aim = Aim::kAtMost;
  row.setup = absl::StrFormat("%s %.0f/s (%s), %s %.0f/s (%s); 8 sources, %d in flight", with_text,
                              paired.value, with_runs.ToString(), without_text, paired.other,
                              without_runs.ToString(), kInFlight);
  return row;
}

absl::StatusOr<std::vector<Row>> Sm2Cost() {
  HEDUI_ASSIGN_OR_RETURN(
      Row row,
      CostAgainst(PlatformServer::kUnsigned, "verify.sm2_cost", "the platform with its SM2 key",
                  "the same with a signer that does no SM2 work, Ed25519 in both"));
  return std::vector<Row>{std::move(row)};
}

absl::StatusOr<std::vector<Row>> SealingCost() {
  HEDUI_ASSIGN_OR_RETURN(
      Row row,
      CostAgainst(PlatformServer::kUnsealed, "verify.sealing_cost",
                  "the platform as it is, rows sealed with AES-256-GCM under their matter's key",
                  "the same linked so that those bytes are copied and no cipher runs, keys, "
                  "nonces and look-up digests as before"));
  return std::vector<Row>{std::move(row)};
}

const Registration kThroughput({"verify.throughput_ratio"}, &ThroughputRatio);
const Registration kSm2({"verify.sm2_cost"}, &Sm2Cost);
const Registration kSealing({"verify.sealing_cost"}, &SealingCost);

}  // namespace
}  // namespace hedui::bench
