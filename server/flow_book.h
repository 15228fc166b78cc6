// The verifications under way, by request: equal requests wait for one flow. Thread-safe.
#ifndef HEDUI_SERVER_FLOW_BOOK_H_
#define HEDUI_SERVER_FLOW_BOOK_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "server/runtime/event_loop.h"
#include "server/verify_flow.h"

namespace hedui {

using FlowKey = std::pair<std::string, base::Uuid>;  // agency, request id

// Who waits for a report.
struct Waiter {
  runtime::EventLoop* loop;
  VerifyDone done;
  // Of one whose place is another's once it has gone; nullopt: it is kept to the end.
  std::optional<Presence> watcher = std::nullopt;
};

// Who waits until a verification is durable, or has ended.
struct ViewWaiter {
  runtime::EventLoop* loop;
  ViewDone done;
};

// One that wants to be told each outcome as it comes.
struct Spectator {
  runtime::EventLoop* loop;
  std::function<void(SourceOutcomeView)> on_outcome;
  Presence watcher;
};

// Hands the result to each waiter on its own loop.
void Deliver(std::vector<Waiter> waiters, absl::StatusOr<VerifyResult> result);
void Deliver(std::vector<ViewWaiter> waiters, const absl::StatusOr<VerificationView>& view);

// A flow as the book and its callers know it. From any thread: each posts to the flow's own.
class RunningFlow {
 public:
  virtual ~RunningFlow() = default;
  // The sources are not waited for any longer; what is not answered ends the flow without a report.
  virtual void PostDrain() = 0;
  // What was told already, and what comes from now on.
  virtual void PostSpectator(Spectator spectator) = 0;
  // Ends it without a report, durably, unless that is being made: then it ends with one.
  virtual void PostCancel(std::string officer) = 0;
};

class FlowBook {
 public:
  enum class Entered { kBegin, kJoined, kOtherContent, kFull, kDraining };

  // One caller of the content `bytes`, waiting for either.
  struct Caller {
    std::string bytes;
    std::optional<Waiter> result;
    std::optional<ViewWaiter> view;
  };
  // kBegin: the caller starts a flow and gives it to SetFlow. Else `caller` is untouched unless
  // joined.
  Entered Enter(const FlowKey& key, Caller* caller);
  void SetFlow(const FlowKey& key, const std::shared_ptr<RunningFlow>& flow);

  // Adds a waiter to a flow under way, and returns the flow; nullptr when there is none, or it has
  // as many waiters as it may: then `waiter` is untouched.
  std::shared_ptr<RunningFlow> Join(const FlowKey& key, Waiter* waiter);
  // The same for one that waits until the flow has ended.
  std::shared_ptr<RunningFlow> JoinEnd(const FlowKey& key, ViewWaiter* waiter);
  bool IsRunning(const FlowKey& key) const;

  // The verification will be brought to its end whatever becomes of this process: whoever waited
  // for that is returned, and whoever comes later is answered at once.
  std::vector<ViewWaiter> SetDurable(const FlowKey& key, const VerificationView& view);

  struct Left {
    std::vector<Waiter> results;
    std::vector<ViewWaiter> views;
  };
  Left Leave(const FlowKey& key);

  // No new flows from now on.
  void Close();
  // The flows still under way; they do not start another wave.
  std::vector<std::shared_ptr<RunningFlow>> Abandon();
  // False when flows are still under way after `timeout`.
  bool AwaitIdle(absl::Duration timeout);
  bool abandoned() const;
  int size() const;

 private:
  struct Entry {
    std::string digest;  // of the content
    std::vector<Waiter> results;
    std::vector<ViewWaiter> durable;  // until the verification is
    std::vector<ViewWaiter> ends;     // until it has ended
    std::optional<VerificationView> view;
    std::weak_ptr<RunningFlow> flow;

    // Whether nobody more may wait. Watchers who have gone make room: they are answered CANCELLED.
    bool IsFull();
    size_t Waiting() const { return results.size() + durable.size() + ends.size(); }
    void Add(Caller* caller);
  };

  mutable base::Mutex mutex_;
  base::CondVar idle_;
  std::map<FlowKey, Entry> flows_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_FLOW_BOOK_H_
