// The platform at half load beside its floor, at three times its capacity, with ten thousand
// verifications waiting, and behind idleness.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/status.h"
#include "tests/bench/bench.h"
#include "tests/bench/cpus.h"
#include "tests/bench/floor_rig.h"
#include "tests/bench/platform_rig.h"
#include "tests/bench/scenarios.h"

namespace hedui::bench {
namespace {

constexpr double kMebibyte = 1 << 20;

double Ms(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

// ---- half load

constexpr int kCapacityInFlight = 128;
constexpr int kCapacityRequests = 1'500;
constexpr int kCapacityRuns = 3;
constexpr double kHalfLoadSeconds = 3;

struct Latencies {
  std::vector<double> p50;
  std::vector<double> p99;
};

// p99 as the measure's value; p50 is kept beside it.
template <typename Rig>
Measure AtRate(Rig* rig, double rate, Latencies* latencies) {
  return [rig, rate, latencies]() -> absl::StatusOr<double> {
    const int requests = static_cast<int>(rate * kHalfLoadSeconds);
    HEDUI_ASSIGN_OR_RETURN(const LoadResult result, rig->RunAtRate(rate, requests, requests / 6));
    latencies->p50.push_back(Ms(result.p50));
    latencies->p99.push_back(Ms(result.p99));
    return latencies->p99.back();
  };
}

absl::StatusOr<std::vector<Row>> HalfLoad() {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> platform, PlatformRig::Start({}));
  RigOptions floor_options;
  floor_options.signing = Signing::kSm2;
  HEDUI_ASSIGN_OR_RETURN(floor_options.shape, platform->MeasureShape());
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<FloorRig> floor, FloorRig::Start(floor_options));
  HEDUI_ASSIGN_OR_RETURN(const double capacity,
                         MedianOf(
                             [&]() -> absl::StatusOr<double> {
                               HEDUI_ASSIGN_OR_RETURN(
                                   const LoadResult result,
                                   platform->Run(kCapacityInFlight, kCapacityRequests));
                               return result.per_second;
                             },
                             kCapacityRuns));
  const double rate = capacity / 2;
  Latencies of_platform;
  Latencies of_floor;
  HEDUI_ASSIGN_OR_RETURN(const Paired p99, MedianOfPairs(AtRate(platform.get(), rate, &of_platform),
                                                         AtRate(floor.get(), rate, &of_floor)));
  std::vector<double> added;
  for (size_t i = 0; i < of_platform.p50.size(); ++i) {
    added.push_back(of_platform.p50[i] - of_floor.p50[i]);
  }
  const std::string setup = absl::StrFormat(
      "both at %.0f/s, half of what the platform reaches with %d in flight, in an open loop of "
      "%.0f s: heduid p50 %.2f ms, p99 %.2f ms; floor p50 %.2f ms, p99 %.2f ms; 8 sources, mutual "
      "TLS, SM2 and Ed25519, the floor with the platform's bytes; %d pairs",
      rate, kCapacityInFlight, kHalfLoadSeconds, Median(of_platform.p50), p99.value,
      Median(of_floor.p50), p99.other, kPairs);
  Row p50_row{.name = "verify.added_p50_ms", .value = Median(added), .unit = "ms"};
  p50_row.floor = Median(of_floor.p50);
  p50_row.ratio = Median(of_platform.p50) / *p50_row.floor;
  p50_row.target = 3;
  p50_row.aim = Aim::kAtMost;
  p50_row.setup = setup;
  Row p99_row{.name = "verify.p99_ratio", .value = p99.ratio, .unit = "ratio"};
  p99_row.floor = p99.other;
  p99_row.ratio = p99.ratio;
  p99_row.target = 2;
  p99_row.aim = Aim::kAtMost;
  p99_row.setup = setup;
  return std::vector<Row>{p50_row, p99_row};
}

// ---- overload

constexpr int kOverloadAgencies = 4;
// Of each agency: together twice what the closed loop of the other rows keeps in flight.
constexpr int kOverloadShare = 64;
// The loop that finds the capacity stays a quarter below the shares, so that few are turned away.
constexpr int kOverloadInFlight = kOverloadAgencies * kOverloadShare * 3 / 4;
constexpr int kOverloadRuns = 5;
constexpr absl::Duration kOverloadLasting = absl::Seconds(4);
constexpr absl::Duration kInTime = absl::Seconds(1);

absl::StatusOr<std::vector<Row>> Overloaded() {
  const std::optional<CpuHalves> halves = HalveCpus();
  std::optional<OnCpus> on_cpus;
  PlatformRigOptions options{.agencies = kOverloadAgencies, .in_flight_max = kOverloadShare};
  if (halves.has_value()) {
    options.cpus = CpuList(halves->server);
    options.loops = static_cast<int>(halves->server.size());
    on_cpus.emplace(halves->load);
  }
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> rig, PlatformRig::Start(options));
  const OverloadSize size{.capacity_in_flight = kOverloadInFlight,
                          .capacity_requests = kCapacityRequests,
                          .lasting = kOverloadLasting,
                          .in_time = kInTime};
  std::vector<double> ratios;
  std::vector<double> capacities;
  std::vector<double> goodputs;
  std::vector<double> p50s;
  std::vector<double> p99s;
  Overload last;
  for (int i = 0; i < kOverloadRuns; ++i) {
    HEDUI_ASSIGN_OR_RETURN(last, RunOverload(rig.get(), size));
    capacities.push_back(last.capacity.per_second);
    goodputs.push_back(last.overload.per_second);
    ratios.push_back(goodputs.back() / capacities.back());
    p50s.push_back(Ms(last.overload.refusal_p50));
    p99s.push_back(Ms(last.overload.refusal_p99));
  }
  const std::string setup = absl::StrFormat(
      "capacity %.0f/s (closed loop, %d in flight), then %.0f/s of new requests for %.0f s, of %d "
      "agencies with %d places each on two connections each: %.0f/s answered within %.0f ms; in "
      "the last run %d answered (p50 %.0f ms, p99 %.0f ms, %d late), %d turned away, each with "
      "RetryInfo, p50 %.2f ms; the platform on processors %s, load and sources on the others; %d "
      "runs, each with the capacity found just before",
      Median(capacities), kOverloadInFlight, last.offered, absl::ToDoubleSeconds(kOverloadLasting),
      kOverloadAgencies, kOverloadShare, Median(goodputs), Ms(kInTime), last.overload.succeeded,
      Ms(last.overload.p50), Ms(last.overload.p99), last.overload.late, last.overload.refused,
      Median(p50s), halves.has_value() ? options.cpus : "of all", kOverloadRuns);
  Row goodput{.name = "overload.goodput_ratio", .value = Median(ratios), .unit = "ratio"};
  goodput.target = 0.9;
  goodput.setup = setup;
  Row refusal{.name = "overload.refusal_p99_ms", .value = Median(p99s), .unit = "ms"};
  refusal.target = 10;
  refusal.aim = Aim::kAtMost;
  refusal.setup = setup;
  return std::vector<Row>{goodput, refusal};
}

