#include "server/pending_desk.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/base/dates.h"
#include "server/base/event.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/poll_flow.h"
#include "server/poll_schedule.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// Twice as long as a promise is waited for: one that ended while no process ran is still ended.
constexpr int kDaysRead = 61;
// Where pools or the committer had no room.
constexpr absl::Duration kRetryAfter = absl::Seconds(1);
// Where the store could not be read.
constexpr absl::Duration kReadAgainAfter = absl::Minutes(1);

WaitedFor WaitedForOf(const Promise& promise) {
  return {promise.id, promise.source_id, DueAt(promise), {promise.agency, promise.request_id}};
}

absl::StatusOr<std::optional<WaitedFor>> ReadIfOpen(const Rooms& rooms, const base::Uuid& id) {
  HEDUI_ASSIGN_OR_RETURN(const bool is_open, IsOpen(*rooms.pages, id));
  if (!is_open) return std::nullopt;
  auto rows = rooms.rows->Find(PromiseKey(id), 1);
  if (absl::IsNotFound(rows.status())) return std::nullopt;  // its matter was erased
  HEDUI_RETURN_IF_ERROR(rows.status());
  if (rows->empty()) return std::nullopt;
  HEDUI_ASSIGN_OR_RETURN(const std::optional<Promise> promise, ReadPromise(rows->front()));
  if (!promise.has_value()) return std::nullopt;
  return WaitedForOf(*promise);
}

// What is open of the promises made on a day, the oldest first and at most `limit`. Blocks on the
// store.
absl::StatusOr<std::vector<WaitedFor>> ReadOpenOf(const Rooms& rooms, absl::CivilDay day,
                                                  size_t limit) {
  std::vector<WaitedFor> open;
  HEDUI_ASSIGN_OR_RETURN(const auto heads, FindPromises(*rooms.pages, PromisesOfDayKey(day)));
  for (const base::RowHead& head : heads) {
    if (open.size() == limit) break;
    const absl::StatusOr<std::optional<WaitedFor>> one = ReadIfOpen(rooms, head.id);
    if (absl::IsDataLoss(one.status())) {
      // It holds nobody else back: not the day's others, nor the days before.
      rooms.tell(base::FailureEvent("promise_not_read", one.status())
                     .With("promise_id", head.id.ToString()));
      continue;
    }
    HEDUI_RETURN_IF_ERROR(one.status());
    if (one->has_value()) open.push_back(**one);
  }
  return open;
}

absl::Status Stopping() {
  return base::MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                         "the platform is shutting down; watch again");
}

}  // namespace

