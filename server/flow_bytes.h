// What a verification takes of the process's memory budget (base/byte_budget.h). Estimates, on the
// safe side of what was measured. Functions, thread-safe.
#ifndef HEDUI_SERVER_FLOW_BYTES_H_
#define HEDUI_SERVER_FLOW_BYTES_H_

#include <cstddef>
#include <utility>

#include "server/base/byte_budget.h"
#include "server/stored_report.h"
#include "server/verify_flow.h"

namespace hedui {

// When the configuration does not say: ten thousand verifications of ordinary households, each
// waiting for its sources, take a third.
inline constexpr size_t kMemoryBytesDefault = size_t{1} << 30;
// The part of it that one agency may take.
inline constexpr size_t kMemoryShareDivisor = 2;

// A call under way, beside its request.
inline constexpr size_t kCallerBytes = 4 << 10;
// A flow, beside its request and answers: plan, grant, warrants, the intent.
inline constexpr size_t kFlowBytes = 12 << 10;
// A request is held as a message and as the bytes it came in by its caller, as bytes, values and an
// intent by its flow.
inline constexpr size_t kRequestCopies = 3;
// A record travels from the outcome into later waves, the facts, the case and the report's lines.
inline constexpr size_t kRecordCopies = 4;

inline size_t CallerBytes(const VerifyRequest& request) {
  return kCallerBytes + kRequestCopies * request.bytes.size();
}

inline size_t FlowBytes(const VerifyRequest& request) {
  return kFlowBytes + kRequestCopies * request.bytes.size();
}

// `done`, which gives its caller's place back just before it answers: whoever has the answer may
// come again.
template <typename Done>
Done Holding(base::ByteBudget::Place place, Done done) {
  return [place = std::move(place), done = std::move(done)](auto result) mutable {
    place = base::ByteBudget::Place();
    std::move(done)(std::move(result));
  };
}

inline absl::Status NoBytes() {
  return Busy("BYTES", "the platform, or this agency's share of it, holds as much as it can");
}

}  // namespace hedui

#endif  // HEDUI_SERVER_FLOW_BYTES_H_
