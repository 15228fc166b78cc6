#include "server/runtime/worker_pool.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "server/runtime/thread_name.h"

namespace hedui::runtime {
namespace {

// Those of the machine may be more: a service is often given some of them only.
size_t ProcessorsAllowed() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
    return std::max(1u, std::thread::hardware_concurrency());
  }
  return static_cast<size_t>(std::max(1, CPU_COUNT(&allowed)));
}

}  // namespace

WorkerPool::WorkerPool(Options options)
    : slots_(options.slots_max),
      threads_count_(options.threads > 0 ? static_cast<size_t>(options.threads)
                                         : ProcessorsAllowed()) {
  const base::MutexLock lock(&join_mutex_);
  for (size_t i = 0; i < threads_count_; ++i) {
    threads_.emplace_back([this, name = options.name + "-" + std::to_string(i)] {
      SetThreadName(name);
      Run();
    });
  }
}

WorkerPool::~WorkerPool() { Drain(); }

bool WorkerPool::Submit(Reservation* reservation, Task&& task) {
  if (reservation->count() == 0) return false;
  return Enqueue(reservation->TakeOne(), std::move(task));
}

bool WorkerPool::TrySubmit(Task&& task) {
  std::optional<Reservation> slot = slots_.TryReserve(1);
  return slot.has_value() && Enqueue(*std::move(slot), std::move(task));
}

bool WorkerPool::Enqueue(Reservation slot, Task&& task) {
  const base::MutexLock lock(&mutex_);
  if (draining_) return false;
  queue_.push_back(Entry{std::move(slot), std::move(task)});
  not_empty_.Signal();
  return true;
}

void WorkerPool::Run() {
  for (;;) {
    Entry entry;
    {
      const base::MutexLock lock(&mutex_);
      while (queue_.empty() && !draining_) not_empty_.Wait(&mutex_);
      if (queue_.empty()) return;
      entry = std::move(queue_.front());
      queue_.pop_front();
    }
    std::move(entry.task)();
  }
}

void WorkerPool::Drain() {
  {
    const base::MutexLock lock(&mutex_);
    draining_ = true;
    not_empty_.SignalAll();
  }
  const base::MutexLock lock(&join_mutex_);
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace hedui::runtime
