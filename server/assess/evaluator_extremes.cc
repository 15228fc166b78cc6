// The least, the greatest and the mean of a list, and how many different values it has. A list may
// be empty, or perhaps so; until the end that stands in the mask of its value.
#include <algorithm>

#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

bool LessLow(const Value& a, const Value& b) {
  if (a.lo_infinite || b.lo_infinite) return a.lo_infinite && !b.lo_infinite;
  return Rational::Compare(a.lo, b.lo) < 0;
}

bool LessHigh(const Value& a, const Value& b) {
  if (a.hi_infinite || b.hi_infinite) return b.hi_infinite && !a.hi_infinite;
  return Rational::Compare(a.hi, b.hi) < 0;
}

void SetLow(const Value& from, Value* to) {
  to->lo = from.lo;
  to->lo_infinite = from.lo_infinite;
}

void SetHigh(const Value& from, Value* to) {
  to->hi = from.hi;
  to->hi_infinite = from.hi_infinite;
}

const Value& LesserLow(const Value& a, const Value& b) { return LessLow(b, a) ? b : a; }
const Value& GreaterLow(const Value& a, const Value& b) { return LessLow(a, b) ? b : a; }
const Value& LesserHigh(const Value& a, const Value& b) { return LessHigh(b, a) ? b : a; }
const Value& GreaterHigh(const Value& a, const Value& b) { return LessHigh(a, b) ? b : a; }

}  // namespace

void Evaluator::Collect(const Aggregate& aggregate, const Item& item, Elements* elements) {
  const Value body = Run(aggregate.body);
  if (aggregate.of_dates) WatchDates(body, body);
  elements->taken.push_back({body, item});
}

// One more element: its body takes part in what the list comes to.
Value Evaluator::WithElement(AggregateKind kind, const Value& list, const Value& body,
                             Sureness sureness) const {
  const bool sure = sureness == Sureness::kSure;
  Value all = list;
  all.mask = sure ? 0 : kPerhapsNone;
  all.undefined = list.undefined || body.undefined;
  if (list.mask == kNone) {
    SetLow(body, &all);
    SetHigh(body, &all);
    return all;
  }
  const bool perhaps = list.mask == kPerhapsNone;
  if (!sure) all.mask = list.mask;
  SetLow(LesserLow(list, body), &all);
  SetHigh(GreaterHigh(list, body), &all);
  // A sure element bounds the least from above and the greatest from below, another only where it
  // may be the only one.
  if (kind == AggregateKind::kMin) {
    if (sure) SetHigh(perhaps ? body : LesserHigh(list, body), &all);
    if (!sure && !perhaps) SetHigh(list, &all);
  }
  if (kind == AggregateKind::kMax) {
    if (sure) SetLow(perhaps ? body : GreaterLow(list, body), &all);
    if (!sure && !perhaps) SetLow(list, &all);
  }
  return all;
}

Value Evaluator::Summarise(const Aggregate& aggregate, const Elements& elements) {
  BlameId all = elements.dropped.blame, kept = elements.dropped.blame;
  uint8_t marks = elements.dropped.marks;
  bool only_sure = true;
  for (const Elements::Taken& taken : elements.taken) {
    if (taken.item.sureness == Sureness::kOpen) continue;
    const bool sure = taken.item.sureness == Sureness::kSure;
    only_sure &= sure;
    const bool unsettled = (taken.item.marks & kMarksUnsettled) != 0;
    marks |= taken.body.marks | taken.item.marks;
    all = blames_.Join(all, taken.body.blame);
    if (!sure || unsettled) all = blames_.Join(all, taken.item.blame);
    if (taken.body.unproven()) kept = blames_.Join(kept, taken.body.blame);
    if (unsettled) kept = blames_.Join(kept, taken.item.blame);
  }
  Value total = aggregate.kind == AggregateKind::kDistinct
                    ? DistinctOf(aggregate, elements)
                    : ExtremeOf(aggregate.kind, elements, only_sure);
  total.marks = marks;
  total.blame = total.IsPoint() && total.mask != kPerhapsNone ? kept : all;
  if (total.mask == kNone) total.blame = kept;
  for (const Elements::Taken& taken : elements.taken) {
    if (taken.item.sureness == Sureness::kOpen)
      total = AddOpen(aggregate, total, taken.body, taken.item);
  }
  return total;
}

Value Evaluator::ExtremeOf(AggregateKind kind, const Elements& elements, bool only_sure) {
  Value total, sum;
  total.mask = kNone;
  int64_t count = 0;
  for (const Elements::Taken& taken : elements.taken) {
    if (taken.item.sureness == Sureness::kOpen) continue;
    total = WithElement(kind, total, taken.body, taken.item.sureness);
    if (kind == AggregateKind::kMean && only_sure) sum = calculator_.Add(sum, taken.body);
    ++count;
  }
  if (kind != AggregateKind::kMean || !only_sure || count == 0) return total;
  Value mean = calculator_.Divide(sum, Point(Rational(count)));
  mean.mask = 0;
  return mean;
}

