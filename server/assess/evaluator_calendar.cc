// Working days, and the months of a period one by one.
#include <algorithm>

#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

// So many rows or named days are passed over in the time that an operation takes.
constexpr size_t kNamedOfAStep = 4;

bool IsWeekday(int64_t day) {
  // The first of January 1970 was a Thursday.
  return ((day + 3) % 7 + 7) % 7 < 5;
}

// From Monday to Friday, of the days after `from` up to and with `to`.
int64_t WeekdaysBetween(int64_t from, int64_t to) {
  int64_t days = (to - from) / 7 * 5;
  for (int64_t day = from + (to - from) / 7 * 7 + 1; day <= to; ++day) days += IsWeekday(day);
  return days;
}

// Of the days after `from` up to and with `to`, all of the row.
int64_t WorkingDaysIn(const CalendarRow& row, int64_t from, int64_t to) {
  int64_t days = WeekdaysBetween(from, to);
  const auto within = [from, to](const std::vector<int32_t>& listed, auto count) {
    for (auto day = std::upper_bound(listed.begin(), listed.end(), from);
         day != listed.end() && *day <= to; ++day) {
      count(*day);
    }
  };
  within(row.off, [&days](int32_t day) { days -= IsWeekday(day); });
  within(row.work, [&days](int32_t day) { days += !IsWeekday(day); });
  return days;
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

int64_t Evaluator::CalendarChangeAfter(int64_t day) const {
  int64_t change = INT64_MAX;
  for (const int32_t index : division_->calendar) {
    const DayRange& days = pack_.calendar[static_cast<size_t>(index)].days;
    for (const int64_t edge : {days.from, days.to}) {
      if (edge > day) change = std::min(change, edge);
    }
  }
  return change;
}

Evaluator::Walked Evaluator::Walk(int64_t from, int64_t until, int64_t most, bool unknown_works,
                                  uint8_t* marks) {
  Walked walked{from, 0, false};
  while (walked.day < until && walked.working < most) {
    const int64_t first = walked.day + 1;
    const CalendarRow* const row = CalendarRowOf(first);
    // Rows and days that are named are passed over quickly, but there may be many.
    steps_ += 1 + division_->calendar.size() / kNamedOfAStep +
              (row == nullptr ? 0 : (row->off.size() + row->work.size()) / kNamedOfAStep);
    // Up to where another row speaks, or none.
    int64_t last = std::min(until, CalendarChangeAfter(first) - 1);
    const int64_t missing = most - walked.working;
    if (row == nullptr) {
      walked.unknown = true;
      if (unknown_works && missing < last - walked.day) last = walked.day + missing;
      walked.working += unknown_works ? last - walked.day : 0;
    } else {
      AddRef(Ref::Tag::kCalendar, static_cast<int32_t>(row - pack_.calendar.data()));
      if (row->assumed) *marks |= kMarkAssumed;
      int64_t count = WorkingDaysIn(*row, walked.day, last);
      if (count > missing) {
        // The last of those that are missing: the first day up to which there are as many.
        int64_t before = walked.day;
        while (last - before > 1) {
          const int64_t middle = before + (last - before) / 2;
          (WorkingDaysIn(*row, walked.day, middle) >= missing ? last : before) = middle;
        }
        count = missing;
      } else if (count == missing) {
        while (WorkingDaysIn(*row, last - 1, last) == 0) --last;
      }
      walked.working += count;
    }
    walked.day = last;
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
  Rational fewest = days.lo, greatest = days.hi;
  bool whole = true;
  if (!days.lo_infinite) whole &= MakeWhole(base::Rounding::kFloor, &fewest) && fewest.sign() >= 0;
  if (!days.hi_infinite)
    whole &= MakeWhole(base::Rounding::kCeiling, &greatest) && greatest.sign() >= 0;
  if (!whole) later.blame = blames_.Join(later.blame, blames_.AddLeaf(0));
  // The earliest or the latest day that it can be; nullopt for one that may be any day.
  const auto after = [&](const Rational& from, const Rational& count,
                         bool latest) -> std::optional<int64_t> {
    // Fewer than none: some day before.
    if (count.sign() < 0) return latest ? std::optional<int64_t>(WholeOf(from)) : std::nullopt;
    // More than there are days at all.
    const Rational beyond(LastDay() - WholeOf(from) + 1);
    const int64_t most = WholeOf(Rational::Compare(count, beyond) > 0 ? beyond : count);
    const Walked walked = Walk(WholeOf(from), LastDay(), most, !latest, &later.marks);
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
    set(after(day.lo, fewest, false), &later.lo, &later.lo_infinite);
  }
  if (!day.hi_infinite && !days.hi_infinite) {
    set(after(day.hi, greatest, true), &later.hi, &later.hi_infinite);
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
