#include "server/operation/event_log.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <limits>
#include <string>
#include <utility>

#include "server/operation/event_line.h"
#include "spdlog/async_logger.h"
#include "spdlog/details/null_mutex.h"
#include "spdlog/details/thread_pool.h"
#include "spdlog/sinks/base_sink.h"

namespace hedui::operation {
namespace {

// How often who waits for a reader looks whether the log is to end.
constexpr absl::Duration kLook = absl::Milliseconds(100);

// Only the log's one thread writes.
class DescriptorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  DescriptorSink(int descriptor, const base::Clock* clock)
      : descriptor_(descriptor), clock_(clock) {}

  // From any thread: a reader is waited for until then, and no longer.
  void EndBy(absl::Duration steady) {
    end_by_.store(absl::ToInt64Nanoseconds(steady), std::memory_order_relaxed);
  }
  // Lines not written, or not to their end, since nobody read them before the log ended.
  uint64_t unread() const { return unread_.load(std::memory_order_relaxed); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_.assign(message.payload.data(), message.payload.size());
    line_.push_back('\n');
    for (size_t written = 0; written < line_.size();) {
      if (!AwaitReader()) {
        unread_.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      // A pipe or socket that has room has room for so much: the write does not wait.
      const size_t part = std::min<size_t>(line_.size() - written, PIPE_BUF);
      const ssize_t n = write(descriptor_, line_.data() + written, part);
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n < 0) return;
      written += static_cast<size_t>(n);
    }
  }
  void flush_() override {}

 private:
  // False when there is no room and the log has waited long enough.
  bool AwaitReader() const {
    for (;;) {
      absl::Duration wait = kLook;
      const int64_t end_by = end_by_.load(std::memory_order_relaxed);
      if (end_by != kNotEnding) {
        const absl::Duration left = absl::Nanoseconds(end_by) - clock_->SteadyNow();
        wait = std::clamp(left, absl::ZeroDuration(), kLook);
      }
      pollfd room{descriptor_, POLLOUT, 0};
      const int n = poll(&room, 1, static_cast<int>(absl::ToInt64Milliseconds(wait)));
      // Also when nobody can read any more: the write says so.
      if (n > 0 || (n < 0 && errno != EINTR)) return true;
      if (n == 0 && end_by != kNotEnding && clock_->SteadyNow() >= absl::Nanoseconds(end_by)) {
        return false;
      }
    }
  }

  static constexpr int64_t kNotEnding = std::numeric_limits<int64_t>::max();

  const int descriptor_;
  const base::Clock* const clock_;
  std::atomic<int64_t> end_by_{kNotEnding};  // steady, in nanoseconds
  std::atomic<uint64_t> unread_{0};
  std::string line_;
};

}  // namespace

struct EventLog::Parts {
  Parts(int descriptor, const base::Clock* clock)
      : sink(std::make_shared<DescriptorSink>(descriptor, clock)),
        threads(std::make_shared<spdlog::details::thread_pool>(kEventLinesMax, 1)),
        logger(std::make_shared<spdlog::async_logger>(
            "log", sink, threads, spdlog::async_overflow_policy::overrun_oldest)) {}

  const std::shared_ptr<DescriptorSink> sink;

  // Destroyed last of the two: it ends when everything has been written or dropped.
  std::shared_ptr<spdlog::details::thread_pool> threads;
  std::shared_ptr<spdlog::async_logger> logger;
};

EventLog::EventLog(int descriptor, const base::Clock* clock,
                   std::function<void(uint64_t)> on_unread, absl::Duration end_wait)
    : clock_(clock),
      on_unread_(std::move(on_unread)),
      end_wait_(end_wait),
      parts_(std::make_unique<Parts>(descriptor, clock)) {}

EventLog::~EventLog() {
  parts_->sink->EndBy(clock_->SteadyNow() + end_wait_);
  parts_->logger.reset();
  parts_->threads.reset();
  if (const uint64_t unread = parts_->sink->unread(); unread > 0 && on_unread_) on_unread_(unread);
}

void EventLog::Write(const base::Event& event) { WriteLine(EventLine(event, clock_->WallNow())); }

void EventLog::WriteLine(absl::string_view line) {
  // Not a format: the line is what it is.
  parts_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

uint64_t EventLog::dropped() const { return parts_->threads->overrun_counter(); }

}  // namespace hedui::operation
