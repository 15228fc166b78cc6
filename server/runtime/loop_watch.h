// Whether the loops of a process turn: a loop that hangs in a task stalls every flow on it, and
// nothing else of the process would notice. Not thread-safe: one thread asks.
#ifndef HEDUI_SERVER_RUNTIME_LOOP_WATCH_H_
#define HEDUI_SERVER_RUNTIME_LOOP_WATCH_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "server/runtime/grpc_event_loop.h"

namespace hedui::runtime {

class LoopWatch {
 public:
  // Started loops, which outlive it; none is added later.
  explicit LoopWatch(const EventLoops* loops);

  // OK when every loop has run what the call before posted to it. UNAVAILABLE (LOOP_STUCK) names
  // the first that has not. Returns at once; how often it is called says how long a loop may take.
  absl::Status Check();

 private:
  const EventLoops* const loops_;
  uint64_t asked_ = 0;
  // Shared with tasks that may run after this object is gone.
  std::vector<std::shared_ptr<std::atomic<uint64_t>>> answered_;
};

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_LOOP_WATCH_H_
