// One report of a recall verified anew:
//
//   prepare ─► commit intent ─► gather (waves) ─► replace the answers, commit the report
//
// as a verification, but for what a recalled source said, in the background, and from the stored
// case. Lives on one loop; what blocks or computes runs on the pools.
#ifndef HEDUI_SERVER_REVERIFY_FLOW_H_
#define HEDUI_SERVER_REVERIFY_FLOW_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/base/ids.h"
#include "server/recall_steps.h"
#include "server/runtime/event_loop.h"

namespace hedui {

struct Rooms;

// On the loop's thread only.
class ReverifyFlow {
 public:
  virtual ~ReverifyFlow() = default;
  // Its sources are waited for no longer: it ends with CANCELLED, unless its report is being made.
  virtual void Stop() = 0;
};

using ReverifyDone = absl::AnyInvocable<void(absl::StatusOr<ReverifyEnd>) &&>;

// `report_id`: any report of `agency`'s chain. Errors, after which it may be tried again:
// RESOURCE_EXHAUSTED, ABORTED (CHAIN_CHANGED), CANCELLED (DRAINING), UNAVAILABLE; others are told
// and are kFailed. `done` runs once, on `loop`, never inside this call. `rooms` outlives it.
std::shared_ptr<ReverifyFlow> BeginReverify(const Rooms* rooms, runtime::EventLoop* loop,
                                            const RecallSpan& span, std::string agency,
                                            const base::Uuid& report_id, ReverifyDone done);

}  // namespace hedui

#endif  // HEDUI_SERVER_REVERIFY_FLOW_H_