Value Evaluator::DistinctOf(const Aggregate& aggregate, const Elements& elements) const {
  std::vector<const Value*> sure, all;
  int64_t inexact = 0;
  bool any_sure = false;
  const auto add = [](const Value& key, std::vector<const Value*>* keys) {
    const bool known = std::any_of(keys->begin(), keys->end(), [&key](const Value* other) {
      return other->mask == key.mask && other->lo == key.lo;
    });
    if (!known) keys->push_back(&key);
  };
  for (const Elements::Taken& taken : elements.taken) {
    if (taken.item.sureness == Sureness::kOpen) continue;
    const bool is_sure = taken.item.sureness == Sureness::kSure;
    any_sure |= is_sure;
    const Value& key = taken.body;
    if (!(aggregate.masked ? IsSingle(key.mask) : key.IsPoint())) {
      ++inexact;
      continue;
    }
    add(key, &all);
    if (is_sure) add(key, &sure);
  }
  const int64_t least = std::max<int64_t>(static_cast<int64_t>(sure.size()), any_sure ? 1 : 0);
  Value count = Point(Rational(least));
  count.hi = Rational(static_cast<int64_t>(all.size()) + inexact);
  return count;
}

Value Evaluator::AddOpen(const Aggregate& aggregate, const Value& listed, const Value& body,
                         const Item& item) {
  Value total;
  if (aggregate.kind == AggregateKind::kDistinct) {
    total = listed;
    total.hi_infinite = true;
    total.hi = Rational();
  } else {
    total = WithElement(aggregate.kind, listed, body, Sureness::kOpen);
  }
  total.marks = listed.marks | body.marks | item.marks;
  total.blame = 0;
  if (!total.IsPoint() || total.mask == kPerhapsNone) {
    total.blame = blames_.Join(listed.blame, blames_.Join(body.blame, item.blame));
  }
  calculator_.RestOn(listed.marks, listed.blame, &total);
  calculator_.RestOn(body.marks, body.blame, &total);
  calculator_.RestOn(item.marks, item.blame, &total);
  return total;
}

// One of two accounts, where the other may hold nothing.
Value Evaluator::OtherThanNone(const Value& none, const Value& other) {
  Value value = other;
  calculator_.RestOn(none.marks, none.blame, &value);
  return value;
}

Value Evaluator::HigherExtreme(const Value& found, const Value& stated) {
  if (stated.mask == kNone) return OtherThanNone(stated, found);
  if (found.mask == kNone) return OtherThanNone(found, stated);
  if (found.mask == 0 && stated.mask == 0) return calculator_.Max(found, stated);
  Value higher;
  SetHigh(GreaterHigh(found, stated), &higher);
  SetLow(found.mask == 0 ? found : stated.mask == 0 ? stated : LesserLow(found, stated), &higher);
  return Joined(higher, found.mask & stated.mask, found, stated);
}

Value Evaluator::EitherExtreme(const Value& found, const Value& stated) {
  if (found.mask == kNone || stated.mask == kNone) {
    Value value = found.mask == kNone ? stated : found;
    const Value& none = found.mask == kNone ? found : stated;
    if (value.mask != kNone) value.mask = kPerhapsNone;
    value.marks |= none.marks;
    calculator_.RestOn(none.marks, none.blame, &value);
    return value;
  }
  Value either;
  SetLow(LesserLow(found, stated), &either);
  SetHigh(GreaterHigh(found, stated), &either);
  return Joined(either, found.mask | stated.mask, found, stated);
}

Value Evaluator::Joined(Value value, uint64_t mask, const Value& a, const Value& b) {
  value.mask = mask;
  value.undefined = a.undefined || b.undefined;
  value.marks = a.marks | b.marks;
  if (!value.IsPoint() || mask == kPerhapsNone) value.blame = blames_.Join(a.blame, b.blame);
  calculator_.RestOn(a.marks, a.blame, &value);
  calculator_.RestOn(b.marks, b.blame, &value);
  return value;
}

// At the end of a fold: what is said of an empty list.
Value Evaluator::OrDefault(const Aggregate& aggregate, Value total, const Value* absent) {
  const uint64_t mask = total.mask;
  if (!IsExtreme(aggregate.kind) || mask == 0) return total;
  total.mask = 0;
  if (absent != nullptr) {
    if (mask != kNone) return calculator_.HullNumbers(total, *absent);
    Value value = *absent;
    value.marks |= total.marks;
    calculator_.RestOn(total.marks, total.blame, &value);
    return value;
  }
  if (mask == kNone) {
    Value nothing = Anything(0);
    nothing.mask = kNoValue;
    nothing.marks = total.marks;
    nothing.blame = total.blame;
    total = nothing;
  }
  total.undefined = true;
  total.blame = blames_.Join(total.blame, blames_.AddLeaf(0));
  return total;
}

}  // namespace hedui::assess
