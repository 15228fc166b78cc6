// The fast path for points. Most of a case is known: where everything that an expression reads is
// one small number, one code, one truth, and proven, it is computed on those, with their marks, as
// the abstract operations would. Whatever does not fit (an answer that is missing, a number beyond
// 64 bits, an operation that is not here) gives the expression back to them: it is never an error,
// and never another result.
#include <variant>

#include "server/assess/evaluator.h"
#include "server/assess/exact.h"

namespace hedui::assess {

using base::Int128;
using base::Rational;

namespace {

bool HasExact(OpCode code) {
  switch (ThemeOf(code)) {
    case OpTheme::kDates:
      return code == OpCode::kAge || code == OpCode::kMonthsBefore;
    case OpTheme::kPeople:
      return code == OpCode::kAnswered || code == OpCode::kNotRuledOut || code == OpCode::kListed ||
             code == OpCode::kIsPerson || code == OpCode::kRelationOf;
    case OpTheme::kLists:
      return code == OpCode::kAggregate || code == OpCode::kSpan || code == OpCode::kWithin;
    default:
      return code <= OpCode::kPresumed;
  }
}

bool HasExact(const CompiledPack& pack, CodeRange range) {
  for (int32_t at = range.begin; at < range.end; ++at) {
    const Op& op = pack.code[static_cast<size_t>(at)];
    if (!HasExact(op.code)) return false;
    if (op.code != OpCode::kAggregate) continue;
    const Aggregate& aggregate = pack.aggregates[static_cast<size_t>(op.arg)];
    if (aggregate.kind > AggregateKind::kMonths || aggregate.variant >= 0 ||
        aggregate.list == ListKind::kMonths) {
      return false;
    }
    if (!HasExact(pack, aggregate.body)) return false;
    for (const CodeRange& filter : aggregate.filters) {
      if (!HasExact(pack, filter)) return false;
    }
  }
  return true;
}

}  // namespace

void PrepareExact(CompiledPack* pack) {
  for (Row& row : pack->rows) row.exact = HasExact(*pack, row.code);
  for (const Value& constant : pack->constants) {
    Exact exact;
    if (constant.mask != 0) {
      exact = {static_cast<int64_t>(constant.mask), 1, constant.marks, !constant.undefined};
    } else if (constant.IsPoint() && FitsSmall(constant.lo.numerator()) &&
               FitsSmall(constant.lo.denominator())) {
      exact = {static_cast<int64_t>(constant.lo.numerator()),
               static_cast<int64_t>(constant.lo.denominator()), constant.marks, true};
    }
    pack->exact_constants.push_back(exact);
  }
}

Exact Evaluator::ToExact(const Value& value, TypeKind kind) {
  const Exact none;
  if (value.unproven()) return none;
  switch (kind) {
    case TypeKind::kNumber:
    case TypeKind::kDate:
    case TypeKind::kMonth:
      if (!value.IsPoint() || !FitsSmall(value.lo.numerator()) ||
          !FitsSmall(value.lo.denominator())) {
        return none;
      }
      return {static_cast<int64_t>(value.lo.numerator()),
              static_cast<int64_t>(value.lo.denominator()), value.marks, true};
    case TypeKind::kTruth:
    case TypeKind::kCode:
    case TypeKind::kPerson:
      if (!IsSingle(value.mask)) return none;
      return {static_cast<int64_t>(value.mask), 1, value.marks, true};
    case TypeKind::kCodeSet:
      if (value.undefined) return none;
      return {static_cast<int64_t>(value.mask), 1, value.marks, true};
    case TypeKind::kPeriod:
      if (!IsKnownPeriod(value)) return none;
      return {WholeOf(value.lo), WholeOf(value.hi), value.marks, true};
    default:
      return none;
  }
}

void Evaluator::FromExact(const Exact& exact, TypeKind kind, Value* out) {
  Value& value = *out;
  value = Value();
  value.marks = exact.marks;
  switch (kind) {
    case TypeKind::kNumber:
    case TypeKind::kDate:
    case TypeKind::kMonth:
      value.lo = value.hi = exact.d == 1 ? Rational(exact.n) : *Rational::Make(exact.n, exact.d);
      break;
    case TypeKind::kPeriod:
      value.lo = Rational(exact.n);
      value.hi = Rational(exact.d);
      break;
    default:
      value.mask = static_cast<uint64_t>(exact.n);
      break;
  }
}

bool Evaluator::RunExact(CodeRange range, Exact* out) {
  steps_ += static_cast<size_t>(range.end - range.begin) + 1;
  if (exhausted()) return false;
  // Many filters and sums are of one field.
  if (range.end == range.begin + 1) {
    const Op& only = pack_.code[static_cast<size_t>(range.begin)];
    if (only.code == OpCode::kField) {
      *out = ExactField(frames_[only.slot], only.arg);
      return out->known;
    }
  }
  Exact* const base = exact_top_;
  const bool computed =
      range.end - range.begin <= exact_stack_ + kExactStack - base && RunExactFrom(base, range);
  exact_top_ = base;
  if (computed) *out = *base;
  return computed;
}

// One loop, so that the stack's top stays in a register: `top` is one behind it. Each operation
// pushes at most once, so that the stack is as long as the code.
bool Evaluator::RunExactFrom(Exact* top, CodeRange range) {
  const Op* const code = pack_.code.data();
  for (int32_t at = range.begin; at < range.end; ++at) {
    const Op& op = code[at];
    switch (op.code) {
      case OpCode::kConst:
        *top = pack_.exact_constants[static_cast<size_t>(op.arg)];
        if (!top++->known) return false;
        break;
      case OpCode::kHousehold:
        AddRef(Ref::Tag::kHousehold, op.arg);
        *top = ExactHousehold(op.arg);
        if (!top++->known) return false;
        break;
      case OpCode::kPerson: {
        const int who = frames_[op.slot].person;
        AddRef(Ref::Tag::kPerson, op.arg, who);
        *top = ExactPerson(op.arg, who);
        if (!top++->known) return false;
        break;
      }
      case OpCode::kField:
        *top = ExactField(frames_[op.slot], op.arg);
        if (!top++->known) return false;
        break;
      case OpCode::kNot:
        top[-1].n = kExactTrue + kExactFalse - top[-1].n;
        break;
      case OpCode::kPresumed:
        top[-1].marks |= kMarkPresumed;
        break;
      case OpCode::kSkipIfFalse:
        if (top[-1].n == kExactFalse) {
          ++top;  // the branch's place; nobody reads it
          at += op.arg;
        }
        break;
      case OpCode::kSkipIfTrue:
        if (top[-2].n == kExactTrue) {
          ++top;
          at += op.arg;
        }
        break;
      case OpCode::kSkipAnd:
        if (top[-1].n == kExactFalse) at += op.arg;
        break;
      case OpCode::kSkipOr:
        if (top[-1].n == kExactTrue) at += op.arg;
        break;
      case OpCode::kSelectNumber:
      case OpCode::kSelectMask: {
        top -= 2;
        const uint8_t marks = top[-1].marks;
        top[-1] = top[-1].n == kExactTrue ? top[0] : top[1];
        top[-1].marks |= marks;
        break;
      }
      case OpCode::kAnd:
      case OpCode::kOr:
        --top;
        top[-1] = LogicExact(top[-1], top[0], op.code == OpCode::kAnd ? kExactFalse : kExactTrue);
        break;
      case OpCode::kEqualMasks:
        --top;
        top[-1] = TruthExact(top[-1].n == top[0].n, MarksOf(top[-1], top[0]));
        break;
      case OpCode::kIn:
        --top;
        top[-1] = TruthExact((top[-1].n & top[0].n) != 0, MarksOf(top[-1], top[0]));
        break;
      case OpCode::kAdd:
        --top;
        if (!AddExact(top[-1], top[0], &top[-1])) return false;
        break;
      case OpCode::kNegate:
      case OpCode::kRound:
        if (!UnaryExact(op, &top[-1])) return false;
        break;
      case OpCode::kSubtract:
      case OpCode::kMultiply:
      case OpCode::kDivide:
      case OpCode::kMin:
      case OpCode::kMax:
      case OpCode::kLess:
      case OpCode::kLessOrEqual:
      case OpCode::kEqualNumbers:
        --top;
        if (!BinaryExact(op, top[0], &top[-1])) return false;
        break;
      case OpCode::kAggregate:
        exact_top_ = top;
        if (!FoldExact(op)) return false;
        top = exact_top_;
        break;
      // Most people have no facts of years or periods, and then nobody asks for their months.
      case OpCode::kSpan:
      case OpCode::kWithin:
        return false;
      default:
        exact_top_ = top;
        if (!ThemeExact(op)) return false;
        top = exact_top_;
        break;
    }
  }
  return true;
}

bool Evaluator::UnaryExact(const Op& op, Exact* a) {
  if (op.code == OpCode::kNegate) {
    if (a->n == INT64_MIN) return false;
    a->n = -a->n;
    return true;
  }
  Rational rounded;
  return Rational::Round(*Rational::Make(a->n, a->d),
                         pack_.constants[static_cast<size_t>(op.arg)].lo,
                         static_cast<base::Rounding>(op.slot), &rounded) &&
         MakeExact(rounded.numerator(), rounded.denominator(), a->marks, a);
}

bool Evaluator::ThemeExact(const Op& op) {
  switch (ThemeOf(op.code)) {
    case OpTheme::kDates:
      return DatesExact(op);
    case OpTheme::kPeople:
      return PeopleExact(op);
    default:
      return false;
  }
}

bool Evaluator::BinaryExact(const Op& op, const Exact& b, Exact* a) {
  if (op.slot == kOfDates && op.code == OpCode::kSubtract) {
    if (a->n == day_ || b.n == day_) Offer(day_ + 1);
  } else if (op.slot == kOfDates) {
    WatchDaysExact(a->n, b.n);
  }
  const uint8_t marks = MarksOf(*a, b);
  switch (op.code) {
    case OpCode::kSubtract:
      return b.n != INT64_MIN && AddExact(*a, {-b.n, b.d, b.marks, true}, a);
    case OpCode::kMultiply:
      return MakeExact(Int128{a->n} * b.n, Int128{a->d} * b.d, marks, a);
    case OpCode::kDivide:
      // By zero: undefined, with what is to blame.
      return b.n != 0 && MakeExact(Int128{a->n} * b.d, Int128{a->d} * b.n, marks, a);
    case OpCode::kMin:
    case OpCode::kMax: {
      const int order = CompareExact(*a, b);
      if (op.code == OpCode::kMin ? order > 0 : order < 0) *a = b;
      a->marks = marks;
      return true;
    }
    case OpCode::kLess:
      *a = TruthExact(CompareExact(*a, b) < 0, marks);
      return true;
    case OpCode::kLessOrEqual:
      *a = TruthExact(CompareExact(*a, b) <= 0, marks);
      return true;
    case OpCode::kEqualNumbers:
      *a = TruthExact(a->n == b.n && a->d == b.d, marks);
      return true;
    default:
      return false;
  }
}

// As WatchDates has it.
void Evaluator::WatchDaysExact(int64_t a, int64_t b) {
  for (int64_t day : {a, b}) {
    if (day == day_) continue;
    Offer(day);
    Offer(day + 1);
  }
  if (a == day_ && b == day_) Offer(day_ + 1);
}

bool Evaluator::FoldExact(const Op& op) {
  const Aggregate& aggregate = pack_.aggregates[static_cast<size_t>(op.arg)];
  Exact folded;
  if (aggregate.list == ListKind::kFacts) {
    const Exact period = aggregate.by_period ? *--exact_top_ : Exact();
    if (!FoldFactsExact(aggregate, period, &folded)) return false;
  } else if (!FoldPersonsExact(aggregate, &folded)) {
    return false;
  }
  *exact_top_++ = folded;
  return true;
}

bool Evaluator::DatesExact(const Op& op) {
  const auto number = [](const Exact& e) {
    Value value;
    FromExact(e, TypeKind::kNumber, &value);
    return value;
  };
  --exact_top_;
  Exact& a = exact_top_[-1];
  const Exact& b = exact_top_[0];
  if (op.code == OpCode::kAge) {
    a = ToExact(Age(number(a), number(b)), TypeKind::kNumber);
  } else {
    a = ToExact(WholeMonths(number(a), number(b), /*through=*/false), TypeKind::kPeriod);
  }
  return a.known;
}

bool Evaluator::PeopleExact(const Op& op) {
  switch (op.code) {
    case OpCode::kAnswered: {
      const int who = frames_[op.slot].person;
      if (IsUnlisted(who)) return false;
      const Value answered = Answered(who, op.arg);
      if (answered.mask != kMayBeTrue) return false;
      *exact_top_++ = TruthExact(true, answered.marks);
      return true;
    }
    case OpCode::kNotRuledOut:
      return exact_top_[-1].n == kExactTrue;
    case OpCode::kListed:
      exact_top_[-1] = TruthExact(true, exact_top_[-1].marks);
      return true;
    case OpCode::kIsPerson: {
      const int who = frames_[op.slot].person;
      if (IsUnlisted(who)) return false;
      Exact& number = exact_top_[-1];
      number = TruthExact(number.n == int64_t{1} << who, number.marks);
      return true;
    }
    case OpCode::kRelationOf: {
      int64_t& n = exact_top_[-1].n;
      const Person& listed =
          case_->persons[static_cast<size_t>(__builtin_ctzll(static_cast<uint64_t>(n)))];
      if (listed.role != base::PersonRole::kMember) return false;
      n = int64_t{1} << (static_cast<int>(listed.relation) - 1);
      return true;
    }
    default:
      return false;
  }
}

const Exact& Evaluator::ExactField(const Frame& frame, int field) {
  static const Exact kUnknown;
  if (frame.fact < 0) return kUnknown;
  ExactCell& cell =
      exact_fields_[static_cast<size_t>(index_.fact(frame.fact).fields_begin + field)];
  if (cell.run == run_) return cell.exact;
  cell.run = run_;
  const FieldType& type =
      pack_.fact_kinds[static_cast<size_t>(frame.kind)].fields[static_cast<size_t>(field)];
  // Most fields are amounts and months that nobody doubts.
  const IndexedFact& fact = index_.fact(frame.fact);
  const base::FieldValue* told = index_.Field(fact, field);
  const bool plain = told != nullptr && fact.fact->doubtful.empty() && fact.fact->otherwise.empty();
  const auto* money = plain ? std::get_if<base::Money>(told) : nullptr;
  const auto* month = plain ? std::get_if<absl::CivilMonth>(told) : nullptr;
  if (money != nullptr && type.type.kind == TypeKind::kNumber && type.type.unit.money == 1 &&
      money->fen() >= 0 && type.unknown.lo.is_zero()) {
    cell.exact = {money->fen(), 1, 0, true};
  } else if (month != nullptr && type.type.kind == TypeKind::kMonth && IsOfCalendar(*month)) {
    cell.exact = {MonthNumber(*month), 1, 0, true};
  } else {
    cell.exact = ToExact(FieldOf(frame, field), type.type.kind);
  }
  return cell.exact;
}

}  // namespace hedui::assess
