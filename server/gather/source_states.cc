// The states of all sources (source_state.h).
#include <utility>

#include "server/gather/source_state.h"

namespace hedui::gather {

std::shared_ptr<SourceState> SourceStates::Get(const std::string& id, const SourceLimits& limits) {
  const base::MutexLock lock(&mutex_);
  std::weak_ptr<SourceState>& known = states_[id];
  std::shared_ptr<SourceState> state = known.lock();
  if (state != nullptr) return state;
  LeaseDay lease_day;
  if (lease_ != nullptr) {
    lease_day = [lease = lease_, id](const DayLease& wish, LeaseDone done) {
      lease(id, wish, std::move(done));
    };
  }
  known = state = SourceState::Create(limits, clock_, std::move(lease_day));
  if (held_.contains(id)) state->SetHeld(true);
  return state;
}

void SourceStates::SetHeld(const std::string& id, bool held) {
  std::shared_ptr<SourceState> state;
  {
    const base::MutexLock lock(&mutex_);
    if (held) {
      held_.insert(id);
    } else {
      held_.erase(id);
    }
    state = Find(id);
  }
  // Outside: it answers those in its line.
  if (state != nullptr) state->SetHeld(held);
}

void SourceStates::BeginEra(const std::string& id) {
  const base::MutexLock lock(&mutex_);
  if (const std::shared_ptr<SourceState> state = Find(id)) state->BeginEra();
}

std::shared_ptr<SourceState> SourceStates::Find(const std::string& id) const {
  const auto known = states_.find(id);
  return known == states_.end() ? nullptr : known->second.lock();
}

}  // namespace hedui::gather
