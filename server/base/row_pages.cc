#include "server/base/row_pages.h"

#include "absl/strings/str_cat.h"
#include "server/base/dates.h"

namespace hedui::base {

LookupKey DayKey(absl::string_view agency, Listed listed, absl::CivilDay day) {
  return {LookupKind::kDay,
          absl::StrCat(agency, "\n", listed == Listed::kVerification ? "verification" : "matter",
                       "\n", FormatDay(day))};
}

}  // namespace hedui::base
