// One spending that a programme counts twice: taken off income in one condition, held against that
// income in another: BOTH_ROLES. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_ROLES_H_
#define HEDUI_SERVER_ASSESS_LINT_ROLES_H_

#include "server/assess/lint_model.h"

namespace hedui::assess {

void LintRoles(const LintChain& chain, LintReport* report);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_ROLES_H_
