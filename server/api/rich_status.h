// Errors as the wire wants them: a canonical gRPC code, a text, and google.rpc-compatible details
// that stock helpers decode from grpc-status-details-bin. Pure functions.
#ifndef HEDUI_SERVER_API_RICH_STATUS_H_
#define HEDUI_SERVER_API_RICH_STATUS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"

namespace hedui::api {

// One defect of a request. No personal data in either part.
struct Violation {
  std::string field;        // "persons[2].identity.number"
  std::string description;  // what is wrong and what to do
};

// INVALID_ARGUMENT carrying every violation; OK when there is none. `reason`: where one defect has
// a name of its own.
absl::Status InvalidRequest(const std::vector<Violation>& violations,
                            absl::string_view reason = "INVALID_REQUEST");

// What the caller is told. Errors not marked for callers become INTERNAL without their text, which
// belongs to the log; but that the store is full they are told (RESOURCE_EXHAUSTED, STORE_FULL).
// RetryInfo stands where waiting helps, and only there (base/retry_after.h).
grpc::Status ToWire(const absl::Status& status);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_RICH_STATUS_H_
