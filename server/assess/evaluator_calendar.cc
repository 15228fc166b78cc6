// Working days, and the months of a period one by one.
#include <algorithm>

#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

// Eleven years: clocks run for weeks, and a longer count is a mistake of the rule.
constexpr int64_t kWalkMax = 4'000;

bool IsWorkingDay(const CalendarRow& row, int64_t day) {
  const int32_t number = static_cast<int32_t>(day);
  if (std::binary_search(row.work.begin(), row.work.end(), number)) return true;
  if (std::binary_search(row.off.begin(), row.off.end(), number)) return false;
  // The first of January 1970 was a Thursday.
  const int64_t weekday = ((day + 3) % 7 + 7) % 7;
  return weekday < 5;
}

}  // namespace

const CalendarRow* Evaluator::CalendarRowOf(int64_t day) {
  for (int32_t index : division_->calendar) {
    const CalendarRow& row = pack_.calendar[static_cast<size_t>(index)];
    if (!row.days.Contains(static_cast<int32_t>(day))) continue;
    return &row;
  }
  return nullptr;
}

Evaluator::Walked Evaluator::Walk(int64_t from, int64_t until, int64_t most, uint8_t* marks) {
  Walked walked{from, 0, false};
  const CalendarRow* last = nullptr;
  while (walked.day < until && walked.working < most) {
    ++steps_;
    const CalendarRow* row = walked.day - from < kWalkMax ? CalendarRowOf(walked.day + 1) : nullptr;
    if (row == nullptr) {
      walked.broken = true;
      return walked;
    }
    if (row != last) AddRef(Ref::Tag::kCalendar, static_cast<int32_t>(row - pack_.calendar.data()));
    last = row;
    if (row->assumed) *marks |= kMarkAssumed;
    if (IsWorkingDay(*row, ++walked.day)) ++walked.working;
  }
  return walked;
}

BlameId Evaluator::NoCalendar(BlameId blame) {
  BlameLeaf leaf{BlameKind::kPolicyRow};
  leaf.calendar = true;
  return blames_.Join(blame, Leaf(leaf));
}

Value Evaluator::WorkingDaysAfter(const Value& day, const Value& days) {
  WatchToday(day);
  Value later = Anything(blames_.Join(day.blame, days.blame));
  later.marks = day.marks | days.marks;
  later.undefined = day.undefined || days.undefined;
  later.mask = day.mask | days.mask;
  if (later.undefined) return later;
  const auto is_count = [](const Rational& n) { return n.is_integer() && n.sign() >= 0; };
  if ((!days.lo_infinite && !is_count(days.lo)) || (!days.hi_infinite && !is_count(days.hi))) {
    no_date_ = true;
    return later;
  }
  const auto after = [&](const Rational& from, const Rational& count, Rational* end,
                         bool* infinite) {
    // So many working days are beyond every walk.
    const int64_t most =
        Rational::Compare(count, Rational(kWalkMax)) > 0 ? kWalkMax + 1 : WholeOf(count);
    const Walked walked = Walk(WholeOf(from), INT64_MAX, most, &later.marks);
    if (walked.broken) {
      later.blame = NoCalendar(later.blame);
      return;
    }
    *end = Rational(walked.day);
    *infinite = false;
  };
  if (!day.lo_infinite && !days.lo_infinite) after(day.lo, days.lo, &later.lo, &later.lo_infinite);
  const bool same = day.IsPoint() && days.IsPoint();
  if (same) {
    later.hi = later.lo;
    later.hi_infinite = later.lo_infinite;
  } else if (!day.hi_infinite && !days.hi_infinite) {
    after(day.hi, days.hi, &later.hi, &later.hi_infinite);
  }
  if (later.IsPoint()) later.blame = calculator_.Kept(day, days);
  return later;
}

Value Evaluator::WorkingDaysBetween(const Value& from, const Value& to) {
  WatchToday(from);
  WatchToday(to);
  Value days = Anything(blames_.Join(from.blame, to.blame));
  days.marks = from.marks | to.marks;
  days.undefined = from.undefined || to.undefined;
  days.mask = from.mask | to.mask;
  days.lo_infinite = false;  // never fewer than none
  if (days.undefined) return days;
  const auto between = [&](const Rational& begin, const Rational& end) {
    const Walked walked = Walk(WholeOf(begin), WholeOf(end), INT64_MAX, &days.marks);
    if (walked.broken) days.blame = NoCalendar(days.blame);
    return walked;
  };
  if (!from.hi_infinite && !to.lo_infinite) {
    const Walked least = between(from.hi, to.lo);
    if (!least.broken) days.lo = Rational(least.working);
  }
  if (!from.lo_infinite && !to.hi_infinite) {
    const Walked most = between(from.lo, to.hi);
    days.hi_infinite = most.broken;
    if (!most.broken) days.hi = Rational(most.working);
  }
  if (days.IsPoint()) days.blame = calculator_.Kept(from, to);
  return days;
}

Value Evaluator::PeriodOfMonth(const Value& month) {
  Value period = Anything(month.blame);
  period.marks = month.marks;
  if (!month.IsPoint()) return period;
  const absl::CivilMonth civil = absl::CivilMonth(1970, 1) + WholeOf(month.lo);
  period.lo = Rational(DayNumber(absl::CivilDay(civil)));
  period.hi = Rational(DayNumber(absl::CivilDay(civil + 1)));
  period.lo_infinite = period.hi_infinite = false;
  return period;
}

}  // namespace hedui::assess
