// Memory that what waits may take, counted before it is taken: requests held, answers collected,
// reports on their way to their readers. What is counted is an estimate that its owner makes; what
// is bounded is that nobody can make the process hold as much as they send.
//
// One holder (an agency) may take a share of it only, so that it leaves room for the others.
// ByteBudget is thread-safe. A Place is thread-compatible, move-only, gives back what it holds when
// it is destroyed, and may outlive the budget.
#ifndef HEDUI_SERVER_BASE_BYTE_BUDGET_H_
#define HEDUI_SERVER_BASE_BYTE_BUDGET_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "server/base/mutex.h"

namespace hedui::base {

class ByteBudget {
 public:
  ByteBudget(size_t bytes_max, size_t share_max);

  class Place {
   public:
    Place() = default;  // of nothing
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place();

    size_t bytes() const { return bytes_; }
    // False, and nothing changed, where there is not so much more; also for a place of nothing. For
    // no bytes there is always room, even where what must go on has passed the limit.
    bool TryGrow(size_t bytes);
    // What must go on is counted also where there is no room: whoever comes next finds none.
    void ResizeTo(size_t bytes);

   private:
    friend class ByteBudget;
    std::shared_ptr<std::atomic<size_t>> all_;
    std::shared_ptr<std::atomic<size_t>> share_;
    size_t all_max_ = 0;
    size_t share_max_ = 0;
    size_t bytes_ = 0;
  };

  // nullopt where there is no room for so much, of all or of the holder's share.
  std::optional<Place> TryTake(const std::string& holder, size_t bytes);

  size_t used() const { return all_->load(std::memory_order_relaxed); }
  size_t bytes_max() const { return bytes_max_; }

 private:
  const size_t bytes_max_;
  const size_t share_max_;
  const std::shared_ptr<std::atomic<size_t>> all_;
  Mutex mutex_;
  // Of each holder that ever took a place: agencies, of which a register bounds the number.
  absl::flat_hash_map<std::string, std::shared_ptr<std::atomic<size_t>>> shares_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_BYTE_BUDGET_H_
