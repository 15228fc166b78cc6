// Recalls: every report that holds what a source said in a span of time is verified anew, as far as
// it rests on that. Of each verification's current report, what the source said is asked again,
// under authority checked anew and an intent of its own; what comes takes its place, and another
// report supersedes, with the reason SOURCE_RECALLED. What cannot be asked again is NOT_ASKED:
// nothing of what the source said then is left.
//
// A recall is durable, and in the log, before anything of it is done, and is gone on with after a
// restart. What it did is not noted apart: a chain whose current report holds nothing of the source
// within the span is done. It goes through the reports once at once, and once more when every
// verification that was under way when it began has its report: then it has ended. What cannot be
// read or done at last counts as kFailed and holds back nothing else.
//
// Thread safety: Resume and Stop on the main thread, the rest from any; `done` runs once, on
// `loop`. Limits: one recall is worked on at a time, kRecallsMax wait; kReverifiedAtOnce reports at
// once, in the background; a few thousand wait to be tried again, and no more of the list is read
// then.
#ifndef HEDUI_SERVER_RECALL_FLOW_H_
#define HEDUI_SERVER_RECALL_FLOW_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "server/base/row.h"
#include "server/recall_steps.h"
#include "server/runtime/event_loop.h"

namespace hedui {

struct Rooms;

namespace gather {
class SourceStates;
}  // namespace gather

// Operators begin them by hand.
inline constexpr size_t kRecallsMax = 16;
// Some hundred a second at a source that answers in 100 ms; each holds a household and its answers.
inline constexpr size_t kReverifiedAtOnce = 16;
// After so long whatever was under way has its report, or never will: resume.cc.
inline constexpr absl::Duration kRecallSettles = absl::Minutes(10);

struct RecallRequest {
  base::Uuid id;  // the caller's; the same again gives the recall again
  std::string agency;
  std::string officer;
  std::string source_id;
  absl::Time from;  // when the source's answers came: [from, to)
  absl::Time to;
  std::string reason;
};

// How many reports that used the source came to which end; by ReverifyEnd, less one.
using RecallCounts = std::array<int64_t, kReverifyEnds>;

struct RecallView {
  RecallRequest request;
  absl::Time begun;
  std::optional<absl::Time> ended;
  RecallCounts reports{};
  bool incomplete = false;  // its reports could not be listed to the end
};

class RecallDesk {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<RecallView>) &&>;
  // The loop of one more recall. Thread-safe.
  using NextLoop = std::function<runtime::EventLoop*()>;

  // Borrowed objects outlive it.
  RecallDesk(const Rooms* rooms, gather::SourceStates* states, NextLoop next_loop,
             absl::Duration settles = kRecallSettles);
  ~RecallDesk();

  // Goes on with what an earlier process left, as soon as it can be read. Once the loops run.
  void Resume();
  // Begins nothing any more, ends what is being asked, and waits for it. Before the loops and pools
  // go.
  void Stop();

  // Answers once it is durable; one that is, and has not ended, is gone on with. NOT_FOUND
  // (SOURCE_UNKNOWN); ALREADY_EXISTS (REQUEST_ID_REUSED); INVALID_ARGUMENT (RECALL_SPAN): `to` is
  // not over; RESOURCE_EXHAUSTED (RECALLS_FULL, READERS_FULL, COMMITTER_FULL).
  void Begin(runtime::EventLoop* loop, RecallRequest request, Done done);
  // NOT_FOUND (RECALL_UNKNOWN).
  void Get(runtime::EventLoop* loop, base::Uuid id, Done done);

 private:
  class Run;

  // On the disk pool.
  void BeginOnDisk(runtime::EventLoop* loop, const RecallRequest& request, Done done);
  absl::StatusOr<RecallView> Read(const base::Uuid& id) const;
  void SubmitReadOpen(runtime::EventLoop* loop);
  void ReadOpen(runtime::EventLoop* loop);
  void ReadOpenAfter(absl::Duration pause, runtime::EventLoop* loop);
  absl::StatusOr<std::map<base::Uuid, RecallView>> FindOpen() const;
  // Once each: whoever reads it again adds nothing.
  void Add(const RecallView& recall);
  void OnEnded(const base::Uuid& id);

  const Rooms& rooms_;
  gather::SourceStates* const states_;
  const NextLoop next_loop_;
  const absl::Duration settles_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<base::Uuid> beginning_ ABSL_GUARDED_BY(mutex_);
  // The first is being worked on.
  std::deque<std::shared_ptr<Run>> runs_ ABSL_GUARDED_BY(mutex_);
  // In this process; begun by hand, so not many.
  std::set<base::Uuid> ended_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui

#endif  // HEDUI_SERVER_RECALL_FLOW_H_
