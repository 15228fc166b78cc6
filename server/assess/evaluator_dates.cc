// Days and periods.
#include <algorithm>
#include <optional>

#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

// base::ParseDay takes no other days.
int32_t FirstDay() {
  static const int32_t kFirst = DayNumber(absl::CivilDay(kYearMin, 1, 1));
  return kFirst;
}

// Ends of dates are whole days of the calendar: KeepInCalendar.
absl::CivilDay DayAt(const Rational& number) { return DayOfNumber(WholeOf(number)); }

// As many months later, which are whole; a number outside the calendar where there is no such day.
Rational MonthsLater(const Rational& day, const Rational& months) {
  constexpr int64_t kMonthsMax = 12 * 9'999;
  const Rational before(int64_t{FirstDay()} - 1), after(LastDay() + 1);
  if (Rational::Compare(months, Rational(kMonthsMax)) > 0) return after;
  if (Rational::Compare(months, Rational(-kMonthsMax)) < 0) return before;
  const absl::CivilDay later = base::AddMonths(DayAt(day), WholeOf(months));
  // Years far off would not fit a day's number.
  if (later.year() > kYearMax) return after;
  return later.year() < kYearMin ? before : Rational(DayNumber(later));
}

}  // namespace

int64_t LastDay() {
  static const int64_t kLast = DayNumber(absl::CivilDay(kYearMax, 12, 31));
  return kLast;
}

void Evaluator::ExecuteDates(const Op& op) {
  switch (op.code) {
    case OpCode::kMonthsBefore:
    case OpCode::kMonthsThrough: {
      const Value months = Pop();
      stack_.back() = WholeMonths(stack_.back(), months, op.code == OpCode::kMonthsThrough);
      return;
    }
    case OpCode::kPeriod: {
      const Value to = Pop();
      stack_.back() = PeriodBetween(stack_.back(), to);
      return;
    }
    case OpCode::kInPeriod: {
      const Value period = Pop();
      stack_.back() = InPeriod(stack_.back(), period);
      return;
    }
    case OpCode::kPeriodStart:
    case OpCode::kPeriodEnd:
      stack_.back() = PeriodEdge(stack_.back(), op.code == OpCode::kPeriodEnd);
      return;
    case OpCode::kMonthFirst:
    case OpCode::kMonthLast:
      stack_.back() = DayOfMonth(stack_.back(), op.code == OpCode::kMonthLast);
      return;
    case OpCode::kMonthPeriod:
      stack_.back() = PeriodOfMonth(stack_.back());
      return;
    case OpCode::kLoopMonth: {
      const Frame& frame = frames_[op.slot];
      stack_.push_back(frame.fact < 0 ? Anything(frame.blame) : Point(Rational(frame.month)));
      return;
    }
    case OpCode::kWorkingDaysAfter: {
      const Value days = Pop();
      stack_.back() = WorkingDaysAfter(stack_.back(), days);
      return;
    }
    case OpCode::kWorkingDaysBetween: {
      const Value to = Pop();
      stack_.back() = WorkingDaysBetween(stack_.back(), to);
      return;
    }
    case OpCode::kMonthContaining:
      stack_.back() = OfDay(stack_.back(),
                            [](absl::CivilDay day) { return MonthNumber(absl::CivilMonth(day)); });
      return;
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
    Offer(WholeOf(end));
    Offer(WholeOf(end) + 1);
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
    const absl::CivilDay day = DayOfNumber(WholeOf(end));
    // Normalisation makes 29 February the 1 March of a common year, as ages have it.
    for (const int64_t year : {today.year(), today.year() + 1}) {
      const int32_t anniversary = DayNumber(absl::CivilDay(year, day.month(), day.day()));
      for (int after = 0; after <= days_after; ++after) Offer(anniversary + after);
    }
  };
  if (!date.lo_infinite) offer(date.lo);
  if (!date.hi_infinite && !date.IsPoint()) offer(date.hi);
}

