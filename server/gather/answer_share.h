// AnswerShare: one answer for several queries that ask the same: in flight, where the first to ask
// leads and the others follow, and for a while afterwards.
//
// What is the same the key says (share_key.h): the same source, question, matter, purpose and
// agency. Only whole, usable answers are shared: a leader
// that fails, ends or loses its authority passes nothing on, and its followers ask for themselves.
// What is kept is dropped once its time is over or the authority under which it was asked for has
// ended (`StillLive`), at the latest when somebody asks for it; Sweep drops it unasked.
//
// In memory only. Thread-safe; calls out under no lock. Limits: a tenth of the budget, and what it
// has left; what would pass them is not kept, what ends first makes way.
#ifndef HEDUI_SERVER_GATHER_ANSWER_SHARE_H_
#define HEDUI_SERVER_GATHER_ANSWER_SHARE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/base/byte_budget.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/gather/source_policy.h"
#include "server/runtime/event_loop.h"

namespace hedui::gather {

// What a source answered to one query, in its order.
struct SharedAnswers {
  std::vector<base::Answer> answers;
  std::string attempt_id;  // of the attempt that brought them
  absl::Time obtained;     // wall clock
  // Whether the authority under which they were obtained lives; to be asked at each use.
  // Thread-safe, does not block.
  std::function<bool()> still_live;
};

class AnswerShare : public std::enable_shared_from_this<AnswerShare> {
 public:
  // A warrant's life: what was obtained under it is not shown longer.
  static constexpr absl::Duration kLifetimeMax = absl::Hours(24);
  // So much of the budget at most: what is kept must not crowd out what is under way.
  static constexpr size_t kBudgetShare = 10;

  using Answers = std::shared_ptr<const SharedAnswers>;
  // Thread-safe, does not block.
  using StillLive = std::function<bool()>;
  // nullptr: ask for yourself.
  using Told = absl::AnyInvocable<void(Answers) &&>;

  // To be answered by whoever asks first. Dropped unanswered, it sends its followers to ask for
  // themselves. Move-only.
  class Lead {
   public:
    ~Lead() { Drop(); }
    Lead(Lead&&) noexcept = default;
    Lead& operator=(Lead&& other) noexcept;
    // For those who follow, and for those who come as long as the policy, the promise of freshness
    // and kLifetimeMax allow.
    void Share(std::vector<base::Answer> answers, std::string attempt_id,
               const SourcePolicy& policy, StillLive still_live);

   private:
    friend class AnswerShare;
    struct Following;
    Lead(std::shared_ptr<AnswerShare> share, std::string key, std::shared_ptr<Following> following);
    void Drop();

    std::shared_ptr<AnswerShare> share_;
    std::string key_;
    std::shared_ptr<Following> following_;
  };

  // A follower's place. Destroying it gives it up; to be destroyed on its loop.
  class Follow {
   public:
    ~Follow();
    Follow(const Follow&) = delete;
    Follow& operator=(const Follow&) = delete;

   private:
    friend class AnswerShare;
    struct Waiter;
    Follow() = default;
    std::shared_ptr<AnswerShare> share_;
    std::shared_ptr<Lead::Following> following_;
    std::shared_ptr<Waiter> waiter_;
  };

  // Somebody asks the same, but nobody waits for it: who is waited for does not stand behind.
  struct Alone {};
  using Joined = std::variant<Answers, Lead, std::unique_ptr<Follow>, Alone>;

  // Borrowed objects outlive it. `bytes` may be null: nothing is kept.
  static std::shared_ptr<AnswerShare> Create(const base::Clock* clock, base::ByteBudget* bytes);

  // `lifetime`: how old an answer may be that is given again, by the policy of whoever asks now: a
  // shorter one holds for what is kept already. `told` runs once on `loop`, never inside this call,
  // where the outcome is a Follow that is not given up first. `loop` outlives the following.
  Joined Join(const std::string& key, absl::Duration lifetime, bool background,
              runtime::EventLoop* loop, Told told);

  // Drops what is over, or was asked for under an authority that has ended.
  void Sweep();

  size_t kept() const;
  size_t bytes() const;

 private:
  struct Kept {
    Answers answers;
    absl::Duration since;
    absl::Duration until;
    base::ByteBudget::Place place;
  };

  AnswerShare(const base::Clock* clock, base::ByteBudget* bytes) : clock_(clock), budget_(bytes) {}
  void Settle(const std::string& key, const std::shared_ptr<Lead::Following>& following,
              const Answers& answers);
  void Keep(const std::string& key, Kept kept) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropEnded(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(const std::string& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Unless it is another one by now.
  void DropIf(const std::string& key, const Answers& answers);

  const base::Clock* const clock_;
  base::ByteBudget* const budget_;
  mutable base::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<Lead::Following>> leading_
      ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Kept> kept_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<absl::Duration, std::string>> ends_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of the budget
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_ANSWER_SHARE_H_
