#include "tests/bench/scenarios.h"

#include <grpcpp/support/status_code_enum.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "hedui/v1/errors.pb.h"
#include "server/base/status.h"

namespace hedui::bench {
namespace {

constexpr char kCreateMethod[] = "/hedui.v1.VerificationService/CreateVerification";
// Within a source's longest deadline: later the platform waits for them no more.
constexpr absl::Duration kUntilAllWait = absl::Seconds(55);
constexpr absl::Duration kCallPatience = absl::Seconds(30);
// Enough that commits hold many intents, as under load.
constexpr int kCreatesInFlight = 128;
// Before anything is timed: connections, caches, branch predictors.
constexpr int kWarmUpCalls = 50;

absl::Status Failure(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInternal, "SCENARIO", what);
}

}  // namespace

bool IsTurnedAway(int code, const std::string& details) {
  v1::RichStatus status;
  if (code != grpc::StatusCode::RESOURCE_EXHAUSTED || !status.ParseFromString(details)) {
    return false;
  }
  for (const google::protobuf::Any& any : status.details()) {
    v1::RetryInfo retry;
    if (absl::EndsWith(any.type_url(), "/google.rpc.RetryInfo") &&
        retry.ParseFromString(any.value()) &&
        (retry.retry_delay().seconds() > 0 || retry.retry_delay().nanos() > 0)) {
      return true;
    }
  }
  return false;
}

absl::StatusOr<Overload> RunOverload(PlatformRig* rig, const OverloadSize& size) {
  Overload result;
  LoadOptions load = rig->LoadOf(size.capacity_in_flight, size.capacity_requests);
  // Calls end unevenly, so an agency may have more than its share of a closed loop for a moment.
  load.is_refusal = &IsTurnedAway;
  HEDUI_ASSIGN_OR_RETURN(result.capacity, rig->Run(load));
  result.offered = size.times * result.capacity.per_second;
  const int requests =
      std::max(1, static_cast<int>(result.offered * absl::ToDoubleSeconds(size.lasting)));
  load = rig->LoadOf(/*in_flight=*/0, requests);
  load.warm_up = requests / 4;
  load.is_refusal = &IsTurnedAway;
  load.per_second = result.offered;
  load.in_time = size.in_time;
  HEDUI_ASSIGN_OR_RETURN(result.overload, rig->Run(load));
  return result;
}

absl::StatusOr<Waiting> HoldVerifications(PlatformRig* rig, const std::string& source_id,
                                          int count) {
  std::vector<v1::VerifyHouseholdRequest> requests;
  for (int i = 0; i < count; ++i) requests.push_back(rig->NextRequest());
  Waiting waiting;
  waiting.before_bytes = rig->ResidentBytes();
  HEDUI_RETURN_IF_ERROR(rig->sources().Hold(source_id));
  LoadOptions load = rig->LoadOf(std::min(count, kCreatesInFlight), count);
  load.warm_up = 0;
  load.method = kCreateMethod;
  load.make_request = [&requests](int index) {
    v1::CreateVerificationRequest create;
    *create.mutable_request() = requests[static_cast<size_t>(index)];
    return create.SerializeAsString();
  };
  HEDUI_RETURN_IF_ERROR(rig->Run(load).status());
  const int held = rig->sources().AwaitHeld(count, kUntilAllWait);
  if (held != count) {
    return Failure(absl::StrCat(held, " of ", count, " verifications wait for ", source_id));
  }
  waiting.during_bytes = rig->ResidentBytes();
  waiting.threads = rig->ThreadNames();
  rig->sources().Release();
  // The same requests again join what is under way, or get its report; of whoever no longer waited
  // the report is not complete.
  load = rig->LoadOf(std::min(count, kCreatesInFlight), count);
  load.warm_up = 0;
  load.make_request = [&requests](int index) {
    return requests[static_cast<size_t>(index)].SerializeAsString();
  };
  load.check_response = [rig](int, const std::string& response) {
    return rig->CheckComplete(response);
  };
  HEDUI_RETURN_IF_ERROR(rig->Run(load).status());
  waiting.after_bytes = rig->ResidentBytes();
  return waiting;
}

namespace {

// A platform, and when it was called last.
struct Called {
  PlatformRig* rig;
  std::unique_ptr<clients::Client> client;
  absl::Time idle_since;
};

absl::StatusOr<absl::Duration> CallOnce(Called* called) {
  const v1::VerifyHouseholdRequest request = called->rig->NextRequest();
  const absl::Time begun = absl::Now();
  HEDUI_RETURN_IF_ERROR(called->client->VerifyHousehold(request, kCallPatience).status());
  called->idle_since = absl::Now();
  return called->idle_since - begun;
}

}  // namespace

absl::StatusOr<FirstCalls> CallBehindIdleness(const std::vector<PlatformRig*>& rigs,
                                              absl::Duration idle, int rounds, int later) {
  std::vector<Called> platforms;
  for (PlatformRig* const rig : rigs) {
    HEDUI_ASSIGN_OR_RETURN(auto client, rig->Connect());
    platforms.push_back({rig, std::move(client), absl::InfinitePast()});
    for (int i = 0; i < kWarmUpCalls; ++i) {
      HEDUI_RETURN_IF_ERROR(CallOnce(&platforms.back()).status());
    }
  }
  FirstCalls result;
  absl::Time last_call = absl::Now();
  for (int round = 0; round < rounds; ++round) {
    for (Called& platform : platforms) {
      const absl::Time due = std::max(platform.idle_since + idle,
                                      last_call + idle / static_cast<int64_t>(platforms.size()));
      absl::SleepFor(due - absl::Now());
      HEDUI_ASSIGN_OR_RETURN(const absl::Duration first, CallOnce(&platform));
      result.first.push_back(first);
      for (int i = 0; i < later; ++i) {
        HEDUI_ASSIGN_OR_RETURN(const absl::Duration took, CallOnce(&platform));
        result.later.push_back(took);
      }
      last_call = absl::Now();
    }
  }
  return result;
}

}  // namespace hedui::bench
