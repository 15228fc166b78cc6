#include "server/gather/day_count.h"

#include <algorithm>

#include "server/base/dates.h"

namespace hedui::gather {
namespace {

// What a kill may waste, and how many leases a day takes.
constexpr int64_t kBlocksPerDay = 64;
// Two at midnight, and a clock that is set to and fro.
constexpr size_t kDaysRemembered = 4;

}  // namespace

int64_t DayCount::OpenTo(bool background) const {
  const int64_t all = limits_.per_day;
  if (!background) return all;
  return std::max<int64_t>(1, all * (100 - limits_.interactive_percent) / 100);
}

bool DayCount::UsedUp(absl::Time wall, bool background) {
  if (limits_.per_day == 0) return false;
  std::array<Day*, 2> days{};
  const size_t count = DaysAt(wall, &days);
  for (size_t i = 0; i < count; ++i) {
    if (days[i]->used >= OpenTo(background)) return true;
  }
  return false;
}

DayCount::Room DayCount::TryReserve(absl::Time wall, bool background) {
  if (limits_.per_day > 0) {
    if (UsedUp(wall, background)) return Room::kUsedUp;
    std::array<Day*, 2> days{};
    const size_t count = DaysAt(wall, &days);
    for (size_t i = 0; i < count; ++i) {
      const int64_t open = std::min(OpenTo(background), days[i]->leased);
      if (days[i]->used + reserved_ >= open) return Room::kLater;
    }
  }
  ++reserved_;
  return Room::kYes;
}

bool DayCount::MaySend(absl::Time wall, bool background) {
  if (limits_.per_day == 0) return true;
  std::array<Day*, 2> days{};
  const size_t count = DaysAt(wall, &days);
  for (size_t i = 0; i < count; ++i) {
    if (days[i]->used >= std::min(OpenTo(background), days[i]->leased)) return false;
  }
  return true;
}

void DayCount::Send(absl::Time wall) {
  std::array<Day*, 2> days{};
  const size_t count = DaysAt(wall, &days);
  for (size_t i = 0; i < count; ++i) ++days[i]->used;
  --reserved_;
}

std::vector<DayLease> DayCount::TakeWishes(absl::Time wall, absl::Duration now, bool ahead) {
  std::vector<DayLease> wishes;
  if (limits_.per_day == 0 || now < again_at_) return wishes;
  const int64_t limit = limits_.per_day;
  const int64_t block = (limit + kBlocksPerDay - 1) / kBlocksPerDay;
  if (ahead && block == 1) return wishes;
  std::array<Day*, 2> days{};
  const size_t count = DaysAt(wall, &days);
  for (size_t i = 0; i < count; ++i) {
    Day& day = *days[i];
    const int64_t from = std::max(day.used, day.leased);
    const int64_t unused = from - day.used;
    if (day.asked || unused > block / 2 || from >= limit) continue;
    day.asked = true;
    wishes.push_back({day.day, from, std::min(block - unused, limit - from), limit});
  }
  return wishes;
}

void DayCount::Leased(absl::CivilDay day, const DayBlock& block) {
  Day* const found = Find(day);
  if (found == nullptr) return;
  found->asked = false;
  // What lies between is somebody else's; what was left of ours before it is given up.
  if (block.from > found->leased) found->used = std::max(found->used, block.from);
  found->leased = std::max(found->leased, block.to);
}

void DayCount::NotLeased(absl::CivilDay day, absl::Duration now) {
  again_at_ = now + kLeaseAgain;
  if (Day* const found = Find(day)) found->asked = false;
}

size_t DayCount::DaysAt(absl::Time wall, std::array<Day*, 2>* days) {
  if (wall < same_from_ || wall >= same_until_) {
    first_ = base::CivilDayOf(wall - kMidnightSlack);
    last_ = base::CivilDayOf(wall + kMidnightSlack);
    const bool both = first_ != last_;
    const absl::Time begun = base::StartOfDay(last_);
    same_from_ = both ? begun - kMidnightSlack : begun + kMidnightSlack;
    same_until_ = both ? begun + kMidnightSlack : base::StartOfDay(last_ + 1) - kMidnightSlack;
    for (const absl::CivilDay day : {first_, last_}) {
      const auto at = std::find_if(days_.begin(), days_.end(),
                                   [day](const Day& each) { return each.day == day; });
      if (at != days_.end()) {
        std::rotate(at, at + 1, days_.end());
        continue;
      }
      if (days_.size() == kDaysRemembered) days_.erase(days_.begin());
      days_.push_back({day});
    }
  }
  (*days)[0] = Find(first_);
  if (first_ == last_) return 1;
  (*days)[1] = Find(last_);
  return 2;
}

int64_t DayCount::UsedOn(absl::CivilDay day) const {
  const auto found =
      std::find_if(days_.begin(), days_.end(), [day](const Day& each) { return each.day == day; });
  return found == days_.end() ? 0 : found->used;
}

DayCount::Day* DayCount::Find(absl::CivilDay day) {
  const auto found =
      std::find_if(days_.begin(), days_.end(), [day](const Day& each) { return each.day == day; });
  return found == days_.end() ? nullptr : &*found;
}

}  // namespace hedui::gather
