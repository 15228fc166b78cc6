// One immutable value that is replaced whole: who asks gets the one in force and keeps it for as
// long as it is needed. Thread-safe; header only.
#ifndef HEDUI_SERVER_IN_FORCE_H_
#define HEDUI_SERVER_IN_FORCE_H_

#include <memory>
#include <utility>

#include "server/base/mutex.h"

namespace hedui {

template <typename T>
class InForce {
 public:
  std::shared_ptr<const T> Get() const {
    const base::MutexLock lock(&mutex_);
    return value_;
  }
  // What was in force goes, outside the lock, when the last who keeps it lets go.
  void Put(std::shared_ptr<const T> value) {
    const base::MutexLock lock(&mutex_);
    value_.swap(value);
  }

 private:
  mutable base::Mutex mutex_;
  std::shared_ptr<const T> value_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui

#endif  // HEDUI_SERVER_IN_FORCE_H_
