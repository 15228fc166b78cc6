// The front door of the assessment: a case and a policy pack give an assessment. Pure: no clock, no
// store, no randomness; the same input gives the same output. Thread-safe.
#ifndef HEDUI_SERVER_ASSESS_ASSESSOR_H_
#define HEDUI_SERVER_ASSESS_ASSESSOR_H_

#include "absl/status/statusor.h"
#include "server/assess/assessment.h"
#include "server/assess/case.h"
#include "server/assess/policy_pack.h"

namespace hedui::assess {

// Missing answers and missing policy rows are values in the assessment, not errors. Errors:
// FAILED_PRECONDITION (NO_POLICY_SET) when `c.programme` has no set for the division on the policy
// day; INVALID_ARGUMENT (CASE) when the case is not well formed (a fact of a person who is not
// listed, …); OUT_OF_RANGE (ARITHMETIC_OVERFLOW) when an exact result does not fit 128 bits, naming
// the rule; OUT_OF_RANGE (EVALUATION_LIMIT) when loops within loops over everybody would take too
// many steps.
absl::StatusOr<Assessment> Assess(const PolicyPack& pack, const Case& c);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_ASSESSOR_H_
