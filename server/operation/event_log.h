// The log: events become lines of a descriptor, written by a thread of its own, some milliseconds
// later where there are many. Whoever tells an event never waits for whoever reads the log: past
// kEventLinesMax lines that wait the oldest are dropped and counted.
//
// Thread-safe. The destructor writes what waits, for as long as it is read, and at most for the
// time given: what is left then is dropped and counted.
#ifndef HEDUI_SERVER_OPERATION_EVENT_LOG_H_
#define HEDUI_SERVER_OPERATION_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/event.h"
#include "server/base/mutex.h"

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
  // Whole lines, each with its end, from `begin` on.
  struct Piece {
    std::string bytes;
    size_t begin = 0;
    size_t lines = 0;
  };

  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The thread's.
  void Run();
  void WriteOut(absl::string_view lines);
  bool AwaitReader() const;
  std::optional<absl::Duration> EndBy() const;

  const int descriptor_;
  const base::Clock* const clock_;
  const std::function<void(uint64_t)> on_unread_;
  const absl::Duration end_wait_;
  uint64_t unread_ = 0;  // on the thread, until it has ended

  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Piece> pieces_ ABSL_GUARDED_BY(mutex_);  // none of them without lines
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;        // lines in them
  uint64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;  // the thread waits for a line
  // Steady: a reader is waited for until then, and no longer. Once the log is to end.
  std::optional<absl::Duration> end_by_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses the rest
};

}  // namespace hedui::operation

#endif  // HEDUI_SERVER_OPERATION_EVENT_LOG_H_