// ---- in flight

constexpr int kHeld = 10'000;
constexpr int kHeldAgencies = 4;
constexpr char kSlowSource[] = "xq-civil-affairs";

absl::StatusOr<std::vector<Row>> InFlight() {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformRig> rig,
                         PlatformRig::Start({.agencies = kHeldAgencies,
                                             .in_flight_max = kHeld / kHeldAgencies,
                                             .patient_source = kSlowSource}));
  HEDUI_ASSIGN_OR_RETURN(const Waiting waiting, HoldVerifications(rig.get(), kSlowSource, kHeld));
  Row row{.name = "verify.inflight_10k_mb",
          .value = static_cast<double>(waiting.during_bytes) / kMebibyte,
          .unit = "MB"};
  row.target = 512;
  row.aim = Aim::kAtMost;
  row.setup = absl::StrFormat(
      "resident memory of heduid's process with %d created verifications of %d agencies, each with "
      "seven answers and one call held by its source; %.0f MB before, %.0f MB once all had ended "
      "with complete reports; one run",
      kHeld, kHeldAgencies, static_cast<double>(waiting.before_bytes) / kMebibyte,
      static_cast<double>(waiting.after_bytes) / kMebibyte);
  return std::vector<Row>{row};
}

// ---- idleness

constexpr int kIdlePlatforms = 4;
constexpr int kIdleRounds = 5;
constexpr int kLaterCalls = 20;
constexpr absl::Duration kIdle = absl::Seconds(10);

double P90(std::vector<absl::Duration> values) {
  std::sort(values.begin(), values.end());
  return Ms(values[(values.size() - 1) * 9 / 10]);
}

absl::StatusOr<std::vector<Row>> IdleFirstCall() {
  std::vector<std::unique_ptr<PlatformRig>> rigs;
  std::vector<PlatformRig*> pointers;
  for (int i = 0; i < kIdlePlatforms; ++i) {
    HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<PlatformRig> rig, PlatformRig::Start({}));
    pointers.push_back(rig.get());
    rigs.push_back(std::move(rig));
  }
  HEDUI_ASSIGN_OR_RETURN(const FirstCalls calls,
                         CallBehindIdleness(pointers, kIdle, kIdleRounds, kLaterCalls));
  const double first = P90(calls.first);
  const double later = P90(calls.later);
  Row row{.name = "verify.idle_first_call_ms", .value = first - later, .unit = "ms"};
  row.target = 5;
  row.aim = Aim::kAtMost;
  row.setup = absl::StrFormat(
      "p90 %.2f ms of %d first calls behind %.0f s without a call, p90 %.2f ms of the %d that "
      "followed one by one; %d platforms in turn, connections kept open on both sides",
      first, calls.first.size(), absl::ToDoubleSeconds(kIdle), later, calls.later.size(),
      kIdlePlatforms);
  return std::vector<Row>{row};
}

const Registration kHalfLoad({"verify.added_p50_ms", "verify.p99_ratio"}, &HalfLoad);
const Registration kInFlight10k({"verify.inflight_10k_mb"}, &InFlight);
const Registration kIdleFirst({"verify.idle_first_call_ms"}, &IdleFirstCall);
const Registration kOverload({"overload.goodput_ratio", "overload.refusal_p99_ms"}, &Overloaded);

}  // namespace
}  // namespace hedui::bench
