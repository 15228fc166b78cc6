// Days and periods.
#include <algorithm>

#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

void Evaluator::ExecuteDates(const Op& op) {
  switch (op.code) {
    case OpCode::kMonthsBefore: {
      const Value months = Pop();
      stack_.back() = MonthsBefore(stack_.back(), months);
      return;
    }
    case OpCode::kAge: {
      const Value day = Pop();
      stack_.back() = Age(stack_.back(), day);
      return;
    }
    default:
      return;
  }
}

// A period is exact or not known at all.
Value Evaluator::MonthsBefore(const Value& day, const Value& months) {
  months_passed_ = true;
  constexpr int64_t kMonthsMax = 1200;
  const bool whole = months.IsPoint() && months.lo.is_integer() && months.lo.sign() > 0 &&
                     Rational::Compare(months.lo, Rational(kMonthsMax)) <= 0;
  Value period = Anything(blames_.Join(day.blame, months.blame));
  period.marks = day.marks | months.marks;
  if (!day.IsPoint() || !whole) {
    if (period.blame == 0) period.blame = blames_.AddLeaf(0);
    return period;
  }
  const absl::CivilMonth to(DayOfNumber(static_cast<int64_t>(day.lo.numerator())));
  const absl::CivilMonth from = to - static_cast<int64_t>(months.lo.numerator());
  period.lo = Rational(DayNumber(absl::CivilDay(from)));
  period.hi = Rational(DayNumber(absl::CivilDay(to)));
  period.lo_infinite = period.hi_infinite = false;
  if (!period.unproven()) period.blame = 0;
  return period;
}

Value Evaluator::Age(const Value& birth, const Value& day) {
  ages_passed_ = true;
  auto day_of = [](const Rational& r) { return DayOfNumber(static_cast<int64_t>(r.numerator())); };
  Value age = Anything(blames_.Join(birth.blame, day.blame));
  age.marks = birth.marks | day.marks;
  // The latest birth and the earliest day give the least age. Nobody is younger than none.
  age.lo_infinite = false;
  if (!birth.hi_infinite && !day.lo_infinite) {
    age.lo = Rational(std::max(0, base::AgeOn(day_of(birth.hi), day_of(day.lo))));
  }
  if (!birth.lo_infinite && !day.hi_infinite) {
    age.hi_infinite = false;
    age.hi = Rational(std::max(0, base::AgeOn(day_of(birth.lo), day_of(day.hi))));
  }
  if (age.IsPoint() && !age.unproven()) age.blame = 0;
  return age;
}

}  // namespace hedui::assess