// A day that is not whole, which is a mistake of the rule, is known to be one of the two beside it.
// One outside the calendar, such as what lies behind a register's "9999-12-31", is known to be no
// earlier than its last day, or no later than its first.
void Evaluator::KeepInCalendar(Value* date) {
  const Rational first{int64_t{FirstDay()}}, last(LastDay());
  bool kept = true;
  if (!date->lo_infinite) kept &= MakeWhole(base::Rounding::kFloor, &date->lo);
  if (!date->hi_infinite) kept &= MakeWhole(base::Rounding::kCeiling, &date->hi);
  if (!date->lo_infinite && Rational::Compare(date->lo, first) < 0) {
    date->lo = Rational();
    date->lo_infinite = true;
    kept = false;
  } else if (!date->lo_infinite && Rational::Compare(date->lo, last) > 0) {
    date->lo = last;
    kept = false;
  }
  if (!date->hi_infinite && Rational::Compare(date->hi, last) > 0) {
    date->hi = Rational();
    date->hi_infinite = true;
    kept = false;
  } else if (!date->hi_infinite && Rational::Compare(date->hi, first) < 0) {
    date->hi = first;
    kept = false;
  }
  if (!kept) date->blame = blames_.Join(date->blame, blames_.AddLeaf(0));
}

bool Evaluator::MakeWhole(base::Rounding rounding, Rational* number) {
  if (number->is_integer()) return true;
  // The wholes beside a fraction are no greater than its numerator: they always fit.
  static_cast<void>(Rational::Round(*number, Rational(1), rounding, number));
  return false;
}

Value Evaluator::ShiftDate(const Value& date, const Value& days, bool later) {
  WatchToday(date);
  Value shifted = later ? calculator_.Add(date, days) : calculator_.Subtract(date, days);
  KeepInCalendar(&shifted);
  return shifted;
}

// A period is exact or not known at all.
Value Evaluator::WholeMonths(const Value& day, const Value& months, bool through) {
  WatchMonths();
  constexpr int64_t kMonthsMax = 1200;
  Value period = Anything(blames_.Join(day.blame, months.blame));
  period.marks = day.marks | months.marks;
  if (!day.IsPoint() || !months.IsPoint()) return period;
  const bool whole = months.lo.is_integer() && months.lo.sign() > 0 &&
                     Rational::Compare(months.lo, Rational(kMonthsMax)) <= 0;
  if (whole) {
    const absl::CivilMonth to = absl::CivilMonth(DayAt(day.lo)) + (through ? 1 : 0);
    const absl::CivilMonth from = to - WholeOf(months.lo);
    if (from.year() >= kYearMin && to.year() <= kYearMax) {
      period.lo = Rational(DayNumber(absl::CivilDay(from)));
      period.hi = Rational(DayNumber(absl::CivilDay(to)));
      period.lo_infinite = period.hi_infinite = false;
      period.blame = calculator_.Kept(day, months);
      return period;
    }
  }
  period.blame = blames_.Join(period.blame, blames_.AddLeaf(0));
  return period;
}

Value Evaluator::PeriodBetween(const Value& from, const Value& to) {
  WatchToday(from);
  WatchToday(to);
  Value period = Anything(blames_.Join(from.blame, to.blame));
  period.marks = from.marks | to.marks;
  if (!from.IsPoint() || !to.IsPoint()) return period;
  period.lo = from.lo;
  period.hi = Rational::Compare(from.lo, to.lo) <= 0 ? to.lo : from.lo;
  period.lo_infinite = period.hi_infinite = false;
  period.blame = calculator_.Kept(from, to);
  return period;
}

Value Evaluator::InPeriod(const Value& day, const Value& period) {
  Value within = MaskOf(kMayBeEither, blames_.Join(day.blame, period.blame));
  within.marks = day.marks | period.marks;
  if (!IsKnownPeriod(period)) return within;
  const Value from = Point(period.lo), to = Point(period.hi);
  WatchDates(day, from);
  WatchDates(day, to);
  const uint64_t began = calculator_.LessOrEqual(from, day).mask;
  const uint64_t not_over = calculator_.Less(day, to).mask;
  within.mask = began == kMayBeFalse || not_over == kMayBeFalse ? kMayBeFalse : began | not_over;
  if (IsSingle(within.mask)) within.blame = calculator_.Kept(day, period);
  return within;
}

Value Evaluator::PeriodEdge(const Value& period, bool end) {
  Value day = Anything(period.blame);
  day.marks = period.marks;
  if (!IsKnownPeriod(period)) return day;
  day = Point(period.lo);
  if (end) day.hi = day.lo = Rational(WholeOf(period.hi) - 1);
  day.marks = period.marks;
  if (day.unproven()) day.blame = period.blame;
  KeepInCalendar(&day);
  return day;
}

