// What every call is held to, whatever its method: how many there may be, and how long their
// callers may take to read. Thread-safe; outlives the calls.
#ifndef HEDUI_SERVER_API_CALL_LIMITS_H_
#define HEDUI_SERVER_API_CALL_LIMITS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/api/connection_limits.h"
#include "server/base/limits.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"
#include "server/runtime/slots.h"

namespace hedui::api {

// Of the whole process. Each verification in flight may be waited for and watched, and as many
// calls again look up; one that waits costs some 15 KB, so together half a gibibyte.
inline constexpr size_t kOpenCallsMax = size_t{3} * base::kVerificationsInFlightMax;

// Of what callers of streams have not read yet, all together: a few hundred of the slowest.
inline constexpr size_t kWaitingBytesMax = size_t{256} << 20;

struct CallLimits {
  explicit CallLimits(const ConnectionLimits& connection, size_t open_calls_max = kOpenCallsMax)
      : open_calls(open_calls_max),
        reader(connection.reader),
        reader_bytes(connection.reader_bytes) {}

  // A place for each call that has begun and not ended.
  runtime::Slots open_calls;
  // Bytes that wait to be read by the callers of streams.
  runtime::Slots waiting_bytes{kWaitingBytesMax};
  const absl::Duration reader;
  const size_t reader_bytes;
};

inline absl::Status TooManyOpenCalls() {
  return base::WithRetryAfter(
      base::MakeError(absl::StatusCode::kResourceExhausted, "CALLS",
                      "the platform has as many calls open as it can; repeat this one a little "
                      "later, a verification with the same request id"),
      base::kRoomRetryAfter);
}

// The caller of a stream reads more slowly than it is told things.
inline absl::Status SlowReader() {
  return base::WithRetryAfter(
      base::MakeError(absl::StatusCode::kResourceExhausted, "SLOW_READER",
                      "too much waits to be read on this stream, which is therefore ended; the "
                      "verification goes on: watch it again and read faster, or get its report"),
      base::kRoomRetryAfter);
}

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_CALL_LIMITS_H_
