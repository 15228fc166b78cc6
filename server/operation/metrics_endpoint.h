// A metric book over plain HTTP, as Prometheus scrapes it: GET /metrics.
//
// Main thread only; scrapes run on threads of the library. No TLS, no password: for localhost or a
// monitoring network.
#ifndef HEDUI_SERVER_OPERATION_METRICS_ENDPOINT_H_
#define HEDUI_SERVER_OPERATION_METRICS_ENDPOINT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/metrics.h"

namespace hedui::operation {

class MetricsEndpoint {
 public:
  // `listen` is "HOST:PORT", HOST an address; port 0: any free one. `book` outlives the endpoint
  // and is filled before. UNAVAILABLE (METRICS_LISTEN).
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& listen,
                                                                const base::MetricBook* book);
  // Waits for scrapes under way.
  ~MetricsEndpoint();

  int port() const;

 private:
  struct Parts;
  explicit MetricsEndpoint(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace hedui::operation

#endif  // HEDUI_SERVER_OPERATION_METRICS_ENDPOINT_H_
