// What the platform says of its health. Its services share the store and the log, so all of them
// are as healthy as the platform. It only gets worse: what cannot commit any more ends, and so does
// what drains.
//
// Thread-safe; outlives the calls that watch.
#ifndef HEDUI_SERVER_API_HEALTH_BOOK_H_
#define HEDUI_SERVER_API_HEALTH_BOOK_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/mutex.h"

namespace hedui::api {

// Load balancers and monitoring, a few connections each. All together, since they are no agency's.
inline constexpr size_t kHealthWatchersMax = 1'000;

class HealthBook {
 public:
  enum class State {
    kServing,
    kNotServing,  // calls are taken and mostly fail
    kEnding,      // soon none are taken
  };
  using Told = std::function<void(State)>;

  // `services`: the names that are known, besides "" for the platform as a whole.
  explicit HealthBook(std::vector<std::string> services);
  ~HealthBook();

  bool Knows(absl::string_view service) const;
  State Now() const;
  // For the worse; otherwise nothing happens. Whoever watches is told before this returns.
  void Worsen(State state);

  // While it lives its watcher is told; a last word may be on its way when it goes.
  class Watching {
   public:
    ~Watching();
    Watching(const Watching&) = delete;
    Watching& operator=(const Watching&) = delete;
    // What was the case when the watching began; `told` has whatever came after.
    State first() const { return first_; }

   private:
    friend class HealthBook;
    Watching(HealthBook* book, size_t id, State first) : book_(book), id_(id), first_(first) {}
    HealthBook* const book_;
    const size_t id_;
    const State first_;
  };
  // `told` is called on the thread that worsens it, and neither blocks nor comes back here.
  // RESOURCE_EXHAUSTED (HEALTH_WATCHERS).
  absl::StatusOr<std::shared_ptr<const Watching>> Watch(Told told);

 private:
  const std::vector<std::string> services_;
  mutable base::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kServing;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<size_t, Told> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_HEALTH_BOOK_H_
