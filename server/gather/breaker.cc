#include "server/gather/breaker.h"

#include <algorithm>

namespace hedui::gather {

Breaker::Breaker(const Limits& limits) : limits_(limits), open_for_(limits.open_first) {}

Breaker::State Breaker::state(absl::Duration now) const {
  if (closed_) return State::kClosed;
  return now < open_until_ ? State::kOpen : State::kHalfOpen;
}

bool Breaker::WouldPass(absl::Duration now) const {
  return closed_ || (now >= open_until_ && !probing_);
}

std::optional<Breaker::Pass> Breaker::Ask(absl::Duration now) {
  if (!WouldPass(now)) return std::nullopt;
  if (closed_) return Pass{false, epoch_};
  probing_ = true;
  return Pass{true, epoch_};
}

void Breaker::End(absl::Duration now, Pass pass, bool good) {
  if (pass.epoch != epoch_) return;
  if (!pass.probe) {
    if (!closed_ || limits_.failures == 0) return;
    Count(now, good);
    if (!good && TooManyFailed(now)) Open(now);
    return;
  }
  if (good) return Close();
  open_for_ = std::min(open_for_ * 2, limits_.open_max);
  Open(now);
}

void Breaker::Drop(Pass pass) {
  if (pass.probe && pass.epoch == epoch_) probing_ = false;
}

void Breaker::SetLimits(const Limits& limits) {
  if (limits == limits_) return;
  // Parts of another length cannot be added up.
  if (limits.window != limits_.window) parts_.fill(Part());
  limits_ = limits;
  if (closed_ || limits_.failures == 0) return Close();
  open_for_ = std::min(open_for_, limits_.open_max);
}

int64_t Breaker::PartOf(absl::Duration now) const {
  absl::Duration unused;
  return absl::IDivDuration(now, limits_.window / kParts, &unused);
}

void Breaker::Count(absl::Duration now, bool good) {
  const int64_t number = PartOf(now);
  Part& part = parts_.at(static_cast<size_t>(number % kParts));
  if (part.number != number) part = Part{number, 0, 0};
  ++(good ? part.good : part.failed);
}

bool Breaker::TooManyFailed(absl::Duration now) const {
  const int64_t newest = PartOf(now);
  int64_t good = 0;
  int64_t failed = 0;
  for (const Part& part : parts_) {
    if (part.number <= newest - kParts) continue;
    good += part.good;
    failed += part.failed;
  }
  return failed >= limits_.failures && failed * 100 >= limits_.percent * (good + failed);
}

void Breaker::Open(absl::Duration now) {
  closed_ = false;
  probing_ = false;
  ++epoch_;
  open_until_ = now + open_for_;
}

void Breaker::Close() {
  if (!closed_) {
    ++epoch_;
    parts_.fill(Part());
  }
  closed_ = true;
  probing_ = false;
  open_for_ = limits_.open_first;
}

}  // namespace hedui::gather
