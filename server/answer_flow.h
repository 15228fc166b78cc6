// Answers that came after a verification's report: a further report, made from the stored case of
// the current one with the new answers in it, supersedes it. What may not be used is destroyed, and
// the log says so.
//
// In one commit: the report, and the rows that say what became of what was waited for. So an answer
// is either in a report, or is asked for again, or is in the log as dropped; never two of these.
//
// Thread safety: begun on any thread; `done` runs once, on `loop`. Changes of one chain run one
// after another. Limits: kLateReportsMax; records as of a verification (base/limits.h).
#ifndef HEDUI_SERVER_ANSWER_FLOW_H_
#define HEDUI_SERVER_ANSWER_FLOW_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/base/byte_budget.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/report/case_bundle.h"
#include "server/runtime/event_loop.h"
#include "server/verify_flow.h"

namespace hedui {

struct Rooms;

// A chain has at most so many reports where a late answer is to add one: as many as a plan has
// sources, and one. What comes then is dropped, and in one more report all that is waited for is
// UNAVAILABLE (LATE), with the ends of all promises in its commit: nothing says PENDING, and
// nothing is asked for, that no report will ever say more of.
inline constexpr size_t kLateReportsMax = 65;

// What one source answered, later.
struct LateAnswers {
  std::string source_id;
  std::vector<base::Answer> answers;  // of pairs that the current case has
  int64_t elapsed_ms = 0;             // since the source was asked
  absl::Time at;                      // when they came
};

struct AnswerRequest {
  std::string agency;
  base::LookupKey chain;  // ResultKey, or ReportKey of any report of the chain
  std::vector<LateAnswers> answers;
  std::string reason = "LATE_ANSWER";  // ReportFrame::superseding_reason
  // Whether only what is PENDING in the current case is replaced; else whatever a register said.
  bool pending_only = true;
  // Whether a person's answers may still be used; asked on a pool just before the commit. Empty:
  // yes. Thread-safe.
  std::function<bool(const std::string& person_id)> still_authorized;
  // The letter or legal basis a person's answers were obtained under; empty: as it was.
  std::function<std::string(const std::string& person_id)> authorization;
  // Committed with the report.
  std::vector<base::Row> rows;
  // What is dropped, if it comes to that: the row of the promise. Absent: nothing had to be waited
  // for, and that it was dropped is not in the log.
  std::optional<base::Uuid> promise;
  // Committed with that it was dropped, in place of `rows`.
  std::vector<base::Row> rows_if_dropped;
  base::ByteBudget::Place bytes;  // for the answers and what becomes of them
};

// Stable numbers: those of the log's entry, where they are of one (ledger::AnswerDroppedEntry).
enum class AnswerEnd : uint8_t {
  kReported = 0,
  kClosed = 1,      // dropped: the matter is closed
  kAnnulled = 2,    // dropped: the verification's reports count no longer
  kNotWaited = 3,   // dropped: nothing in the current case waits for it
  kWithdrawn = 10,  // nothing was done: a person in it may not be asked about any more
  kFull = 11,       // the chain is full: as kNotWaited, and a last report that ends all promises
};

using AnswerDone = absl::AnyInvocable<void(absl::StatusOr<AnswerEnd>) &&>;

// NOT_FOUND (REPORT_UNKNOWN) also where the matter was erased; RESOURCE_EXHAUSTED: try again.
void AddLateAnswers(const Rooms* rooms, runtime::EventLoop* loop, AnswerRequest request,
                    AnswerDone done);

// Puts the answers in the place of those of the same source, person and category; how many were.
// One that does not fit a report any more is put there as UNAVAILABLE (OVERSIZED). Pure.
size_t ReplaceAnswers(const AnswerRequest& request, report::CaseBundle* bundle,
                      std::vector<SourceOutcomeView>* outcomes);

}  // namespace hedui

#endif  // HEDUI_SERVER_ANSWER_FLOW_H_
