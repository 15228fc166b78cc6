// Facts of a month, day, year, or of a period of days: which months they are of.
#include <algorithm>
#include <variant>

#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

constexpr int64_t kMonthsOfYear = 12;

int64_t MonthOfDay(const Rational& day) {
  return MonthNumber(absl::CivilMonth(DayOfNumber(WholeOf(day))));
}

}  // namespace

Evaluator::FactMonths Evaluator::MonthsOf(const IndexedFact& fact, int fact_kind) {
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(fact_kind)];
  const auto place = static_cast<int32_t>(&fact - &index_.fact(0));
  const Frame frame{-1, place, fact_kind, 0};
  FactMonths months;
  if (kind.by == FactKind::By::kMonth || kind.by == FactKind::By::kDay) {
    const bool by_month = kind.by == FactKind::By::kMonth;
    const int field = by_month ? kind.month_field : kind.day_field;
    // What is not told is not known, whatever the vocabulary says of absence.
    const base::FieldValue* told = index_.Field(fact, field);
    const auto* month = by_month && told != nullptr ? std::get_if<absl::CivilMonth>(told) : nullptr;
    const auto* day = !by_month && told != nullptr ? std::get_if<absl::CivilDay>(told) : nullptr;
    if (CaseIndex::IsDoubtful(fact, kind.fields[static_cast<size_t>(field)].name)) {
      months.blame = AnswerLeaf(fact.fact->answer, AnswerDetail::kConflict);
    } else if (month != nullptr && IsOfCalendar(*month)) {
      months = {true, MonthNumber(*month), MonthNumber(*month) + 1, 0};
    } else if (day != nullptr && IsOfCalendar(absl::CivilMonth(*day))) {
      months = {true, DayNumber(*day), DayNumber(*day) + 1, 0};
    } else {
      months.blame = FieldLeaf(fact, fact_kind, field);
    }
    return months;
  }
  if (kind.by == FactKind::By::kYear) {
    const Value year = FieldOf(frame, kind.year_field);
    if (year.IsPoint() && Rational::Compare(year.lo, Rational(kYearMin)) >= 0 &&
        Rational::Compare(year.lo, Rational(kYearMax)) <= 0) {
      months.known = true;
      months.from = (WholeOf(year.lo) - 1970) * kMonthsOfYear;
      months.to = months.from + kMonthsOfYear;
      return months;
    }
    months.blame = year.IsPoint() ? FieldLeaf(fact, fact_kind, kind.year_field) : year.blame;
    return months;
  }
  const Value from = FieldOf(frame, kind.from_field), until = FieldOf(frame, kind.until_field);
  if (!from.IsPoint() || !until.IsPoint()) {
    months.blame = blames_.Join(from.blame, until.blame);
    return months;
  }
  if (Rational::Compare(from.lo, until.lo) >= 0) {
    months.blame = blames_.Join(FieldLeaf(fact, fact_kind, kind.from_field),
                                FieldLeaf(fact, fact_kind, kind.until_field));
    return months;
  }
  months.known = true;
  months.from = MonthOfDay(from.lo);
  months.to = MonthOfDay(Rational(WholeOf(until.lo) - 1)) + 1;
  return months;
}

bool Evaluator::MeetsSpan(const FactMonths& months, const Span& span, const FactKind& kind) {
  if (kind.by == FactKind::By::kDay) return span.lo <= months.from && months.from < span.hi;
  return std::max(months.from, span.from_month) < std::min(months.to, span.to_month);
}

bool Evaluator::InPeriod(const IndexedFact& fact, int fact_kind, const Value& period, Item* item) {
  const Span* span = IsKnownPeriod(period) ? &SpanOf(period) : nullptr;
  return InSpan(fact, fact_kind, span, period.blame, item);
}

bool Evaluator::InSpan(const IndexedFact& fact, int fact_kind, const Span* span, BlameId no_span,
                       Item* item) {
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(fact_kind)];
  const bool of_one = kind.by == FactKind::By::kMonth || kind.by == FactKind::By::kDay;
  FactMonths months;
  if (span != nullptr || !of_one) months = MonthsOf(fact, fact_kind);
  if (months.known && span != nullptr) return MeetsSpan(months, *span, kind);
  item->sureness = Sureness::kPossible;
  item->blame = blames_.Join(item->blame, months.blame);
  if (span == nullptr) item->blame = blames_.Join(item->blame, no_span);
  return true;
}

Value Evaluator::SpanOfFact(const Frame& frame) {
  FactMonths months;
  months.blame = frame.blame;
  if (frame.fact >= 0) months = MonthsOf(index_.fact(frame.fact), frame.kind);
  if (months.known) return Point(Rational(months.to - months.from));
  if (pack_.fact_kinds[static_cast<size_t>(frame.kind)].by == FactKind::By::kYear)
    return Point(Rational(kMonthsOfYear));
  Value span = Anything(months.blame);
  span.lo = Rational(1);
  span.lo_infinite = false;
  return span;
}

Value Evaluator::WithinPeriod(const Frame& frame) {
  FactMonths months;
  months.blame = frame.blame;
  if (frame.fact >= 0) months = MonthsOf(index_.fact(frame.fact), frame.kind);
  const Value& period = *frame.period;
  const bool known_period = IsKnownPeriod(period);
  int64_t length = 0;
  if (known_period) {
    const Span& span = SpanOf(period);
    length = std::max<int64_t>(1, span.to_month - span.from_month);
    if (months.known) {
      return Point(Rational(std::max<int64_t>(
          0, std::min(months.to, span.to_month) - std::max(months.from, span.from_month))));
    }
  }
  const bool by_year = pack_.fact_kinds[static_cast<size_t>(frame.kind)].by == FactKind::By::kYear;
  Value within = Anything(months.blame);
  // Of a fact nobody told, what leaves the list open is to blame alone.
  if (!known_period && frame.fact >= 0) within.blame = blames_.Join(months.blame, period.blame);
  within.lo = Rational(1);
  within.lo_infinite = false;
  if (known_period || by_year) {
    const int64_t most = !known_period ? kMonthsOfYear
                         : by_year     ? std::min(length, kMonthsOfYear)
                                       : length;
    within.hi = Rational(most);
    within.hi_infinite = false;
  }
  if (within.IsPoint()) within.blame = 0;
  return within;
}

}  // namespace hedui::assess
