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
// sent any more have their answer in `earlier`, if an earlier attempt sent them; else they are
// NOT_ASKED/NO_AUTHORIZATION. A PENDING answer needs `has_pending_token`, else it is
// UNAVAILABLE/MALFORMED: nobody could ever fetch it.
CompletedAnswers CompleteAnswers(const plan::SourceQuery& asked, const plan::SourceQuery& sent,
                                 std::vector<base::Answer> came, bool has_pending_token,
                                 std::vector<base::Answer> earlier = {});

// FOUND and CONFIRMED_NONE become STALE/TOO_OLD where the policy promises freshness and the data
// day lies before the promise or is not given. Records stay, to be shown.
void ApplyFreshness(const SourcePolicy& policy, absl::CivilDay today,
                    std::vector<base::Answer>* answers);

// No answer speaks about days that have not come: the period it covers ends with `today`, that of
// FOUND and CONFIRMED_NONE also where it names no end. Where nothing is left of theirs they become
// NOT_COVERED, of the period they named. Whether data of an older day reach to the period's end is
// for whoever uses them to weigh.
void EndWithToday(absl::CivilDay today, std::vector<base::Answer>* answers);

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_ANSWER_RULES_H_
