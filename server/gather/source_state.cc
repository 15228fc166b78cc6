#include "server/gather/source_state.h"

#include <algorithm>
#include <utility>

#include "server/base/dates.h"

namespace hedui::gather {
namespace {

// Of so many that leave the line one is of the background, if any waits: it is slowed, not starved.
constexpr uint64_t kBackgroundTurn = 8;
// Nineteen of twenty: a hedge for the rest costs a twentieth more.
constexpr int kHedgePermille = 950;
constexpr int kHalfPermille = 500;
constexpr int kPatienceFactor = 4;
// A source that mostly answers within milliseconds may take longer for a while without being
// broken; callers in a hurry must not spare it for those who have the time.
constexpr absl::Duration kPatienceLeast = absl::Seconds(1);

DayCount::Limits DayLimits(const SourceLimits& limits) {
  return {limits.per_day, limits.rate.interactive_percent};
}

}  // namespace

struct SourceState::Ticket::Waiter {
  Waiter(runtime::EventLoop* on_loop, Try which_try, Urgency of_urgency, Decided on_decided)
      : loop(on_loop), which(which_try), urgency(of_urgency), decided(std::move(on_decided)) {}

  runtime::EventLoop* const loop;
  const Try which;
  const Urgency urgency;
  // Run or dropped on the loop only; never touched by the thread that admits.
  Decided decided;
  bool given_up = false;  // on the loop only
  // Guarded by the state's mutex: where it stands while it is in line.
  bool queued = false;
  std::list<std::shared_ptr<Waiter>>::iterator position;
};

struct SourceState::Wake {
  Wake(std::weak_ptr<SourceState> of, uint64_t its_number)
      : state(std::move(of)), number(its_number) {}
  ~Wake() {
    const std::shared_ptr<SourceState> held = state.lock();
    if (held != nullptr && !rung) held->DropWake(number);
  }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  const std::weak_ptr<SourceState> state;
  const uint64_t number;
  bool rung = false;
};

SourceState::Permit& SourceState::Permit::operator=(Permit&& other) noexcept {
  if (this == &other) return *this;
  Release();
  state_ = std::move(other.state_);
  try_ = other.try_;
  urgency_ = other.urgency_;
  pass_ = other.pass_;
  sent_ = other.sent_;
  judged_ = other.judged_;
  sent_at_ = other.sent_at_;
  return *this;
}

bool SourceState::Permit::MaySend() {
  if (sent_) return true;
  return state_ != nullptr && state_->Send(this);
}

void SourceState::Permit::Judge(AttemptEnd end, bool timed) {
  if (state_ != nullptr && !judged_) state_->Judge(this, end, timed);
}

void SourceState::Permit::Release() {
  if (const std::shared_ptr<SourceState> state = std::move(state_)) state->Return(this);
}

SourceState::Ticket::~Ticket() {
  waiter_->given_up = true;
  // The function may own whoever waits: it goes away here, outside the lock.
  const Decided dropped = std::move(waiter_->decided);
  const base::MutexLock lock(&state_->mutex_);
  if (!waiter_->queued) return;
  state_->LineOf(waiter_->urgency).erase(waiter_->position);
  waiter_->queued = false;
  if (waiter_->which != Try::kFirst) state_->extra_.GiveBack();
}

std::shared_ptr<SourceState> SourceState::Create(const SourceLimits& limits,
                                                 const base::Clock* clock, LeaseDay lease_day) {
  return std::shared_ptr<SourceState>(new SourceState(limits, clock, std::move(lease_day)));
}

SourceState::SourceState(const SourceLimits& limits, const base::Clock* clock, LeaseDay lease_day)
    : clock_(clock),
      lease_day_(std::move(lease_day)),
      limits_(limits),
      breaker_(limits.breaker),
      extra_(limits.extra),
      rate_(limits.rate, clock->SteadyNow()),
      day_(DayLimits(limits)) {}

SourceState::Asked SourceState::Ask(runtime::EventLoop* loop, Try which, Urgency urgency,
                                    Decided decided) {
  std::unique_ptr<Ticket> ticket;
  Todo todo;
  {
    const base::MutexLock lock(&mutex_);
    const absl::Duration now = clock_->SteadyNow();
    if (held_) return Refused{base::Reason::kHeld};
    if (!breaker_.WouldPass(now)) return Refused{base::Reason::kBreaker};
    if (limits_.per_day > 0 && day_.UsedUp(clock_->WallNow(), urgency == Urgency::kBackground)) {
      return Refused{base::Reason::kQuota};
    }
    if (which != Try::kFirst && !extra_.TryTake()) return Refused{base::Reason::kNone};
    // Who waits in the background waits for what is its own.
    const bool first_in_line =
        interactive_.empty() && (urgency == Urgency::kInteractive || background_.empty());
    absl::Duration wake = absl::InfiniteDuration();
    if (first_in_line && HasPlace(urgency) &&
        TryReserve(urgency, now, &wake) == DayCount::Room::kYes) {
      return Take(which, urgency, *breaker_.Ask(now));
    }
    ticket.reset(new Ticket(shared_from_this()));
    ticket->waiter_ = std::make_shared<Ticket::Waiter>(loop, which, urgency, std::move(decided));
    Line& line = LineOf(urgency);
    line.push_back(ticket->waiter_);
    ticket->waiter_->position = std::prev(line.end());
    ticket->waiter_->queued = true;
    Admit(now, &todo);
  }
  Do(std::move(todo));
  return ticket;
}

std::optional<SourceState::Permit> SourceState::TryHedge(Urgency urgency) {
  const base::MutexLock lock(&mutex_);
  const absl::Duration now = clock_->SteadyNow();
  if (held_ || breaker_.state(now) != Breaker::State::kClosed) return std::nullopt;
  if (!interactive_.empty() || !background_.empty() || !HasPlace(urgency)) return std::nullopt;
  if (!extra_.TryTake()) return std::nullopt;
  absl::Duration wake = absl::InfiniteDuration();
  if (TryReserve(urgency, now, &wake) != DayCount::Room::kYes) {
    extra_.GiveBack();
    return std::nullopt;
  }
  return Take(Try::kHedge, urgency, *breaker_.Ask(now));
}

bool SourceState::HasPlace(Urgency urgency) const {
  if (in_flight_ >= limits_.concurrency) return false;
  if (urgency == Urgency::kInteractive) return true;
  const int open = limits_.concurrency * (100 - limits_.rate.interactive_percent) / 100;
  return background_in_flight_ < std::max(open, 1);
}

DayCount::Room SourceState::TryReserve(Urgency urgency, absl::Duration now, absl::Duration* wake) {
  const bool background = urgency == Urgency::kBackground;
  // Without a limit of a day nobody need know which day it is.
  const absl::Time wall = limits_.per_day > 0 ? clock_->WallNow() : absl::Time();
  const DayCount::Room room = day_.TryReserve(wall, background);
  if (room != DayCount::Room::kYes) {
    if (now < day_.again_at()) *wake = std::min(*wake, day_.again_at());
    return room;
  }
  const std::optional<absl::Duration> later = rate_.TryReserve(now, background);
  if (!later.has_value()) return room;
  day_.GiveBack();
  *wake = std::min(*wake, *later);
  return DayCount::Room::kLater;
}

SourceState::Permit SourceState::Take(Try which, Urgency urgency, Breaker::Pass pass) {
  ++in_flight_;
  if (urgency == Urgency::kBackground) ++background_in_flight_;
  return Permit(shared_from_this(), which, urgency, pass);
}

SourceState::Line& SourceState::LineOf(Urgency urgency) {
  return urgency == Urgency::kInteractive ? interactive_ : background_;
}

std::shared_ptr<SourceState::Ticket::Waiter> SourceState::TakeFront(Line* line) {
  std::shared_ptr<Ticket::Waiter> waiter = std::move(line->front());
  line->pop_front();
  waiter->queued = false;
  return waiter;
}

bool SourceState::AdmitFront(Line* line, absl::Duration now, absl::Duration* wake, Todo* todo) {
  if (line->empty()) return false;
  const Urgency urgency = line->front()->urgency;
  if (!HasPlace(urgency)) return false;
  if (TryReserve(urgency, now, wake) != DayCount::Room::kYes) return false;
  // Whoever was let into the line finds the breaker closed or its probe free: TurnAway.
  const Breaker::Pass pass = *breaker_.Ask(now);
  std::shared_ptr<Ticket::Waiter> waiter = TakeFront(line);
  Permit permit = Take(waiter->which, urgency, pass);
  todo->decided.emplace_back(std::move(waiter), std::move(permit));
  ++admitted_;
  return true;
}

void SourceState::Admit(absl::Duration now, Todo* todo) {
  if (interactive_.empty() && background_.empty()) return;
  AdmitFronts(now, todo);
  // Only for whom it is: a source that nobody asks takes nothing of its day.
  if (limits_.per_day == 0 || (interactive_.empty() && background_.empty())) return;
  todo->leases = day_.TakeWishes(clock_->WallNow(), now);
}

void SourceState::AdmitFronts(absl::Duration now, Todo* todo) {
  absl::Duration wake = absl::InfiniteDuration();
  while (!interactive_.empty() || !background_.empty()) {
    if (held_) {
      TurnAway(&interactive_, base::Reason::kHeld, todo);
      return TurnAway(&background_, base::Reason::kHeld, todo);
    }
    if (!breaker_.WouldPass(now)) {
      TurnAway(&interactive_, base::Reason::kBreaker, todo);
      return TurnAway(&background_, base::Reason::kBreaker, todo);
    }
    if (limits_.per_day > 0) {
      const absl::Time wall = clock_->WallNow();
      if (day_.UsedUp(wall, false)) TurnAway(&interactive_, base::Reason::kQuota, todo);
      if (day_.UsedUp(wall, true)) TurnAway(&background_, base::Reason::kQuota, todo);
    }
    const bool background_first = admitted_ % kBackgroundTurn == kBackgroundTurn - 1;
    Line* const first = background_first ? &background_ : &interactive_;
    Line* const second = background_first ? &interactive_ : &background_;
    if (!AdmitFront(first, now, &wake, todo) && !AdmitFront(second, now, &wake, todo)) break;
  }
  if (wake == absl::InfiniteDuration() || (interactive_.empty() && background_.empty())) return;
  if (wake_set_ && wake_at_ <= wake) return;
  wake_set_ = true;
  wake_at_ = wake;
  todo->wake_loop = (interactive_.empty() ? background_ : interactive_).front()->loop;
  todo->wake_at = wake;
  todo->wake_number = ++wakes_;
}

void SourceState::TurnAway(Line* line, base::Reason reason, Todo* todo) {
  while (!line->empty()) {
    std::shared_ptr<Ticket::Waiter> waiter = TakeFront(line);
    if (waiter->which != Try::kFirst) extra_.GiveBack();
    todo->decided.emplace_back(std::move(waiter), Refused{reason});
  }
}

void SourceState::Do(Todo todo) {
  for (auto& [waiter, decision] : todo.decided) {
    runtime::EventLoop* const loop = waiter->loop;
    loop->Post([waiter = std::move(waiter), decision = std::move(decision)]() mutable {
      if (waiter->given_up) return;  // what was granted goes on to the next with this task
      Decided decided = std::move(waiter->decided);
      std::move(decided)(std::move(decision));
    });
  }
  for (const DayLease& lease : todo.leases) {
    if (lease_day_ == nullptr) {
      OnLease(lease.day, absl::UnimplementedError("nobody leases days"));
      continue;
    }
    lease_day_(lease, [weak = weak_from_this(), day = lease.day](absl::StatusOr<DayBlock> block) {
      if (const std::shared_ptr<SourceState> self = weak.lock()) self->OnLease(day, block);
    });
  }
  if (todo.wake_loop == nullptr) return;
  // Timers are armed on their own loop.
  auto wake = std::make_shared<Wake>(weak_from_this(), todo.wake_number);
  runtime::EventLoop* const loop = todo.wake_loop;
  loop->Post([loop, at = todo.wake_at, wake = std::move(wake)]() mutable {
    loop->After(at - loop->Now(), [wake = std::move(wake)] {
      wake->rung = true;
      if (const auto state = wake->state.lock()) state->OnWake(wake->number);
    });
  });
}

void SourceState::OnWake(uint64_t number) {
  Todo todo;
  {
    const base::MutexLock lock(&mutex_);
    if (number == wakes_) wake_set_ = false;
    Admit(clock_->SteadyNow(), &todo);
  }
  Do(std::move(todo));
}

void SourceState::DropWake(uint64_t number) {
  const base::MutexLock lock(&mutex_);
  if (number == wakes_) wake_set_ = false;
}

void SourceState::OnLease(absl::CivilDay day, const absl::StatusOr<DayBlock>& block) {
  Todo todo;
  {
    const base::MutexLock lock(&mutex_);
    const absl::Duration now = clock_->SteadyNow();
    if (block.ok()) {
      day_.Leased(day, *block);
    } else {
      day_.NotLeased(day, now);
    }
    Admit(now, &todo);
  }
  Do(std::move(todo));
}

bool SourceState::Send(Permit* permit) {
  Todo todo;
  bool may = false;
  {
    const base::MutexLock lock(&mutex_);
    const absl::Duration now = clock_->SteadyNow();
    const absl::Time wall = clock_->WallNow();
    const bool background = permit->urgency_ == Urgency::kBackground;
    may = !held_ && day_.MaySend(wall, background) && rate_.Send(now);
    if (may) {
      day_.Send(wall);
      permit->sent_ = true;
      permit->sent_at_ = now;
      if (permit->try_ == Try::kFirst) extra_.OnFirstSent();
      // When the next may leave is known only now.
      Admit(now, &todo);
      // The next block before the last query of this one.
      for (const DayLease& lease : day_.TakeWishes(wall, now, /*ahead=*/true))
        todo.leases.push_back(lease);
    }
  }
  Do(std::move(todo));
  return may;
}

void SourceState::Judge(Permit* permit, AttemptEnd end, bool timed) {
  Todo todo;
  {
    const base::MutexLock lock(&mutex_);
    const absl::Duration now = clock_->SteadyNow();
    JudgeLocked(permit, end, timed, now);
    // Opened, it turns the line away; closed by its probe, it lets it in.
    if (end != AttemptEnd::kGood || permit->pass_.probe) Admit(now, &todo);
  }
  Do(std::move(todo));
}

void SourceState::JudgeLocked(Permit* permit, AttemptEnd end, bool timed, absl::Duration now) {
  permit->judged_ = true;
  if (timed && permit->sent_) latency_.Add(now - permit->sent_at_);
  if (end == AttemptEnd::kNeutral) {
    breaker_.Drop(permit->pass_);
  } else {
    breaker_.End(now, permit->pass_, end == AttemptEnd::kGood);
  }
}

void SourceState::Return(Permit* permit) {
  Todo todo;
  {
    const base::MutexLock lock(&mutex_);
    const absl::Duration now = clock_->SteadyNow();
    if (!permit->judged_) JudgeLocked(permit, AttemptEnd::kNeutral, /*timed=*/false, now);
    if (!permit->sent_) {
      rate_.GiveBack();
      day_.GiveBack();
      if (permit->try_ != Try::kFirst) extra_.GiveBack();
    }
    --in_flight_;
    if (permit->urgency_ == Urgency::kBackground) --background_in_flight_;
    Admit(now, &todo);
  }
  Do(std::move(todo));
}

bool SourceState::HasRetry() const {
  const base::MutexLock lock(&mutex_);
  return extra_.HasOne();
}

absl::Duration SourceState::HedgeAfter() const {
  const base::MutexLock lock(&mutex_);
  return latency_.Quantile(kHedgePermille).value_or(absl::InfiniteDuration());
}

absl::Duration SourceState::Patience(absl::Duration deadline) const {
  return std::min(deadline, std::max(kPatienceLeast, kPatienceFactor * HedgeAfter()));
}

bool SourceState::QuotaHoldsUp(Urgency urgency) const {
  const base::MutexLock lock(&mutex_);
  return HasPlace(urgency);
}

void SourceState::SetLimits(const SourceLimits& limits) {
  Todo todo;
  {
    const base::MutexLock lock(&mutex_);
    if (limits == limits_) return;
    const absl::Duration now = clock_->SteadyNow();
    limits_ = limits;
    breaker_.SetLimits(limits.breaker);
    extra_.SetLimits(limits.extra);
    rate_.SetLimits(limits.rate, now);
    day_.SetLimits(DayLimits(limits));
    Admit(now, &todo);
  }
  Do(std::move(todo));
}

void SourceState::SetHeld(bool held) {
  Todo todo;
  {
    const base::MutexLock lock(&mutex_);
    if (held == held_) return;
    held_ = held;
    if (held) ++era_;
    Admit(clock_->SteadyNow(), &todo);
  }
  Do(std::move(todo));
}

bool SourceState::held() const {
  const base::MutexLock lock(&mutex_);
  return held_;
}

void SourceState::BeginEra() {
  const base::MutexLock lock(&mutex_);
  ++era_;
}

uint64_t SourceState::era() const {
  const base::MutexLock lock(&mutex_);
  return era_;
}

SourceState::View SourceState::view() const {
  const base::MutexLock lock(&mutex_);
  View view;
  view.held = held_;
  view.breaker = breaker_.state(clock_->SteadyNow());
  view.in_flight = static_cast<size_t>(in_flight_);
  view.waiting = interactive_.size() + background_.size();
  view.used_today = day_.UsedOn(base::CivilDayOf(clock_->WallNow()));
  view.latency_p50 = latency_.Quantile(kHalfPermille);
  view.latency_p95 = latency_.Quantile(kHedgePermille);
  view.limits = limits_;
  return view;
}

size_t SourceState::in_flight() const {
  const base::MutexLock lock(&mutex_);
  return static_cast<size_t>(in_flight_);
}

size_t SourceState::waiting() const {
  const base::MutexLock lock(&mutex_);
  return interactive_.size() + background_.size();
}

Breaker::State SourceState::breaker() const {
  const base::MutexLock lock(&mutex_);
  return breaker_.state(clock_->SteadyNow());
}

}  // namespace hedui::gather
