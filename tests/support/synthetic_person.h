// Invented people for tests: identity numbers that pass every check and belong to nobody on
// purpose.
#ifndef HEDUI_TESTS_SUPPORT_SYNTHETIC_PERSON_H_
#define HEDUI_TESTS_SUPPORT_SYNTHETIC_PERSON_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace hedui::testing {

// 18 characters: division, birth, `sequence` (0 to 999; odd is male) and the right check character.
std::string SyntheticCitizenNumber(absl::string_view division, absl::CivilDay birth, int sequence);

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_SYNTHETIC_PERSON_H_
