// PendingDesk: fetches what sources have promised to answer later, for as long as it takes, and
// tells those who wait for it.
//
// All it knows stands in rows (pending_rows.h): it finds the open promises when it starts, and
// takes what reports add. One is polled when its source said it would be ready, else after pauses
// that grow (poll_schedule.h); through the source's state, in the background, so that places,
// rates, breakers and quotas hold; each time authorized anew, under an intent that is in the log.
// What comes supersedes the verification's report (answer_flow.h). Until a row says what became of
// a promise it is open, whatever becomes of this process.
//
// Thread safety: Start and Stop on the main thread, or on the loop's own where that is the same;
// everything else from any thread. Limits: PollLimits; kFollowersMax who wait for one verification.
#ifndef HEDUI_SERVER_PENDING_DESK_H_
#define HEDUI_SERVER_PENDING_DESK_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "server/flow_book.h"
#include "server/pending_rows.h"
#include "server/poll_schedule.h"
#include "server/poll_steps.h"
#include "server/runtime/event_loop.h"

namespace hedui {

struct Rooms;

inline constexpr size_t kFollowersMax = 16;
// After so many more that began to follow, those are let go whose callers have gone.
inline constexpr size_t kFollowersSweptAfter = 64;

class PendingDesk {
 public:
  // `rooms` outlives it and everything under way.
  PendingDesk(const Rooms* rooms, DecodeKept decode, const PollLimits& limits = {});
  ~PendingDesk();

  // Begins to read what is open, and to poll. `loop` outlives Stop. Once.
  void Start(runtime::EventLoop* loop);
  // Gives up what is asked; what is being committed is. Whoever follows is told. Returns when the
  // loop has seen it.
  void Stop();

  // Promises that a commit has made durable.
  void Add(std::vector<Promise> promises);

  // Tells once, on `loop`, when something has become of a promise of this verification, or, with
  // `stopping`, that it will not be told any more. RESOURCE_EXHAUSTED (IN_FLIGHT): too many follow
  // it; UNAVAILABLE (DRAINING).
  using Told = std::function<void(bool stopping)>;
  absl::Status Follow(const FlowKey& verification, runtime::EventLoop* loop, Presence watcher,
                      Told told);

  // Whoever follows with this presence is not told any more.
  void Unfollow(const FlowKey& verification, const Presence& watcher);

  // Calls that would be told, those included whose callers have gone since the last sweep.
  size_t followers() const;

  // Promises held, for metrics.
  size_t held() const;

 private:
  class Impl;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_PENDING_DESK_H_
