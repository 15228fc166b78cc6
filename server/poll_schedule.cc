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

void PollSchedule::TakeOut(const base::Uuid& id, Item* item) {
  if (item->due.has_value()) {
    item->source->due.erase({*item->due, id});
    item->due.reset();
  } else {
    --item->source->in_hand;
    --in_hand_;
  }
}

void PollSchedule::SetDue(const base::Uuid& id, Item* item, absl::Duration due) {
  TakeOut(id, item);
  item->due = due;
  item->source->due.insert({due, id});
}

const PollSchedule::Source* PollSchedule::Soonest() const {
  if (in_hand_ >= limits_.at_once_max) return nullptr;
  const Source* soonest = nullptr;
  for (const auto& [id, source] : sources_) {
    if (source.due.empty() || source.in_hand >= limits_.of_source_max) continue;
    if (soonest == nullptr || *source.due.begin() < *soonest->due.begin()) soonest = &source;
  }
  return soonest;
}

PollSchedule::Item* PollSchedule::AddInHand(const WaitedFor& promise) {
  const auto [at, added] = items_.try_emplace(promise.id);
  if (!added) return nullptr;
  at->second.source = &sources_[promise.source_id];
  at->second.agency = &*agencies_.insert(promise.verification.first).first;
  at->second.request_id = promise.verification.second;
  ++at->second.source->in_hand;
  ++in_hand_;
  return &at->second;
}

bool PollSchedule::Add(const WaitedFor& promise, const Now& now, uint64_t random) {
  if (full()) return false;
  Item* const item = AddInHand(promise);
  if (item == nullptr) return false;
  item->due_at = promise.due_at;
  const absl::Duration pause =
      promise.due_at.has_value() ? Until(*promise.due_at, now) : Pause(/*polls=*/1, random);
  SetDue(promise.id, item, now.steady + pause);
  return true;
}

std::optional<base::Uuid> PollSchedule::TakeDue(const Now& now) {
  while (const Source* const source = Soonest()) {
    const auto [due, id] = *source->due.begin();
    if (due > now.steady) break;
    Item& item = items_.at(id);
    if (item.due_at.has_value() && *item.due_at > now.wall) {
      SetDue(id, &item, now.steady + Until(*item.due_at, now));
      continue;
    }
    TakeOut(id, &item);
    ++item.source->in_hand;
    ++in_hand_;
    return id;
  }
  return std::nullopt;
}

void PollSchedule::Again(const base::Uuid& id, std::optional<absl::Time> due_at, const Now& now,
                         uint64_t random) {
  const auto at = items_.find(id);
  if (at == items_.end()) return;
  Item& item = at->second;
  item.soon = 0;
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

void PollSchedule::Soon(const base::Uuid& id, const Now& now, uint64_t random) {
  const auto at = items_.find(id);
  if (at == items_.end()) return;
  Item& item = at->second;
  const int soon = item.soon + 1;
  if (soon > kTimesSoon) {
    Again(id, std::nullopt, now, random);
    item.soon = kTimesSoon;  // until it is heard of
    return;
  }
  item.soon = soon;
  item.due_at.reset();
  SetDue(id, &item, now.steady + Pause(/*polls=*/1, random));
}

void PollSchedule::Replace(const base::Uuid& id, const WaitedFor& by, const Now& now,
                           uint64_t random) {
  const auto at = items_.find(id);
  const int polls = at == items_.end() ? 0 : at->second.polls;
  Remove(id);
  Item* const item = AddInHand(by);
  // Its row was read meanwhile, and it may be in hand.
  if (item == nullptr) return;
  item->polls = polls;
  Again(by.id, by.due_at, now, random);
}

void PollSchedule::Retry(const base::Uuid& id, absl::Duration after, const Now& now) {
  const auto at = items_.find(id);
  if (at != items_.end()) SetDue(id, &at->second, now.steady + after);
}

void PollSchedule::Remove(const base::Uuid& id) {
  const auto at = items_.find(id);
  if (at == items_.end()) return;
  TakeOut(id, &at->second);
  items_.erase(at);
}

FlowKey PollSchedule::VerificationOf(const base::Uuid& id) const {
  const Item& item = items_.at(id);
  return {*item.agency, item.request_id};
}

absl::Duration PollSchedule::next() const {
  const Source* const soonest = Soonest();
  return soonest == nullptr ? absl::InfiniteDuration() : soonest->due.begin()->first;
}

}  // namespace hedui
