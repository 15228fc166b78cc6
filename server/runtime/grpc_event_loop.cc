#include "server/runtime/grpc_event_loop.h"

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <algorithm>
#include <cassert>

#include "server/runtime/thread_name.h"

namespace hedui::runtime {
namespace {

// Completions that are taken between two posted tasks. A commit posts a task for each of its flows
// at once, some of them with a report to send: a call that comes in meanwhile must not wait for all
// of them to learn that there is no room for it.
constexpr int kCompletionsPerTask = 8;

// While tasks wait, an empty queue is not looked at again before so long. To look, gRPC asks the
// kernel, or waits for the thread that does: as much work as a short task.
constexpr absl::Duration kLookAgain = absl::Microseconds(200);

thread_local const GrpcEventLoop* current_loop = nullptr;

// A deadline for AsyncNext, on the monotonic clock: setting the wall clock must not move timers.
gpr_timespec DeadlineAfter(absl::Duration wait) {
  if (wait <= absl::ZeroDuration()) return gpr_inf_past(GPR_CLOCK_MONOTONIC);
  if (wait == absl::InfiniteDuration()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(absl::ToInt64Nanoseconds(wait), GPR_TIMESPAN));
}

}  // namespace

// Makes the thread come back from the queue: an alarm that is due at once. Each wake-up has an
// alarm of its own, since setting one object again and again crashes in gRPC (grpc#38092). What it
// should do is found in posted_.
class GrpcEventLoop::Wake final : public CompletionTag {
 public:
  static void Send(grpc::CompletionQueue* queue) {
    Wake* const wake = new Wake;
    wake->alarm_.Set(queue, gpr_inf_past(GPR_CLOCK_MONOTONIC), wake->tag());
  }

  void OnComplete(bool /*ok*/) override { delete this; }

 private:
  grpc::Alarm alarm_;
};

GrpcEventLoop::GrpcEventLoop(std::unique_ptr<grpc::CompletionQueue> queue, const base::Clock* clock,
                             std::string name)
    : clock_(clock), name_(std::move(name)), queue_(std::move(queue)) {}

GrpcEventLoop::~GrpcEventLoop() { Shutdown(); }

void GrpcEventLoop::Start() {
  assert(!thread_.joinable());
  thread_ = std::thread([this] {
    SetThreadName(name_);
    GoFirst();
    Run();
  });
}

void GrpcEventLoop::Shutdown() {
  assert(!InLoop());
  bool wake = false;
  {
    const base::MutexLock lock(&mutex_);
    if (closed_) return;
    closed_ = true;
    wake = std::exchange(asleep_, false);
    if (wake) ++wakers_;
  }
  if (wake) {
    Wake::Send(queue_.get());
    const base::MutexLock lock(&mutex_);
    if (--wakers_ == 0) no_wakers_.Signal();
  }
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Run();  // never started: the queue must be drained all the same, and posted tasks expect to run
  }
}

void GrpcEventLoop::Post(Task task) {
  {
    const base::MutexLock lock(&mutex_);
    if (closed_) return;  // `task` is destroyed by the caller's frame, after the lock
    posted_.push_back(std::move(task));
    // Awake, it looks at posted_ before it sleeps; so a burst of posts costs one alarm.
    if (!asleep_) return;
    asleep_ = false;
    ++wakers_;
  }
  Wake::Send(queue_.get());  // not under the lock
  const base::MutexLock lock(&mutex_);
  if (--wakers_ == 0) no_wakers_.Signal();
}

EventLoop::TimerId GrpcEventLoop::After(absl::Duration delay, Task task) {
  assert(InLoop());
  const TimerId id = next_timer_++;
  if (draining_) return id;  // the task is destroyed: no timer fires any more
  const absl::Duration deadline = Now() + std::max(delay, absl::ZeroDuration());
  timers_.emplace(TimerKey(deadline, id), std::move(task));
  deadlines_.emplace(id, deadline);
  return id;
}

void GrpcEventLoop::Cancel(TimerId timer) {
  assert(InLoop());
  const auto found = deadlines_.find(timer);
  if (found == deadlines_.end()) return;
  const auto entry = timers_.find(TimerKey(found->second, timer));
  // Destroying the task may cancel other timers: take it out of both tables first.
  const Task task = std::move(entry->second);
  timers_.erase(entry);
  deadlines_.erase(found);
}

absl::Duration GrpcEventLoop::Now() const { return clock_->SteadyNow(); }

bool GrpcEventLoop::InLoop() const { return current_loop == this; }

