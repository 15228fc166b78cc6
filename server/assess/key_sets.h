// What a key of a parameter's row, or a key's value, may be: codes of a list, or a range of
// numbers, days or months; and how rows share out the combinations that a parameter's keys may be.
// Plain values, thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_KEY_SETS_H_
#define HEDUI_SERVER_ASSESS_KEY_SETS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "server/assess/types.h"
#include "server/assess/value.h"
#include "server/base/rational.h"

namespace hedui::assess {

// An interval of which each end belongs to it, does not, or is infinite. Days and months are the
// numbers that values hold. All numbers by default.
struct NumberRange {
  base::Rational low;
  base::Rational high;
  bool low_infinite = true;
  bool high_infinite = true;
  bool low_open = false;
  bool high_open = false;
};

// Of a code only `codes` counts, of a number, day or month only `numbers`. All there is by default:
// codes that the list does not have too.
struct KeySet {
  uint64_t codes = ~uint64_t{0};
  NumberRange numbers;
};
// One for each key.
using KeyBox = std::vector<KeySet>;

// What is common to two; of keys that are counts, days or months whole ones only (`type`).
KeySet Common(const Type& type, const KeySet& a, const KeySet& b);
bool IsEmpty(const Type& type, const KeySet& set);
// Whether the key's exact value is in the set.
bool Holds(const Type& type, const KeySet& set, const Value& value);
// All that the key's value may be.
KeySet SetOf(const Type& type, const Value& value);
// Known, and one.
bool IsExactKey(const Type& type, const Value& value);

// False where some key has nothing in common; else `*common` is the combinations that both hold.
bool Meet(const std::vector<Type>& types, const KeyBox& a, const KeyBox& b, KeyBox* common);
// Appends the combinations of `box` that `taken`, a part of it, does not hold, as boxes apart.
void Remainder(const std::vector<Type>& types, const KeyBox& box, const KeyBox& taken,
               std::vector<KeyBox>* rest);

// "400.005" where nine digits after the point suffice, else "3365/3".
std::string ExactText(const base::Rational& number);
// "[18, 46)", "(2000, +∞)", "3": money in yuan; "[2022-10-20, +∞)", "2025-03".
std::string RangeText(const NumberRange& range, const Type& type);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_KEY_SETS_H_
