#include "server/operation/event_log.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "server/operation/event_line.h"
#include "spdlog/async_logger.h"
#include "spdlog/details/null_mutex.h"
#include "spdlog/details/thread_pool.h"
#include "spdlog/sinks/base_sink.h"

namespace hedui::operation {
namespace {

// Only the log's one thread writes.
class DescriptorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_.assign(message.payload.data(), message.payload.size());
    line_.push_back('\n');
    for (size_t written = 0; written < line_.size();) {
      const ssize_t n = write(descriptor_, line_.data() + written, line_.size() - written);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return;
      written += static_cast<size_t>(n);
    }
  }
  void flush_() override {}

 private:
  const int descriptor_;
  std::string line_;
};

}  // namespace

struct EventLog::Parts {
  explicit Parts(int descriptor)
      : threads(std::make_shared<spdlog::details::thread_pool>(kEventLinesMax, 1)),
        logger(std::make_shared<spdlog::async_logger>(
            "log", std::make_shared<DescriptorSink>(descriptor), threads,
            spdlog::async_overflow_policy::overrun_oldest)) {}

  // Destroyed last: it ends when everything has been written.
  std::shared_ptr<spdlog::details::thread_pool> threads;
  std::shared_ptr<spdlog::async_logger> logger;
};

EventLog::EventLog(int descriptor, const base::Clock* clock)
    : clock_(clock), parts_(std::make_unique<Parts>(descriptor)) {}

EventLog::~EventLog() = default;

void EventLog::Write(const base::Event& event) {
  const std::string line = EventLine(event, clock_->WallNow());
  // Not a format: the line is what it is.
  parts_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

uint64_t EventLog::dropped() const { return parts_->threads->overrun_counter(); }

}  // namespace hedui::operation