grpc::ServerCompletionQueue* GrpcEventLoop::server_queue() const {
  return dynamic_cast<grpc::ServerCompletionQueue*>(queue_.get());
}

void GrpcEventLoop::Run() {
  current_loop = this;
  while (RunPosted()) {
    RunDueTimers();
    for (int i = 0; i < kCompletionsPerTask && RunCompletion(); ++i) {
    }
  }
  ShutDownQueue();
  current_loop = nullptr;
}

bool GrpcEventLoop::RunPosted() {
  Task task;
  {
    const base::MutexLock lock(&mutex_);
    if (posted_.empty()) return !closed_;
    task = std::move(posted_.front());
    posted_.pop_front();
  }
  std::move(task)();
  return true;
}

void GrpcEventLoop::RunDueTimers() {
  if (timers_.empty()) return;
  const absl::Duration now = Now();
  // Timers armed meanwhile wait for the next round, or a timer that arms itself anew would keep
  // completions out.
  const TimerId newer = next_timer_;
  for (auto entry = timers_.begin(); entry != timers_.end() && entry->first.first <= now;
       entry = timers_.begin()) {
    if (entry->first.second >= newer) break;
    Task task = std::move(entry->second);
    deadlines_.erase(entry->first.second);
    timers_.erase(entry);
    std::move(task)();
  }
}

bool GrpcEventLoop::RunCompletion() {
  absl::Duration wait = absl::InfiniteDuration();
  if (!timers_.empty()) wait = timers_.begin()->first.first - Now();
  {
    const base::MutexLock lock(&mutex_);
    if (!posted_.empty() || closed_) {
      if (!posted_.empty() && Now() < look_again_) return false;
      wait = absl::ZeroDuration();
    } else {
      asleep_ = wait > absl::ZeroDuration();
    }
  }
  void* tag = nullptr;
  bool ok = false;
  const auto status = queue_->AsyncNext(&tag, &ok, DeadlineAfter(wait));
  if (wait > absl::ZeroDuration()) {
    const base::MutexLock lock(&mutex_);
    asleep_ = false;
  }
  if (status != grpc::CompletionQueue::GOT_EVENT) {
    look_again_ = Now() + kLookAgain;
    return false;
  }
  CompletionTag::Complete(tag, ok);
  return true;
}

void GrpcEventLoop::ShutDownQueue() {
  draining_ = true;
  // Destroying a task may run code that cancels or arms timers: empty the tables first.
  std::map<TimerKey, Task> timers;
  timers.swap(timers_);
  deadlines_.clear();
  timers.clear();
  {
    // gRPC aborts on an alarm set after Shutdown.
    const base::MutexLock lock(&mutex_);
    while (wakers_ > 0) no_wakers_.Wait(&mutex_);
  }
  void* tag = nullptr;
  bool ok = false;
  // What lies in the queue already may still begin something: a call that came in while its server
  // was ending has to be answered.
  while (queue_->AsyncNext(&tag, &ok, DeadlineAfter(absl::ZeroDuration())) ==
         grpc::CompletionQueue::GOT_EVENT) {
    CompletionTag::Complete(tag, ok);
  }
  queue_closed_ = true;
  queue_->Shutdown();
  while (queue_->Next(&tag, &ok)) CompletionTag::Complete(tag, ok);
}

grpc::CompletionQueue* QueueOf(EventLoop* loop) {
  auto* const grpc_loop = dynamic_cast<GrpcEventLoop*>(loop);
  return grpc_loop == nullptr ? nullptr : grpc_loop->queue();
}

EventLoops::EventLoops(const base::Clock* clock) : clock_(clock) {}

EventLoops::~EventLoops() { Shutdown(); }

GrpcEventLoop* EventLoops::Add(std::unique_ptr<grpc::CompletionQueue> queue) {
  std::string name = "loop-" + std::to_string(loops_.size());
  loops_.push_back(std::make_unique<GrpcEventLoop>(std::move(queue), clock_, std::move(name)));
  return loops_.back().get();
}

void EventLoops::AddOwn(int count) {
  for (int i = 0; i < count; ++i) Add(std::make_unique<grpc::CompletionQueue>());
}

void EventLoops::Start() {
  for (const auto& loop : loops_) loop->Start();
}

void EventLoops::Shutdown() {
  for (const auto& loop : loops_) loop->Shutdown();
}

GrpcEventLoop* EventLoops::Next() {
  return loops_[next_.fetch_add(1, std::memory_order_relaxed) % loops_.size()].get();
}

}  // namespace hedui::runtime
