// Comparisons and indications that come out one way whatever the household: NEVER_TRUE,
// ALWAYS_TRUE. Found by computing with nothing known. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_CONDITIONS_H_
#define HEDUI_SERVER_ASSESS_LINT_CONDITIONS_H_

#include "server/assess/lint_model.h"

namespace hedui::assess {

void LintConditions(const LintChain& chain, LintReport* report);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_CONDITIONS_H_
