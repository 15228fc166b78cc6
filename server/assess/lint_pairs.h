// Two conditions of one conjunction that cannot both hold: CONTRADICTION. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_PAIRS_H_
#define HEDUI_SERVER_ASSESS_LINT_PAIRS_H_

#include "server/assess/lint_model.h"

namespace hedui::assess {

void LintContradictions(const LintChain& chain, LintReport* report);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_PAIRS_H_
