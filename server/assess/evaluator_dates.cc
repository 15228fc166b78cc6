// Days and periods.
#include <algorithm>
#include <optional>

#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

// Days that a case can hold (base::ParseDay). What is computed beyond is not known.
std::optional<absl::CivilDay> DayAt(const Rational& number) {
  static const int32_t kFirst = DayNumber(absl::CivilDay(kYearMin, 1, 1));
  static const int32_t kLast = DayNumber(absl::CivilDay(kYearMax, 12, 31));
  if (!number.is_integer() || number.numerator() < kFirst || number.numerator() > kLast) {
    return std::nullopt;
  }
  return DayOfNumber(static_cast<int64_t>(number.numerator()));
}

std::optional<int64_t> WholeMonths(const Rational& months) {
  constexpr int64_t kMonthsMax = 12 * 9'999;
  if (!months.is_integer() || months.numerator() < -kMonthsMax || months.numerator() > kMonthsMax) {
    return std::nullopt;
  }
  return static_cast<int64_t>(months.numerator());
}

std::optional<absl::CivilDay> Later(const Value& day, bool low, const Value& months) {
  if (low ? day.lo_infinite || months.lo_infinite : day.hi_infinite || months.hi_infinite) {
    return std::nullopt;
  }
  const auto from = DayAt(low ? day.lo : day.hi);
  const auto count = WholeMonths(low ? months.lo : months.hi);
  if (!from || !count) return std::nullopt;
  return DayAt(Rational(DayNumber(base::AddMonths(*from, *count))));
}

// Dates are whole: see ShiftDate.
int64_t DayIn(const Rational& end) { return static_cast<int64_t>(end.numerator()); }

}  // namespace

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
    case OpCode::kAddMonths: {
      const Value months = Pop();
      stack_.back() = AddMonths(stack_.back(), months);
      return;
    }
    case OpCode::kMonthsSince: {
      const Value to = Pop();
      stack_.back() = MonthsSince(stack_.back(), to);
      return;
    }
    case OpCode::kMonthStart:
      stack_.back() = OfDay(stack_.back(), [](absl::CivilDay day) {
        return DayNumber(absl::CivilDay(absl::CivilMonth(day)));
      });
      return;
    case OpCode::kMonthEnd:
      stack_.back() = OfDay(stack_.back(), [](absl::CivilDay day) {
        return DayNumber(absl::CivilDay(absl::CivilMonth(day) + 1) - 1);
      });
      return;
    case OpCode::kYearOf:
      stack_.back() = OfDay(stack_.back(), [](absl::CivilDay day) { return day.year(); });
      return;
    case OpCode::kMonthOf:
      stack_.back() = MonthOf(stack_.back());
      return;
    case OpCode::kDateAfter:
    case OpCode::kDateBefore: {
      const Value days = Pop();
      stack_.back() = ShiftDate(stack_.back(), days, op.code == OpCode::kDateAfter);
      return;
    }
    default:
      return;
  }
}

void Evaluator::WatchDates(const Value& a, const Value& b) {
  const Rational today(day_);
  bool is_today[] = {false, false};
  const auto watch = [&](const Rational& end, bool* moves) {
    if (end == today) {
      *moves = true;
      return;
    }
    Offer(DayIn(end));
    Offer(DayIn(end) + 1);
  };
  const Value* const dates[] = {&a, &b};
  for (int i : {0, 1}) {
    if (!dates[i]->lo_infinite) watch(dates[i]->lo, &is_today[i]);
    if (!dates[i]->hi_infinite) watch(dates[i]->hi, &is_today[i]);
  }
  // One may be the policy day and the other a day that happens to be the same.
  if (is_today[0] && is_today[1]) Offer(day_ + 1);
}

void Evaluator::WatchYears(const Value& date, int days_after) {
  const absl::CivilDay today = case_->dates.policy;
  const auto offer = [&](const Rational& end) {
    const absl::CivilDay day = DayOfNumber(DayIn(end));
    // Normalisation makes 29 February the 1 March of a common year, as ages have it.
    for (const int64_t year : {today.year(), today.year() + 1}) {
      const int32_t anniversary = DayNumber(absl::CivilDay(year, day.month(), day.day()));
      for (int after = 0; after <= days_after; ++after) Offer(anniversary + after);
    }
  };
  if (!date.lo_infinite) offer(date.lo);
  if (!date.hi_infinite) offer(date.hi);
}

