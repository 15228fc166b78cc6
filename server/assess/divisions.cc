#include "server/assess/divisions.h"

#include "absl/strings/numbers.h"
#include "server/base/division.h"

namespace hedui::assess {

std::optional<DivisionRange> DivisionRangeOf(absl::string_view code) {
  const std::optional<base::Level> level = base::DivisionLevel(code);
  int32_t first = 0;
  if (!level || *level == base::Level::kMinistry || !absl::SimpleAtoi(code, &first)) {
    return std::nullopt;
  }
  const int32_t others = *level == base::Level::kRegion ? 9'999
                         : *level == base::Level::kCity ? 99
                                                        : 0;
  return DivisionRange{first, first + others};
}

}  // namespace hedui::assess
