// The one lock of the project. Debian's absl::Mutex is built without ThreadSanitizer and so
// invisible to it; this wrapper annotates acquire and release, so that our own code needs no
// suppression.
#ifndef HEDUI_SERVER_BASE_MUTEX_H_
#define HEDUI_SERVER_BASE_MUTEX_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

// The build says HEDUI_TSAN (cmake/Room.cmake).
#ifdef HEDUI_TSAN
extern "C" void AnnotateHappensBefore(const char* file, int line, const volatile void* address);
extern "C" void AnnotateHappensAfter(const char* file, int line, const volatile void* address);
#define HEDUI_TSAN_ACQUIRED(p) AnnotateHappensAfter(__FILE__, __LINE__, p)
#define HEDUI_TSAN_RELEASING(p) AnnotateHappensBefore(__FILE__, __LINE__, p)
#else
#define HEDUI_TSAN_ACQUIRED(p) static_cast<void>(p)
#define HEDUI_TSAN_RELEASING(p) static_cast<void>(p)
#endif

namespace hedui::base {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    mutex_.Lock();
    HEDUI_TSAN_ACQUIRED(this);
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    HEDUI_TSAN_RELEASING(this);
    mutex_.Unlock();
  }

 private:
  friend class CondVar;
  absl::Mutex mutex_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) {
    mutex_->Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* mutex_;
};

class CondVar {
 public:
  void Wait(Mutex* mutex) {
    HEDUI_TSAN_RELEASING(mutex);
    condition_.Wait(&mutex->mutex_);
    HEDUI_TSAN_ACQUIRED(mutex);
  }
  // Returns true when `timeout` passed before a signal came.
  bool WaitWithTimeout(Mutex* mutex, absl::Duration timeout) {
    HEDUI_TSAN_RELEASING(mutex);
    const bool timed_out = condition_.WaitWithTimeout(&mutex->mutex_, timeout);
    HEDUI_TSAN_ACQUIRED(mutex);
    return timed_out;
  }
  void Signal() { condition_.Signal(); }
  void SignalAll() { condition_.SignalAll(); }

 private:
  absl::CondVar condition_;
};

// For programs that serve, first thing in main. Debian builds Abseil so that every mutex of the
// process, gRPC's included, keeps a graph of the order locks are taken in and a cycle in it aborts:
// what tests want and a service does not pay for, nor end by.
inline void DropLockOrderChecks() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_MUTEX_H_
