// Gatherer: asks the sources of one wave, all at once, and brings back one outcome for each query.
// The front door of this room.
//
// How to use it. One Gatherer belongs to one flow and lives on its loop; Start() begins a wave and
// may be called again for the next one when `done` has run. `on_outcome` runs once for each query
// of the wave, as its end becomes known; then `done` runs once. Neither ever runs inside Start() or
// Cancel(), and neither after the Gatherer is destroyed (destroying it cancels what is in flight).
//
// What it promises. Every (person, category) of every query has exactly one answer in the outcomes.
// A query ends at the wave's deadline or after the time its source's policy gives it, whichever is
// first: what is unanswered then is UNAVAILABLE/LATE. A source can be late, never the reply. Before
// each attempt, and again where an adapter had to wait for its connection, the authorization of
// each person is asked for: what was withdrawn since the intent is not sent, and is
// NOT_ASKED/NO_AUTHORIZATION, unless an earlier attempt had sent it already: then the answer is
// what came of that. What a source's state does not let through (source_state.h) is
// NOT_ASKED/HELD, NOT_ASKED/BREAKER or NOT_ASKED/QUOTA, unless an earlier attempt was made. Nothing
// here reports an error: what the world did is in the answers.
//
// Threads: everything on the loop's thread. Limits: those of the plan (kSourcesPerPlanMax queries).
#ifndef HEDUI_SERVER_GATHER_GATHERER_H_
#define HEDUI_SERVER_GATHER_GATHERER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/base/ids.h"
#include "server/base/trace.h"
#include "server/gather/sources.h"
#include "server/plan/source_query.h"
#include "server/runtime/event_loop.h"

namespace hedui::gather {

class AnswerShare;

// With whom a wave's queries may share answers, of sources whose policy allows it.
struct Sharing {
  AnswerShare* answers = nullptr;  // outlives the Gatherer; null: with nobody
  // Names matter, purpose and agency: only within the same is anything shared.
  std::string scope;
  // GatherRequest's still_authorized for as long as what this wave brings back is kept: what it
  // returns is thread-safe and holds what it needs. Runs on the loop.
  using StillAuthorized = std::function<bool(const std::string& person_id)>;
  absl::AnyInvocable<StillAuthorized() const> keep_authority;
};

// One query and the warrant under which it is sent.
struct WarrantedQuery {
  plan::SourceQuery query;
  std::string warrant;  // ledger/warrant.h; opaque here
  // Not empty: what the source promised for this is asked for with this token, by
  // SourceAdapter::Poll. Such a query is neither hedged nor shared.
  std::string poll_token = {};
};

struct GatherRequest {
  // Names the wave in both sides' logs; an attempt is "<name>/<source id>/<query's
  // index>/<number>". No wave ever has the name of another, since departments may tell repeated
  // queries by it: the intent's id, which is new after a restart too, and the wave's number. No
  // personal data.
  std::string name;
  std::vector<WarrantedQuery> queries;
  std::string digest_key;   // of the matter: keys the digests of raw answers
  absl::Duration deadline;  // on the scale of EventLoop::Now(); the wave ends then at the latest
  absl::CivilDay today;     // against which freshness promises are measured
  // Whoever asked is traced: each attempt is a span under this one.
  std::optional<base::TraceParent> trace;
  // Whether somebody waits: of what a source gives a share is kept for those.
  Urgency urgency = Urgency::kInteractive;
  // Whether this person may still be asked, now. Required. Runs on the loop immediately before
  // something is sent; never blocks.
  absl::AnyInvocable<bool(const std::string& person_id) const> still_authorized;
  Sharing sharing;
};

// What became of one query.
struct Outcome {
  size_t query_index = 0;  // in GatherRequest::queries
  std::string source_id;
  std::vector<base::Answer> answers;  // one for each (person, category) asked, in the query's order
  int attempts = 0;                   // hedges included; 0: none was made, nothing was sent
  std::optional<base::Reused> reused;  // then nothing of this query was sent
  int hedges = 0;                      // second queries that were sent while a first was under way
  absl::Duration elapsed;              // since Start
  // By the wall clock, which this room does not read: set by who takes the outcome.
  absl::Time ended = absl::InfinitePast();
  // For answers that are kPending: what to poll with; to be sealed, never logged.
  std::string pending_token;
  absl::Time pending_ready_after = absl::InfinitePast();
  bool token_unknown = false;  // of a poll: the source will never keep this promise
  int dropped_answers = 0;     // came unasked or twice; not used
  std::string
      operator_text;  // what went wrong, for the log; no personal data; empty when all went well
};

using OnOutcome = absl::AnyInvocable<void(Outcome)>;
using WaveDone = absl::AnyInvocable<void() &&>;

class Gatherer {
 public:
  // `loop` and `ids` outlive the Gatherer. `ids` gives the randomness of pauses between attempts.
  Gatherer(runtime::EventLoop* loop, std::shared_ptr<const Sources> sources, base::IdSource* ids);
  ~Gatherer();
  Gatherer(const Gatherer&) = delete;
  Gatherer& operator=(const Gatherer&) = delete;

  // Only while no wave is under way.
  void Start(GatherRequest request, OnOutcome on_outcome, WaveDone done);
  // Ends the wave soon: what is unanswered becomes UNAVAILABLE/CANCELLED, then `done` runs. Without
  // a wave it does nothing.
  void Cancel();
  // True from Start until `done` runs.
  bool asking() const;

 private:
  class Wave;

  runtime::EventLoop* const loop_;
  const std::shared_ptr<const Sources> sources_;
  base::IdSource* const ids_;
  std::shared_ptr<Wave> wave_;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_GATHERER_H_