Value Evaluator::Age(const Value& birth, const Value& day) {
  WatchYears(birth, /*days_after=*/0);
  // Of the policy day itself, years are counted up to whatever day it is.
  if (!(day.IsPoint() && day.lo == Rational(day_))) WatchYears(day, /*days_after=*/1);
  auto day_of = [](const Rational& r) { return DayOfNumber(WholeOf(r)); };
  Value age = Anything(blames_.Join(birth.blame, day.blame));
  age.marks = birth.marks | day.marks;
  age.undefined = birth.undefined || day.undefined;
  age.mask = birth.mask | day.mask;
  // The latest birth and the earliest day give the least age. Nobody is younger than none.
  age.lo_infinite = false;
  if (!birth.hi_infinite && !day.lo_infinite) {
    age.lo = Rational(std::max(0, base::AgeOn(day_of(birth.hi), day_of(day.lo))));
  }
  if (birth.IsPoint() && day.IsPoint()) {
    age.hi_infinite = false;
    age.hi = age.lo;
  } else if (!birth.lo_infinite && !day.hi_infinite) {
    age.hi_infinite = false;
    age.hi = Rational(std::max(0, base::AgeOn(day_of(birth.lo), day_of(day.hi))));
  }
  if (age.IsPoint()) age.blame = calculator_.Kept(birth, day);
  return age;
}

Value Evaluator::AddMonths(const Value& day, const Value& months) {
  WatchToday(day);
  Value later = Anything(blames_.Join(day.blame, months.blame));
  later.marks = day.marks | months.marks;
  later.undefined = day.undefined || months.undefined;
  later.mask = day.mask | months.mask;
  later.lo_infinite = day.lo_infinite || months.lo_infinite;
  later.hi_infinite = day.hi_infinite || months.hi_infinite;
  Rational least = months.lo, most = months.hi;
  bool whole = true;
  if (!months.lo_infinite) whole &= MakeWhole(base::Rounding::kFloor, &least);
  if (!months.hi_infinite) whole &= MakeWhole(base::Rounding::kCeiling, &most);
  if (!whole) later.blame = blames_.Join(later.blame, blames_.AddLeaf(0));
  if (!later.lo_infinite) later.lo = MonthsLater(day.lo, least);
  if (!later.hi_infinite) later.hi = MonthsLater(day.hi, most);
  KeepInCalendar(&later);
  if (later.IsPoint()) later.blame = calculator_.Kept(day, months);
  return later;
}

Value Evaluator::MonthsSince(const Value& from, const Value& to) {
  WatchToday(from);
  WatchToday(to);
  auto completed = [](const Rational& begin, const Rational& end) {
    return Rational(std::max<int64_t>(0, base::MonthsBetween(DayAt(begin), DayAt(end))));
  };
  Value months = Anything(blames_.Join(from.blame, to.blame));
  months.marks = from.marks | to.marks;
  months.undefined = from.undefined || to.undefined;
  months.mask = from.mask | to.mask;
  months.lo_infinite = false;  // never fewer than none
  if (!from.hi_infinite && !to.lo_infinite) months.lo = completed(from.hi, to.lo);
  months.hi_infinite = from.lo_infinite || to.hi_infinite;
  if (!months.hi_infinite) months.hi = completed(from.lo, to.hi);
  if (months.IsPoint()) months.blame = calculator_.Kept(from, to);
  return months;
}

template <typename Function>
Value Evaluator::OfDay(const Value& day, Function of_day) {
  WatchMonths();
  Value value = day;
  const auto of_end = [&](const Rational& end) { return Rational(of_day(DayAt(end))); };
  if (!day.lo_infinite) value.lo = of_end(day.lo);
  if (!day.hi_infinite) value.hi = of_end(day.hi);
  if (value.IsPoint() && !value.unproven()) value.blame = 0;
  return value;
}

Value Evaluator::DayOfMonth(const Value& month, bool last) {
  Value day = month;
  const auto of_end = [&](const Rational& end) {
    const absl::CivilMonth civil = absl::CivilMonth(1970, 1) + WholeOf(end);
    return Rational(DayNumber(last ? absl::CivilDay(civil + 1) - 1 : absl::CivilDay(civil)));
  };
  if (!month.lo_infinite) day.lo = of_end(month.lo);
  if (!month.hi_infinite) day.hi = of_end(month.hi);
  if (day.IsPoint() && !day.unproven()) day.blame = 0;
  return day;
}

Value Evaluator::MonthOf(const Value& day) {
  const Value year = OfDay(day, [](absl::CivilDay d) { return d.year(); });
  if (!year.lo_infinite && !year.hi_infinite && year.lo == year.hi) {
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
