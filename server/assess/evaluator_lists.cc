// Loops over people and facts: who and what is in a list, how surely, and what it comes to. What a
// rule makes of a list is in evaluator_rules.cc; least, greatest and mean in evaluator_extremes.cc.
#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

// Ten years: no look-back of a rule goes further.
constexpr int64_t kMonthsMax = 120;

// Months of one kind of fact in a case: seldom more than two years of them.
using Months = absl::InlinedVector<int64_t, 24>;

int64_t CountDistinct(Months* months) {
  std::sort(months->begin(), months->end());
  return std::unique(months->begin(), months->end()) - months->begin();
}

}  // namespace

void Evaluator::ExecuteLists(const Op& op) {
  switch (op.code) {
    case OpCode::kAggregate:
      stack_.push_back(Fold(pack_.aggregates[static_cast<size_t>(op.arg)]));
      return;
    case OpCode::kDefined:
      stack_.back() = Defined(stack_.back());
      return;
    case OpCode::kSpan:
      stack_.push_back(SpanOfFact(frames_[op.slot]));
      return;
    case OpCode::kWithin:
      stack_.push_back(WithinPeriod(frames_[op.slot]));
      return;
    case OpCode::kSurely:
    case OpCode::kPossibly:
      stack_.back() = KnownSoFar(stack_.back(), op.code == OpCode::kSurely);
      return;
    default:
      return;
  }
}

Value Evaluator::Begin(const Aggregate& aggregate) const {
  switch (aggregate.kind) {
    case AggregateKind::kExists:
      return TruthOf(false);
    case AggregateKind::kAll:
      return TruthOf(true);
    case AggregateKind::kMin:
    case AggregateKind::kMax:
    case AggregateKind::kMean: {
      Value nothing;
      nothing.mask = kNone;
      return nothing;
    }
    default:
      return Point(Rational());
  }
}

bool Evaluator::Filter(const Aggregate& aggregate, Item* item) {
  for (const CodeRange& filter : aggregate.filters) {
    const Value passes = Run(filter);
    if (passes.mask == kMayBeFalse) {
      // It is out whatever else is to be said of it.
      item->OnlyRestOn(passes);
      return false;
    }
    if (passes.unproven()) item->RestOn(passes, &blames_);
    item->marks |= passes.marks;
    if (passes.mask == kMayBeEither && item->sureness != Sureness::kOpen) {
      item->sureness = Sureness::kPossible;
      item->blame = blames_.Join(item->blame, passes.blame);
    }
  }
  return true;
}

// An item that only may be there adds anything between nothing and itself; the unlisted one any
// number of times.
Value Evaluator::SumItem(Value value, const Item& item) {
  value.marks |= item.marks;
  calculator_.RestOn(item.marks, item.blame, &value);
  if (item.sureness == Sureness::kSure) return value;
  const bool some = value.blame != 0 || !value.IsPoint() || !value.lo.is_zero();
  const BlameId own = value.blame;
  if (item.sureness == Sureness::kPossible) {
    value = calculator_.HullNumbers(value, Point(Rational()));
  } else {
    const bool below = value.lo_infinite || value.lo.sign() < 0,
               above = value.hi_infinite || value.hi.sign() > 0;
    value.lo = value.hi = Rational();
    value.lo_infinite = below;
    value.hi_infinite = above;
    value.mask = 0;  // without a value only if it is there
  }
  const bool blamed = (some && !value.IsPoint()) || value.unproven();
  value.blame = blamed ? blames_.Join(own, item.blame) : 0;
  return value;
}

Value Evaluator::CountItem(const Value& truth, const Item& item) {
  Value number = Point(Rational((truth.mask & kMayBeFalse) != 0 ? 0 : 1));
  number.hi = Rational((truth.mask & kMayBeTrue) != 0 ? 1 : 0);
  number.marks = truth.marks;
  number.blame = number.IsPoint() && !truth.unproven() ? 0 : truth.blame;
  return SumItem(number, item);
}

