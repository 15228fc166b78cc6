// From a report's input to its lines' bytes. Internal to report; pure.
#ifndef HEDUI_SERVER_REPORT_LINE_BUILDER_H_
#define HEDUI_SERVER_REPORT_LINE_BUILDER_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/report/report_input.h"

namespace hedui::report {

// Takes one serialized line; an error ends the report.
using LineSink = absl::FunctionRef<absl::Status(absl::string_view line)>;

// Header, persons, authorizations, outcomes, findings, discrepancies, quantities and tests,
// indications, policy rows; numbered, in this order. Errors: BuildReport's, and the sink's.
absl::Status WriteLines(const ReportInput& input, LineSink sink);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_LINE_BUILDER_H_
