#include "server/access/day_quota.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

// Blocks of one up to this count, then as many of each doubling as halve it.
constexpr int kSingleBlocks = 64;
constexpr int kBlocksPerDoubling = kSingleBlocks / 2;
// A clock that jumps between days, or stands near midnight and is set to and fro.
constexpr size_t kDaysRemembered = 3;

// How many verifications of the day come before a block.
int StartOf(int block) {
  if (block < kSingleBlocks) return block;
  const int doubling = (block - kSingleBlocks) / kBlocksPerDoubling + 1;
  return (kBlocksPerDoubling + (block - kSingleBlocks) % kBlocksPerDoubling) << doubling;
}

// The block in which the verification after `count` others lies.
int BlockOf(int count) {
  int doubling = 0;
  while ((count >> doubling) >= kSingleBlocks) ++doubling;
  if (doubling == 0) return count;
  return kSingleBlocks + (doubling - 1) * kBlocksPerDoubling + (count >> doubling) -
         kBlocksPerDoubling;
}

base::LookupKey KeyOf(const std::string& agency, absl::CivilDay day, int block) {
  return {base::LookupKind::kDayQuota,
          absl::StrCat(agency, "\n", base::FormatDay(day), "\n", block)};
}

}  // namespace

DayQuota::Place::Place(Place&& other) noexcept
    : quota_(std::exchange(other.quota_, nullptr)),
      agency_(std::move(other.agency_)),
      day_(other.day_),
      block_(other.block_),
      key_(std::move(other.key_)) {}

DayQuota::Place& DayQuota::Place::operator=(Place&& other) noexcept {
  std::swap(quota_, other.quota_);  // ours is given back with `other`
  std::swap(agency_, other.agency_);
  std::swap(day_, other.day_);
  std::swap(block_, other.block_);
  std::swap(key_, other.key_);
  return *this;
}

DayQuota::Place::~Place() {
  if (quota_ != nullptr) quota_->Settle(*this, /*kept=*/false);
}

void DayQuota::Place::Keep() {
  if (quota_ != nullptr) std::exchange(quota_, nullptr)->Settle(*this, /*kept=*/true);
}

absl::StatusOr<DayQuota::Place> DayQuota::Take(const Agency& agency) {
  if (agency.requests_per_day == 0) return Place();
  const absl::Time now = clock_->WallNow();
  const absl::CivilDay today = base::CivilDayOf(now);
  while (true) {
    {
      const base::MutexLock lock(&mutex_);
      if (Day* const day = FindDay(agency.code, today)) return Count(agency, now, day);
    }
    HEDUI_ASSIGN_OR_RETURN(const Day read, ReadDay(agency.code, today));
    const base::MutexLock lock(&mutex_);
    if (FindDay(agency.code, today) != nullptr) continue;  // somebody was quicker
    std::vector<Day>& days = days_[agency.code];
    if (days.size() == kDaysRemembered) days.erase(days.begin());
    days.push_back(read);
  }
}

absl::StatusOr<DayQuota::Place> DayQuota::Count(const Agency& agency, absl::Time now, Day* day) {
  if (day->count >= agency.requests_per_day) {
    return base::WithRetryAfter(
        base::MakeError(absl::StatusCode::kResourceExhausted, "AGENCY_DAY_QUOTA",
                        absl::StrCat("this agency has begun its ", agency.requests_per_day,
                                     " verifications of today; what was begun can be looked up, "
                                     "more can be begun tomorrow")),
        base::StartOfDay(day->day + 1) - now);
  }
  Place place;
  place.quota_ = this;
  place.agency_ = agency.code;
  place.day_ = day->day;
  place.block_ = BlockOf(day->count++);
  // As long as it is not known to be durable, every intent of the block says that it has begun.
  if (place.block_ > day->recorded) place.key_ = KeyOf(agency.code, day->day, place.block_);
  return place;
}

void DayQuota::Settle(const Place& place, bool kept) {
  const base::MutexLock lock(&mutex_);
  Day* const day = FindDay(place.agency_, place.day_);
  if (day == nullptr) return;
  if (!kept) {
    --day->count;
  } else if (place.key_.has_value()) {
    day->recorded = std::max(day->recorded, place.block_);
  }
}

DayQuota::Day* DayQuota::FindDay(const std::string& agency, absl::CivilDay day) {
  const auto found = days_.find(agency);
  if (found == days_.end()) return nullptr;
  std::vector<Day>& days = found->second;
  const auto it =
      std::find_if(days.begin(), days.end(), [day](const Day& each) { return each.day == day; });
  if (it == days.end()) return nullptr;
  std::rotate(it, it + 1, days.end());
  return &days.back();
}

absl::StatusOr<bool> DayQuota::HasBlock(const std::string& agency, absl::CivilDay day,
                                        int block) const {
  const auto rows = rows_->Find(KeyOf(agency, day, block), 1);
  // Erased since, but it was begun.
  if (base::ReasonOf(rows.status()) == "MATTER_ERASED") return true;
  if (!rows.ok()) return rows.status();
  return !rows->empty();
}

absl::StatusOr<DayQuota::Day> DayQuota::ReadDay(const std::string& agency,
                                                absl::CivilDay day) const {
  // Blocks are begun one after another: doubles, then halves, to the first that is not there.
  int there = -1;
  int missing = 0;
  const int past_all = BlockOf(kRequestsPerDayMax) + 1;
  while (missing < past_all) {
    HEDUI_ASSIGN_OR_RETURN(const bool has, HasBlock(agency, day, missing));
    if (!has) break;
    there = missing;
    missing = std::min(2 * missing + 1, past_all);
  }
  while (missing - there > 1) {
    const int middle = there + (missing - there) / 2;
    HEDUI_ASSIGN_OR_RETURN(const bool has, HasBlock(agency, day, middle));
    (has ? there : missing) = middle;
  }
  return Day{day, StartOf(there + 1), there};
}

}  // namespace hedui::access
