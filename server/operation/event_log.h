// The log: events become lines of a descriptor, written by a thread of its own. Whoever tells an
// event never waits for whoever reads the log: past kEventLinesMax lines the oldest are dropped and
// counted.
//
// Thread-safe. The destructor writes what waits, for as long as it is read, and at most for the
// time given: what is left then is dropped and counted.
#ifndef HEDUI_SERVER_OPERATION_EVENT_LOG_H_
#define HEDUI_SERVER_OPERATION_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/event.h"

namespace hedui::operation {

// Some seconds of a platform under full load, in a few megabytes.
inline constexpr size_t kEventLinesMax = 8'192;
// Whoever reads takes all that can wait in a fraction of it; a process that ends must not wait
// longer for somebody who does not.
inline constexpr absl::Duration kLogEndWait = absl::Seconds(1);

class EventLog {
 public:
  // `descriptor` stays open and `clock` alive as long as the log. A descriptor that cannot be
  // written any more loses lines, and is tried again with the next. `on_unread`, which may be
  // empty, is told by the destructor how many lines it dropped, if any; `end_wait` is how long it
  // waits at most.
  EventLog(int descriptor, const base::Clock* clock,
           std::function<void(uint64_t lines)> on_unread = nullptr,
           absl::Duration end_wait = kLogEndWait);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  void Write(const base::Event& event);
  // A line as it is, among the events: for who started the process and waits for it.
  void WriteLine(absl::string_view line);
  // Lines that gave way to later ones.
  uint64_t dropped() const;

 private:
  struct Parts;
  const base::Clock* const clock_;
  const std::function<void(uint64_t)> on_unread_;
  const absl::Duration end_wait_;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace hedui::operation

#endif  // HEDUI_SERVER_OPERATION_EVENT_LOG_H_
