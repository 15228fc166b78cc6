// From a report's input to its lines, as messages. Internal to report; pure.
#ifndef HEDUI_SERVER_REPORT_LINE_BUILDER_H_
#define HEDUI_SERVER_REPORT_LINE_BUILDER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "hedui/report/v1/report.pb.h"
#include "server/report/report_input.h"

namespace hedui::report {

// Header, persons, authorizations, outcomes, findings, discrepancies, quantities and tests,
// indications, policy rows; numbered. Errors as BuildReport's.
absl::StatusOr<std::vector<v1::Line>> BuildLineMessages(const ReportInput& input);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_LINE_BUILDER_H_
