// One thread that takes whatever was submitted while it worked on the batch before: the longer a
// batch takes, the larger the next one, with no timer and so no delay for a lone item. The
// committer is one.
//
// Thread-safe. Items of one thread are processed in the order submitted. Bounded by slots: an item
// holds one from its reservation until its batch has been processed.
#ifndef HEDUI_SERVER_RUNTIME_BATCH_WORKER_H_
#define HEDUI_SERVER_RUNTIME_BATCH_WORKER_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/base/mutex.h"
#include "server/runtime/slots.h"
#include "server/runtime/thread_name.h"

namespace hedui::runtime {

struct BatchLimits {
  size_t items_max = 512;              // of one batch
  size_t bytes_max = size_t{8} << 20;  // of one batch; an item larger than this makes a batch alone
  size_t slots_max = 30'000;           // reserved, waiting and in work together
};

template <typename T>
class BatchWorker {
 public:
  // On the worker's thread; at least one item. It may block: that is what the thread is for.
  using Process = absl::AnyInvocable<void(std::vector<T> batch)>;

  BatchWorker(std::string name, BatchLimits limits, Process process)
      : limits_(limits),
        slots_(limits.slots_max),
        process_(std::move(process)),
        thread_([this, name = std::move(name)] {
          SetThreadName(name);
          Run();
        }) {}
  ~BatchWorker() { Drain(); }
  BatchWorker(const BatchWorker&) = delete;
  BatchWorker& operator=(const BatchWorker&) = delete;

  // Room for `count` items that will be submitted later; nullopt when that is not to be had.
  std::optional<Reservation> TryReserve(size_t count) { return slots_.TryReserve(count); }

  // Uses one slot of `reservation`. `bytes` is the item's size towards bytes_max. False when the
  // reservation is used up or the worker has drained; the item is then untouched.
  [[nodiscard]] bool Submit(Reservation* reservation, T&& item, size_t bytes) {
    if (reservation->count() == 0) return false;
    return Enqueue(reservation->TakeOne(), std::move(item), bytes);
  }
  // Reserves and submits. False when there is no room or the worker has drained; the item is then
  // untouched.
  [[nodiscard]] bool TrySubmit(T&& item, size_t bytes) {
    std::optional<Reservation> slot = slots_.TryReserve(1);
    return slot.has_value() && Enqueue(*std::move(slot), std::move(item), bytes);
  }

  // Processes everything submitted, then ends the thread. Blocks; never called from Process.
  void Drain() {
    {
      const base::MutexLock lock(&mutex_);
      draining_ = true;
      not_empty_.Signal();
    }
    const base::MutexLock lock(&join_mutex_);
    if (thread_.joinable()) thread_.join();
  }

  // Slots taken: reserved, waiting or in work.
  size_t used() const { return slots_.used(); }
  // Items submitted that are in no batch yet.
  size_t waiting() const {
    const base::MutexLock lock(&mutex_);
    return queue_.size();
  }

 private:
  struct Entry {
    Reservation slot;
    size_t bytes;
    T item;
  };

  bool Enqueue(Reservation slot, T&& item, size_t bytes) {
    const base::MutexLock lock(&mutex_);
    if (draining_) return false;
    queue_.push_back(Entry{std::move(slot), bytes, std::move(item)});
    if (queue_.size() == 1) not_empty_.Signal();
    return true;
  }

  void Run() {
    std::vector<Reservation> slots;
    for (std::vector<T> batch = Take(&slots); !batch.empty(); batch = Take(&slots)) {
      process_(std::move(batch));
      slots.clear();  // only now: what is being written still occupies the worker
    }
  }

  // The next batch; empty when drained.
  std::vector<T> Take(std::vector<Reservation>* slots) {
    std::vector<T> batch;
    const base::MutexLock lock(&mutex_);
    while (queue_.empty() && !draining_) not_empty_.Wait(&mutex_);
    size_t bytes = 0;
    while (!queue_.empty() && batch.size() < limits_.items_max) {
      Entry& entry = queue_.front();
      if (!batch.empty() && bytes + entry.bytes > limits_.bytes_max) break;
      bytes += entry.bytes;
      batch.push_back(std::move(entry.item));
      slots->push_back(std::move(entry.slot));
      queue_.pop_front();
    }
    return batch;
  }

  const BatchLimits limits_;
  Slots slots_;
  Process process_;  // on the thread only

  mutable base::Mutex mutex_;
  base::CondVar not_empty_;
  std::deque<Entry> queue_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;

  base::Mutex join_mutex_;  // two drainers must not join at once
  std::thread thread_;      // last: it starts in the constructor
};

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_BATCH_WORKER_H_
