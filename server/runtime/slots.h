// Room in something bounded, taken before it is needed. Admission reserves everything that a flow
// will need to its end, so that a flow once begun is never refused half-way.
//
// Slots is thread-safe. A Reservation is thread-compatible, move-only, gives its slots back when
// destroyed, and may outlive the Slots it came from.
#ifndef HEDUI_SERVER_RUNTIME_SLOTS_H_
#define HEDUI_SERVER_RUNTIME_SLOTS_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace hedui::runtime {

class Reservation {
 public:
  Reservation() = default;  // of nothing
  ~Reservation() { Release(); }
  Reservation(Reservation&& other) noexcept
      : used_(std::move(other.used_)), count_(std::exchange(other.count_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    if (this != &other) {
      Release();
      used_ = std::move(other.used_);
      count_ = std::exchange(other.count_, 0);
    }
    return *this;
  }

  size_t count() const { return count_; }
  // One slot out of this reservation; a reservation of nothing when this one has none left.
  Reservation TakeOne() {
    if (count_ == 0) return {};
    --count_;
    return Reservation(used_, 1);
  }
  void Release() {
    if (count_ > 0) used_->fetch_sub(count_, std::memory_order_acq_rel);
    count_ = 0;
  }

 private:
  friend class Slots;
  Reservation(std::shared_ptr<std::atomic<size_t>> used, size_t count)
      : used_(std::move(used)), count_(count) {}

  std::shared_ptr<std::atomic<size_t>> used_;
  size_t count_ = 0;
};

class Slots {
 public:
  explicit Slots(size_t capacity)
      : capacity_(capacity), used_(std::make_shared<std::atomic<size_t>>(0)) {}

  // All of `count`, or nothing.
  std::optional<Reservation> TryReserve(size_t count) {
    size_t used = used_->load(std::memory_order_relaxed);
    do {
      if (count > capacity_ - used) return std::nullopt;
    } while (!used_->compare_exchange_weak(used, used + count, std::memory_order_acq_rel));
    return Reservation(used_, count);
  }

  size_t capacity() const { return capacity_; }
  size_t used() const { return used_->load(std::memory_order_relaxed); }

 private:
  const size_t capacity_;
  const std::shared_ptr<std::atomic<size_t>> used_;
};

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_SLOTS_H_
