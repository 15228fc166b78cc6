// A load generator: a closed loop that keeps a number of unary calls in flight. It speaks bytes, so
// that the floor and the platform are loaded by the very same code.
#ifndef HEDUI_TESTS_BENCH_LOAD_H_
#define HEDUI_TESTS_BENCH_LOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace grpc {
class ChannelCredentials;
}  // namespace grpc

namespace hedui::bench {

struct LoadOptions {
  std::string target;  // "127.0.0.1:4711"
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  std::string method;    // "/hedui.v1.VerificationService/VerifyHousehold"
  int in_flight = 128;   // at most `requests`
  int requests = 2'000;  // measured
  int warm_up = 200;     // before them, not measured: connections, caches, branch predictors
  int connections = 2;
  absl::Duration timeout = absl::Seconds(30);  // of each call
  // The bytes of request `index`, counted from 0 through warm-up and measurement. All are made
  // before the clock starts.
  std::function<std::string(int index)> make_request;
  // Looks at a successful reply, on the loop that carries the load: cheap, or null. An error counts
  // as a failed call.
  std::function<absl::Status(int index, const std::string& response)> check_response;
};

struct LoadResult {
  double per_second = 0;  // successful calls
  absl::Duration p50, p90, p99, max;
  int succeeded = 0;
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
