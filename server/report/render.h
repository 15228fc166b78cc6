// An envelope for people and programs to read. Renders what stands there and verifies nothing: see
// report_check.h. A front door of this room. Pure, thread-safe.
//
// Text is Chinese, in tables as wide as a terminal (100 columns; a Chinese character takes two).
// Control characters and invisible direction marks in what came from outside are written as
// escapes; identity numbers are masked. JSON has the keys of docs/report-format.md, in a fixed
// order.
#ifndef HEDUI_SERVER_REPORT_RENDER_H_
#define HEDUI_SERVER_REPORT_RENDER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::report {

// INVALID_ARGUMENT (REPORT_FORMAT) when the bytes are no envelope.
absl::StatusOr<std::string> RenderText(absl::string_view envelope);
absl::StatusOr<std::string> RenderJson(absl::string_view envelope);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_RENDER_H_
