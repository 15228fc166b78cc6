// A stored report read: found, who reads it logged, handed out.
#ifndef HEDUI_SERVER_READ_FLOW_H_
#define HEDUI_SERVER_READ_FLOW_H_

#include <string>

#include "server/base/row.h"
#include "server/runtime/event_loop.h"
#include "server/verify_flow.h"

namespace hedui {

struct Rooms;

// The report of `agency` under `key`, for `officer`. From any thread; `done` runs once, on `loop`.
// `rooms` outlives it. Errors as Verifier::ReadReport.
void ReadReport(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
                std::string officer, base::LookupKey key, VerifyDone done);

}  // namespace hedui

#endif  // HEDUI_SERVER_READ_FLOW_H_
