// Division codes as numbers: what lies in a division is a range of them. Thread-safe functions.
// Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_DIVISIONS_H_
#define HEDUI_SERVER_ASSESS_DIVISIONS_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace hedui::assess {

// The codes within a division, both included: of a county one, of 640000 those from it to 649999.
struct DivisionRange {
  int32_t first = 0;
  int32_t last = 0;
};

// nullopt for what is not the six digits of a region, city or county.
std::optional<DivisionRange> DivisionRangeOf(absl::string_view code);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_DIVISIONS_H_