Value Evaluator::TruthItem(Value truth, const Item& item, bool all) {
  truth.marks |= item.marks;
  calculator_.RestOn(item.marks, item.blame, &truth);
  if (item.sureness == Sureness::kSure) return truth;
  const uint64_t settling = all ? kMayBeFalse : kMayBeTrue;
  if ((truth.mask & settling) == 0) return truth;
  truth.mask = kMayBeEither;
  truth.blame = blames_.Join(truth.blame, item.blame);
  return truth;
}

void Evaluator::Take(const Aggregate& aggregate, const Item& item, Value* total) {
  const Value body = Run(aggregate.body);
  switch (aggregate.kind) {
    case AggregateKind::kSum:
      *total = calculator_.Add(*total, SumItem(body, item));
      return;
    case AggregateKind::kCount:
      *total = calculator_.Add(*total, CountItem(body, item));
      return;
    case AggregateKind::kExists:
      *total = calculator_.Or(*total, TruthItem(body, item, false));
      return;
    case AggregateKind::kAll:
      *total = calculator_.And(*total, TruthItem(body, item, true));
      return;
    default:
      return;  // FoldMonths, Collect
  }
}

// That an item is not in the list may itself be unproven.
void Evaluator::Drop(const Aggregate& aggregate, const Item& item, Value* total) {
  if ((item.marks & kMarksUnsettled) == 0) return;
  if (IsCollected(aggregate.kind)) return calculator_.RestOn(item.marks, item.blame, total);
  Value nothing = Begin(aggregate);
  calculator_.RestOn(item.marks, item.blame, &nothing);
  *total = Join(aggregate, *total, nothing);
}

// Of two parts of one list.
Value Evaluator::Join(const Aggregate& aggregate, const Value& a, const Value& b) {
  switch (aggregate.kind) {
    case AggregateKind::kExists:
      return calculator_.Or(a, b);
    case AggregateKind::kAll:
      return calculator_.And(a, b);
    default:
      return calculator_.Add(a, b);
  }
}

// Of two accounts of one list.
Value Evaluator::Combine(const Aggregate& aggregate, const Value& a, const Value& b) {
  switch (aggregate.kind) {
    case AggregateKind::kExists:
      return calculator_.Or(a, b);
    case AggregateKind::kAll:
      return calculator_.And(a, b);
    case AggregateKind::kMin:
    case AggregateKind::kMax:
    case AggregateKind::kMean:
      return HigherExtreme(a, b);
    default:
      return calculator_.Max(a, b);
  }
}

Value Evaluator::Fold(const Aggregate& aggregate) {
  Value absent;
  if (aggregate.has_default) {
    absent = Pop();
    if (aggregate.of_dates) WatchDates(absent, absent);
  }
  const Value* const otherwise = aggregate.has_default ? &absent : nullptr;
  const Value period = aggregate.by_period ? Pop() : Value();
  // Months are what their period makes them.
  if (mode_ == Mode::kAnything && aggregate.list != ListKind::kMonths)
    return FoldAnything(aggregate, period, otherwise);
  if (aggregate.list != ListKind::kFacts) {
    if (aggregate.kind == AggregateKind::kClosed) return ClosedPeople(aggregate);
    Value total = FoldElements(aggregate, period);
    total.marks |= period.marks;
    calculator_.RestOn(period.marks, period.blame, &total);
    return OrDefault(aggregate, total, otherwise);
  }
  return FoldFacts(aggregate, period, otherwise);
}

