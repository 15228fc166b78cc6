#include "server/base/byte_budget.h"

#include <utility>

namespace hedui::base {
namespace {

bool TryAdd(std::atomic<size_t>* used, size_t bytes, size_t bytes_max) {
  size_t now = used->load(std::memory_order_relaxed);
  do {
    // It may stand above its limit, see ResizeTo.
    if (now > bytes_max || bytes > bytes_max - now) return false;
  } while (!used->compare_exchange_weak(now, now + bytes, std::memory_order_acq_rel));
  return true;
}

}  // namespace

ByteBudget::ByteBudget(size_t bytes_max, size_t share_max)
    : bytes_max_(bytes_max),
      share_max_(share_max),
      all_(std::make_shared<std::atomic<size_t>>(0)) {}

ByteBudget::Place::Place(Place&& other) noexcept { *this = std::move(other); }

ByteBudget::Place& ByteBudget::Place::operator=(Place&& other) noexcept {
  std::swap(all_, other.all_);  // ours is given back with `other`
  std::swap(share_, other.share_);
  std::swap(all_max_, other.all_max_);
  std::swap(share_max_, other.share_max_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

ByteBudget::Place::~Place() { ResizeTo(0); }

bool ByteBudget::Place::TryGrow(size_t bytes) {
  if (all_ == nullptr) return false;
  if (bytes == 0) return true;
  if (!TryAdd(share_.get(), bytes, share_max_)) return false;
  if (!TryAdd(all_.get(), bytes, all_max_)) {
    share_->fetch_sub(bytes, std::memory_order_acq_rel);
    return false;
  }
  bytes_ += bytes;
  return true;
}

void ByteBudget::Place::ResizeTo(size_t bytes) {
  if (all_ == nullptr) return;
  // Modulo their range: a place that shrinks subtracts.
  share_->fetch_add(bytes - bytes_, std::memory_order_acq_rel);
  all_->fetch_add(bytes - bytes_, std::memory_order_acq_rel);
  bytes_ = bytes;
}

std::optional<ByteBudget::Place> ByteBudget::TryTake(const std::string& holder, size_t bytes) {
  Place place;
  place.all_ = all_;
  place.all_max_ = bytes_max_;
  place.share_max_ = share_max_;
  {
    const MutexLock lock(&mutex_);
    std::shared_ptr<std::atomic<size_t>>& share = shares_[holder];
    if (share == nullptr) share = std::make_shared<std::atomic<size_t>>(0);
    place.share_ = share;
  }
  if (!place.TryGrow(bytes)) return std::nullopt;
  return place;
}

}  // namespace hedui::base
