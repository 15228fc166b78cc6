// Values that nothing leads to, and days or keys on which a value that something leads to has no
// row: UNUSED, UNUSED_CODE, UNREAD_KIND, NEED_ELSEWHERE, GAP, KEY_GAP. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_GRAPH_H_
#define HEDUI_SERVER_ASSESS_LINT_GRAPH_H_

#include <vector>

#include "server/assess/lint_model.h"

namespace hedui::assess {

// UNUSED of what no chain with programmes reaches.
void LintUnused(const LintModel& model, const std::vector<LintChain>& chains, LintReport* report);
// UNUSED_CODE of lists that only policies speak of.
void LintUnusedCodes(const LintModel& model, LintReport* report);
// UNREAD_KIND of facts that nothing looks at.
void LintUnreadKinds(const LintModel& model, LintReport* report);
// NEED_ELSEWHERE of evidence that waits for nobody who could tell of it.
void LintNeeds(const LintModel& model, LintReport* report);
// GAP and KEY_GAP of one chain.
void LintGaps(const LintChain& chain, LintReport* report);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_GRAPH_H_