// Of people, or of the months of a period.
Value Evaluator::FoldElements(const Aggregate& aggregate, const Value& period) {
  Value total = Begin(aggregate);
  uint8_t marks = 0;
  const auto for_each = [&](auto take, auto drop) {
    if (aggregate.list == ListKind::kMonths) return ForEachMonth(aggregate, period, take, drop);
    ForEachPerson(aggregate, take, drop, &marks);
  };
  if (!IsCollected(aggregate.kind)) {
    for_each([&](const Item& item) { Take(aggregate, item, &total); },
             [&](const Item& item) { Drop(aggregate, item, &total); });
    total.marks |= marks;
    return total;
  }
  Elements elements;
  for_each([&](const Item& item) { Collect(aggregate, item, &elements); },
           [&](const Item& item) { elements.dropped.RestOn(item, &blames_); });
  total = Summarise(aggregate, elements);
  total.marks |= marks;
  return total;
}

// A period that is not known may have any months. So may one of too many: nothing is computed for
// each of thousands.
template <typename TakeMonth, typename DropMonth>
void Evaluator::ForEachMonth(const Aggregate& aggregate, const Value& period, TakeMonth take,
                             DropMonth drop) {
  const auto element = [&](const Frame& frame, Item item) {
    frames_[aggregate.item_slot] = frame;
    Filter(aggregate, &item) ? take(item) : drop(item);
  };
  Span months;
  if (IsKnownPeriod(period)) months = SpanOf(period);
  if (!IsKnownPeriod(period) || months.to_month - months.from_month > kMonthsMax) {
    BlameId blame = period.blame;
    if (IsKnownPeriod(period)) blame = blames_.Join(blame, blames_.AddLeaf(0));
    element({-1, -1, -1, blame}, {Sureness::kOpen, blame, 0});
  } else {
    for (int64_t month = months.from_month; month < months.to_month; ++month)
      element({-1, 0, -1, 0, -1, month}, {});
  }
}

template <typename TakePerson, typename DropPerson>
void Evaluator::ForEachPerson(const Aggregate& aggregate, TakePerson take_person,
                              DropPerson drop_person, uint8_t* list_marks) {
  uint8_t marks = 0;
  const bool members = aggregate.list == ListKind::kMembers;
  const base::PersonRole role = aggregate.list == ListKind::kObligors ? base::PersonRole::kObligor
                                                                      : base::PersonRole::kMember;
  auto take = [&](int who, Item item) {
    if (members && division_->member >= 0) {
      AddRef(Ref::Tag::kPerson, division_->member, who);
      const Value& member = person(division_->member, who);
      // That somebody is not one counts as well.
      marks |= member.marks & static_cast<uint8_t>(~kMarksUnsettled);
      if (member.mask == kMayBeFalse) {
        item.OnlyRestOn(member);
        return drop_person(item);
      }
      if (member.unproven()) item.RestOn(member, &blames_);
      if (member.mask == kMayBeEither && item.sureness == Sureness::kSure) {
        item.sureness = Sureness::kPossible;
        item.blame = member.blame;
      }
    }
    frames_[aggregate.item_slot] = {who, -1, -1, 0};
    Filter(aggregate, &item) ? take_person(item) : drop_person(item);
  };
  for (int who = 0; who < person_count(); ++who) {
    if (case_->persons[static_cast<size_t>(who)].role == role) take(who, {});
  }
  if (aggregate.list == ListKind::kPersons) {
    if (LeavesOutMembers()) {
      drop_person({Sureness::kSure, unlisted(role).blame, kMarkUnproven});
    }
    return;
  }
  // Where no rule says whether members are missing, they are as listed; of obligors, who live
  // elsewhere, no list is complete unless a rule says so.
  const int complete = members ? division_->members_complete : division_->obligors_complete;
  if (complete >= 0) AddRef(Ref::Tag::kHousehold, complete);
  if (const Unlisted& missing = unlisted(role); missing.reckoned)
    take(UnlistedOf(role), {Sureness::kOpen, missing.blame, 0});
  // That nobody is missing is itself a premise.
  if (complete >= 0) {
    const Value& premise = household(complete);
    marks |= premise.marks & static_cast<uint8_t>(~kMarksUnsettled);
    drop_person({Sureness::kSure, premise.blame, premise.marks});
  }
  // Behind the loop: what decides alone leaves out the marks of what was before it.
  *list_marks |= marks;
}

