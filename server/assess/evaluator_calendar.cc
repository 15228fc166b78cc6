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

bool Evaluator::IsCalendarOver(int64_t day) const {
  return std::none_of(division_->calendar.begin(), division_->calendar.end(), [&](int32_t index) {
    return pack_.calendar[static_cast<size_t>(index)].days.to > day;
  });
}

Evaluator::Walked Evaluator::Walk(int64_t from, int64_t until, int64_t most, bool unknown_works,
                                  uint8_t* marks) {
  Walked walked{from, 0, false};
  const CalendarRow* last = nullptr;
  while (walked.day < until && walked.working < most) {
    ++steps_;
    const int64_t next = walked.day + 1;
    const bool too_far = next - from > kWalkMax;
    const CalendarRow* row = too_far ? nullptr : CalendarRowOf(next);
    if (row == nullptr) {
      walked.unknown = true;
      if (too_far || IsCalendarOver(next)) {
        // Nor is any later day known.
        const int64_t rest = unknown_works ? std::min(until - walked.day, most - walked.working)
                                           : until - walked.day;
        walked.day += rest;
        walked.working += unknown_works ? rest : 0;
        return walked;
      }
      walked.day = next;
      walked.working += unknown_works ? 1 : 0;
      continue;
    }
    if (row != last) AddRef(Ref::Tag::kCalendar, static_cast<int32_t>(row - pack_.calendar.data()));
    last = row;
    if (row->assumed) *marks |= kMarkAssumed;
    walked.day = next;
    if (IsWorkingDay(*row, next)) ++walked.working;
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
  // The earliest or the latest day that it can be; nullopt for one that may be any day.
  const auto after = [&](const Rational& from, const Rational& count,
                         bool latest) -> std::optional<int64_t> {
    const int64_t begin = WholeOf(from);
    const int64_t end = std::min(begin + kWalkMax, LastDay());
    // So many working days are beyond every walk.
    const int64_t most =
        Rational::Compare(count, Rational(kWalkMax)) > 0 ? kWalkMax + 1 : WholeOf(count);
    const Walked walked = Walk(begin, end, most, !latest, &later.marks);
    const bool there = walked.working == most;
    if (walked.unknown || !there) later.blame = NoCalendar(later.blame);
    if (!there && latest) return std::nullopt;
    return walked.day;
  };
  const auto set = [](std::optional<int64_t> known, Rational* end, bool* infinite) {
    *infinite = !known;
    if (known) *end = Rational(*known);
  };
  if (!day.lo_infinite && !days.lo_infinite) {
    set(after(day.lo, days.lo, false), &later.lo, &later.lo_infinite);
  }
  if (!day.hi_infinite && !days.hi_infinite) {
    set(after(day.hi, days.hi, true), &later.hi, &later.hi_infinite);
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
  const auto between = [&](const Rational& begin, const Rational& end, bool unknown_works) {
    const Walked walked = Walk(WholeOf(begin), WholeOf(end), INT64_MAX, unknown_works, &days.marks);
    if (walked.unknown) days.blame = NoCalendar(days.blame);
    return Rational(walked.working);
  };
  if (!from.hi_infinite && !to.lo_infinite) days.lo = between(from.hi, to.lo, false);
  days.hi_infinite = from.lo_infinite || to.hi_infinite;
  if (!days.hi_infinite) days.hi = between(from.lo, to.hi, true);
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
