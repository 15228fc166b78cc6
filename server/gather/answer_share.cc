#include "server/gather/answer_share.h"

#include <algorithm>

#include "server/gather/share_key.h"

namespace hedui::gather {
namespace {

// The budget's name for it: no agency's code has an asterisk.
constexpr char kHolder[] = "*answers";
// Of an answer beside its records, and of an entry beside its answers.
constexpr size_t kAnswerBytes = 512;
constexpr size_t kEntryBytes = 512;

size_t BytesOf(const std::string& key, const SharedAnswers& shared) {
  size_t bytes = kEntryBytes + 3 * key.size() + shared.attempt_id.size();
  for (const base::Answer& answer : shared.answers) {
    bytes += kAnswerBytes;
    for (const base::Record& record : answer.records) bytes += base::SizeOf(record);
  }
  return bytes;
}

}  // namespace

struct AnswerShare::Follow::Waiter {
  Waiter(runtime::EventLoop* on_loop, Told on_told) : loop(on_loop), told(std::move(on_told)) {}
  runtime::EventLoop* const loop;
  // Run or dropped on the loop only.
  Told told;
  bool given_up = false;  // on the loop only
};

// Guarded by the share's mutex.
struct AnswerShare::Lead::Following {
  explicit Following(bool of_background) : background(of_background) {}
  const bool background;
  absl::flat_hash_set<std::shared_ptr<Follow::Waiter>> waiters;
};

AnswerShare::Lead::Lead(std::shared_ptr<AnswerShare> share, std::string key,
                        std::shared_ptr<Following> following)
    : share_(std::move(share)), key_(std::move(key)), following_(std::move(following)) {}

AnswerShare::Lead& AnswerShare::Lead::operator=(Lead&& other) noexcept {
  if (this == &other) return *this;
  Drop();
  share_ = std::move(other.share_);
  key_ = std::move(other.key_);
  following_ = std::move(other.following_);
  return *this;
}

void AnswerShare::Lead::Drop() {
  if (const auto share = std::move(share_)) share->Settle(key_, following_, nullptr);
}

void AnswerShare::Lead::Share(std::vector<base::Answer> answers, std::string attempt_id,
                              const SourcePolicy& policy, StillLive still_live) {
  const std::shared_ptr<AnswerShare> share = std::move(share_);
  if (share == nullptr) return;
  auto shared = std::make_shared<SharedAnswers>();
  shared->answers = std::move(answers);
  shared->attempt_id = std::move(attempt_id);
  shared->obtained = share->clock_->WallNow();
  shared->still_live = std::move(still_live);
  const absl::Duration lifetime = ShareLifetime(policy, shared->answers, shared->obtained);
  if (lifetime > absl::ZeroDuration()) {
    const absl::Duration now = share->clock_->SteadyNow();
    const base::MutexLock lock(&share->mutex_);
    share->Keep(key_, {shared, now, now + std::min(lifetime, kLifetimeMax), {}});
  }
  share->Settle(key_, following_, shared);
}

AnswerShare::Follow::~Follow() {
  waiter_->given_up = true;
  // The function may own whoever waits: it goes away here, outside the lock.
  const Told dropped = std::move(waiter_->told);
  const base::MutexLock lock(&share_->mutex_);
  following_->waiters.erase(waiter_);
}

std::shared_ptr<AnswerShare> AnswerShare::Create(const base::Clock* clock,
                                                 base::ByteBudget* bytes) {
  return std::shared_ptr<AnswerShare>(new AnswerShare(clock, bytes));
}

AnswerShare::Joined AnswerShare::Join(const std::string& key, absl::Duration lifetime,
                                      bool background, runtime::EventLoop* loop, Told told) {
  while (true) {
    Answers found;
    {
      const base::MutexLock lock(&mutex_);
      const absl::Duration now = clock_->SteadyNow();
      DropEnded(now);
      const auto kept = kept_.find(key);
      if (kept == kept_.end() || now - kept->second.since >= lifetime) {
        std::shared_ptr<Lead::Following>& following = leading_[key];
        if (following == nullptr) {
          following = std::make_shared<Lead::Following>(background);
          return Lead(shared_from_this(), key, following);
        }
        if (following->background && !background) return Alone{};
        std::unique_ptr<Follow> follow(new Follow());
        follow->share_ = shared_from_this();
        follow->following_ = following;
        follow->waiter_ = std::make_shared<Follow::Waiter>(loop, std::move(told));
        following->waiters.insert(follow->waiter_);
        return follow;
      }
      found = kept->second.answers;
    }
    if (found->still_live()) return found;
    DropIf(key, found);
  }
}

void AnswerShare::Settle(const std::string& key, const std::shared_ptr<Lead::Following>& following,
                         const Answers& answers) {
  absl::flat_hash_set<std::shared_ptr<Follow::Waiter>> waiters;
  {
    const base::MutexLock lock(&mutex_);
    leading_.erase(key);
    waiters.swap(following->waiters);
  }
  for (const std::shared_ptr<Follow::Waiter>& waiter : waiters) {
    waiter->loop->Post([waiter, answers] {
      if (waiter->given_up) return;
      Told told = std::move(waiter->told);
      std::move(told)(answers);
    });
  }
}

void AnswerShare::Keep(const std::string& key, Kept kept) {
  const size_t bytes = BytesOf(key, *kept.answers);
  if (budget_ == nullptr) return;
  const size_t bytes_max = budget_->bytes_max() / kBudgetShare;
  if (bytes > bytes_max) return;
  Drop(key);
  std::optional<base::ByteBudget::Place> place;
  while (true) {
    if (bytes_ + bytes <= bytes_max) place = budget_->TryTake(kHolder, bytes);
    if (place.has_value() || ends_.empty()) break;
    // Not for one that would end sooner.
    if (ends_.begin()->first >= kept.until) break;
    Drop(std::string(ends_.begin()->second));
  }
  if (!place.has_value()) return;
  kept.place = *std::move(place);
  bytes_ += bytes;
  ends_.emplace(kept.until, key);
  kept_.insert_or_assign(key, std::move(kept));
}

void AnswerShare::DropEnded(absl::Duration now) {
  while (!ends_.empty() && ends_.begin()->first <= now) Drop(std::string(ends_.begin()->second));
}

void AnswerShare::Drop(const std::string& key) {
  const auto found = kept_.find(key);
  if (found == kept_.end()) return;
  ends_.erase({found->second.until, key});
  bytes_ -= found->second.place.bytes();
  kept_.erase(found);
}

void AnswerShare::DropIf(const std::string& key, const Answers& answers) {
  const base::MutexLock lock(&mutex_);
  const auto found = kept_.find(key);
  if (found != kept_.end() && found->second.answers == answers) Drop(key);
}

void AnswerShare::Sweep() {
  std::vector<std::pair<std::string, Answers>> all;
  {
    const base::MutexLock lock(&mutex_);
    DropEnded(clock_->SteadyNow());
    all.reserve(kept_.size());
    for (const auto& [key, kept] : kept_) all.emplace_back(key, kept.answers);
  }
  for (const auto& [key, answers] : all) {
    if (!answers->still_live()) DropIf(key, answers);
  }
}

size_t AnswerShare::kept() const {
  const base::MutexLock lock(&mutex_);
  return kept_.size();
}

size_t AnswerShare::bytes() const {
  const base::MutexLock lock(&mutex_);
  return bytes_;
}

}  // namespace hedui::gather
