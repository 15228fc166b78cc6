// gRPC 1.51 stops taking connections for good once the process has run out of descriptors, also
// when there are some again, and says so in its log only. Whoever watches can end the process, so
// that its supervisor starts it anew.
//
// One at a time in a process, made before its server and destroyed after it, on the main thread.
#ifndef HEDUI_SERVER_LISTENER_WATCH_H_
#define HEDUI_SERVER_LISTENER_WATCH_H_

#include <functional>
#include <string>

#include "server/base/clock.h"

namespace hedui {

// A failed handshake is a line or two: enough to see what is wrong, too few to push others out of
// the log.
inline constexpr int kOwnLinesPerSecond = 10;

class ListenerWatch {
 public:
  // `tell` has gRPC's own lines, at most kOwnLinesPerSecond and then how many were left out; `lost`
  // is called once, when no connection is taken any more. Both from any thread; they do not block.
  // `clock` outlives it.
  ListenerWatch(const base::Clock* clock, std::function<void(std::string line)> tell,
                std::function<void()> lost);
  ~ListenerWatch();
  ListenerWatch(const ListenerWatch&) = delete;
  ListenerWatch& operator=(const ListenerWatch&) = delete;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_LISTENER_WATCH_H_
