// Watching on after the report, for as long as sources that have promised an answer are waited for:
// each report that supersedes it is shown, and before it the outcomes that came with it.
//
// Thread safety: calls on the given loop's thread; everything is told on it.
#ifndef HEDUI_SERVER_SETTLE_FLOW_H_
#define HEDUI_SERVER_SETTLE_FLOW_H_

#include <functional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/base/ids.h"
#include "server/flow_book.h"
#include "server/runtime/event_loop.h"
#include "server/verify_flow.h"

namespace hedui {

struct Rooms;

// Who watches, and how they are told.
struct SettleWatch {
  std::string agency;
  std::string officer;  // being shown a report is an access of theirs
  base::Uuid request_id;
  std::function<void(SourceOutcomeView)> on_outcome;
  std::function<void(VerifyResult)> on_report;
  Presence watcher;  // once it has expired nothing is told any more
  SettledDone done;
};

// `shown`: the report they were shown before. `rooms` outlives it.
void WatchSettling(const Rooms* rooms, runtime::EventLoop* loop, SettleWatch watch,
                   const VerifyResult& shown);

}  // namespace hedui

#endif  // HEDUI_SERVER_SETTLE_FLOW_H_
