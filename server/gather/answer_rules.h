// What gather makes of the answers that came: each pair asked has exactly one, none that nobody
// asked for, none older than promised. Pure functions, thread-safe.
#ifndef HEDUI_SERVER_GATHER_ANSWER_RULES_H_
#define HEDUI_SERVER_GATHER_ANSWER_RULES_H_

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "server/base/answer.h"
#include "server/gather/source_policy.h"
#include "server/plan/source_query.h"

namespace hedui::gather {

struct CompletedAnswers {
  std::vector<base::Answer> answers;  // one for each pair of `asked`, in its order
  int dropped = 0;                    // unasked, or a second time the same
};

// Pairs asked of `sent` (a part of `asked`) take their answer from `came`; without one they are
// UNAVAILABLE/EMPTY, with two that differ AMBIGUOUS/CONTRADICTION. Pairs of `asked` that were not
// sent any more are NOT_ASKED/NO_AUTHORIZATION. A PENDING answer needs `has_pending_token`, else it
// is UNAVAILABLE/MALFORMED: nobody could ever fetch it.
CompletedAnswers CompleteAnswers(const plan::SourceQuery& asked, const plan::SourceQuery& sent,
                                 std::vector<base::Answer> came, bool has_pending_token);

// FOUND and CONFIRMED_NONE become STALE/TOO_OLD where the policy promises freshness and the data
// day lies before the promise or is not given. Records stay, to be shown.
void ApplyFreshness(const SourcePolicy& policy, absl::CivilDay today,
                    std::vector<base::Answer>* answers);

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_ANSWER_RULES_H_
