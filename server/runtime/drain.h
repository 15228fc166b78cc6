// The order in which a process ends, as code. Each stage rests on those after it: a call that is
// still running needs its loop, its loop's work needs the committer, the committer needs the store.
// main registers steps as it builds the rooms; Run takes them by stage, whatever the order of
// registration.
//
// Not thread-safe: main only.
#ifndef HEDUI_SERVER_RUNTIME_DRAIN_H_
#define HEDUI_SERVER_RUNTIME_DRAIN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"

namespace hedui::runtime {

enum class DrainStage : uint8_t {
  kHealth = 1,  // NOT_SERVING, then a beat for balancers to notice
  kServer,      // Server::Shutdown(deadline): no new calls, running ones may end
  kFlows,       // flows cancelled and finished
  kOutbound,    // calls to sources and alarms cancelled, waited for
  kLoops,       // queues shut down and drained (EventLoops::Shutdown)
  kWorkers,     // committer, compute pool, blocking pools: what was submitted is done
  kChannels,    // destroyed on the main thread, never in a completion: gRPC aborts there
  kStore,       // closed last
};

absl::string_view DrainStageName(DrainStage stage);

class Drain {
 public:
  using Step = absl::AnyInvocable<void()>;
  // Told after each step, for the log.
  using Observer =
      absl::AnyInvocable<void(DrainStage stage, absl::string_view name, absl::Duration took)>;

  // Steps of one stage run in the order added.
  void Add(DrainStage stage, absl::string_view name, Step step);
  // Runs every step once. `clock` measures; `observer` may be null.
  void Run(const base::Clock& clock, Observer observer = nullptr);

 private:
  struct Entry {
    DrainStage stage;
    std::string name;
    Step step;
  };
  std::vector<Entry> entries_;
};

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_DRAIN_H_
