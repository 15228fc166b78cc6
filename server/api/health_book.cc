#include "server/api/health_book.h"

#include <algorithm>
#include <utility>

#include "server/base/retry_after.h"
#include "server/base/status.h"

namespace hedui::api {

HealthBook::HealthBook(std::vector<std::string> services) : services_(std::move(services)) {}
HealthBook::~HealthBook() = default;

bool HealthBook::Knows(absl::string_view service) const {
  return service.empty() ||
         std::find(services_.begin(), services_.end(), service) != services_.end();
}

HealthBook::State HealthBook::Now() const {
  const base::MutexLock lock(&mutex_);
  return state_;
}

void HealthBook::Worsen(State state) {
  std::vector<Told> watchers;
  {
    const base::MutexLock lock(&mutex_);
    if (state <= state_) return;
    state_ = state;
    for (const auto& [id, told] : watchers_) watchers.push_back(told);
  }
  for (const Told& told : watchers) told(state);
}

absl::StatusOr<std::shared_ptr<const HealthBook::Watching>> HealthBook::Watch(Told told) {
  const base::MutexLock lock(&mutex_);
  if (watchers_.size() >= kHealthWatchersMax) {
    return base::WithRetryAfter(
        base::MakeError(absl::StatusCode::kResourceExhausted, "HEALTH_WATCHERS",
                        "too many watch the health of this platform already; ask by Check"),
        base::kRoomRetryAfter);
  }
  const size_t id = next_++;
  watchers_.emplace(id, std::move(told));
  return std::shared_ptr<const Watching>(new Watching(this, id, state_));
}

HealthBook::Watching::~Watching() {
  const base::MutexLock lock(&book_->mutex_);
  book_->watchers_.erase(id_);
}

}  // namespace hedui::api
