// How many verifications each agency has under way: the in-flight share of the register. It watches
// as many at once. Counts outlive reloads of the register. Thread-safe; never blocks.
#ifndef HEDUI_SERVER_ACCESS_IN_FLIGHT_H_
#define HEDUI_SERVER_ACCESS_IN_FLIGHT_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/access/register.h"
#include "server/base/mutex.h"

namespace hedui::access {

class InFlight {
 public:
  enum class What { kVerifications, kWatchers };
  explicit InFlight(What what = What::kVerifications) : what_(what) {}

  // One verification's place; given back by the destructor. Outlives the InFlight safely.
  class Place {
   public:
    Place() = default;
    Place(Place&&) noexcept = default;
    Place& operator=(Place&& other) noexcept;
    ~Place();

   private:
    friend class InFlight;
    explicit Place(std::shared_ptr<std::atomic<int>> count) : count_(std::move(count)) {}
    std::shared_ptr<std::atomic<int>> count_;
  };

  // RESOURCE_EXHAUSTED (AGENCY_IN_FLIGHT, AGENCY_WATCHERS) when the agency has its share already.
  absl::StatusOr<Place> Enter(const Agency& agency);
  // Whether Enter would refuse now, without taking a place.
  absl::Status CheckRoom(const Agency& agency) const;
  int Count(const std::string& agency) const;
  // Of every agency that has asked since the start.
  std::vector<std::pair<std::string, int>> Counts() const;

 private:
  absl::Status Full(const Agency& agency) const;

  const What what_;
  mutable base::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<std::atomic<int>>> counts_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_IN_FLIGHT_H_
