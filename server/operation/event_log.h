// The log: events become lines of a descriptor, written by a thread of its own. Whoever tells an
// event never waits for whoever reads the log: past kEventLinesMax lines the oldest are dropped and
// counted.
//
// Thread-safe. The destructor writes what waits, and so may block until it is read.
#ifndef HEDUI_SERVER_OPERATION_EVENT_LOG_H_
#define HEDUI_SERVER_OPERATION_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "server/base/clock.h"
#include "server/base/event.h"

namespace hedui::operation {

// Some seconds of a platform under full load, in a few megabytes.
inline constexpr size_t kEventLinesMax = 8'192;

class EventLog {
 public:
  // `descriptor` stays open and `clock` alive as long as the log. A descriptor that cannot be
  // written any more loses lines, and is tried again with the next.
  EventLog(int descriptor, const base::Clock* clock);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  void Write(const base::Event& event);
  // Lines that gave way to later ones.
  uint64_t dropped() const;

 private:
  struct Parts;
  const base::Clock* const clock_;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace hedui::operation

#endif  // HEDUI_SERVER_OPERATION_EVENT_LOG_H_