const Evaluator::Span& Evaluator::SpanOf(int64_t lo, int64_t hi) {
  for (const Span& span : spans_) {
    if (span.lo == lo && span.hi == hi) return span;
  }
  Span& span = spans_[next_span_];
  next_span_ = (next_span_ + 1) % std::size(spans_);
  span.lo = lo;
  span.hi = hi;
  span.days.from = DayOfNumber(lo);
  span.days.to = DayOfNumber(hi);
  const absl::CivilMonth from(*span.days.from), to(*span.days.to);
  // A month that begins before the period is not within it.
  span.from_month = MonthNumber(from) + (absl::CivilDay(from) == *span.days.from ? 0 : 1);
  span.to_month = MonthNumber(to);
  return span;
}

Value Evaluator::MonthsBetween(int64_t least, std::optional<int64_t> most, const Value& period) {
  Value value = Point(Rational(least));
  value.hi = Rational(most.value_or(least));
  value.hi_infinite = !most.has_value();
  if (!IsKnownPeriod(period)) return value;
  const Span& span = SpanOf(period);
  const int64_t length = std::max<int64_t>(0, span.to_month - span.from_month);
  if (value.hi_infinite || Rational::Compare(value.hi, Rational(length)) > 0) {
    value.hi = Rational(length);
    value.hi_infinite = false;
  }
  return value;
}

void Evaluator::Perhaps(const IndexedFact& fact, int kind, Item* item) {
  item->sureness = Sureness::kPossible;
  BlameId blame = 0;
  if (fact.fact->answer >= 0) {
    blame = AnswerLeaf(fact.fact->answer, AnswerDetail::kDuplicate);
  } else {
    BlameLeaf leaf{BlameKind::kDeclaration};
    leaf.person = static_cast<int16_t>(index_.PersonOf(fact.fact->person_id));
    leaf.kind_of_fact = kind;
    blame = Leaf(leaf);
  }
  item->blame = blames_.Join(item->blame, blame);
}

// Of a thing that members hold together: false where it counts with the other, who is a member.
// While the policy still computes who is one, it may count in either place.
bool Evaluator::CountsHere(const IndexedFact& fact, int kind, Item* item) {
  const base::Fact& other = case_->facts.facts[static_cast<size_t>(fact.fact->held_with)];
  const int owner = index_.PersonOf(other.person_id);
  if (division_->member < 0) return false;
  if (!members_known_) {
    Perhaps(fact, kind, item);
    return true;
  }
  const Value& member = person(division_->member, owner);
  if (member.mask == kMayBeTrue) {
    item->OnlyRestOn(member);
    return false;
  }
  if (member.unproven()) item->RestOn(member, &blames_);
  if (member.mask == kMayBeFalse) return true;
  Perhaps(fact, kind, item);
  item->blame = blames_.Join(item->blame, member.blame);
  return true;
}

template <typename TakeFact, typename DropFact>
bool Evaluator::ForEachFact(const Aggregate& aggregate, int who, const Value& period, Side side,
                            TakeFact take, DropFact drop) {
  if (side == Side::kPresumed) return ForEachPresumed(aggregate, who, period, take, drop);
  const bool declared = side != Side::kFound;
  bool any = false;
  for (int32_t i = index_.FirstFact(who, aggregate.fact_kind); i >= 0; i = index_.fact(i).next) {
    ++steps_;
    const IndexedFact& fact = index_.fact(i);
    if (fact.fact->declared != declared) continue;
    Item item;
    if (aggregate.by_period && !InPeriod(fact, aggregate.fact_kind, period, &item)) continue;
    if (fact.fact->possible) Perhaps(fact, aggregate.fact_kind, &item);
    // What counts with somebody else was found there: where found things do not count, it does not.
    if (side != Side::kStatedAlone && index_.IsUsed(fact.fact->held_with) &&
        !CountsHere(fact, aggregate.fact_kind, &item)) {
      AddRef(Ref::Tag::kFact, fact.index);
      drop(item);
      continue;
    }
    frames_[aggregate.item_slot] = {-1, i, aggregate.fact_kind, 0, -1, 0, &period};
    if (!Filter(aggregate, &item)) {
      drop(item);
      continue;
    }
    any = true;
    AddRef(Ref::Tag::kFact, fact.index);
    if (fact.fact->manual) item.marks |= kMarkManual;
    if (declared) item.marks |= kMarkDeclared;
    take(item);
  }
  return any;
}

