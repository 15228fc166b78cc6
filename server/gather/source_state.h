// SourceState: what is known of one source and how it may be asked now. The one place that decides
// whether an attempt is made: an operator's hold, the breaker, the budget of retries and hedges,
// the places, the rate, the day's count.
//
// One for each source id, process-wide: it outlives reloads, which only change its limits, so that
// attempts in flight and queries sent stay counted. Attempts that must wait stand in line here, not
// in gRPC, where a waiting call costs some 15 KB on each side: first come, first served over all
// loops, those that somebody waits for before the others.
//
// Thread-safe; calls out under no lock. Limits: the line is as long as the flows admitted at the
// door make it; a waiter that gives up leaves it at once.
#ifndef HEDUI_SERVER_GATHER_SOURCE_STATE_H_
#define HEDUI_SERVER_GATHER_SOURCE_STATE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/gather/attempt_end.h"
#include "server/gather/breaker.h"
#include "server/gather/day_count.h"
#include "server/gather/latency.h"
#include "server/gather/rate_window.h"
#include "server/gather/retry_budget.h"
#include "server/gather/source_limits.h"
#include "server/runtime/event_loop.h"

namespace hedui::gather {

// Whether somebody waits for the outcome.
enum class Urgency : uint8_t { kInteractive, kBackground };

// Which attempt of its query: the first that is sent, another one after it failed, a second one
// while it is under way.
enum class Try : uint8_t { kFirst, kRetry, kHedge };

class SourceState : public std::enable_shared_from_this<SourceState> {
 public:
  // One attempt's right to be made. Whatever it was not used for is given back when it goes, so
  // that neither a place nor the breaker's probe is lost with whoever held it. Move-only; used on
  // one thread, destroyed on any.
  class Permit {
   public:
    ~Permit() { Release(); }
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&& other) noexcept;

    // The query leaves in this moment: true, and it counts towards rate, day and budget. True again
    // when asked again. False where a lowered limit or another day has no room for it: it must not
    // leave; nor where the source has been held meanwhile.
    bool MaySend();
    bool sent() const { return sent_; }
    // What is known of the source by this attempt; the first time counts. `timed`: its age so far
    // says how long the source takes. The place stays taken.
    void Judge(AttemptEnd end, bool timed);
    // The attempt is over. Unjudged, it says nothing about the source.
    void Release();

   private:
    friend class SourceState;
    Permit(std::shared_ptr<SourceState> state, Try which, Urgency urgency, Breaker::Pass pass)
        : state_(std::move(state)), try_(which), urgency_(urgency), pass_(pass) {}

    std::shared_ptr<SourceState> state_;
    Try try_;
    Urgency urgency_;
    Breaker::Pass pass_;
    bool sent_ = false;
    bool judged_ = false;
    absl::Duration sent_at_ = absl::ZeroDuration();
  };

  // It is not asked now: kHeld; kBreaker; kQuota where the day's are used up; kNone for a retry
  // that the budget does not pay for.
  struct Refused {
    base::Reason reason;
  };
  using Decision = std::variant<Permit, Refused>;
  using Decided = absl::AnyInvocable<void(Decision) &&>;

  // A position in the line. Destroying it gives the position up; what was decided meanwhile goes on
  // to the next. Destroy it on the loop it waits for.
  class Ticket {
   public:
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    friend class SourceState;
    struct Waiter;
    explicit Ticket(std::shared_ptr<SourceState> state) : state_(std::move(state)) {}
    std::shared_ptr<SourceState> state_;
    std::shared_ptr<Waiter> waiter_;
  };
  using Asked = std::variant<Permit, Refused, std::unique_ptr<Ticket>>;

  // `clock` outlives it. `lease_day` leases blocks of the day's count; without one a limit of a day
  // lets nothing through.
  static std::shared_ptr<SourceState> Create(const SourceLimits& limits, const base::Clock* clock,
                                             LeaseDay lease_day = nullptr);

  // kFirst or kRetry. Decided at once, or later: then `decided` runs once on `loop`, never inside
  // this call, unless the ticket is destroyed first. `loop` outlives the waiting; a loop that has
  // shut down gives back what was decided for it.
  Asked Ask(runtime::EventLoop* loop, Try which, Urgency urgency, Decided decided);
  // A hedge never waits, overtakes nobody, and is no probe.
  std::optional<Permit> TryHedge(Urgency urgency);

  // Whether a retry could be paid for now.
  bool HasRetry() const;
  // How long to wait for an answer before a second query is worth it: until nineteen of twenty
  // would have come. InfiniteDuration: not known yet.
  absl::Duration HedgeAfter() const;
  // How long an attempt must have waited for its silence to be the source's fault: `deadline`, or
  // four times what nineteen of twenty take, but a second at least.
  absl::Duration Patience(absl::Duration deadline) const;
  // Whether there are places and what holds up the line is the rate or the day's count.
  bool QuotaHoldsUp(Urgency urgency) const;

