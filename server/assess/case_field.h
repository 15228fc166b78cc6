// Fields of facts as case files write them (docs/case-format.md). Pure; thread-safe. Internal to
// assess.
#ifndef HEDUI_SERVER_ASSESS_CASE_FIELD_H_
#define HEDUI_SERVER_ASSESS_CASE_FIELD_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/assess/types.h"
#include "server/base/answer.h"

namespace hedui::assess {

// Absent where the text is none of the type's.
std::optional<base::FieldValue> ReadCaseField(const Type& type, const std::string& text);
// What is meant, behind "is not a …": "amount in yuan such as 1234.56".
absl::string_view CaseFieldName(const Type& type);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_CASE_FIELD_H_
