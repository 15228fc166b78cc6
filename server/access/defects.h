// Everything wrong with a request, said at once. Each defect has a code, the field it is about, a
// stable UPPER_SNAKE reason and a text for the caller without personal data. Thread-compatible
// values.
#ifndef HEDUI_SERVER_ACCESS_DEFECTS_H_
#define HEDUI_SERVER_ACCESS_DEFECTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hedui::access {

struct Defect {
  absl::StatusCode code;
  std::string
      field;  // path in the request as the API names it: "letters[2].signed_day"; may be empty
  std::string reason;  // "LETTER_FROM_FUTURE"
  std::string text;    // what is wrong and what to do
  friend bool operator==(const Defect&, const Defect&) = default;
};

class DefectList {
 public:
  void Add(absl::StatusCode code, absl::string_view field, absl::string_view reason,
           absl::string_view text);
  // Adds base errors (identity numbers, dates) under `field`, keeping code and reason.
  void Add(absl::string_view field, const absl::Status& status);
  bool empty() const { return defects_.empty(); }
  const std::vector<Defect>& defects() const { return defects_; }

  // OK when empty. Otherwise one caller-visible error: its code is the gravest (malformed before
  // forbidden before not found before in conflict), its reason that of the first defect with this
  // code; its message lists all, and DefectsOf gives them back.
  absl::Status ToStatus() const;

 private:
  std::vector<Defect> defects_;
};

// What ToStatus listed, in its order, also after base::WithContext. Empty for other errors.
std::vector<Defect> DefectsOf(const absl::Status& status);

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_DEFECTS_H_
