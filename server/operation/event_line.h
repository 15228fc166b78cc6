// An event as one line of JSON:
//
//   {"time":"2026-11-26T10:40:31.482+08:00","level":"info","event":"rpc","method":"VerifyHousehold",…}
//
// Pure function.
#ifndef HEDUI_SERVER_OPERATION_EVENT_LINE_H_
#define HEDUI_SERVER_OPERATION_EVENT_LINE_H_

#include <string>

#include "absl/time/time.h"
#include "server/base/event.h"

namespace hedui::operation {

// Without a newline; valid JSON and one line whatever the fields hold: control characters are
// escaped, and what is no UTF-8 becomes U+FFFD. Fields longer than kEventFieldBytesMax are cut, and
// end in "…".
std::string EventLine(const base::Event& event, absl::Time time);

// A reload that is refused tells every defect of every file in one event.
inline constexpr size_t kEventFieldBytesMax = 16'384;

}  // namespace hedui::operation

#endif  // HEDUI_SERVER_OPERATION_EVENT_LINE_H_
