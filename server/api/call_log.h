// What becomes of calls: counted for metrics, and one line of the log each. Neither says anything
// of whom a call is about: agencies, ids and codes only.
//
// CallLog and MethodRecord are thread-safe; methods are given their log before the first call. A
// CallNote belongs to its call's loop.
#ifndef HEDUI_SERVER_API_CALL_LOG_H_
#define HEDUI_SERVER_API_CALL_LOG_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "server/base/clock.h"
#include "server/base/event.h"
#include "server/base/ids.h"
#include "server/base/metrics.h"
#include "server/base/mutex.h"
#include "server/base/trace.h"

namespace hedui::api {

// gRPC's canonical codes, 0 to 16.
inline constexpr size_t kStatusCodes = 17;
// Lines a second for calls of nobody we know, who could otherwise fill the disk; how many were left
// out stands in the next one.
inline constexpr int kStrangerLinesPerSecond = 10;

// What is known of one call.
struct CallNote {
  absl::Duration begun;         // on the steady clock
  std::string agency;           // empty: of nobody we know
  std::string request_id;       // a UUID, or empty
  std::string verification_id;  // where the answer names one
  // The span of this call, where the caller sent a trace.
  std::optional<base::TraceParent> trace;
};

// gRPC's context, which knows neither its method nor what has been noted of the call.
struct CallContext final : public grpc::ServerContext {
  absl::string_view method;  // the method's path; outlives the call
  CallNote note;
};

class CallLog;

// The calls of one method. Lives as long as they do.
class MethodRecord {
 public:
  explicit MethodRecord(std::string method_name) : name(std::move(method_name)) {}

  // Before calls come; without a log nothing is noted.
  void SetLog(CallLog* log, absl::string_view service_name);
  void Begin(CallContext* context);
  void End(const CallNote& note, const grpc::Status& status);

  const std::string name;  // "VerifyHousehold"
  std::string service;     // "hedui.v1.VerificationService"
  base::Counter begun;
  std::array<base::Counter, kStatusCodes> ended;  // by code
  base::Histogram seconds{base::LatencyBounds()};

 private:
  CallLog* log_ = nullptr;
};

class CallLog {
 public:
  // Borrowed objects outlive it.
  CallLog(const base::Clock* clock, base::IdSource* ids, base::Tell tell);

  // Adds hedui_rpc_* of every method that has this log, or will have it. The methods go after the
  // book's last reader.
  void AddTo(base::MetricBook* book);

 private:
  friend class MethodRecord;
  void Add(const MethodRecord* method);
  std::vector<const MethodRecord*> Methods() const;
  void Begin(CallContext* context);
  void End(MethodRecord* method, const CallNote& note, const grpc::Status& status);
  // Whether another line may be written for a call of nobody we know, and how many were not.
  std::optional<int64_t> StrangerLine(absl::Duration now);

  const base::Clock* const clock_;
  base::IdSource* const ids_;
  const base::Tell tell_;
  base::LabelledCounters errors_;

  mutable base::Mutex mutex_;
  std::vector<const MethodRecord*> methods_ ABSL_GUARDED_BY(mutex_);
  int64_t stranger_second_ ABSL_GUARDED_BY(mutex_) = -1;
  int stranger_lines_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t stranger_left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

// "OK", "RESOURCE_EXHAUSTED".
absl::string_view CodeName(grpc::StatusCode code);
// The reason in an error's details (rich_status.h); the code's name where there is none.
std::string WireReasonOf(const grpc::Status& status);
// `text` if it is a UUID, else nothing: what else a caller writes there is not for the log.
std::string UuidOrNothing(const std::string& text);

// The request id and verification id that a message names, where its type has a place for one.
template <typename Message>
std::string RequestIdOf(const Message& message) {
  if constexpr (requires { message.request_id(); }) {
    return UuidOrNothing(message.request_id());
  } else if constexpr (requires { message.header().request_id(); }) {
    return UuidOrNothing(message.header().request_id());
  } else if constexpr (requires { message.request().header().request_id(); }) {
    return UuidOrNothing(message.request().header().request_id());
  } else {
    return "";
  }
}

template <typename Message>
std::string VerificationIdOf(const Message& message) {
  if constexpr (requires { message.verification_id(); }) {
    return UuidOrNothing(message.verification_id());
  } else if constexpr (requires { message.verification().verification_id(); }) {
    return UuidOrNothing(message.verification().verification_id());
  } else if constexpr (requires { message.finished().verification_id(); }) {
    return UuidOrNothing(message.finished().verification_id());
  } else {
    return "";
  }
}

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_CALL_LOG_H_
