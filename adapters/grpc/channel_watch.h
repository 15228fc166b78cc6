// Tells those who wait on one loop for one channel when it is ready, or that it cannot be.
//
// Why not let calls wait inside gRPC: a call made while the channel connects is queued there, out
// of our hands, and goes out when the handshake ends, whatever was withdrawn meanwhile.
//
// One loop's thread only. While somebody waits there is one notification under way for all of them,
// of at most kSlice: gRPC has no way to take one back, and a loop that shuts down waits for it.
// Lifetime: held by shared_ptr, by itself too while a notification is under way; the channel
// outlives it. Nobody waits any more when the loop shuts down, or gRPC aborts on the next
// notification.
#ifndef HEDUI_ADAPTERS_GRPC_CHANNEL_WATCH_H_
#define HEDUI_ADAPTERS_GRPC_CHANNEL_WATCH_H_

#include <list>
#include <memory>

#include "absl/time/time.h"
#include "server/runtime/completion_tag.h"

namespace grpc {
class Channel;
class CompletionQueue;
}  // namespace grpc

namespace hedui::adapters {

class ChannelWatch final : public runtime::CompletionTag,
                           public std::enable_shared_from_this<ChannelWatch> {
 public:
  class Waiter {
   public:
    // Once, never inside Wait: the channel is ready now, or it failed to connect. The waiter has
    // left the list.
    virtual void OnChannel(bool ready) = 0;

   protected:
    virtual ~Waiter() = default;
  };

  static constexpr absl::Duration kSlice = absl::Milliseconds(100);

  ChannelWatch(grpc::Channel* channel, grpc::CompletionQueue* queue)
      : channel_(channel), queue_(queue) {}

  // Ready now; begins to connect where that has not been done. Cheap where it is.
  static bool IsReady(grpc::Channel* channel);

  void Wait(std::shared_ptr<Waiter> waiter);
  // The waiter is not told any more. It may have left already.
  void Leave(const Waiter* waiter);

  void OnComplete(bool changed) override;

 private:
  void Notify();

  grpc::Channel* const channel_;
  grpc::CompletionQueue* const queue_;
  std::list<std::shared_ptr<Waiter>> waiters_;
  std::list<std::shared_ptr<Waiter>> telling_;  // within OnComplete
  std::shared_ptr<ChannelWatch> self_;          // while a notification is under way
};

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_GRPC_CHANNEL_WATCH_H_
