#include "server/assess/key_sets.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "server/base/dates.h"

namespace hedui::assess {

using base::Rational;

namespace {

// Nothing lies between one and the next.
bool IsWhole(const Type& type) { return type.unit.count || type.kind != TypeKind::kNumber; }

// Ends of whole numbers belong to their range.
void MakeWhole(NumberRange* range) {
  const Rational one(1);
  // What a policy file writes has 18 digits, so that these sums fit.
  if (!range->low_infinite) {
    if (range->low_open && range->low.is_integer()) {
      (void)Rational::Add(range->low, one, &range->low);
    } else {
      (void)Rational::Round(range->low, one, base::Rounding::kCeiling, &range->low);
    }
    range->low_open = false;
  }
  if (!range->high_infinite) {
    if (range->high_open && range->high.is_integer()) {
      (void)Rational::Subtract(range->high, one, &range->high);
    } else {
      (void)Rational::Round(range->high, one, base::Rounding::kFloor, &range->high);
    }
    range->high_open = false;
  }
}

NumberRange Common(const NumberRange& a, const NumberRange& b) {
  NumberRange common = a;
  if (!b.low_infinite) {
    const int order = a.low_infinite ? -1 : Rational::Compare(a.low, b.low);
    if (order <= 0) {
      common.low = b.low;
      common.low_open = b.low_open || (order == 0 && !a.low_infinite && a.low_open);
      common.low_infinite = false;
    }
  }
  if (!b.high_infinite) {
    const int order = a.high_infinite ? 1 : Rational::Compare(a.high, b.high);
    if (order >= 0) {
      common.high = b.high;
      common.high_open = b.high_open || (order == 0 && !a.high_infinite && a.high_open);
      common.high_infinite = false;
    }
  }
  return common;
}

bool IsEmptyRange(const NumberRange& range) {
  if (range.low_infinite || range.high_infinite) return false;
  const int order = Rational::Compare(range.low, range.high);
  return order > 0 || (order == 0 && (range.low_open || range.high_open));
}

constexpr int kDecimalsMax = 9;

std::string EndText(const Rational& end, const Type& type) {
  if (type.kind == TypeKind::kDate)
    return base::FormatDay(absl::CivilDay(1970, 1, 1) + WholeOf(end));
  if (type.kind == TypeKind::kMonth)
    return base::FormatMonth(absl::CivilMonth(1970, 1) + WholeOf(end));
  Rational shown = end;
  for (int i = 0; i < type.unit.money; ++i) (void)Rational::Divide(shown, Rational(100), &shown);
  return ExactText(shown);
}

}  // namespace

KeySet Common(const Type& type, const KeySet& a, const KeySet& b) {
  KeySet common;
  if (!type.ordered()) {
    common.codes = a.codes & b.codes;
    return common;
  }
  common.numbers = Common(a.numbers, b.numbers);
  if (IsWhole(type)) MakeWhole(&common.numbers);
  return common;
}

bool IsEmpty(const Type& type, const KeySet& set) {
  return type.ordered() ? IsEmptyRange(set.numbers) : set.codes == 0;
}

bool Holds(const Type& type, const KeySet& set, const Value& value) {
  if (!type.ordered()) return (set.codes & value.mask) != 0;
  const NumberRange& range = set.numbers;
  if (!range.low_infinite) {
    const int order = Rational::Compare(value.lo, range.low);
    if (order < 0 || (order == 0 && range.low_open)) return false;
  }
  if (!range.high_infinite) {
    const int order = Rational::Compare(value.lo, range.high);
    if (order > 0 || (order == 0 && range.high_open)) return false;
  }
  return true;
}

KeySet SetOf(const Type& type, const Value& value) {
  KeySet set;
  if (!type.ordered()) {
    set.codes = value.mask;
    return set;
  }
  set.numbers.low = value.lo;
  set.numbers.high = value.hi;
  set.numbers.low_infinite = value.lo_infinite;
  set.numbers.high_infinite = value.hi_infinite;
  if (IsWhole(type)) MakeWhole(&set.numbers);
  return set;
}

bool IsExactKey(const Type& type, const Value& value) {
  return type.ordered() ? value.IsPoint() : IsSingle(value.mask);
}

bool Meet(const std::vector<Type>& types, const KeyBox& a, const KeyBox& b, KeyBox* common) {
  common->resize(types.size());
  for (size_t k = 0; k < types.size(); ++k) {
    (*common)[k] = Common(types[k], a[k], b[k]);
    if (IsEmpty(types[k], (*common)[k])) return false;
  }
  return true;
}

void Remainder(const std::vector<Type>& types, const KeyBox& box, const KeyBox& taken,
               std::vector<KeyBox>* rest) {
  // Key by key: what lies outside in this key, within what is taken in those before it. Numbers
  // come last: so the numbers that are left for some codes or days are never cut for the sake of
  // others.
  KeyBox inside = box;
  const auto cut = [&](size_t k) {
    const auto keep = [&](const KeySet& outside) {
      const KeySet part = Common(types[k], box[k], outside);
      if (IsEmpty(types[k], part)) return;
      rest->push_back(inside);
      rest->back()[k] = part;
    };
    if (!types[k].ordered()) {
      KeySet outside;
      outside.codes = ~taken[k].codes;
      keep(outside);
    } else {
      const NumberRange& range = taken[k].numbers;
      if (!range.low_infinite) {
        KeySet below;
        below.numbers.high = range.low;
        below.numbers.high_infinite = false;
        below.numbers.high_open = !range.low_open;
        keep(below);
      }
      if (!range.high_infinite) {
        KeySet above;
        above.numbers.low = range.high;
        above.numbers.low_infinite = false;
        above.numbers.low_open = !range.high_open;
        keep(above);
      }
    }
    inside[k] = taken[k];
  };
  for (const bool numbers : {false, true}) {
    for (size_t k = 0; k < types.size(); ++k) {
      if ((types[k].kind == TypeKind::kNumber) == numbers) cut(k);
    }
  }
}

std::string ExactText(const Rational& number) {
  int64_t power = 1;
  for (int decimals = 0; decimals <= kDecimalsMax; ++decimals, power *= 10) {
    if (power % number.denominator() == 0) return number.ToDecimal(decimals);
  }
  return number.ToString();
}

std::string RangeText(const NumberRange& range, const Type& type) {
  if (!range.low_infinite && !range.high_infinite && range.low == range.high)
    return EndText(range.low, type);
  return absl::StrCat(range.low_open || range.low_infinite ? "(" : "[",
                      range.low_infinite ? "-∞" : EndText(range.low, type), ", ",
                      range.high_infinite ? "+∞" : EndText(range.high, type),
                      range.high_open || range.high_infinite ? ")" : "]");
}

}  // namespace hedui::assess
