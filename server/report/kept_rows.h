// Policy rows' lines, which say the same in every report of a policy set: written once a thread and
// copied from then on. Nothing rests on what is kept. Internal to report.
#ifndef HEDUI_SERVER_REPORT_KEPT_ROWS_H_
#define HEDUI_SERVER_REPORT_KEPT_ROWS_H_

#include <cstddef>
#include <string>

#include "server/assess/assessment.h"

namespace hedui::report {

// Of a thread: three megabytes. A county has some hundred. The lines of policy sets that were
// replaced go, and with nothing of the sets kept by them, when there are twice as many as before.
inline constexpr size_t kKeptRowsMax = 4'096;

// Where this thread keeps the line of the row, but for its number: empty, and to be filled, the
// first time. Valid until the next call on this thread.
std::string* KeptRowLine(const assess::Shared<assess::PolicyRow>& row);

size_t KeptRowsOfThisThread();

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_KEPT_ROWS_H_
