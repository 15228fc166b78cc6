// The parts of a recall that block or compute: what of a report is to be verified anew, and what
// the answers make of its case. Functions over the rooms and plain values; thread-safe.
#ifndef HEDUI_SERVER_RECALL_STEPS_H_
#define HEDUI_SERVER_RECALL_STEPS_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/access/access_control.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/gather/gatherer.h"
#include "server/ledger/warrant.h"
#include "server/plan/planner.h"
#include "server/plan/waves.h"
#include "server/report/case_bundle.h"
#include "server/rooms.h"
#include "server/verify_flow.h"

namespace hedui {

// As the report that supersedes says why.
inline constexpr char kRecalledReason[] = "SOURCE_RECALLED";

// What is to be verified anew, and since when.
struct RecallSpan {
  std::string source_id;
  absl::Time from;  // when the source's answers came: [from, to)
  absl::Time to;
  absl::Time begun;  // the recall
};

// What became of a report that used the source. Stable numbers: the API's and the store's.
enum class ReverifyEnd : uint8_t {
  kVerified = 1,  // another report stands in its place that rests on nothing of it
  kNotUsed,       // the current report holds nothing of it any more
  kAnnulled,      // the verification's reports count no longer
  kMatterClosed,  // or erased: nothing is added to its reports
  kRefused,       // its agency may not ask for it any more, or no rule is in force for it
  kFailed,        // see the log
};
inline constexpr uint8_t kReverifyEnds = 6;

// A person and a category.
using RecalledPair = std::pair<std::string, std::string>;

struct Reverification {
  // Set: nothing is to be asked or made.
  std::optional<ReverifyEnd> end;
  std::string agency;
  std::string division;  // the household's
  base::Uuid verification_id;
  base::Uuid current;            // the report that is to be superseded
  std::set<RecalledPair> pairs;  // what the source said something of
  access::Grant grant;
  // Of the source about these pairs, then of those who stand in for it, where nobody else answered;
  // not what these have promised and is waited for, nor what people have decided about.
  // Passed over (`unasked`) is the source alone.
  plan::Plan plan;
  plan::Progress progress;
  base::Uuid intent_id;
  // Absent: nobody may be asked about any of it.
  std::optional<ledger::IntentParts> parts;
  std::vector<base::Row> rows;  // of the intent
  std::string entry;
};

// Reads the chain of a report, authorizes anew, plans and builds the intent. Blocks on the store.
// Errors of the store; RESOURCE_EXHAUSTED.
absl::StatusOr<Reverification> PrepareReverification(const Rooms& rooms, const Setup& setup,
                                                     const RecallSpan& span,
                                                     const std::string& agency,
                                                     const base::Uuid& report_id);

// Whether somebody may not be asked about any more of whom there is something in these outcomes.
bool HasWithdrawn(const access::Grant& grant, const std::vector<gather::Outcome>& outcomes);
// Destroys that: UNAVAILABLE (NO_AUTHORIZATION). Whether there was an answer among it; a promise is
// none.
bool DropWithdrawn(const access::Grant& grant, std::vector<gather::Outcome>* outcomes);

// Puts into the case what the source says now in place of what it said, and what those who stand in
// for it say beside it. What it was not asked again is NOT_ASKED, for the reason that `unasked`
// gives, where it gives one; but where it stands in for others who have answered by now, so that it
// would not be asked at all, it is in the case no more. Pure.
void PutAnswers(const Setup& setup, const RecallSpan& span, const Reverification& anew,
                std::vector<gather::Outcome> outcomes, const std::vector<plan::Unasked>& unasked,
                report::CaseBundle* bundle, std::vector<SourceOutcomeView>* views);

}  // namespace hedui

#endif  // HEDUI_SERVER_RECALL_STEPS_H_
