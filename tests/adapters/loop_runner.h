// A real loop on a thread of its own, and a test that waits for it: what the harnesses of kinds
// with a network share. Not thread-safe: one test thread beside the loop's.
#ifndef HEDUI_TESTS_ADAPTERS_LOOP_RUNNER_H_
#define HEDUI_TESTS_ADAPTERS_LOOP_RUNNER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <thread>

#include "absl/functional/function_ref.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/runtime/grpc_event_loop.h"

namespace hedui::adapters {

class LoopRunner {
 public:
  LoopRunner() : loop_(std::make_unique<grpc::CompletionQueue>(), &clock_, "test") {
    loop_.Start();
  }

  const base::Clock* clock() const { return &clock_; }
  void Shutdown() { loop_.Shutdown(); }
  // Runs `task` on the loop and returns when it has run.
  void OnLoop(absl::FunctionRef<void(runtime::EventLoop&)> task) {
    bool ran = false;
    loop_.Post([&] {
      task(loop_);
      const base::MutexLock lock(&mutex_);
      ran = true;
      changed_.SignalAll();
    });
    const base::MutexLock lock(&mutex_);
    while (!ran) changed_.Wait(&mutex_);
  }
  // Looks again after everything that was queued behind the last look.
  void RunUntil(absl::FunctionRef<bool()> done) {
    for (bool reached = false; !reached;) {
      OnLoop([&](runtime::EventLoop&) { reached = done(); });
      std::this_thread::yield();
    }
  }

 private:
  const base::SystemClock clock_;
  base::Mutex mutex_;
  base::CondVar changed_;
  runtime::GrpcEventLoop loop_;
};

}  // namespace hedui::adapters

#endif  // HEDUI_TESTS_ADAPTERS_LOOP_RUNNER_H_
