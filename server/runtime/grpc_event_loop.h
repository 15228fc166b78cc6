// An event loop over one gRPC completion queue, drained by one thread: calls in both directions,
// tasks and timers of a flow all arrive on that thread. (gRPC's own callback threads add up to 74
// ms after a second of idleness; a queue that one thread waits on does not.)
//
// Thread safety: Post, InLoop, Now, queue and Shutdown from any thread; After and Cancel on the
// loop's thread. Lifetime: the server that owns a server queue is shut down before the loop and
// destroyed before it. Limits: none of its own; whoever posts is bounded at admission.
#ifndef HEDUI_SERVER_RUNTIME_GRPC_EVENT_LOOP_H_
#define HEDUI_SERVER_RUNTIME_GRPC_EVENT_LOOP_H_

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/runtime/completion_tag.h"
#include "server/runtime/event_loop.h"

namespace grpc {
class CompletionQueue;
class ServerCompletionQueue;
}  // namespace grpc

namespace hedui::runtime {

class GrpcEventLoop final : public EventLoop {
 public:
  // `queue` is ServerBuilder::AddCompletionQueue()'s, or a plain one where there is no server.
  // `clock` outlives the loop. `name` (at most 15 bytes) names the thread in debuggers and `top`.
  GrpcEventLoop(std::unique_ptr<grpc::CompletionQueue> queue, const base::Clock* clock,
                std::string name);
  // Shuts down if that has not been done.
  ~GrpcEventLoop() override;

  // Starts the thread. Once; for a server's queue after BuildAndStart.
  void Start();

  // Runs what was posted before this call, destroys the timers, shuts the queue down, delivers
  // every outstanding completion, ends the thread. Blocks until then; never on the loop's thread.
  // The caller has seen to it that outstanding calls end (server shut down, outbound calls
  // cancelled) and that no new one is started on the queue: gRPC aborts on that. Calling it again
  // does nothing.
  void Shutdown();

  void Post(Task task) override;
  TimerId After(absl::Duration delay, Task task) override;
  void Cancel(TimerId timer) override;
  absl::Duration Now() const override;
  bool InLoop() const override;

  // For starting calls; the loop keeps it.
  grpc::CompletionQueue* queue() const { return queue_.get(); }
  // The same queue where it came from a ServerBuilder, else nullptr.
  grpc::ServerCompletionQueue* server_queue() const;

  // The queue takes no new operation any more, and gRPC aborts the process on one: what is
  // delivered now can only be let go. On the loop's thread.
  bool queue_closed() const { return queue_closed_; }

 private:
  class Wake;
  using TimerKey =
      std::pair<absl::Duration, TimerId>;  // deadline; ids break ties in the order of arming

  void Run();
  // Runs the first posted task. False once the loop is closed and there is none.
  bool RunPosted();
  void RunDueTimers();
  // Waits for a completion no longer than the first timer allows, and not at all when tasks wait.
  // False when none came.
  bool RunCompletion();
  void ShutDownQueue();

  const base::Clock* const clock_;
  const std::string name_;
  const std::unique_ptr<grpc::CompletionQueue> queue_;

  base::Mutex mutex_;
  base::CondVar no_wakers_;
  std::deque<Task> posted_ ABSL_GUARDED_BY(mutex_);
  // True while the thread waits on the queue with nobody on the way to wake it.
  bool asleep_ ABSL_GUARDED_BY(mutex_) = false;
  // Threads between deciding to wake the loop and having done so; the queue stays open for them.
  int wakers_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;

  // On the loop's thread only.
  std::map<TimerKey, Task> timers_;
  absl::flat_hash_map<TimerId, absl::Duration> deadlines_;
  TimerId next_timer_ = 1;
  absl::Duration look_again_ = -absl::InfiniteDuration();  // for completions, while tasks wait
  bool draining_ = false;
  bool queue_closed_ = false;

  std::thread thread_;
};

// The queue of a loop, for code that is handed an EventLoop and starts calls; nullptr for another
// kind of loop.
grpc::CompletionQueue* QueueOf(EventLoop* loop);

// The loops of a process. A flow belongs to one of them for its life.
class EventLoops {
 public:
  explicit EventLoops(const base::Clock* clock);
  ~EventLoops();

  // Both before Start.
  GrpcEventLoop* Add(std::unique_ptr<grpc::CompletionQueue> queue);
  void AddOwn(int count);  // loops over queues of their own, where there is no server

  void Start();
  // As GrpcEventLoop::Shutdown, of each loop in turn. The loops themselves stay until destruction,
  // so that late posts find them.
  void Shutdown();

  size_t size() const { return loops_.size(); }
  GrpcEventLoop* at(size_t index) const { return loops_[index].get(); }
  // Round robin. Thread-safe.
  GrpcEventLoop* Next();

 private:
  const base::Clock* const clock_;
  std::vector<std::unique_ptr<GrpcEventLoop>> loops_;
  std::atomic<size_t> next_{0};
};

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_GRPC_EVENT_LOOP_H_
