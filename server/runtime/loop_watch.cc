#include "server/runtime/loop_watch.h"

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::runtime {

LoopWatch::LoopWatch(const EventLoops* loops) : loops_(loops) {
  for (size_t i = 0; i < loops->size(); ++i) {
    answered_.push_back(std::make_shared<std::atomic<uint64_t>>(0));
  }
}

absl::Status LoopWatch::Check() {
  for (size_t i = 0; i < answered_.size(); ++i) {
    if (answered_[i]->load(std::memory_order_acquire) == asked_) continue;
    return base::MakeError(absl::StatusCode::kUnavailable, "LOOP_STUCK",
                           absl::StrCat("event loop ", i,
                                        " has not turned since it was last looked at: a task on "
                                        "it takes too long or hangs"),
                           base::Visibility::kOperator);
  }
  ++asked_;
  for (size_t i = 0; i < answered_.size(); ++i) {
    loops_->at(i)->Post([answered = answered_[i], number = asked_] {
      answered->store(number, std::memory_order_release);
    });
  }
  return absl::OkStatus();
}

}  // namespace hedui::runtime
