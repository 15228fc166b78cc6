#include "server/assess/types.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace hedui::assess {
namespace {

constexpr int kExponentMax = 8;

struct NamedUnit {
  absl::string_view name;
  Unit unit;
};

constexpr NamedUnit kUnits[] = {
    {"money", kUnitMoney},
    {"money/month", {1, -1, 0, 0, false}},
    {"money/year", {1, 0, -1, 0, false}},
    {"ratio", kUnitRatio},
    {"count", kUnitCount},
    {"months", kUnitMonths},
    {"years", kUnitYears},
    {"days", kUnitDays},
    {"area", kUnitArea},
};

std::optional<Unit> Combine(const Unit& a, const Unit& b, int sign) {
  const int money = a.money + sign * b.money, month = a.month + sign * b.month,
            year = a.year + sign * b.year, day = a.day + sign * b.day,
            area = a.area + sign * b.area;
  for (int exponent : {money, month, year, day, area}) {
    if (std::abs(exponent) > kExponentMax) return std::nullopt;
  }
  Unit unit{static_cast<int8_t>(money),
            static_cast<int8_t>(month),
            static_cast<int8_t>(year),
            static_cast<int8_t>(day),
            false,
            static_cast<int8_t>(area)};
  // Only a count of counts is a count again; a count divided by one is a share.
  unit.count = sign > 0 && a.count && b.count;
  return unit;
}

void AppendPower(std::string* text, absl::string_view name, int exponent) {
  if (exponent == 0) return;
  if (!text->empty()) text->append("*");
  absl::StrAppend(text, name);
  if (exponent != 1) absl::StrAppend(text, "^", exponent);
}

}  // namespace

std::optional<Unit> UnitFromName(absl::string_view name) {
  for (const NamedUnit& known : kUnits) {
    if (known.name == name) return known.unit;
  }
  return std::nullopt;
}

std::string UnitName(const Unit& unit) {
  for (const NamedUnit& known : kUnits) {
    if (known.unit == unit) return std::string(known.name);
  }
  std::string text;
  AppendPower(&text, "money", unit.money);
  AppendPower(&text, "month", unit.month);
  AppendPower(&text, "year", unit.year);
  AppendPower(&text, "day", unit.day);
  AppendPower(&text, "area", unit.area);
  return text;
}

std::string UnitShown(const Unit& unit) {
  return absl::StrReplaceAll(UnitName(unit), {{"money", "yuan"}, {"area", "m2"}});
}

std::optional<Unit> MultiplyUnits(const Unit& a, const Unit& b) { return Combine(a, b, 1); }
std::optional<Unit> DivideUnits(const Unit& a, const Unit& b) { return Combine(a, b, -1); }

}  // namespace hedui::assess
