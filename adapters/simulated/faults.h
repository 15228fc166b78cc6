// Which of a simulated source's faults hit one call, and what they do to it. Internal to the
// simulation. Thread-safe.
#ifndef HEDUI_ADAPTERS_SIMULATED_FAULTS_H_
#define HEDUI_ADAPTERS_SIMULATED_FAULTS_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "adapters/simulated/department.h"

namespace hedui::config::v1 {
class SimulatedFault;
}

namespace hedui::adapters {

class FaultDraw {
 public:
  // `call` numbers the source's calls from 0. `source` and `request` outlive the draw.
  FaultDraw(const config::v1::SimulatedSource& source, uint64_t seed, uint64_t call,
            const v1::QueryRequest& request);

  absl::Duration delay() const { return delay_; }
  // True when a fault takes the place of answers; `reaction` then says how the call ends.
  bool EndsCall(const v1::QueryRequest& request, Reaction* reaction) const;
  // What a fault makes of right answers.
  void Distort(v1::QueryResponse* response) const;

 private:
  bool Hits(const config::v1::SimulatedFault& fault, size_t index, uint64_t seed, uint64_t call,
            const v1::QueryRequest& request) const;

  absl::Duration delay_;
  const config::v1::SimulatedFault* fault_ = nullptr;  // the one that happens, delays apart
};

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SIMULATED_FAULTS_H_
