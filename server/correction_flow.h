// What is done to a verification's reports after they were made: what people found is added, an
// answer that may be about somebody else is settled, a verification of the wrong person is
// annulled. Each makes a new report that supersedes the current one, or says that none counts any
// more; nothing is overwritten.
//
// Thread safety: calls on the given loop's thread. Corrections of one verification run one after
// another, and so do those of one request id. Limits: kCorrectionsMax a verification, its records
// as with registers' answers; those of the memory budget, the committer and the pools.
#ifndef HEDUI_SERVER_CORRECTION_FLOW_H_
#define HEDUI_SERVER_CORRECTION_FLOW_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/answer.h"
#include "server/base/ids.h"
#include "server/report_chain.h"
#include "server/runtime/event_loop.h"
#include "server/verify_flow.h"

namespace hedui {

struct Rooms;

// Each adds a report; somebody who corrects more often wants a new verification.
inline constexpr size_t kCorrectionsMax = 100;

// What people found about one person in one category.
struct PeopleFound {
  base::ManualFinding how;
  base::Answer answer;  // FOUND or CONFIRMED_NONE; no digest yet
};

// Whether an answer held back (AMBIGUOUS, WRONG_PERSON) is about this person.
struct IdentityDecision {
  base::ManualFinding how;
  std::string person_id;
  std::string source_id;
  std::string category;
  bool same_person = false;
};

struct CorrectionRequest {
  std::string agency;
  std::string officer;
  base::Uuid request_id;  // of the correction; the same again gives its report again
  base::Uuid report_id;   // the report that is corrected: the current one
  std::string bytes;      // the request as received: what "same content" is
  // Exactly one.
  std::optional<PeopleFound> found;
  std::optional<IdentityDecision> decision;
};

struct AnnulRequest {
  std::string agency;
  std::string officer;
  base::Uuid report_id;  // any of the verification's
  AnnulmentReason reason = AnnulmentReason::kOther;
  std::string note;  // kept sealed; may be empty
};

class Corrector {
 public:
  // `rooms` outlives it and everything under way.
  explicit Corrector(const Rooms* rooms) : rooms_(rooms) {}

  // The report that supersedes. Errors: NOT_FOUND (REPORT_UNKNOWN); FAILED_PRECONDITION
  // (REPORT_SUPERSEDED: correct the one it names, REPORT_ANNULLED, MATTER_CLOSED,
  // NOTHING_TO_RESOLVE, CORRECTIONS_MAX, RECORDS_MAX); ALREADY_EXISTS (REQUEST_ID_REUSED);
  // INVALID_ARGUMENT (PERSON_UNKNOWN, CATEGORY_UNKNOWN); RESOURCE_EXHAUSTED. `done` runs once, on
  // `loop`.
  void Correct(runtime::EventLoop* loop, CorrectionRequest request, VerifyDone done);

  // Durable, and in the log, when answered; the first annulment counts. Gives the report as it
  // stands then. NOT_FOUND (REPORT_UNKNOWN); RESOURCE_EXHAUSTED.
  void Annul(runtime::EventLoop* loop, AnnulRequest request, StatusDone done);

 private:
  const Rooms* const rooms_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_CORRECTION_FLOW_H_
