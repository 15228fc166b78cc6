#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/renderer.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::assess {

using base::Rational;

namespace {

constexpr int kMoneyDecimals = 2;
constexpr int kOtherDecimals = 4;

std::string NumberText(const Rational& number, const Unit& unit) {
  if (unit.money != 0) return number.ToDecimal(kMoneyDecimals);
  return number.is_integer() ? number.ToString() : number.ToDecimal(kOtherDecimals);
}

// Whether the text above is the number itself.
bool TextIsExact(const Rational& number, const Unit& unit) {
  constexpr int kMoneyPlaces = 100, kOtherPlaces = 10'000;
  return (unit.money != 0 ? kMoneyPlaces : kOtherPlaces) % number.denominator() == 0;
}

// In yuan and square metres.
absl::StatusOr<std::optional<Rational>> InYuan(const Rational& number, bool infinite,
                                               const Unit& unit) {
  if (infinite) return std::optional<Rational>();
  Rational yuan = number;
  static_assert(kFieldUnitsPerMoney == kFieldUnitsPerArea);
  const int power = unit.money + unit.area;
  for (int i = 0; i < std::abs(power); ++i) {
    const Rational scale(kFieldUnitsPerMoney);
    if (power > 0 ? Rational::Divide(yuan, scale, &yuan) : Rational::Multiply(yuan, scale, &yuan))
      continue;
    return base::MakeError(absl::StatusCode::kOutOfRange, "ARITHMETIC_OVERFLOW",
                           "an amount of this case does not fit 128 bits");
  }
  return std::optional<Rational>(yuan);
}

absl::Status RenderNumber(const Value& value, const Unit& unit, AbstractValue* shown) {
  HEDUI_ASSIGN_OR_RETURN(shown->low, InYuan(value.lo, value.lo_infinite, unit));
  HEDUI_ASSIGN_OR_RETURN(shown->high, InYuan(value.hi, value.hi_infinite, unit));
  shown->kind = ValueKind::kNumber;
  shown->unit = UnitShown(unit);
  shown->undefined = value.undefined;
  shown->exact = value.IsPoint();
  if (shown->exact) {
    shown->text = NumberText(*shown->low, unit);
    if (!TextIsExact(*shown->low, unit)) shown->exact_text = shown->low->ToString();
    return absl::OkStatus();
  }
  shown->text =
      absl::StrCat(shown->low ? "[" : "(", shown->low ? NumberText(*shown->low, unit) : "-∞", ", ",
                   shown->high ? NumberText(*shown->high, unit) : "+∞", shown->high ? "]" : ")",
                   value.undefined ? " UNDEFINED" : "");
  return absl::OkStatus();
}

std::optional<absl::CivilDay> DayAt(const Rational& number, bool infinite) {
  if (infinite) return std::nullopt;
  return DayOfNumber(WholeOf(number));
}

std::string DayText(const std::optional<absl::CivilDay>& day) {
  return day ? base::FormatDay(*day) : "..";
}

std::string MonthText(const Rational& number, bool infinite) {
  return infinite ? ".." : base::FormatMonth(absl::CivilMonth(1970, 1) + WholeOf(number));
}

}  // namespace

absl::StatusOr<AbstractValue> RenderValue(const Value& value, const Type& type,
                                          const CompiledPack& pack, const Division& division) {
  AbstractValue shown;
  switch (type.kind) {
    case TypeKind::kNumber:
      HEDUI_RETURN_IF_ERROR(RenderNumber(value, type.unit, &shown));
      return shown;
    case TypeKind::kTruth:
      shown.kind = ValueKind::kTruth;
      shown.exact = IsSingle(value.mask);
      shown.truth = !shown.exact               ? Truth::kUndetermined
                    : value.mask == kMayBeTrue ? Truth::kTrue
                                               : Truth::kFalse;
      shown.text = std::string(TruthName(shown.truth));
      return shown;
    case TypeKind::kCode:
    case TypeKind::kCodeSet: {
      shown.kind = ValueKind::kCode;
      shown.exact = type.kind == TypeKind::kCode ? IsSingle(value.mask) : !value.undefined;
      const CodeList& list = pack.ListFor(division, type.codes);
      for (size_t i = 0; i < list.codes.size(); ++i) {
        if ((value.mask >> i & 1) != 0) shown.codes.push_back(list.codes[i]);
      }
      shown.text = absl::StrJoin(shown.codes, "|");
      if (type.kind == TypeKind::kCode && (value.mask & kOtherCode) != 0) shown.text += "|…";
      return shown;
    }
    // No symbol is a month, so that it is but written: as a key for which a row is missing.
    case TypeKind::kMonth:
      shown.kind = ValueKind::kDate;
      shown.exact = value.IsPoint();
      shown.undefined = value.undefined;
      shown.text = MonthText(value.lo, value.lo_infinite);
      if (!shown.exact) absl::StrAppend(&shown.text, "/", MonthText(value.hi, value.hi_infinite));
      if (shown.undefined) shown.text += " UNDEFINED";
      return shown;
    case TypeKind::kDate:
    case TypeKind::kPeriod:
      shown.kind = type.kind == TypeKind::kPeriod ? ValueKind::kPeriod : ValueKind::kDate;
      shown.exact = type.kind == TypeKind::kPeriod ? !value.lo_infinite && !value.hi_infinite
                                                   : value.IsPoint();
      shown.from = DayAt(value.lo, value.lo_infinite);
      shown.to = DayAt(value.hi, value.hi_infinite);
      shown.text = shown.kind == ValueKind::kDate && shown.exact
                       ? DayText(shown.from)
                       : absl::StrCat(DayText(shown.from), "/", DayText(shown.to));
      shown.undefined = shown.kind == ValueKind::kDate && value.undefined;
      if (shown.undefined) shown.text += " UNDEFINED";
      return shown;
    case TypeKind::kDivision:
    case TypeKind::kText:
    case TypeKind::kPerson:
      break;  // no symbol has these types
  }
  return shown;
}

}  // namespace hedui::assess
