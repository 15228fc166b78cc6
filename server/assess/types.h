// The static types of policy expressions: what kind of value, in what unit. Mixing them is a load
// error. Plain values, thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_TYPES_H_
#define HEDUI_SERVER_ASSESS_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace hedui::assess {

// A product of powers: money per month is {money 1, month -1}. Counts are whole things (people,
// houses) and plain ratios everything else without a dimension; the two do not add.
struct Unit {
  int8_t money = 0;
  int8_t month = 0;
  int8_t year = 0;
  int8_t day = 0;
  bool count = false;
  int8_t area = 0;

  bool dimensionless() const {
    return money == 0 && month == 0 && year == 0 && day == 0 && area == 0;
  }
  friend bool operator==(const Unit&, const Unit&) = default;
};

enum class TypeKind : uint8_t {
  kNumber = 1,
  kTruth,
  kCode,     // one of a code list
  kCodeSet,  // several of a code list
  kDate,
  kMonth,
  kPeriod,
  kDivision,  // held as the code's number: what lies in a division is a range of them
  kText,      // not computed with
  kPerson,    // an identity number: may name a listed person
};

struct Type {
  TypeKind kind = TypeKind::kNumber;
  Unit unit;  // kNumber
  int codes =
      -1;  // kCode, kCodeSet: index of the code list; -1: a literal whose list is not yet known
  // How a number was written: a bare 0 has whatever unit the other side has, a whole number is a
  // count beside counts and a ratio beside ratios.
  enum class Literal : uint8_t { kNone, kWhole, kZero } literal = Literal::kNone;

  static Type Number(Unit unit) { return {TypeKind::kNumber, unit, -1, Literal::kNone}; }
  static Type Truth() { return {TypeKind::kTruth, {}, -1, Literal::kNone}; }
  static Type Of(TypeKind kind, int codes = -1) { return {kind, {}, codes, Literal::kNone}; }
  bool masked() const {
    return kind == TypeKind::kTruth || kind == TypeKind::kCode || kind == TypeKind::kCodeSet ||
           kind == TypeKind::kText || kind == TypeKind::kPerson;
  }
  // Numbers, days and months are held as numbers and compare by order.
  bool ordered() const {
    return kind == TypeKind::kNumber || kind == TypeKind::kDate || kind == TypeKind::kMonth;
  }
  friend bool operator==(const Type& a, const Type& b) {
    return a.kind == b.kind && a.unit == b.unit && a.codes == b.codes;
  }
};

inline constexpr Unit kUnitMoney{1, 0, 0, 0, false};
inline constexpr Unit kUnitMoneyPerMonth{1, -1, 0, 0, false};
inline constexpr Unit kUnitRatio{0, 0, 0, 0, false};
inline constexpr Unit kUnitCount{0, 0, 0, 0, true};
inline constexpr Unit kUnitMonths{0, 1, 0, 0, false};
inline constexpr Unit kUnitYears{0, 0, 1, 0, false};
inline constexpr Unit kUnitDays{0, 0, 0, 1, false};
inline constexpr Unit kUnitArea{0, 0, 0, 0, false, 1};
// Areas are written in square metres and held in what sources deliver, so that they stay whole:
// square decimetres; money likewise in yuan and fen.
inline constexpr int kFieldUnitsPerArea = 100;
inline constexpr int kFieldUnitsPerMoney = 100;

// "money", "money/month", "money/year", "ratio", "count", "months", "years", "days".
std::optional<Unit> UnitFromName(absl::string_view name);
// The same names where there is one; "money^2" and the like otherwise.
std::string UnitName(const Unit& unit);
// As shown in an assessment: "yuan" for "money".
std::string UnitShown(const Unit& unit);

// nullopt when an exponent leaves [-8, 8]: no law squares money.
std::optional<Unit> MultiplyUnits(const Unit& a, const Unit& b);
std::optional<Unit> DivideUnits(const Unit& a, const Unit& b);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_TYPES_H_
