// What a running platform shows of itself: the counts of its rooms, and what they hold at the
// moment. docs/operation/README.md lists every metric.
#ifndef HEDUI_SERVER_PLATFORM_METRICS_H_
#define HEDUI_SERVER_PLATFORM_METRICS_H_

#include <functional>
#include <vector>

#include "server/base/metrics.h"
#include "server/certificate_watch.h"
#include "server/policy_flow.h"
#include "server/rooms.h"
#include "server/store/store.h"
#include "server/verify_flow.h"

namespace hedui {

struct PlatformParts {
  const Rooms* rooms = nullptr;
  const store::Store* store = nullptr;
  const store::SqliteStoreOptions* store_options = nullptr;
  const Verifier* verifier = nullptr;
  const PolicyDesk* policies = nullptr;
  // Certificates and revocation lists in force.
  std::function<std::vector<WatchedCertificate>()> certificates;
  std::function<bool()> serving;  // calls are taken, and health says so
};

// What `parts` points to outlives the book's readers. Main thread.
void AddPlatformMetrics(const PlatformParts& parts, base::MetricBook* book);

}  // namespace hedui

#endif  // HEDUI_SERVER_PLATFORM_METRICS_H_
