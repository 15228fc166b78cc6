// SourceCall: one query of a wave on its way: waiting in line, attempts, pauses, until it ends
// once. Whether an attempt may be made its source's state decides (source_state.h). Beside an
// attempt that takes long a hedge may be under way: a second one that asks the same. The first
// usable reply of the two counts and ends the other; a failure waits for the other, and is what is
// said where the other is silent to the end. Internal to gather.
//
// Threads: the loop's only. Held by its wave alone; whatever it leaves behind (an attempt at the
// adapter, a timer, a position in line) refers to it weakly, so that a completion which comes
// after the wave is gone finds nobody.
#ifndef HEDUI_SERVER_GATHER_SOURCE_CALL_H_
#define HEDUI_SERVER_GATHER_SOURCE_CALL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "adapters/source_adapter.h"
#include "server/base/answer.h"
#include "server/base/ids.h"
#include "server/gather/answer_share.h"
#include "server/gather/gatherer.h"
#include "server/gather/source_state.h"
#include "server/gather/sources.h"

namespace hedui::gather {

// What the calls of a wave share. Owned by the wave, which outlives them.
struct WaveContext {
  runtime::EventLoop* loop = nullptr;
  base::IdSource* ids = nullptr;
  std::string name;
  std::string digest_key;
  absl::Duration started;
  absl::Duration deadline;
  absl::CivilDay today;
  std::optional<base::TraceParent> trace;
  Urgency urgency = Urgency::kInteractive;
  absl::AnyInvocable<bool(const std::string& person_id) const> still_authorized;
  Sharing sharing;
};

class SourceCall : public std::enable_shared_from_this<SourceCall> {
 public:
  enum class State {
    kNew,
    kReusing,    // takes the answers of an equal query, in a task of its own
    kFollowing,  // an equal query is under way
    kQueued,     // waits in line at the source
    kAsking,     // one or two attempts are in flight, or wait at the adapter for a connection
    kPausing,    // an attempt failed, the next comes
    kEnding,     // its outcome is decided and posted
    kEnded,
  };
  // Runs once, on the loop, never inside Start or Cancel. The call may be destroyed in it.
  using Ended = absl::AnyInvocable<void(Outcome) &&>;

  // `source` null: the plan names a source that is not set up.
  SourceCall(const WaveContext* wave, const Source* source, size_t query_index,
             WarrantedQuery query, Ended ended);
  ~SourceCall();

  void Start();
  // Ends soon: what is unanswered is UNAVAILABLE for this reason.
  void Cancel(base::Reason reason);
  State state() const { return state_; }

 private:
  // One attempt that is under way.
  struct Attempt {
    int number = 0;
    bool hedge = false;
    absl::Duration begun;
    // Shared with the adapter's completion, which gives the place back however long we have stopped
    // waiting for it: until then the attempt loads the source.
    std::shared_ptr<SourceState::Permit> permit;
    std::shared_ptr<adapters::SourceCall> call;
    bool no_room = false;  // a lowered limit kept it from being sent
  };
  // Why attempts under way are given up.
  enum class Drop { kNobodyWaits, kDeadline, kOtherWasFirst };

  // The steps in the order they run.
  void JoinOthers();
  void OnFollowed(AnswerShare::Answers answers);
  void Reuse(const AnswerShare::Answers& answers);
  void Enter();
  void OnDecided(SourceState::Decision decision);
  void OnRefused(base::Reason reason);
  void OnWaitedInVain();
  void Ask(SourceState::Permit permit);
  void Begin(SourceState::Permit permit, bool hedge);
  bool MayBeSent(int number);
  void ArmHedge();
  void OnHedgeTime();
  void OnReply(int number, adapters::SourceReply reply);
  void Decide(bool made_no_attempt, adapters::SourceReply reply);
  void ShareOutcome(const Outcome& outcome);
  void OnDeadline();
  void Pause(absl::Duration pause);
  void End(adapters::SourceReply reply);

  std::string AttemptId(int number) const;
  // Everybody still in the query may be asked about, now.
  bool AllAuthorized() const;
  // Takes people out of the query who may not be asked about any more. False when nobody is left.
  bool KeepAuthorized();
  // The pause before the next attempt, or nothing when there is to be none.
  std::optional<absl::Duration> PauseAfter(const adapters::SourceReply& reply);
  // Ends with this for all that was still to be asked, from a task of its own.
  void EndSoon(base::AnswerKind kind, base::Reason reason, std::string operator_text);
  // What is still to be asked of asked_.
  const plan::SourceQuery& rest() const { return fewer_.has_value() ? *fewer_ : asked_; }
  // Keeps what a sent attempt came to, for people who cannot be in the next one.
  void Remember(const adapters::SourceReply& reply);
  // What this reply says of the source.
  AttemptEnd EndOfAttempt(const Attempt& attempt, const adapters::SourceReply& reply) const;
  // Gives up what is under way: position in line, attempts, timers.
  void DropWork(Drop why = Drop::kNobodyWaits);
  void ArmTimer(absl::Duration at, absl::AnyInvocable<void(SourceCall&) &&> then);
  Attempt* Find(int number);

  const WaveContext* const wave_;
  const Source* const source_;
  const size_t query_index_;
  const plan::SourceQuery asked_;
  std::optional<plan::SourceQuery> fewer_;  // what is left of asked_ once somebody was taken out
  // Of the last attempt that was sent and is to be repeated: one answer for each pair it asked.
  std::vector<base::Answer> last_sent_;
  // Those of last_sent_ whose people were taken out since: they were asked, and this came of it.
  std::vector<base::Answer> settled_;
  std::string warrant_;
  const std::string poll_token_;  // empty: it is a query
  Ended ended_;

  State state_ = State::kNew;
  absl::Duration deadline_;  // of the whole query, on the loop's clock
  int attempts_ = 0;       // that were sent, or failed without being sent; what was stopped is none
  int hedges_ = 0;         // that were sent, beside those
  int started_ = 0;        // tells one from another; only grows
  bool sent_ = false;      // something left: a further attempt is extra load
  bool starting_ = false;  // within the adapter's Start
  // What is brought back is for those who follow too.
  std::optional<AnswerShare::Lead> lead_;
  std::unique_ptr<AnswerShare::Follow> follow_;
  bool followed_in_vain_ = false;
  uint64_t joined_era_ = 0;  // of the source, when it was asked whether others ask the same
  std::optional<base::Reused> reused_;
  std::string winner_;  // the attempt whose reply ended the query
  std::unique_ptr<SourceState::Ticket> ticket_;
  std::vector<Attempt> live_;  // at most two
  // What the first of two came to, while the other is waited for.
  std::optional<adapters::SourceReply> failed_;
  // What the last attempt came to, while the next one waits.
  std::optional<adapters::SourceReply> last_;
  runtime::EventLoop::TimerId timer_ = 0;
  runtime::EventLoop::TimerId hedge_timer_ = 0;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCE_CALL_H_
