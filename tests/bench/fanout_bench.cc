// Many sources: beside the floor, with one that is slow now and then, and with one that hangs.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/base/status.h"
#include "tests/bench/bench.h"
#include "tests/bench/fanout.h"
#include "tests/bench/platform_rig.h"
#include "tests/bench/throughput.h"

namespace hedui::bench {
namespace {

constexpr int kInFlight = 128;
constexpr int kCapacityRuns = 3;
// Their replies are read before anything is timed.
constexpr int kChecked = 32;
constexpr int kCheckedInFlight = 4;

double Ms(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

absl::StatusOr<double> CapacityOf(PlatformRig* rig, int requests) {
  return MedianOf(
      [rig, requests]() -> absl::StatusOr<double> {
        HEDUI_ASSIGN_OR_RETURN(const LoadResult result, rig->Run(kInFlight, requests));
        return result.per_second;
      },
      kCapacityRuns);
}

// Runs of one rig; p99 as the measure's value, all else is kept.
class FanoutRuns {
 public:
  Measure Of(PlatformRig* rig, const std::string& source_id, const FanoutLoad& load) {
    return [this, rig, source_id, load]() -> absl::StatusOr<double> {
      HEDUI_ASSIGN_OR_RETURN(const FanoutRun run, RunFanout(rig, source_id, load));
      p50_ms_.push_back(Ms(run.p50));
      p99_ms_.push_back(Ms(run.p99));
      extra_.push_back(run.extra_calls);
      return p99_ms_.back();
    };
  }
  double extra() const { return Median(extra_); }
  std::string ToString() const {
    const auto [least, most] = std::minmax_element(p99_ms_.begin(), p99_ms_.end());
    return absl::StrFormat("p50 %.1f ms, p99 %.1f ms (%.1f to %.1f)", Median(p50_ms_),
                           Median(p99_ms_), *least, *most);
  }

 private:
  std::vector<double> p50_ms_;
  std::vector<double> p99_ms_;
  std::vector<double> extra_;
};

// ---- 32 sources

constexpr int kPlatformRequests = 400;
constexpr int kFloorRequests = 800;

absl::StatusOr<std::vector<Row>> Ratio32() {
  HEDUI_ASSIGN_OR_RETURN(Row row, MeasureThroughputRatio({.name = "fanout.ratio_32",
                                                          .target = 0.7,
                                                          .sources = 32,
                                                          .in_flight = kInFlight,
                                                          .platform_requests = kPlatformRequests,
                                                          .floor_requests = kFloorRequests}));
  return std::vector<Row>{std::move(row)};
}

// ---- one that is slow now and then

constexpr char kSlowSource[] = "nx-finance";
constexpr int kSlowPermille = 30;
constexpr absl::Duration kSlow = absl::Milliseconds(500);
constexpr int kCapacityRequests = 1'000;
constexpr double kHedgeSeconds = 4;

absl::StatusOr<std::vector<Row>> Hedging() {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> plain, PlatformRig::Start({}));
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> hedging,
                         PlatformRig::Start({.hedged_source = kSlowSource}));
  HEDUI_ASSIGN_OR_RETURN(const double capacity, CapacityOf(plain.get(), kCapacityRequests));
  const double rate = capacity / 2;
  const int requests = static_cast<int>(rate * kHedgeSeconds);
  const FanoutLoad load{rate, requests, requests / 4};
  for (PlatformRig* const rig : {plain.get(), hedging.get()}) {
    HEDUI_RETURN_IF_ERROR(CheckReplies(rig, kChecked, kCheckedInFlight));
    HEDUI_RETURN_IF_ERROR(rig->sources().DelaySome(kSlowSource, kSlowPermille, kSlow));
    // How long the source takes is not known before.
    HEDUI_RETURN_IF_ERROR(RunFanout(rig, kSlowSource, load).status());
  }
  FanoutRuns of_plain;
  FanoutRuns of_hedging;
  HEDUI_ASSIGN_OR_RETURN(const Paired p99,
                         MedianOfPairs(of_plain.Of(plain.get(), kSlowSource, load),
                                       of_hedging.Of(hedging.get(), kSlowSource, load)));
  const std::string setup = absl::StrFormat(
      "%d of 1,000 answers of one of eight sources come %.0f ms later, drawn, hedges' too; open "
      "loop of %.0f/s, half of the capacity, for %.0f s: without hedges %s, with them %s; %d pairs",
      kSlowPermille, Ms(kSlow), rate, kHedgeSeconds, of_plain.ToString(), of_hedging.ToString(),
      kPairs);
  Row gain{.name = "fanout.hedge_p99_gain", .value = p99.ratio, .unit = "ratio"};
  gain.target = 5;
  gain.setup = setup;
  Row extra{.name = "fanout.hedge_extra_calls", .value = of_hedging.extra(), .unit = "share"};
  extra.target = 0.08;
  extra.aim = Aim::kAtMost;
  extra.setup = setup;
  return std::vector<Row>{gain, extra};
}

// ---- one that hangs

constexpr int kManySources = 64;
constexpr char kHangingSource[] = "bank-40";
constexpr absl::Duration kTakes = absl::Milliseconds(100);
constexpr int kManyCapacityRequests = 200;
constexpr double kHangSeconds = 6;
// Past the deadline of what is asked before the source is known to hang (5 s by default).
constexpr double kHangWarmUpSeconds = 12;

absl::StatusOr<std::vector<Row>> Hanging() {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> sound,
                         PlatformRig::Start({.sources = kManySources}));
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> hanging,
                         PlatformRig::Start({.sources = kManySources}));
  for (PlatformRig* const rig : {sound.get(), hanging.get()}) {
    HEDUI_RETURN_IF_ERROR(CheckReplies(rig, kChecked, kCheckedInFlight));
    rig->sources().DelayAll(kTakes);
  }
  HEDUI_ASSIGN_OR_RETURN(const double capacity, CapacityOf(sound.get(), kManyCapacityRequests));
  const double rate = capacity / 2;
  HEDUI_RETURN_IF_ERROR(hanging->sources().Hold(kHangingSource));
  for (PlatformRig* const rig : {sound.get(), hanging.get()}) {
    const FanoutLoad first{rate, 1, static_cast<int>(rate * kHangWarmUpSeconds)};
    HEDUI_RETURN_IF_ERROR(RunFanout(rig, kHangingSource, first).status());
    HEDUI_RETURN_IF_ERROR(CheckReplies(rig, kChecked, kCheckedInFlight));
  }
  const int requests = static_cast<int>(rate * kHangSeconds);
  const FanoutLoad load{rate, requests, requests / 6};
  FanoutRuns of_hanging;
  FanoutRuns of_sound;
  HEDUI_ASSIGN_OR_RETURN(const Paired p99,
                         MedianOfPairs(of_hanging.Of(hanging.get(), kHangingSource, load),
                                       of_sound.Of(sound.get(), kHangingSource, load)));
  Row row{.name = "fanout.hang_p99_change", .value = p99.ratio - 1, .unit = "share"};
  row.target = 0.15;
  row.aim = Aim::kAtMost;
  row.setup = absl::StrFormat(
      "%d sources at %.0f ms, one of which answers nobody and is spared after its first failures "
      "(%.2f of the verifications asked it); open loop of %.0f/s, half of the capacity, for %.0f "
      "s: hanging %s, all answering %s; %d pairs",
      kManySources, Ms(kTakes), 1 + of_hanging.extra(), rate, kHangSeconds, of_hanging.ToString(),
      of_sound.ToString(), kPairs);
  return std::vector<Row>{row};
}

const Registration kRatio32({"fanout.ratio_32"}, &Ratio32);
const Registration kHedging({"fanout.hedge_p99_gain", "fanout.hedge_extra_calls"}, &Hedging);
const Registration kHanging({"fanout.hang_p99_change"}, &Hanging);

}  // namespace
}  // namespace hedui::bench
