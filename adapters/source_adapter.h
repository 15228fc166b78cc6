// SourceAdapter: the one interface behind which every department stands, whatever it runs.
//
// Model. An adapter serves one configured source. Start() begins one call for one source query and
// returns a handle at once. `done` runs exactly once, later, on the loop given, never inside
// Start() or Cancel(), also after Cancel() and also when the deadline passes. A reply holds one
// answer for each (person, category) asked; those the source left out are filled in by the adapter
// as kUnavailable/kEmpty, never dropped. An adapter makes one attempt: retries, hedges, quotas and
// breakers are gather's.
//
// Nothing is handed to a transport that may hold it back. Between the moment somebody was found to
// be asked about lawfully and the moment the query leaves, nothing may wait: a letter can be
// withdrawn meanwhile, and a withdrawal that was acknowledged must stop it. So an adapter asks
// `may_be_sent` immediately before the query leaves, and hands it over in the same task of the
// loop: within Start() where it goes out at once; or, where the adapter has to wait first (for a
// connection, a token, a place), when the wait is over, keeping the query to itself until then.
// When `may_be_sent` says no, or what it waited for does not come, the reply has `sent` false. The
// moment of asking is also the one from which requests per second are counted.
//
// A source may promise to answer later (kPending, with a token). Poll() asks it for what it
// promised: a call like any other, under a warrant, with may_be_sent, a deadline and one answer for
// each pair. A poll that the source refuses as a whole is kUnavailable/kSourceRefused, since it
// says nothing about anybody and what was promised may still come; who is refused within a
// response is kRefused, an answer.
//
// A failure of the whole call is a reply too: all answers kUnavailable (or kRefused) with the
// reason, and `retryable` says whether another attempt may help. Adapters never report absl errors
// for what the world did; texts for operators carry no personal data.
//
// Threads: Start and Cancel on the loop's thread only. An adapter outlives its calls; it is created
// at start and destroyed on the main thread after every loop has drained.
#ifndef HEDUI_ADAPTERS_SOURCE_ADAPTER_H_
#define HEDUI_ADAPTERS_SOURCE_ADAPTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/plan/source_query.h"
#include "server/runtime/event_loop.h"

namespace hedui::adapters {

struct SourceRequest {
  plan::SourceQuery query;
  // The warrant's bytes (ledger/warrant.h): the source's part, its path, the inclusion proof and
  // the checkpoint. Opaque here; always sent.
  std::string warrant;
  std::string attempt_id;  // names this attempt in both sides' logs; no two attempts share one
  absl::Duration timeout;  // from Start; the call's whole budget
  // W3C trace context of this attempt, to be sent where the transport has a place for it; empty:
  // none.
  std::string traceparent;
  // Keys the digests of raw answers (base::Answer::digest).
  std::string digest_key;
  // Whether the query may leave now: everybody in it may still be asked about, and the source's
  // rate has room. To be asked, on the loop, immediately before the query is handed over. Never
  // blocks. Empty: yes.
  absl::AnyInvocable<bool()> may_be_sent;
};

struct SourceReply {
  std::vector<base::Answer> answers;  // one per (person, category) asked, in query order
  bool retryable = false;             // the call failed in a way another attempt may mend
  // False: nothing of the query has left this process or ever will, so nobody was asked about.
  bool sent = true;
  std::string operator_text;  // what happened, for the log; empty when all went well
  // For kPending answers: what to poll with later; sealed in the store, never logged.
  std::string pending_token;
  absl::Time pending_ready_after =
      absl::InfinitePast();  // the source's own promise, if it gave one
  // Of a poll: the source does not know the token, or not any more. It need not be asked again.
  bool token_unknown = false;
};

using SourceDone = absl::AnyInvocable<void(SourceReply) &&>;

class SourceCall {
 public:
  // Dropping the handle does not cancel; `done` still runs.
  virtual ~SourceCall() = default;
  // Asks the call to end soon; `done` still runs once, later. A second Cancel does nothing.
  virtual void Cancel() = 0;
};

class SourceAdapter {
 public:
  virtual ~SourceAdapter() = default;
  virtual std::shared_ptr<SourceCall> Start(runtime::EventLoop& loop, SourceRequest request,
                                            SourceDone done) = 0;
  // Asks for answers promised before, of those people and categories of the original query that
  // `request` names; `token` is the promise's, not empty. All else as Start. Kinds that never
  // answer kPending need not have it: by default nothing is sent, and the reply is
  // kUnavailable/kSourceError.
  virtual std::shared_ptr<SourceCall> Poll(runtime::EventLoop& loop, std::string token,
                                           SourceRequest request, SourceDone done);
};

// A reply in which every (person, category) asked has this kind and reason: what a failed call
// comes to.
SourceReply UniformReply(const plan::SourceQuery& query, base::AnswerKind kind, base::Reason reason,
                         bool retryable, std::string operator_text);

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SOURCE_ADAPTER_H_
