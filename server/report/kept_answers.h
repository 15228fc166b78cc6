// Answers in the few bytes in which a stored case has them, for whoever keeps some while others are
// waited for: as values they are hundreds of small texts and take some four times as much. Pure.
#ifndef HEDUI_SERVER_REPORT_KEPT_ANSWERS_H_
#define HEDUI_SERVER_REPORT_KEPT_ANSWERS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/answer.h"

namespace hedui::report {

// Nothing where they would not come back the same: what holds a text or a day that a stored case
// does not.
std::optional<std::string> PackAnswers(const std::vector<base::Answer>& answers);

// Of what PackAnswers gave.
std::vector<base::Answer> UnpackAnswers(absl::string_view packed);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_KEPT_ANSWERS_H_
