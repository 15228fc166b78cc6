// When a letter counts: the rules a draft must pass before it is registered. Internal to access.
// Pure functions.
#ifndef HEDUI_SERVER_ACCESS_LETTER_RULES_H_
#define HEDUI_SERVER_ACCESS_LETTER_RULES_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/access/defects.h"
#include "server/access/matter.h"
#include "server/access/register.h"

namespace hedui::access {

// The letter, normalised, when `draft` has no defect; otherwise adds every defect under `path`
// ("letters[2]").
std::optional<Letter> CheckLetter(const LetterDraft& draft, const std::string& path,
                                  const Agency& agency, absl::CivilDay today, DefectList* defects);

// A number some caller chose: not empty, at most base::kIdentifierBytesMax bytes of UTF-8, no
// control characters.
void CheckIdentifier(absl::string_view text, absl::string_view field, DefectList* defects);

// Whether only a guardian could sign for `person` on `signed_day`. nullopt when the birth is not
// known.
std::optional<bool> NeedsGuardian(const base::Identity& person,
                                  std::optional<absl::CivilDay> declared_birth,
                                  absl::CivilDay signed_day);

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_LETTER_RULES_H_
