// The main job beside its floor: signed, durable verifications a second.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/base/status.h"
#include "tests/bench/bench.h"
#include "tests/bench/platform_rig.h"
#include "tests/bench/throughput.h"

namespace hedui::bench {
namespace {

constexpr int kInFlight = 128;
// Some two seconds of either; the platform's requests are fewer since each takes longer.
constexpr int kPlatformRequests = 1'500;
constexpr int kFloorRequests = 3'000;

absl::StatusOr<std::vector<Row>> ThroughputRatio() {
  HEDUI_ASSIGN_OR_RETURN(Row row, MeasureThroughputRatio({.name = "verify.throughput_ratio",
                                                          .target = 0.7,
                                                          .sources = 8,
                                                          .in_flight = kInFlight,
                                                          .platform_requests = kPlatformRequests,
                                                          .floor_requests = kFloorRequests}));
  return std::vector<Row>{std::move(row)};
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
  HEDUI_ASSIGN_OR_RETURN(
      const Paired paired,
      MedianOfPairs(with_runs.Of(with.get(), kInFlight, kPlatformRequests),
                    without_runs.Of(without.get(), kInFlight, kPlatformRequests)));
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
