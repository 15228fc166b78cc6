#include "adapters/grpc/channel_watch.h"

#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>

#include <utility>

namespace hedui::adapters {

bool ChannelWatch::IsReady(grpc::Channel* channel) {
  return channel->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY;
}

void ChannelWatch::Wait(std::shared_ptr<Waiter> waiter) {
  waiters_.push_back(std::move(waiter));
  if (self_ == nullptr) Notify();
}

void ChannelWatch::Leave(const Waiter* waiter) {
  const auto same = [waiter](const auto& waiting) { return waiting.get() == waiter; };
  waiters_.remove_if(same);
  telling_.remove_if(same);
}

// With the state seen now, so that no change between two notifications is missed. A state in which
// the waiting is over comes back at the slice's end at the latest.
void ChannelWatch::Notify() {
  self_ = shared_from_this();
  const grpc_connectivity_state seen = channel_->GetState(/*try_to_connect=*/true);
  const bool over = seen == GRPC_CHANNEL_READY || seen == GRPC_CHANNEL_TRANSIENT_FAILURE ||
                    seen == GRPC_CHANNEL_SHUTDOWN;
  const absl::Duration slice = over ? absl::ZeroDuration() : kSlice;
  channel_->NotifyOnStateChange(
      seen,
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_micros(absl::ToInt64Microseconds(slice), GPR_TIMESPAN)),
      queue_, tag());
}

void ChannelWatch::OnComplete(bool /*changed*/) {
  const std::shared_ptr<ChannelWatch> self = std::move(self_);
  self_ = nullptr;
  if (waiters_.empty()) return;
  const grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/true);
  if (state == GRPC_CHANNEL_IDLE || state == GRPC_CHANNEL_CONNECTING) return Notify();
  // Whoever is told may make others leave, or come back for another attempt.
  telling_.swap(waiters_);
  while (!telling_.empty()) {
    const std::shared_ptr<Waiter> next = std::move(telling_.front());
    telling_.pop_front();
    next->OnChannel(state == GRPC_CHANNEL_READY);
  }
}

}  // namespace hedui::adapters
