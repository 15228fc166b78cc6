#include "server/base/division.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/division_table.h"
#include "server/base/name_table.h"

namespace hedui::base {
namespace {

constexpr absl::string_view kNation = "000000";

constexpr std::array<NamedValue<Level>, 4> kLevels{{
    {Level::kMinistry, "ministry"},
    {Level::kRegion, "region"},
    {Level::kCity, "city"},
    {Level::kCounty, "county"},
}};

// Digits that say where a division of this level lies; the rest are zeros.
size_t PrefixSize(Level level) {
  switch (level) {
    case Level::kMinistry:
      return 0;
    case Level::kRegion:
      return 2;
    case Level::kCity:
      return 4;
    case Level::kCounty:
      return 6;
  }
  return 6;
}

// Middle levels that only group: nobody writes 北京市市辖区东城区 or
// 湖北省省直辖县级行政区划仙桃市.
bool OnlyGroups(absl::string_view city_name) {
  return city_name == "市辖区" || city_name == "县" || city_name == "市" ||
         absl::StrContains(city_name, "直辖");
}

}  // namespace

absl::string_view LevelName(Level level) { return NameIn(kLevels, level); }

std::optional<Level> LevelFromName(absl::string_view name) { return ValueIn(kLevels, name); }

std::optional<Level> DivisionLevel(absl::string_view code) {
  if (code.size() != 6) return std::nullopt;
  for (const char c : code) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  if (code == kNation) return Level::kMinistry;
  const absl::string_view region = code.substr(0, 2);
  const absl::string_view city = code.substr(2, 2);
  const absl::string_view county = code.substr(4, 2);
  // A part of nothing is no place: 000100, 640004.
  if (region == "00" || (city == "00" && county != "00")) return std::nullopt;
  if (city == "00") return Level::kRegion;
  return county == "00" ? Level::kCity : Level::kCounty;
}

std::optional<std::string> DivisionParent(absl::string_view code) {
  const std::optional<Level> level = DivisionLevel(code);
  if (!level.has_value() || *level == Level::kMinistry) return std::nullopt;
  const size_t kept = PrefixSize(*level) - 2;
  return absl::StrCat(code.substr(0, kept), kNation.substr(kept));
}

bool DivisionContains(absl::string_view outer, absl::string_view inner) {
  const std::optional<Level> level = DivisionLevel(outer);
  if (!level.has_value() || !DivisionLevel(inner).has_value()) return false;
  const size_t prefix = PrefixSize(*level);
  return outer.substr(0, prefix) == inner.substr(0, prefix);
}

std::optional<std::string> DivisionName(absl::string_view code, absl::CivilDay day) {
  const auto name = DivisionTable::National().NameOn(code, day);
  if (!name.has_value()) return std::nullopt;
  return std::string(*name);
}

std::optional<std::string> DivisionFullName(absl::string_view code, absl::CivilDay day) {
  const std::optional<Level> level = DivisionLevel(code);
  const DivisionTable& table = DivisionTable::National();
  const auto own = table.NameOn(code, day);
  if (!level.has_value() || !own.has_value()) return std::nullopt;
  std::string full(*own);
  for (auto above = DivisionParent(code); above.has_value(); above = DivisionParent(*above)) {
    const auto name = table.NameOn(*above, day);
    if (name.has_value() && !OnlyGroups(*name)) full.insert(0, std::string(*name));
  }
  return full;
}

}  // namespace hedui::base
