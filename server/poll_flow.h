// One poll for one promised answer, from looking at the promise to the commit of what came.
// Internal to PendingDesk.
//
// Thread safety: everything on the loop's thread; held by the desk until it has ended, and by its
// callbacks.
#ifndef HEDUI_SERVER_POLL_FLOW_H_
#define HEDUI_SERVER_POLL_FLOW_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/answer_flow.h"
#include "server/base/byte_budget.h"
#include "server/gather/gatherer.h"
#include "server/ledger/committer.h"
#include "server/pending_rows.h"
#include "server/poll_steps.h"
#include "server/rooms.h"
#include "server/runtime/event_loop.h"

namespace hedui {

// How a poll ended.
struct PollEnd {
  enum class Next : uint8_t {
    kOver,   // a row says what became of the promise
    kAgain,  // it is waited for still
    kSoon,   // its answer came, or may have, and is not kept: as long as it is given again
    kRetry,  // there was no room here; soon
  };
  Next next = Next::kRetry;
  std::optional<absl::Time> due_at;  // kAgain: as the source said; absent: after a pause
  // kOver: what stands in its place.
  std::optional<Promise> renewed;
  // kAgain: it should be over, and there is no room to say so. Who watches is to look for itself.
  bool stuck = false;
};

class PollFlow : public std::enable_shared_from_this<PollFlow> {
 public:
  using Done = std::function<void(PollEnd)>;

  // `done` runs once on `loop`, never within Begin, unless the poll is abandoned first.
  PollFlow(const Rooms* rooms, runtime::EventLoop* loop, DecodeKept decode,
           const base::Uuid& promise_id, Done done);

  void Begin();
  // Asks no further. What is being committed is.
  void Abandon();

 private:
  // Verb and On<Verb>Done pairs in the order in which they run.
  void Prepare();
  void OnPrepareDone(absl::StatusOr<PollPlan> plan);
  void CommitIntent();
  void OnCommitIntentDone(absl::StatusOr<ledger::CommitReceipt> receipt);
  void Ask();
  void OnAskDone();
  // Takes out what may not be used any more.
  void Use();
  void CommitDrop(std::vector<PromisedPair> dropped);
  void OnCommitDropDone(const absl::Status& committed);
  void AddAnswers(PromiseEnd how);
  void OnAddAnswersDone(absl::StatusOr<AnswerEnd> end, PromiseEnd how);
  // The matter was erased meanwhile.
  void CommitErased();
  // Where no report is made of it.
  void CommitEnd(PromiseEnd how);
  void CommitRenewal();

  // Every pair that is waited for, as what nobody can be told.
  std::vector<base::Answer> AllUnavailable(base::Reason reason) const;
  // What is waited for still, under a new id, where there is any.
  void Renew(std::vector<PromisedPair> pairs);
  base::Row EndRow(PromiseEnd how);
  // That something came which is destroyed, for want of authority.
  std::string DroppedEntry() const;
  void TellDropped() const;
  using Then = std::function<void(absl::StatusOr<ledger::CommitReceipt>)>;
  void Commit(std::vector<base::Row> rows, std::string entry, Then then);
  void Finish(PollEnd end);
  void FinishAfter(const absl::Status& status);
  void FinishStuck(const absl::Status& status, PromiseEnd how);
  void FinishOver();
  absl::Time Now() const;

  const Rooms& rooms_;
  const std::shared_ptr<const Setup> setup_;
  runtime::EventLoop* const loop_;
  const DecodeKept decode_;
  const base::Uuid promise_id_;
  Done done_;
  bool abandoned_ = false;

  PollPlan plan_;
  base::ByteBudget::Place bytes_;
  std::unique_ptr<gather::Gatherer> gatherer_;
  std::optional<gather::Outcome> outcome_;
  PollReply reply_;
  bool asked_ = false;  // the source has answered, or has not
  bool came_ = false;   // data of people have reached us
  std::optional<Promise> renewed_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_POLL_FLOW_H_
