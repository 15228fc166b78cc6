// The adapter of kind "simulated": a department that does not exist, inside this process. What it
// sends goes through the same encoding, faults and strict reader as a department behind gRPC; only
// the wire is missing. For tests, for a demonstration in one process and for benchmarks; it checks
// no warrants (hedui-sim does).
//
// Any loop will do. Calls are timers of the loop: deadline and delay are exact on a simulated
// clock.
#ifndef HEDUI_ADAPTERS_SIMULATED_SIMULATED_SOURCE_ADAPTER_H_
#define HEDUI_ADAPTERS_SIMULATED_SIMULATED_SOURCE_ADAPTER_H_

#include <memory>

#include "adapters/simulated/department.h"
#include "adapters/source_adapter.h"

namespace hedui::adapters {

std::unique_ptr<SourceAdapter> MakeSimulatedSourceAdapter(std::unique_ptr<Department> department);

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SIMULATED_SIMULATED_SOURCE_ADAPTER_H_