class PendingDesk::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(const Rooms* rooms, DecodeKept decode, const PollLimits& limits)
      : rooms_(*rooms), decode_(std::move(decode)), limits_(limits), schedule_(limits) {}

  void Start(runtime::EventLoop* loop) {
    {
      const base::MutexLock lock(&mutex_);
      loop_ = loop;
    }
    loop->Post([self = shared_from_this()] { self->ReadAll(); });
  }

  // From any thread; returns when the loop has stopped.
  void Stop() {
    runtime::EventLoop* loop = nullptr;
    std::vector<Follower> followers;
    {
      const base::MutexLock lock(&mutex_);
      if (std::exchange(closed_, true)) return;
      loop = loop_;
      for (auto& [key, some] : followers_) {
        std::move(some.begin(), some.end(), std::back_inserter(followers));
      }
      followers_.clear();
    }
    for (Follower& follower : followers) Tell(std::move(follower), /*stopping=*/true);
    if (loop == nullptr) return;
    if (loop->InLoop()) return StopOnLoop();
    loop->Post([self = shared_from_this()] { self->StopOnLoop(); });
    const base::MutexLock lock(&mutex_);
    while (!stopped_) changed_.Wait(&mutex_);
  }

  void Add(std::vector<Promise> promises) {
    runtime::EventLoop* const loop = OpenLoop();
    // What comes before the start is found by it.
    if (loop == nullptr || promises.empty()) return;
    loop->Post([self = shared_from_this(), promises = std::move(promises)] {
      if (self->stopping_) return;
      for (const Promise& promise : promises) self->Hold(WaitedForOf(promise));
      self->Go();
    });
  }

  absl::Status Follow(const FlowKey& verification, runtime::EventLoop* loop, Presence watcher,
                      Told told) {
    std::vector<Follower> gone;  // go away outside the lock, with what they hold
    const base::MutexLock lock(&mutex_);
    if (closed_) return Stopping();
    if (++followed_ % kFollowersSweptAfter == 0) TakeAllGone(&gone);
    std::vector<Follower>& some = followers_[verification];
    TakeGone(&some, &gone);
    if (some.size() >= kFollowersMax) {
      return Busy("IN_FLIGHT", "too many calls wait for this verification");
    }
    some.push_back({loop, std::move(watcher), std::move(told)});
    return absl::OkStatus();
  }

  void Unfollow(const FlowKey& verification, const Presence& watcher) {
    std::vector<Follower> gone;
    const base::MutexLock lock(&mutex_);
    const auto at = followers_.find(verification);
    if (at == followers_.end()) return;
    Take(&at->second, &gone, [&watcher](const Follower& other) {
      return !other.watcher.owner_before(watcher) && !watcher.owner_before(other.watcher);
    });
    if (at->second.empty()) followers_.erase(at);
  }

  size_t followers() const {
    const base::MutexLock lock(&mutex_);
    size_t count = 0;
    for (const auto& [key, some] : followers_) count += some.size();
    return count;
  }

  size_t held() const {
    const base::MutexLock lock(&mutex_);
    return held_;
  }

 private:
  struct Follower {
    runtime::EventLoop* loop;
    Presence watcher;
    Told told;
  };

  template <typename IsIt>
  static void Take(std::vector<Follower>* some, std::vector<Follower>* taken, IsIt is_it) {
    const auto left = std::stable_partition(some->begin(), some->end(), std::not_fn(is_it));
    std::move(left, some->end(), std::back_inserter(*taken));
    some->erase(left, some->end());
  }
  static void TakeGone(std::vector<Follower>* some, std::vector<Follower>* gone) {
    Take(some, gone, [](const Follower& other) { return other.watcher.expired(); });
  }
  void TakeAllGone(std::vector<Follower>* gone) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (auto& [key, some] : followers_) TakeGone(&some, gone);
    std::erase_if(followers_, [](const auto& one) { return one.second.empty(); });
  }

  static void Tell(Follower follower, bool stopping) {
    runtime::EventLoop* const loop = follower.loop;
    loop->Post([told = std::move(follower.told), stopping] { told(stopping); });
  }

  runtime::EventLoop* OpenLoop() const {
    const base::MutexLock lock(&mutex_);
    return closed_ ? nullptr : loop_;
  }

  // --- on the loop

  void StopOnLoop() {
    stopping_ = true;
    if (timer_ != 0) loop_->Cancel(std::exchange(timer_, 0));
    if (read_timer_ != 0) loop_->Cancel(std::exchange(read_timer_, 0));
    for (const auto& [id, poll] : std::exchange(polls_, {})) poll->Abandon();
    const base::MutexLock lock(&mutex_);
    stopped_ = true;
    changed_.SignalAll();
  }

  void ReadAll() {
    reading_ = true;
    left_out_ = false;
    const absl::CivilDay today = base::CivilDayOf(rooms_.clock->WallNow());
    // One more than today: the clock may have been set back.
    ReadDay(today + 1, today - kDaysRead);
  }

  // From the newest day back: what was promised last is likely to come first.
  void ReadDay(absl::CivilDay day, absl::CivilDay last) {
    if (stopping_) return;
    if (day < last) {
      reading_ = false;
      return ReadLeftOut();
    }
    runtime::Task task = [self = shared_from_this(), day, last] {
      // One more than could be held tells that there are more.
      auto open = ReadOpenOf(self->rooms_, day, self->limits_.held_max + 1);
      self->loop_->Post([self, day, last, open = std::move(open)] {
        if (!self->stopping_) self->OnReadDayDone(day, last, open);
      });
    };
    if (!rooms_.disk->TrySubmit(std::move(task))) ReadDayAfter(kRetryAfter, day, last);
  }

  void ReadDayAfter(absl::Duration pause, absl::CivilDay day, absl::CivilDay last) {
    read_timer_ = loop_->After(pause, [self = shared_from_this(), day, last] {
      self->read_timer_ = 0;
      self->ReadDay(day, last);
    });
  }

  void OnReadDayDone(absl::CivilDay day, absl::CivilDay last,
                     const absl::StatusOr<std::vector<WaitedFor>>& open) {
    if (!open.ok()) {
      rooms_.tell(
          base::FailureEvent("promises_not_read", open.status()).With("day", base::FormatDay(day)));
      return ReadDayAfter(kReadAgainAfter, day, last);
    }
    for (const WaitedFor& one : *open) Hold(one);
    Go();
    ReadDay(day - 1, last);
  }

  void Hold(const WaitedFor& promise) {
    const bool added = schedule_.Add(promise, Now(), Random());
    if (!added && schedule_.full() && !std::exchange(left_out_, true)) {
      rooms_.tell(base::Event(base::EventLevel::kWarning, "promises_not_held")
                      .With("held", static_cast<int64_t>(schedule_.size())));
    }
    NoteHeld();
  }

  // What there was no room for, where there is again.
  void ReadLeftOut() {
    if (left_out_ && !reading_ && schedule_.has_room_again()) ReadAll();
  }

  // Takes up what is due, and sees to it that it is called when something is.
  void Go() {
    while (const std::optional<base::Uuid> id = schedule_.TakeDue(Now())) {
      auto poll = std::make_shared<PollFlow>(&rooms_, loop_, decode_, *id,
                                             [weak = weak_from_this(), id = *id](PollEnd end) {
                                               if (const auto self = weak.lock())
                                                 self->OnPolled(id, std::move(end));
                                             });
      polls_[*id] = poll;
      poll->Begin();
    }
    if (timer_ != 0) loop_->Cancel(std::exchange(timer_, 0));
    const absl::Duration next = schedule_.next();
    if (next == absl::InfiniteDuration()) return;
    timer_ = loop_->After(std::max(next - loop_->Now(), absl::ZeroDuration()),
                          [self = shared_from_this()] {
                            self->timer_ = 0;
                            self->Go();
                          });
  }

  void OnPolled(const base::Uuid& id, PollEnd end) {
    polls_.erase(id);
    switch (end.next) {
      case PollEnd::Next::kOver:
        TellFollowers(schedule_.VerificationOf(id));
        if (end.renewed.has_value()) {
          schedule_.Replace(id, WaitedForOf(*end.renewed), Now(), Random());
        } else {
          schedule_.Remove(id);
        }
        break;
      case PollEnd::Next::kAgain:
        if (end.stuck) TellFollowers(schedule_.VerificationOf(id));
        schedule_.Again(id, end.due_at, Now(), Random());
        break;
      case PollEnd::Next::kSoon:
        schedule_.Soon(id, Now(), Random());
        break;
      case PollEnd::Next::kRetry:
        schedule_.Retry(id, kRetryAfter, Now());
        break;
    }
    NoteHeld();
    ReadLeftOut();
    Go();
  }

  void TellFollowers(const FlowKey& verification) {
    std::vector<Follower> some;
    {
      const base::MutexLock lock(&mutex_);
      const auto at = followers_.find(verification);
      if (at == followers_.end()) return;
      some = std::move(at->second);
      followers_.erase(at);
    }
    for (Follower& follower : some) Tell(std::move(follower), /*stopping=*/false);
  }

  void NoteHeld() {
    const base::MutexLock lock(&mutex_);
    held_ = schedule_.size();
  }

  PollSchedule::Now Now() const { return {rooms_.clock->WallNow(), loop_->Now()}; }

  uint64_t Random() const {
    const std::string bytes = rooms_.ids->RandomBytes(sizeof(uint64_t));
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    return word;
  }

  const Rooms& rooms_;
  const DecodeKept decode_;
  const PollLimits limits_;
  // Set once, before anything is posted to it.
  runtime::EventLoop* loop_ = nullptr;

  // On the loop.
  bool stopping_ = false;
  bool reading_ = false;   // what is open, from the store
  bool left_out_ = false;  // of that, or of what reports added, for want of room
  PollSchedule schedule_;
  std::map<base::Uuid, std::shared_ptr<PollFlow>> polls_;
  runtime::EventLoop::TimerId timer_ = 0;
  runtime::EventLoop::TimerId read_timer_ = 0;

  mutable base::Mutex mutex_;
  base::CondVar changed_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  size_t held_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<FlowKey, std::vector<Follower>> followers_ ABSL_GUARDED_BY(mutex_);
  size_t followed_ ABSL_GUARDED_BY(mutex_) = 0;
};

PendingDesk::PendingDesk(const Rooms* rooms, DecodeKept decode, const PollLimits& limits)
    : impl_(std::make_shared<Impl>(rooms, std::move(decode), limits)) {}

PendingDesk::~PendingDesk() { Stop(); }

void PendingDesk::Start(runtime::EventLoop* loop) { impl_->Start(loop); }

void PendingDesk::Stop() { impl_->Stop(); }

void PendingDesk::Add(std::vector<Promise> promises) { impl_->Add(std::move(promises)); }

absl::Status PendingDesk::Follow(const FlowKey& verification, runtime::EventLoop* loop,
                                 Presence watcher, Told told) {
  return impl_->Follow(verification, loop, std::move(watcher), std::move(told));
}

void PendingDesk::Unfollow(const FlowKey& verification, const Presence& watcher) {
  impl_->Unfollow(verification, watcher);
}

size_t PendingDesk::followers() const { return impl_->followers(); }

size_t PendingDesk::held() const { return impl_->held(); }

}  // namespace hedui
