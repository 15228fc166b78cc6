// One household verified: the state machine of what verify_flow.h draws, from an accepted request
// to a signed report.
//
// Lives on the loop it is started on; what blocks or computes runs on the pools (verify_steps.h).
// Held by its callbacks, until it has told the book that it has ended.
#ifndef HEDUI_SERVER_VERIFICATION_FLOW_H_
#define HEDUI_SERVER_VERIFICATION_FLOW_H_

#include <memory>

#include "absl/status/status.h"
#include "server/flow_book.h"
#include "server/runtime/event_loop.h"
#include "server/verify_flow.h"

namespace hedui {

struct Rooms;

class VerificationFlow : public RunningFlow {
 public:
  // Once the book has it; on the loop's thread. Whoever waits in the book is answered by it, also
  // inside this call.
  virtual void Begin() = 0;
};

// `rooms` outlives it. The caller has entered the request in the book.
std::shared_ptr<VerificationFlow> MakeVerificationFlow(const Rooms* rooms,
                                                       std::shared_ptr<FlowBook> book,
                                                       runtime::EventLoop* loop,
                                                       VerifyRequest request);

// UNAVAILABLE (DRAINING), with the time that a restart takes.
absl::Status VerificationsDraining();

}  // namespace hedui

#endif  // HEDUI_SERVER_VERIFICATION_FLOW_H_
