// What a correction changes in a stored case. Functions over plain values; thread-safe.
#ifndef HEDUI_SERVER_CORRECTION_STEPS_H_
#define HEDUI_SERVER_CORRECTION_STEPS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "server/correction_flow.h"
#include "server/report/case_bundle.h"
#include "server/rooms.h"
#include "server/verify_flow.h"

namespace hedui {

// Adds what people found as the answer of the source base::kManualSourceId; a later finding about
// the same person and category stands in place of an earlier one. `digest` is the answer's.
// INVALID_ARGUMENT (PERSON_UNKNOWN, CATEGORY_UNKNOWN); FAILED_PRECONDITION (RECORDS_MAX) past what
// one verification may hold (base/limits.h).
absl::Status AddFinding(const Setup& setup, const PeopleFound& found, std::string digest,
                        report::CaseBundle* bundle, std::vector<SourceOutcomeView>* outcomes);

// Takes a held-back answer for this person's, as fresh as its source promises, or for somebody
// else's. `asked`: the day of the verification's first report; the answer says nothing of later
// days, however late it is decided. FAILED_PRECONDITION (NOTHING_TO_RESOLVE).
absl::Status Decide(const Setup& setup, const IdentityDecision& decision, absl::CivilDay asked,
                    report::CaseBundle* bundle, std::vector<SourceOutcomeView>* outcomes);

}  // namespace hedui

#endif  // HEDUI_SERVER_CORRECTION_STEPS_H_
