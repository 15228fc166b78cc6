// What is asked about verifications that are not under way here: how they stand, their report, and
// that an interrupted one shall not be resumed. From any thread; `done` runs once, on `loop`.
// `rooms` outlives it. Errors as Verifier's.
#ifndef HEDUI_SERVER_VIEW_FLOW_H_
#define HEDUI_SERVER_VIEW_FLOW_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/base/ids.h"
#include "server/runtime/event_loop.h"
#include "server/verify_flow.h"

namespace hedui {

struct Rooms;

// How a verification stands; `running`: a flow works on it. Blocks on the store.
absl::StatusOr<VerificationView> ViewNow(const Rooms& rooms, const std::string& agency,
                                         const base::Uuid& request_id, bool running);

void ReadView(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
              base::Uuid request_id, bool running, ViewDone done);

// The report, for an officer who reads it; or why there is none.
void WatchEnded(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
                std::string officer, base::Uuid request_id, VerifyDone done);

// A verification that was begun and is not worked on will never be; one with a report keeps it.
void EndInterrupted(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
                    std::string officer, base::Uuid request_id, ViewDone done);

}  // namespace hedui

#endif  // HEDUI_SERVER_VIEW_FLOW_H_
