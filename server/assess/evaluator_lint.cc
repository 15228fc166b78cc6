// The linter's ways of taking a case: as if nothing were known of it, and as if it told all.
#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

bool IsComparison(OpCode code) {
  switch (code) {
    case OpCode::kLess:
    case OpCode::kLessOrEqual:
    case OpCode::kEqualNumbers:
    case OpCode::kEqualMasks:
    case OpCode::kIn:
      return true;
    default:
      return false;
  }
}

bool IsOrdered(OpCode code) {
  return code == OpCode::kLess || code == OpCode::kLessOrEqual || code == OpCode::kEqualNumbers;
}

}  // namespace

absl::Status Evaluator::RunOnAnything(const Division& division, const Case& c, const DayRange& days,
                                      std::vector<uint8_t>* observed) {
  observed->assign(pack_.code.size(), 0);
  mode_ = Mode::kAnything;
  days_ = days;
  observed_ = observed;
  absl::Status status = Run(division, c, /*trace=*/false);
  mode_ = Mode::kAsItStands;
  observed_ = nullptr;
  return status;
}

absl::Status Evaluator::RunOnAllTold(const Division& division, const Case& c) {
  mode_ = Mode::kAllTold;
  absl::Status status = Run(division, c, /*trace=*/false);
  mode_ = Mode::kAsItStands;
  return status;
}

void Evaluator::RunObserved(CodeRange range) {
  for (int32_t at = range.begin; at < range.end;) {
    const Op& op = pack_.code[static_cast<size_t>(at)];
    uint8_t& seen = (*observed_)[static_cast<size_t>(at)];
    if (IsComparison(op.code)) {
      const Value& a = stack_[stack_.size() - 2];
      const Value& b = stack_.back();
      const bool exact = IsOrdered(op.code)       ? a.IsPoint() && b.IsPoint()
                         : op.code == OpCode::kIn ? IsSingle(a.mask) && !b.undefined
                                                  : IsSingle(a.mask) && IsSingle(b.mask);
      if (!exact) seen |= kObservedOpen;
    }
    ++at;
    Execute(op, &at);
    seen |= static_cast<uint8_t>(stack_.back().mask & kMayBeEither);
  }
}

// Nothing is known of anybody; of the policy day, that it is one of `days_`.
Value Evaluator::AnyIntrinsic(const Symbol& symbol) const {
  Value value = symbol.unknown;
  if (symbol.intrinsic != Intrinsic::kPolicyDay) return value;
  value.lo = Rational(days_.from);
  value.lo_infinite = days_.from == INT32_MIN;
  value.hi = Rational(static_cast<int64_t>(days_.to) - 1);
  value.hi_infinite = days_.to == INT32_MAX;
  return value;
}

// Any number of elements of which nothing is known, none too.
Value Evaluator::FoldAnything(const Aggregate& aggregate, const Value& period,
                              const Value* absent) {
  if (aggregate.kind == AggregateKind::kClosed) return MaskOf(kMayBeEither, 0);
  if (aggregate.kind == AggregateKind::kMonths) return MonthsBetween(0, std::nullopt, period);
  const bool facts = aggregate.list == ListKind::kFacts;
  Item item{Sureness::kOpen, 0, 0};
  frames_[aggregate.item_slot] = {facts ? -1 : 0, -1, facts ? aggregate.fact_kind : -1, 0, -1, 0,
                                  &period};
  const bool any = Filter(aggregate, &item);
  if (IsCollected(aggregate.kind)) {
    Elements elements;
    if (any) Collect(aggregate, item, &elements);
    return OrDefault(aggregate, Summarise(aggregate, elements), absent);
  }
  Value total = Begin(aggregate);
  if (any) Take(aggregate, item, &total);
  return total;
}

}  // namespace hedui::assess
