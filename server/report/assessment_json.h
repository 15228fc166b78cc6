// An assessment as JSON (docs/case-format.md), for `hedui assess` and PolicyService.Evaluate alike.
// Functions, thread-safe.
#ifndef HEDUI_SERVER_REPORT_ASSESSMENT_JSON_H_
#define HEDUI_SERVER_REPORT_ASSESSMENT_JSON_H_

#include <string>
#include <vector>

#include "server/assess/assessment.h"
#include "server/assess/case.h"

namespace hedui::report {

// Holds the case's answers and facts too, since pedigrees are indexes into them: personal data.
std::string AssessmentJson(const assess::Assessment& assessment, const assess::Case& c);

// "presumed", "assumed", …: those that are set, in this order.
std::vector<std::string> MarkNames(const assess::Marks& marks);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_ASSESSMENT_JSON_H_
