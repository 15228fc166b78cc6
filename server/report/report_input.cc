#include "server/report/report_input.h"

#include "absl/strings/str_cat.h"

namespace hedui::report {

std::string FieldKey(absl::string_view kind, absl::string_view field) {
  return absl::StrCat(kind, ".", field);
}

std::string CodeKey(absl::string_view of, absl::string_view code) {
  return absl::StrCat(of, "=", code);
}

}  // namespace hedui::report
