// SourceCall: one query of a wave on its way: waiting for a place, attempts, pauses, until it ends
// once. Internal to gather.
//
// Threads: the loop's only. Held by its wave alone; whatever it leaves behind (an attempt at the
// adapter, a timer, a place in the queue) refers to it weakly, so that a completion which comes
// after the wave is gone finds nobody.
#ifndef HEDUI_SERVER_GATHER_SOURCE_CALL_H_
#define HEDUI_SERVER_GATHER_SOURCE_CALL_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "adapters/source_adapter.h"
#include "server/base/answer.h"
#include "server/base/ids.h"
#include "server/gather/gatherer.h"
#include "server/gather/source_gate.h"
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
  absl::AnyInvocable<bool(const std::string& person_id) const> still_authorized;
};

class SourceCall : public std::enable_shared_from_this<SourceCall> {
 public:
  enum class State {
    kNew,
    kQueued,   // waits for a place at the source
    kAsking,   // an attempt is in flight, or waits at its adapter for a connection
    kPausing,  // an attempt failed, the next comes
    kEnding,   // its outcome is decided and posted
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
  // The steps in the order they run.
  void Enter();
  void OnEntered(SourceGate::Place place);
  void Ask(SourceGate::Place place);
  void OnReply(adapters::SourceReply reply);
  void Pause(absl::Duration pause);
  void End(adapters::SourceReply reply);

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
  // Gives up what is under way: queue position, attempt, timer.
  void DropWork();
  void ArmTimer(absl::Duration at, absl::AnyInvocable<void(SourceCall&) &&> then);

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
  Ended ended_;

  State state_ = State::kNew;
  absl::Duration deadline_;  // of the whole query, on the loop's clock
  int attempts_ = 0;  // that were sent, or failed without being sent; what was stopped is none
  int started_ = 0;   // tells one from another; only grows
  std::unique_ptr<SourceGate::Ticket> ticket_;
  std::shared_ptr<adapters::SourceCall> attempt_;
  runtime::EventLoop::TimerId timer_ = 0;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCE_CALL_H_