// Of what is presumed, one fact for every month where the kind is by month.
template <typename TakeFact, typename DropFact>
bool Evaluator::ForEachPresumed(const Aggregate& aggregate, int who, const Value& period,
                                TakeFact take, DropFact drop) {
  const Presumption presumption = presumption_;
  int64_t month = 0, end = 1;
  if (aggregate.by_period) {
    month = SpanOf(period).from_month;
    end = SpanOf(period).to_month;
  }
  bool any = false;
  for (; month < end; ++month) {
    Item item;
    frames_[aggregate.item_slot] = {
        who, -1, aggregate.fact_kind, presumption.blame, presumption.symbol, month};
    if (!Filter(aggregate, &item)) {
      drop(item);
      continue;
    }
    any = true;
    item.marks |= kMarkPresumed;
    take(item);
  }
  return any;
}

// The facts of one person and kind that were found, that were declared, or that are presumed.
Value Evaluator::FoldOneSide(const Aggregate& aggregate, int who, const Value& period, Side side,
                             Presence* there) {
  if (aggregate.kind == AggregateKind::kMonths) {
    return FoldMonths(aggregate, who, period, side, there);
  }
  const auto note = [there](const Item& item) { there->sure |= item.sureness == Sureness::kSure; };
  if (IsCollected(aggregate.kind)) {
    Elements elements;
    there->any = ForEachFact(
        aggregate, who, period, side,
        [&](const Item& item) {
          note(item);
          Collect(aggregate, item, &elements);
        },
        [&](const Item& item) { elements.dropped.RestOn(item, &blames_); });
    return Summarise(aggregate, elements);
  }
  Value total = Begin(aggregate);
  there->any = ForEachFact(
      aggregate, who, period, side,
      [&](const Item& item) {
        note(item);
        Take(aggregate, item, &total);
      },
      [&](const Item& item) { Drop(aggregate, item, &total); });
  return total;
}

// How many distinct months the facts are of.
Value Evaluator::FoldMonths(const Aggregate& aggregate, int who, const Value& period, Side side,
                            Presence* there) {
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(aggregate.fact_kind)];
  Months sure, possible;
  BlameId blame = 0;
  uint8_t marks = 0;
  const auto rest_on = [&](const Item& item) {
    marks |= item.marks;
    blame = blames_.Join(blame, item.blame);
  };
  const auto take = [&](const Item& item) {
    rest_on(item);
    const Frame& frame = frames_[aggregate.item_slot];
    const Value month = FieldOf(frame, kind.month_field);
    // Without a month of its own it may be any one: a number no month has.
    const int64_t number = month.IsPoint() ? WholeOf(month.lo) : INT64_MIN + frame.fact;
    possible.push_back(number);
    if (item.sureness != Sureness::kSure) return;
    sure.push_back(number);
    there->sure = true;
  };
  const auto drop = [&](const Item& item) {
    const uint8_t unsettled = item.marks & kMarksUnsettled;
    if (unsettled != 0) rest_on({item.sureness, item.blame, unsettled});
  };
  there->any = ForEachFact(aggregate, who, period, side, take, drop);
  Value total = MonthsBetween(CountDistinct(&sure), CountDistinct(&possible), period);
  total.marks = marks;
  if (!total.IsPoint() || total.unproven()) total.blame = blame;
  return total;
}

}  // namespace hedui::assess
