// Errors as values. An error has a canonical code, a stable UPPER_SNAKE reason that callers may
// switch on, and a visibility: `caller` texts go to the asking system and never name a source's
// internals or personal data; `operator` texts go to the log only.
//
// Thread-compatible value types; no limits.
#ifndef HEDUI_SERVER_BASE_STATUS_H_
#define HEDUI_SERVER_BASE_STATUS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::base {

enum class Visibility { kCaller, kOperator };

// An error with its reason. `message` says what is wrong, where, and what to do.
absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       Visibility visibility = Visibility::kCaller);

// The reason given to MakeError, or the canonical code's name where none was.
std::string ReasonOf(const absl::Status& status);

// kOperator unless MakeError said kCaller: what nobody marked as fit for callers is not shown to
// them.
Visibility VisibilityOf(const absl::Status& status);

// The same error with "context: " before its message; reason and visibility stay.
absl::Status WithContext(const absl::Status& status, absl::string_view context);

}  // namespace hedui::base

#define HEDUI_CONCAT_INNER_(a, b) a##b
#define HEDUI_CONCAT_(a, b) HEDUI_CONCAT_INNER_(a, b)

#define HEDUI_RETURN_IF_ERROR(expression)          \
  do {                                             \
    absl::Status hedui_status_ = (expression);     \
    if (!hedui_status_.ok()) return hedui_status_; \
  } while (false)

#define HEDUI_ASSIGN_OR_RETURN(declaration, expression) \
  HEDUI_ASSIGN_OR_RETURN_IMPL_(HEDUI_CONCAT_(hedui_statusor_, __LINE__), declaration, expression)

#define HEDUI_ASSIGN_OR_RETURN_IMPL_(statusor, declaration, expression) \
  auto statusor = (expression);                                         \
  if (!statusor.ok()) return statusor.status();                         \
  declaration = *std::move(statusor)

#endif  // HEDUI_SERVER_BASE_STATUS_H_
