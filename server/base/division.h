// Division codes (行政区划代码) of GB/T 2260: two digits each for province, prefecture and county.
// The table is dated data: a code has a name in [from, to). Immutable after start, thread-safe.
#ifndef HEDUI_SERVER_BASE_DIVISION_H_
#define HEDUI_SERVER_BASE_DIVISION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace hedui::base {

enum class Level : uint8_t { kMinistry = 1, kRegion, kCity, kCounty };

absl::string_view LevelName(Level level);  // "ministry", "region", "city", "county"
std::optional<Level> LevelFromName(absl::string_view name);

// Shape only: six digits, not all zero beyond the nation "000000". "640000" is kRegion, "640100"
// kCity, "640104" kCounty, "000000" kMinistry (the nation).
std::optional<Level> DivisionLevel(absl::string_view code);
// "640104" → "640100" → "640000" → "000000"; nullopt above the nation or for a malformed code.
std::optional<std::string> DivisionParent(absl::string_view code);
// True when `inner` is `outer` or lies below it. Everything lies in "000000".
bool DivisionContains(absl::string_view outer, absl::string_view inner);

// The name in force on `day`: "兴庆区"; nullopt when the table has no such code on that day.
std::optional<std::string> DivisionName(absl::string_view code, absl::CivilDay day);
// "宁夏回族自治区银川市兴庆区"; nullopt as above.
std::optional<std::string> DivisionFullName(absl::string_view code, absl::CivilDay day);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_DIVISION_H_
