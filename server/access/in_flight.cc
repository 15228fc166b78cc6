#include "server/access/in_flight.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"

namespace hedui::access {

InFlight::Place& InFlight::Place::operator=(Place&& other) noexcept {
  std::swap(count_, other.count_);  // ours is given back with `other`
  return *this;
}

InFlight::Place::~Place() {
  if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
}

absl::Status InFlight::Full(const Agency& agency) const {
  const bool watches = what_ == What::kWatchers;
  return base::WithRetryAfter(
      base::MakeError(
          absl::StatusCode::kResourceExhausted, watches ? "AGENCY_WATCHERS" : "AGENCY_IN_FLIGHT",
          absl::StrCat("this agency ", watches ? "watches " : "has its ", agency.in_flight_max,
                       " verifications ", watches ? "already" : "under way",
                       "; ask again when one is done")),
      base::kRoomRetryAfter);
}

absl::StatusOr<InFlight::Place> InFlight::Enter(const Agency& agency) {
  std::shared_ptr<std::atomic<int>> count;
  {
    base::MutexLock lock(&mutex_);
    std::shared_ptr<std::atomic<int>>& slot = counts_[agency.code];
    if (slot == nullptr) slot = std::make_shared<std::atomic<int>>(0);
    count = slot;
  }
  Place place(count);
  // Counted first, so that two entering at once cannot both take the last place.
  if (count->fetch_add(1, std::memory_order_relaxed) >= agency.in_flight_max) return Full(agency);
  return place;
}

absl::Status InFlight::CheckRoom(const Agency& agency) const {
  return Count(agency.code) < agency.in_flight_max ? absl::OkStatus() : Full(agency);
}

int InFlight::Count(const std::string& agency) const {
  base::MutexLock lock(&mutex_);
  const auto found = counts_.find(agency);
  return found == counts_.end() ? 0 : found->second->load(std::memory_order_relaxed);
}

std::vector<std::pair<std::string, int>> InFlight::Counts() const {
  std::vector<std::pair<std::string, int>> counts;
  base::MutexLock lock(&mutex_);
  counts.reserve(counts_.size());
  for (const auto& [agency, count] : counts_) {
    counts.emplace_back(agency, count->load(std::memory_order_relaxed));
  }
  return counts;
}

}  // namespace hedui::access
