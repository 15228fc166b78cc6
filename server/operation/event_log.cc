#include "server/operation/event_log.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "server/operation/event_line.h"

namespace hedui::operation {
namespace {

// How often who waits for a reader looks whether the log is to end.
constexpr absl::Duration kLook = absl::Milliseconds(100);
// Lines are handed over in pieces of about so many bytes.
constexpr size_t kPieceBytes = 65'536;
// After a piece the thread lets lines gather for so long: under load some fifty go with one wake-up
// and a few writes, which would else cost more than everything that is done to make them.
constexpr absl::Duration kGather = absl::Milliseconds(5);

}  // namespace

EventLog::EventLog(int descriptor, const base::Clock* clock,
                   std::function<void(uint64_t)> on_unread, absl::Duration end_wait)
    : descriptor_(descriptor),
      clock_(clock),
      on_unread_(std::move(on_unread)),
      end_wait_(end_wait),
      thread_([this] { Run(); }) {}

EventLog::~EventLog() {
  {
    const base::MutexLock lock(&mutex_);
    end_by_ = clock_->SteadyNow() + end_wait_;
    changed_.Signal();
  }
  thread_.join();
  if (unread_ > 0 && on_unread_) on_unread_(unread_);
}

void EventLog::Write(const base::Event& event) { WriteLine(EventLine(event, clock_->WallNow())); }

void EventLog::WriteLine(absl::string_view line) {
  const base::MutexLock lock(&mutex_);
  if (waiting_ == kEventLinesMax) DropOldest();
  if (pieces_.empty() || pieces_.back().bytes.size() >= kPieceBytes) {
    pieces_.emplace_back().bytes.reserve(kPieceBytes + kPieceBytes / 8);
  }
  Piece& piece = pieces_.back();
  piece.bytes.append(line.data(), line.size());
  piece.bytes.push_back('\n');
  ++piece.lines;
  ++waiting_;
  if (idle_) changed_.Signal();
}

void EventLog::DropOldest() {
  Piece& piece = pieces_.front();
  piece.begin = piece.bytes.find('\n', piece.begin) + 1;
  if (--piece.lines == 0) pieces_.pop_front();
  --waiting_;
  ++dropped_;
}

uint64_t EventLog::dropped() const {
  const base::MutexLock lock(&mutex_);
  return dropped_;
}

void EventLog::Run() {
  pthread_setname_np(pthread_self(), "log");
  for (;;) {
    Piece piece;
    {
      const base::MutexLock lock(&mutex_);
      idle_ = true;
      while (pieces_.empty() && !end_by_.has_value()) changed_.Wait(&mutex_);
      idle_ = false;
      if (pieces_.empty()) return;
      piece = std::move(pieces_.front());
      pieces_.pop_front();
      waiting_ -= piece.lines;
    }
    WriteOut(absl::string_view(piece.bytes).substr(piece.begin));
    const base::MutexLock lock(&mutex_);
    // Not where there is more than one piece: then it is late already.
    if (pieces_.size() <= 1 && !end_by_.has_value()) changed_.WaitWithTimeout(&mutex_, kGather);
  }
}

void EventLog::WriteOut(absl::string_view lines) {
  while (!lines.empty()) {
    if (!AwaitReader()) {
      unread_ += static_cast<uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
      return;
    }
    // A pipe or socket that has room has room for so much: the write does not wait.
    const ssize_t n = write(descriptor_, lines.data(), std::min<size_t>(lines.size(), PIPE_BUF));
    if (n >= 0) {
      lines.remove_prefix(static_cast<size_t>(n));
    } else if (errno != EINTR && errno != EAGAIN) {
      lines.remove_prefix(lines.find('\n') + 1);  // lost; the next is tried again
    }
  }
}

// False when there is no room and the log has waited long enough.
bool EventLog::AwaitReader() const {
  for (;;) {
    const std::optional<absl::Duration> end_by = EndBy();
    absl::Duration wait = kLook;
    if (end_by.has_value()) {
      wait = std::clamp(*end_by - clock_->SteadyNow(), absl::ZeroDuration(), kLook);
    }
    pollfd room{descriptor_, POLLOUT, 0};
    const int n = poll(&room, 1, static_cast<int>(absl::ToInt64Milliseconds(wait)));
    // Also when nobody can read any more: the write says so.
    if (n > 0 || (n < 0 && errno != EINTR)) return true;
    if (n == 0 && end_by.has_value() && clock_->SteadyNow() >= *end_by) return false;
  }
}

std::optional<absl::Duration> EventLog::EndBy() const {
  const base::MutexLock lock(&mutex_);
  return end_by_;
}

}  // namespace hedui::operation
