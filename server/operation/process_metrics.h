// What the kernel says of this process, under the names that Prometheus' own libraries use:
// process_start_time_seconds, process_cpu_seconds_total, process_resident_memory_bytes,
// process_open_fds, process_max_fds.
#ifndef HEDUI_SERVER_OPERATION_PROCESS_METRICS_H_
#define HEDUI_SERVER_OPERATION_PROCESS_METRICS_H_

#include "server/base/metrics.h"

namespace hedui::operation {

// Read from /proc/self at each reading. Main thread; what it adds is thread-safe.
void AddProcessMetrics(base::MetricBook* book);

}  // namespace hedui::operation

#endif  // HEDUI_SERVER_OPERATION_PROCESS_METRICS_H_
