// What stands before a poll for a promised answer, and what its reply comes to. Functions over the
// rooms and plain values; thread-safe.
#ifndef HEDUI_SERVER_POLL_STEPS_H_
#define HEDUI_SERVER_POLL_STEPS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/access/access_control.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/gather/gatherer.h"
#include "server/ledger/warrant.h"
#include "server/pending_rows.h"
#include "server/plan/source_query.h"
#include "server/rooms.h"
#include "server/verify_flow.h"

namespace hedui {

// A request as its intent has it, read again.
using DecodeKept = std::function<absl::StatusOr<VerifyRequest>(const std::string& agency,
                                                               const std::string& bytes)>;

// What is to be done about a promise now.
struct PollPlan {
  enum class Do : uint8_t {
    kPoll,
    kWait,    // not now: `why` says what stands against it
    kEnd,     // `end` is what became of it
    kForget,  // it ended before, or its matter was erased: nothing is left to do
  };
  Do what = Do::kForget;
  absl::Status why;
  PromiseEnd end = PromiseEnd::kExpired;
  Promise promise;
  // kPoll: authorized now, for whom it still may be asked.
  access::Grant grant;
  plan::SourceQuery query;
  std::string division;  // of the household
  base::Uuid intent_id;
  std::optional<ledger::IntentParts> parts;
  // The intent's entry in the log; absent: it is new, and to be committed before anything leaves.
  std::optional<ledger::EntryProof> proof;
  std::vector<base::Row> rows;
  std::string entry;
};

// Reads the promise, authorizes anew, and finds the intent to poll under or makes another one.
// Blocks on the store. Errors of the store and of reading what it has.
absl::StatusOr<PollPlan> PreparePoll(const Rooms& rooms, const Setup& setup,
                                     const DecodeKept& decode, const base::Uuid& promise_id);

// What a poll's outcome says.
struct PollReply {
  bool lost = false;    // the source will not keep its promise
  bool failed = false;  // it was asked and nothing came: an answer may be lost on its way
  std::vector<base::Answer> answers;   // that came: to be used or, without authority, destroyed
  std::vector<PromisedPair> promised;  // that are waited for still
  std::string token;                   // for those
  std::optional<absl::Time> ready_after;
};
// Failures of the call, and being spared, are no answer: the promise stands.
PollReply ReadPollReply(const Promise& promise, gather::Outcome outcome);

// The promise in whose place another stands, for `pairs` and with what the source said last.
Promise Renewed(const Promise& promise, const base::Uuid& id, std::vector<PromisedPair> pairs,
                const PollReply& reply);

}  // namespace hedui

#endif  // HEDUI_SERVER_POLL_STEPS_H_
