// Which of a simulated source's faults hit one call, and what they do to it. Internal to the
// simulation. Thread-safe.
#ifndef HEDUI_ADAPTERS_SIMULATED_FAULTS_H_
#define HEDUI_ADAPTERS_SIMULATED_FAULTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "adapters/simulated/department.h"

namespace hedui::config::v1 {
class SimulatedFault;
}

namespace hedui::adapters {

// A call as faults see it.
struct FaultCall {
  uint64_t number = 0;  // of the source's calls, from 0
  bool poll = false;
  absl::Time now;
};

// What a token of a simulated department says.
struct Promise {
  int64_t ready_after_seconds = 0;  // since the epoch; 0: never
  bool renewed = false;             // it stands in the place of another

  bool IsReady(absl::Time now) const {
    return ready_after_seconds != 0 && now >= absl::FromUnixSeconds(ready_after_seconds);
  }
};
// nullopt: the source of this seed gave no such token.
std::optional<Promise> ReadPromise(uint64_t seed, absl::string_view source_id,
                                   absl::string_view token);

class FaultDraw {
 public:
  // `source` and `request` outlive the draw.
  FaultDraw(const config::v1::SimulatedSource& source, uint64_t seed, const FaultCall& call,
            const v1::QueryRequest& request);

  absl::Duration delay() const { return delay_; }
  // True when a fault takes the place of answers; `reaction` then says how the call ends.
  bool EndsCall(const v1::QueryRequest& request, Reaction* reaction) const;
  // Whether a poll with this gets another token in its place; then that, and what it says.
  bool Renews(Promise* promise, std::string* token) const;
  // What a fault makes of right answers.
  void Distort(v1::QueryResponse* response) const;

 private:
  bool Hits(const config::v1::SimulatedFault& fault, size_t index,
            const v1::QueryRequest& request) const;
  void MakePromise(v1::QueryResponse* response) const;
  // The time from which an answer that is promised now can be had; 0: never.
  int64_t ReadyAfterSeconds() const;

  const config::v1::SimulatedSource& source_;
  const uint64_t seed_;
  const FaultCall call_;
  absl::Duration delay_;
  const config::v1::SimulatedFault* fault_ = nullptr;  // the one that happens, delays apart
};

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SIMULATED_FAULTS_H_
