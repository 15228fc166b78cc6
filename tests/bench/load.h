// A load generator: a closed loop that keeps a number of unary calls in flight, or an open one that
// begins them at a rate. It speaks bytes, so that the floor and the platform are loaded by the very
// same code.
#ifndef HEDUI_TESTS_BENCH_LOAD_H_
#define HEDUI_TESTS_BENCH_LOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace grpc {
class ChannelCredentials;
}  // namespace grpc

namespace hedui::bench {

struct LoadOptions {
  std::string target;  // "127.0.0.1:4711"
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  // Of further callers: connections take turns among `credentials` and these, calls among the
  // connections. So call `index` is of caller `index` modulo their number, where the number of
  // connections is a multiple of it.
  std::vector<std::shared_ptr<grpc::ChannelCredentials>> more_credentials;
  std::string method;    // "/hedui.v1.VerificationService/VerifyHousehold"
  int in_flight = 128;   // at most `requests`
  int requests = 2'000;  // measured
  int warm_up = 200;     // before them, not measured: connections, caches, branch predictors
  int connections = 2;
  absl::Duration timeout = absl::Seconds(30);  // of each call
  // Above 0: an open loop. Calls begin evenly at this rate whatever became of those before, and
  // each one's time counts from when it was due; `in_flight` says nothing.
  double per_second = 0;
  // Open loop: an answer that took longer is of no use to its caller, and counts as late.
  absl::Duration in_time = absl::InfiniteDuration();
  // The bytes of request `index`, counted from 0 through warm-up and measurement. All are made
  // before the clock starts.
  std::function<std::string(int index)> make_request;
  // Looks at a successful reply, on the loop that carries the load: cheap, or null. An error counts
  // as a failed call.
  std::function<absl::Status(int index, const std::string& response)> check_response;
  // Looks at a failed call, by its gRPC code and the bytes of its details: true when it was turned
  // away as it should be, which is counted apart. Null: there is no such failure.
  std::function<bool(int code, const std::string& details)> is_refusal;
};

struct LoadResult {
  // Successful calls. In an open loop: those that ended in time, and before the last call was due,
  // by the time since the first measured one was.
  double per_second = 0;
  absl::Duration p50, p90, p99, max;  // of successful calls
  int succeeded = 0;
  int late = 0;     // of them
  int refused = 0;  // with `is_refusal`
  absl::Duration refusal_p50, refusal_p99;
  int failed = 0;
  std::string first_error;  // of the failed ones
  // Processor time of the program under load for each call, warm-up included: unlike a rate it
  // tells little of what else the machine does. Zero when nobody measured it.
  absl::Duration cpu_per_call;
};

// Blocks until all calls have ended. Starts one loop of its own.
LoadResult RunLoad(const LoadOptions& options);

// OK when no call failed; else an error with the first one's text. A rate with failures in it says
// nothing.
absl::Status CheckAllSucceeded(const LoadResult& result);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_LOAD_H_
