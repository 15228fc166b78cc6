// Waiting for another thread in tests, visible to ThreadSanitizer (Debian's absl::Notification and
// BlockingCounter are not). Thread-safe.
#ifndef HEDUI_TESTS_SUPPORT_NOTIFICATION_H_
#define HEDUI_TESTS_SUPPORT_NOTIFICATION_H_

#include "server/base/mutex.h"

namespace hedui::testing {

// Opens when `count` threads have counted down.
class Latch {
 public:
  explicit Latch(int count) : count_(count) {}

  void CountDown() {
    const base::MutexLock lock(&mutex_);
    if (--count_ == 0) open_.SignalAll();
  }
  void Wait() {
    const base::MutexLock lock(&mutex_);
    while (count_ > 0) open_.Wait(&mutex_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar open_;
  int count_ ABSL_GUARDED_BY(mutex_);
};

// Something happened, once. Notifying twice is harmless.
class Notification {
 public:
  void Notify() {
    const base::MutexLock lock(&mutex_);
    notified_ = true;
    happened_.SignalAll();
  }
  void Wait() {
    const base::MutexLock lock(&mutex_);
    while (!notified_) happened_.Wait(&mutex_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar happened_;
  bool notified_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_NOTIFICATION_H_
