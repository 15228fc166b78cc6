#include "server/poll_schedule.h"

#include <algorithm>

#include "server/gather/jitter.h"

namespace hedui {

absl::Duration PollSchedule::Pause(int polls, uint64_t random) {
  return std::max(kPollPauseLeast,
                  gather::FullJitter(kPollPauseFirst, kPollPauseMax, std::max(polls, 1), random));
}

absl::Duration PollSchedule::Until(absl::Time due_at, const Now& now) {
  return std::clamp(due_at - now.wall, absl::ZeroDuration(), kPollLookAgain);
}

void PollSchedule::SetDue(const base::Uuid& id, Item* item, absl::Duration due) {
  if (item->due.has_value()) due_.erase({*item->due, id});
  item->due = due;
  due_.insert({due, id});
}

bool PollSchedule::Add(const base::Uuid& id, std::optional<absl::Time> due_at, const Now& now,
                       uint64_t random) {
  if (items_.size() >= kPromisesHeldMax) return false;
  const auto [at, added] = items_.try_emplace(id);
  if (!added) return false;
  at->second.due_at = due_at;
  const absl::Duration pause =
      due_at.has_value() ? Until(*due_at, now) : Pause(/*polls=*/1, random);
  SetDue(id, &at->second, now.steady + pause);
  return true;
}

std::optional<base::Uuid> PollSchedule::TakeDue(const Now& now) {
  while (!due_.empty() && due_.begin()->first <= now.steady) {
    const base::Uuid id = due_.begin()->second;
    Item& item = items_.at(id);
    if (item.due_at.has_value() && *item.due_at > now.wall) {
      SetDue(id, &item, now.steady + Until(*item.due_at, now));
      continue;
    }
    due_.erase(due_.begin());
    item.due.reset();
    return id;
  }
  return std::nullopt;
}

void PollSchedule::Again(const base::Uuid& id, std::optional<absl::Time> due_at, const Now& now,
                         uint64_t random) {
  const auto at = items_.find(id);
  if (at == items_.end()) return;
  Item& item = at->second;
  item.polls = std::min(item.polls + 1, 1'000);
  // What it said the last time has passed.
  item.due_at.reset();
  absl::Duration pause = Pause(item.polls, random);
  if (due_at.has_value() && *due_at > now.wall) {
    item.due_at = due_at;
    pause = std::max(Until(*due_at, now), item.polls > kTimesBelieved ? pause : kPollPauseLeast);
  }
  SetDue(id, &item, now.steady + pause);
}

void PollSchedule::Replace(const base::Uuid& id, const base::Uuid& by,
                           std::optional<absl::Time> due_at, const Now& now, uint64_t random) {
  const auto at = items_.find(id);
  const int polls = at == items_.end() ? 0 : at->second.polls;
  Remove(id);
  items_[by].polls = polls;
  Again(by, due_at, now, random);
}

void PollSchedule::Retry(const base::Uuid& id, absl::Duration after, const Now& now) {
  const auto at = items_.find(id);
  if (at != items_.end()) SetDue(id, &at->second, now.steady + after);
}

void PollSchedule::Remove(const base::Uuid& id) {
  const auto at = items_.find(id);
  if (at == items_.end()) return;
  if (at->second.due.has_value()) due_.erase({*at->second.due, id});
  items_.erase(at);
}

absl::Duration PollSchedule::next() const {
  return due_.empty() ? absl::InfiniteDuration() : due_.begin()->first;
}

}  // namespace hedui