// A day that is not whole, or beyond the calendar, is an error of the rule, never a day close by.
Value Evaluator::ShiftDate(const Value& date, const Value& days, bool later) {
  static const Rational kFirstDay(DayNumber(absl::CivilDay(kYearMin, 1, 1)));
  static const Rational kLastDay(DayNumber(absl::CivilDay(kYearMax, 12, 31)));
  Offer(day_ + 1);
  const Value shifted = later ? calculator_.Add(date, days) : calculator_.Subtract(date, days);
  const auto is_day = [&](const Rational& end) {
    return end.is_integer() && Rational::Compare(kFirstDay, end) <= 0 &&
           Rational::Compare(end, kLastDay) <= 0;
  };
  no_date_ |= !shifted.lo_infinite && !is_day(shifted.lo);
  no_date_ |= !shifted.hi_infinite && !is_day(shifted.hi);
  return shifted;
}

// A period is exact or not known at all.
Value Evaluator::MonthsBefore(const Value& day, const Value& months) {
  Offer(DayNumber(absl::CivilDay(absl::CivilMonth(case_->dates.policy) + 1)));
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
  WatchYears(birth, /*days_after=*/0);
  // Of the policy day itself, years are counted up to whatever day it is.
  if (!(day.IsPoint() && day.lo == Rational(day_))) WatchYears(day, /*days_after=*/1);
  auto day_of = [](const Rational& r) { return DayOfNumber(DayIn(r)); };
  Value age = Anything(blames_.Join(birth.blame, day.blame));
  age.marks = birth.marks | day.marks;
  age.undefined = birth.undefined || day.undefined;
  age.mask = birth.mask | day.mask;
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

Value Evaluator::AddMonths(const Value& day, const Value& months) {
  Offer(day_ + 1);
  Value later = Anything(blames_.Join(day.blame, months.blame));
  later.marks = day.marks | months.marks;
  later.undefined = day.undefined || months.undefined;
  later.mask = day.mask | months.mask;
  const auto first = Later(day, /*low=*/true, months);
  const auto last = Later(day, /*low=*/false, months);
  if (first) later.lo = Rational(DayNumber(*first));
  if (last) later.hi = Rational(DayNumber(*last));
  later.lo_infinite = !first;
  later.hi_infinite = !last;
  if (later.IsPoint() && !later.unproven()) later.blame = 0;
  // Parts of months, and days that no calendar here has, come to nothing that is known.
  if (!later.IsPoint() && later.blame == 0) later.blame = blames_.AddLeaf(0);
  return later;
}

Value Evaluator::MonthsSince(const Value& from, const Value& to) {
  Offer(day_ + 1);
  auto least = [](const Rational& begin, const Rational& end) -> std::optional<Rational> {
    const auto first = DayAt(begin), last = DayAt(end);
    if (!first || !last) return std::nullopt;
    return Rational(std::max<int64_t>(0, base::MonthsBetween(*first, *last)));
  };
  Value months = Anything(blames_.Join(from.blame, to.blame));
  months.marks = from.marks | to.marks;
  months.undefined = from.undefined || to.undefined;
  months.mask = from.mask | to.mask;
  months.lo_infinite = false;  // never fewer than none
  if (!from.hi_infinite && !to.lo_infinite) {
    if (const auto lo = least(from.hi, to.lo)) months.lo = *lo;
  }
  if (!from.lo_infinite && !to.hi_infinite) {
    if (const auto hi = least(from.lo, to.hi)) {
      months.hi = *hi;
      months.hi_infinite = false;
    }
  }
  if (months.IsPoint() && !months.unproven()) months.blame = 0;
  if (!months.IsPoint() && months.blame == 0) months.blame = blames_.AddLeaf(0);
  return months;
}

template <typename Function>
Value Evaluator::OfDay(const Value& day, Function of_day) {
  Offer(DayNumber(absl::CivilDay(absl::CivilMonth(case_->dates.policy) + 1)));
  Value value = Anything(day.blame);
  value.marks = day.marks;
  value.undefined = day.undefined;
  value.mask = day.mask;
  if (!day.lo_infinite) {
    if (const auto first = DayAt(day.lo)) {
      value.lo = Rational(of_day(*first));
      value.lo_infinite = false;
    }
  }
  if (!day.hi_infinite) {
    if (const auto last = DayAt(day.hi)) {
      value.hi = Rational(of_day(*last));
      value.hi_infinite = false;
    }
  }
  if (value.IsPoint() && !value.unproven()) value.blame = 0;
  if (!value.IsPoint() && value.blame == 0) value.blame = blames_.AddLeaf(0);
  return value;
}

Value Evaluator::MonthOf(const Value& day) {
  const Value year = OfDay(day, [](absl::CivilDay d) { return d.year(); });
  if (year.IsPoint()) {
    return OfDay(day, [](absl::CivilDay d) { return int64_t{d.month()}; });
  }
  // Of several years it can be any.
  Value month = year;
  month.lo = Rational(1);
  month.hi = Rational(12);
  month.lo_infinite = month.hi_infinite = false;
  return month;
}

}  // namespace hedui::assess
