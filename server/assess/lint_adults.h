// Programmes that refuse a household because an adult belongs to it who is able to work:
// ADULT_REFUSED. Found by computing two households. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_ADULTS_H_
#define HEDUI_SERVER_ASSESS_LINT_ADULTS_H_

#include "server/assess/lint_model.h"

namespace hedui::assess {

void LintAdults(const LintChain& chain, LintReport* report);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_ADULTS_H_
