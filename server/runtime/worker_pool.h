// A fixed number of threads over one bounded queue. One pool of as many threads as cores computes
// (compute pool); each blocking resource (disk reads, an ODBC source) has a pool of its own, so
// that what hangs stalls itself alone.
//
// Thread-safe. Tasks start in the order submitted. Bounded by slots: a task holds one from its
// reservation until it has run.
#ifndef HEDUI_SERVER_RUNTIME_WORKER_POOL_H_
#define HEDUI_SERVER_RUNTIME_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/base/mutex.h"
#include "server/runtime/event_loop.h"
#include "server/runtime/slots.h"

namespace hedui::runtime {

class WorkerPool {
 public:
  struct Options {
    std::string name = "worker";  // of the threads; at most 15 bytes are shown
    int threads = 0;              // 0: one per processor that the process may use
    size_t slots_max = 30'000;    // reserved, waiting and running together
  };

  explicit WorkerPool(Options options);
  ~WorkerPool();  // drains
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Room for `count` tasks that will be submitted later; nullopt when that is not to be had.
  std::optional<Reservation> TryReserve(size_t count) { return slots_.TryReserve(count); }

  // Uses one slot of `reservation`. False when it is used up or the pool has drained; the task is
  // then untouched.
  [[nodiscard]] bool Submit(Reservation* reservation, Task&& task);
  // Reserves and submits. False when there is no room or the pool has drained; the task is then
  // untouched.
  [[nodiscard]] bool TrySubmit(Task&& task);

  // Runs everything submitted, then ends the threads. Blocks; never called from a task.
  void Drain();

  // Slots taken: reserved, waiting or running.
  size_t used() const { return slots_.used(); }
  // Tasks submitted that no thread has taken yet.
  size_t waiting() const {
    const base::MutexLock lock(&mutex_);
    return queue_.size();
  }
  size_t threads() const { return threads_count_; }

 private:
  struct Entry {
    Reservation slot;
    Task task;
  };

  bool Enqueue(Reservation slot, Task&& task);
  void Run();

  Slots slots_;
  mutable base::Mutex mutex_;
  base::CondVar not_empty_;
  std::deque<Entry> queue_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;

  size_t threads_count_ = 0;
  base::Mutex join_mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_WORKER_POOL_H_