  // For everybody, at once.
  void SetLimits(const SourceLimits& limits);
  // From now on nothing is sent until it is released; the line hears kHeld at once. What has been
  // sent goes on, and its answer counts.
  void SetHeld(bool held);
  bool held() const;
  // What was answered in an earlier era is not used again (share_key.h). Each hold begins one.
  void BeginEra();
  uint64_t era() const;

  // What can be seen of it, as of one moment.
  struct View {
    bool held = false;
    Breaker::State breaker = Breaker::State::kClosed;
    size_t in_flight = 0;
    size_t waiting = 0;
    // Of the civil day: queries that have left or, where there is a limit of a day, belong to
    // another process.
    int64_t used_today = 0;
    // Attempts, of the last few thousand; absent: not known yet.
    std::optional<absl::Duration> latency_p50;
    std::optional<absl::Duration> latency_p95;
    SourceLimits limits;
  };
  View view() const;

  size_t in_flight() const;
  size_t waiting() const;
  Breaker::State breaker() const;

 private:
  using Line = std::list<std::shared_ptr<Ticket::Waiter>>;
  // What is to be done once the lock is open.
  struct Todo {
    std::vector<std::pair<std::shared_ptr<Ticket::Waiter>, Decision>> decided;
    // The line goes on then, by a timer of this loop.
    runtime::EventLoop* wake_loop = nullptr;
    absl::Duration wake_at;
    uint64_t wake_number = 0;
    std::vector<DayLease> leases;
  };
  // Goes with a timer; when it is dropped unused, another timer may be set.
  struct Wake;

  SourceState(const SourceLimits& limits, const base::Clock* clock, LeaseDay lease_day);

  bool HasPlace(Urgency urgency) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of the day and the rate. Not kYes: nothing is reserved; where it is known when it is worth
  // looking again, `wake` is lowered to then.
  DayCount::Room TryReserve(Urgency urgency, absl::Duration now, absl::Duration* wake)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The place and what was reserved are the permit's; the breaker let it pass.
  Permit Take(Try which, Urgency urgency, Breaker::Pass pass) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Lets those in front through, as far as there is room, and sees to leases for the rest.
  void Admit(absl::Duration now, Todo* todo) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False: the front of this line has to wait; `wake` is lowered to when it is worth looking again.
  bool AdmitFront(Line* line, absl::Duration now, absl::Duration* wake, Todo* todo)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AdmitFronts(absl::Duration now, Todo* todo) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Everybody in this line hears why the source is not asked.
  void TurnAway(Line* line, base::Reason reason, Todo* todo) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<Ticket::Waiter> TakeFront(Line* line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Line& LineOf(Urgency urgency) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Do(Todo todo);
  void OnWake(uint64_t number);
  void DropWake(uint64_t number);
  void OnLease(absl::CivilDay day, const absl::StatusOr<DayBlock>& block);

  bool Send(Permit* permit);
  void Judge(Permit* permit, AttemptEnd end, bool timed);
  void JudgeLocked(Permit* permit, AttemptEnd end, bool timed, absl::Duration now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Return(Permit* permit);

  const base::Clock* const clock_;
  const LeaseDay lease_day_;
  mutable base::Mutex mutex_;
  SourceLimits limits_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t era_ ABSL_GUARDED_BY(mutex_) = 0;
  Breaker breaker_ ABSL_GUARDED_BY(mutex_);
  RetryBudget extra_ ABSL_GUARDED_BY(mutex_);
  RateWindow rate_ ABSL_GUARDED_BY(mutex_);
  DayCount day_ ABSL_GUARDED_BY(mutex_);
  Latency latency_ ABSL_GUARDED_BY(mutex_);
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  int background_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  Line interactive_ ABSL_GUARDED_BY(mutex_);
  Line background_ ABSL_GUARDED_BY(mutex_);
  uint64_t admitted_ ABSL_GUARDED_BY(mutex_) = 0;
  // The timer under way, if any.
  uint64_t wakes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool wake_set_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration wake_at_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
};

// The states of all sources that are set up or still asked by somebody. Thread-safe.
class SourceStates {
 public:
  // As LeaseDay, of the source with this id.
  using Lease =
      std::function<void(const std::string& source, const DayLease& lease, LeaseDone done)>;

  // `clock` outlives every state. Without `lease` a limit of a day lets nothing through.
  explicit SourceStates(const base::Clock* clock, Lease lease = nullptr)
      : clock_(clock), lease_(std::move(lease)) {}
  // The source's; a new one with these limits where there is none. Limits of one that is there stay
  // as they are (Sources::PutLimitsInForce).
  std::shared_ptr<SourceState> Get(const std::string& id, const SourceLimits& limits);
  // Also of a source that nobody has set up yet, and of one that is set up anew.
  void SetHeld(const std::string& id, bool held);
  // For nothing where it is not set up: then nothing of its answers is kept.
  void BeginEra(const std::string& id);

 private:
  std::shared_ptr<SourceState> Find(const std::string& id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const base::Clock* const clock_;
  const Lease lease_;
  mutable base::Mutex mutex_;
  std::map<std::string, std::weak_ptr<SourceState>> states_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCE_STATE_H_
