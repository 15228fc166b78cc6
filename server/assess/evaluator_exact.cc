// The fast path for points. Most of a case is known: where everything that an expression reads is
// one small number, one code, one truth, and proven, it is computed on those, with their marks, as
// the abstract operations would. Whatever does not fit (an answer that is missing, a number beyond
// 64 bits, an operation that is not here) gives the expression back to them: it is never an error,
// and never another result.
#include <algorithm>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Int128;
using base::Rational;

namespace {

constexpr int64_t kFalse = kMayBeFalse, kTrue = kMayBeTrue;

bool FitsSmall(Int128 n) { return n == static_cast<int64_t>(n); }

// Lowest terms in 64 bits, or nothing.
bool MakeExact(Int128 n, Int128 d, uint8_t marks, Exact* out) {
  if (d == 1) {
    if (!FitsSmall(n)) return false;
    *out = {static_cast<int64_t>(n), 1, marks, true};
    return true;
  }
  const auto lowest = Rational::Make(n, d);
  if (!lowest || !FitsSmall(lowest->numerator()) || !FitsSmall(lowest->denominator())) return false;
  *out = {static_cast<int64_t>(lowest->numerator()), static_cast<int64_t>(lowest->denominator()),
          marks, true};
  return true;
}

Exact TruthExact(bool truth, uint8_t marks) { return {truth ? kTrue : kFalse, 1, marks, true}; }

uint8_t MarksOf(const Exact& a, const Exact& b) { return a.marks | b.marks; }

int CompareExact(const Exact& a, const Exact& b) {
  if (a.d == b.d) return a.n < b.n ? -1 : a.n > b.n ? 1 : 0;
  const Int128 left = Int128{a.n} * b.d, right = Int128{b.n} * a.d;
  return left < right ? -1 : left > right ? 1 : 0;
}

bool AddExact(const Exact& a, const Exact& b, Exact* out) {
  int64_t sum;
  if (a.d == 1 && b.d == 1 && !__builtin_add_overflow(a.n, b.n, &sum)) {
    *out = {sum, 1, MarksOf(a, b), true};
    return true;
  }
  // Two products of 63 bits each, and their sum, fit.
  return MakeExact(Int128{a.n} * b.d + Int128{b.n} * a.d, Int128{a.d} * b.d, MarksOf(a, b), out);
}

// Sides that surely decide are all that the result rests on.
Exact LogicExact(const Exact& a, const Exact& b, int64_t deciding) {
  const bool a_decides = a.n == deciding, b_decides = b.n == deciding;
  if (!a_decides && !b_decides) return {a.n, 1, MarksOf(a, b), true};
  return {deciding, 1, static_cast<uint8_t>((a_decides ? a.marks : 0) | (b_decides ? b.marks : 0)),
          true};
}

bool HasExact(OpCode code) {
  switch (ThemeOf(code)) {
    case OpTheme::kDates:
      return code == OpCode::kAge || code == OpCode::kMonthsBefore;
    case OpTheme::kPeople:
      return code == OpCode::kAnswered || code == OpCode::kNotRuledOut || code == OpCode::kListed ||
             code == OpCode::kRelationOf;
    case OpTheme::kLists:
      return code == OpCode::kAggregate;
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
      return {static_cast<int64_t>(value.lo.numerator()),
              static_cast<int64_t>(value.hi.numerator()), value.marks, true};
    default:
      return none;
  }
}

Value Evaluator::FromExact(const Exact& exact, TypeKind kind) {
  Value value;
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
  return value;
}

bool Evaluator::RunExact(CodeRange range, Exact* out) {
  steps_ += static_cast<size_t>(range.end - range.begin) + 1;
  if (exhausted()) return false;
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
        top[-1].n = kTrue + kFalse - top[-1].n;
        break;
      case OpCode::kPresumed:
        top[-1].marks |= kMarkPresumed;
        break;
      case OpCode::kSkipIfFalse:
        if (top[-1].n == kFalse) {
          ++top;  // the branch's place; nobody reads it
          at += op.arg;
        }
        break;
      case OpCode::kSkipIfTrue:
        if (top[-2].n == kTrue) {
          ++top;
          at += op.arg;
        }
        break;
      case OpCode::kSkipAnd:
        if (top[-1].n == kFalse) at += op.arg;
        break;
      case OpCode::kSkipOr:
        if (top[-1].n == kTrue) at += op.arg;
        break;
      case OpCode::kSelectNumber:
      case OpCode::kSelectMask: {
        top -= 2;
        const uint8_t marks = top[-1].marks;
        top[-1] = top[-1].n == kTrue ? top[0] : top[1];
        top[-1].marks |= marks;
        break;
      }
      case OpCode::kAnd:
      case OpCode::kOr:
        --top;
        top[-1] = LogicExact(top[-1], top[0], op.code == OpCode::kAnd ? kFalse : kTrue);
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
    case OpTheme::kLists:
      return ListsExact(op);
    case OpTheme::kDates:
      return DatesExact(op);
    case OpTheme::kPeople:
      return PeopleExact(op);
    default:
      --exact_top_;
      return BinaryExact(op, exact_top_[0], &exact_top_[-1]);
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

bool Evaluator::ListsExact(const Op& op) {
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
  const auto number = [](const Exact& e) { return FromExact(e, TypeKind::kNumber); };
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
      return exact_top_[-1].n == kTrue;
    case OpCode::kListed:
      exact_top_[-1] = TruthExact(true, exact_top_[-1].marks);
      return true;
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
  if (cell.read) return cell.exact;
  cell.read = true;
  const FieldType& type =
      pack_.fact_kinds[static_cast<size_t>(frame.kind)].fields[static_cast<size_t>(field)];
  // Most fields are amounts that nobody doubts.
  const IndexedFact& fact = index_.fact(frame.fact);
  const base::FieldValue* told = index_.Field(fact, field);
  const auto* money = told == nullptr ? nullptr : std::get_if<base::Money>(told);
  if (money != nullptr && type.type.kind == TypeKind::kNumber && type.type.unit.money == 1 &&
      money->fen() >= 0 && type.unknown.lo.is_zero() && fact.fact->doubtful.empty() &&
      fact.fact->otherwise.empty()) {
    cell.exact = {money->fen(), 1, 0, true};
  } else {
    cell.exact = ToExact(FieldOf(frame, field), type.type.kind);
  }
  return cell.exact;
}

Exact Evaluator::BeginExact(const Aggregate& aggregate) {
  switch (aggregate.kind) {
    case AggregateKind::kExists:
      return TruthExact(false, 0);
    case AggregateKind::kAll:
      return TruthExact(true, 0);
    default:
      return {0, 1, 0, true};
  }
}

// Filters in their order; `*marks` gathers theirs. `*passes` is false where one drops the element.
bool Evaluator::FilterExact(const Aggregate& aggregate, uint8_t* marks, bool* passes) {
  *passes = true;
  for (const CodeRange& filter : aggregate.filters) {
    Exact passed;
    if (!RunExact(filter, &passed)) return false;
    if (passed.n == kFalse) {
      *passes = false;
      return true;
    }
    *marks |= passed.marks;
  }
  return true;
}

bool Evaluator::TakeExact(const Aggregate& aggregate, uint8_t marks, Exact* total) {
  if (aggregate.kind == AggregateKind::kMonths) return true;  // counted by FoldOneSideExact
  Exact body;
  if (!RunExact(aggregate.body, &body)) return false;
  body.marks |= marks;
  switch (aggregate.kind) {
    case AggregateKind::kSum:
      return AddExact(*total, body, total);
    case AggregateKind::kCount:
      return AddExact(*total, {body.n == kTrue ? 1 : 0, 1, body.marks, true}, total);
    case AggregateKind::kExists:
      *total = LogicExact(*total, body, kTrue);
      return true;
    case AggregateKind::kAll:
      *total = LogicExact(*total, body, kFalse);
      return true;
    default:
      return false;
  }
}

bool Evaluator::FoldPersonsExact(const Aggregate& aggregate, Exact* total) {
  const bool members = aggregate.list == ListKind::kMembers;
  const base::PersonRole role = aggregate.list == ListKind::kObligors ? base::PersonRole::kObligor
                                                                      : base::PersonRole::kMember;
  *total = BeginExact(aggregate);
  uint8_t premises = 0;
  const int complete = aggregate.list == ListKind::kPersons ? -1
                       : members                            ? division_->members_complete
                                                            : division_->obligors_complete;
  if (aggregate.list != ListKind::kPersons && unlisted(role).reckoned) return false;
  if (complete >= 0) {
    if (!ExactHousehold(complete).known) return false;
    premises |= ExactHousehold(complete).marks;
  }
  for (int who = 0; who < person_count(); ++who) {
    if (case_->persons[static_cast<size_t>(who)].role != role) continue;
    if (members && division_->member >= 0) {
      AddRef(Ref::Tag::kPerson, division_->member, who);
      const Exact& member = ExactPerson(division_->member, who);
      if (!member.known) return false;
      premises |= member.marks;
      if (member.n == kFalse) continue;
    }
    frames_[aggregate.item_slot] = {who, -1, -1, 0};
    uint8_t marks = 0;
    bool passes = true;
    if (!FilterExact(aggregate, &marks, &passes)) return false;
    if (passes && !TakeExact(aggregate, marks, total)) return false;
  }
  if (complete >= 0) AddRef(Ref::Tag::kHousehold, complete);
  total->marks |= premises;
  return true;
}

bool Evaluator::FoldOneSideExact(const Aggregate& aggregate, int who, const Exact& period,
                                 Side side, Exact* total, bool* any) {
  const bool declared = side != Side::kFound;
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(aggregate.fact_kind)];
  absl::InlinedVector<int64_t, 24> months;
  *total = BeginExact(aggregate);
  *any = false;
  for (int32_t i = index_.FirstFact(who, aggregate.fact_kind); i >= 0; i = index_.fact(i).next) {
    ++steps_;
    const IndexedFact& fact = index_.fact(i);
    if (fact.fact->declared != declared) continue;
    if (fact.fact->possible ||
        (side != Side::kStatedAlone && index_.IsUsed(fact.fact->held_with))) {
      return false;
    }
    frames_[aggregate.item_slot] = {-1, i, aggregate.fact_kind, 0};
    if (aggregate.by_period) {
      // A month that is not told is none, whatever the vocabulary says of absence.
      if (index_.Field(fact, kind.month_field) == nullptr) return false;
      const Exact& month = ExactField(frames_[aggregate.item_slot], kind.month_field);
      if (!month.known) return false;
      const Span& span = SpanOf(period.n, period.d);
      if (month.n < span.from_month || month.n >= span.to_month) continue;
      if (aggregate.kind == AggregateKind::kMonths) months.push_back(month.n);
    }
    uint8_t marks = 0;
    bool passes = true;
    if (!FilterExact(aggregate, &marks, &passes)) return false;
    if (!passes) {
      if (aggregate.kind == AggregateKind::kMonths) months.pop_back();
      continue;
    }
    *any = true;
    AddRef(Ref::Tag::kFact, fact.index);
    if (fact.fact->manual) marks |= kMarkManual;
    if (declared) marks |= kMarkDeclared;
    if (aggregate.kind == AggregateKind::kMonths) total->marks |= marks;
    if (!TakeExact(aggregate, marks, total)) return false;
  }
  if (aggregate.kind == AggregateKind::kMonths) {
    std::sort(months.begin(), months.end());
    total->n = std::unique(months.begin(), months.end()) - months.begin();
  }
  return true;
}

bool Evaluator::FoldFactsExact(const Aggregate& aggregate, const Exact& period, Exact* total) {
  using Use = EvidenceRule::Use;
  const int who = frames_[aggregate.owner_slot].person;
  if (IsUnlisted(who)) return false;
  const EvidenceRule* rule = RuleInForce(aggregate.fact_kind);
  // Whom a rule is for, the abstract operations ask.
  if (rule == nullptr || rule->when >= 0) return false;
  if (aggregate.by_period &&
      pack_.fact_kinds[static_cast<size_t>(aggregate.fact_kind)].by != FactKind::By::kMonth) {
    return false;
  }
  const bool proven = aggregate.by_period
                          ? ProveKnown(*rule, who, aggregate.fact_kind, period.n, period.d).complete
                          : ProveKnown(*rule, who, aggregate.fact_kind, 0, 0).complete;
  if (!proven) return false;
  *total = BeginExact(aggregate);
  if (index_.FirstFact(who, aggregate.fact_kind) >= 0) {
    bool any_found = false, any_stated = false;
    Exact stated;
    if (rule->use == Use::kAgreed) return false;
    if (rule->use == Use::kDeclared) {
      if (!FoldOneSideExact(aggregate, who, period, Side::kStatedAlone, total, &any_stated)) {
        return false;
      }
    } else if (!FoldOneSideExact(aggregate, who, period, Side::kFound, total, &any_found)) {
      return false;
    }
    if (rule->use == Use::kHigher) {
      if (!FoldOneSideExact(aggregate, who, period, Side::kStated, &stated, &any_stated)) {
        return false;
      }
      const bool truth =
          aggregate.kind == AggregateKind::kExists || aggregate.kind == AggregateKind::kAll;
      if (any_stated && truth) {
        *total =
            LogicExact(*total, stated, aggregate.kind == AggregateKind::kExists ? kTrue : kFalse);
      } else if (any_stated && CompareExact(*total, stated) < 0) {
        stated.marks |= total->marks;
        *total = stated;
      }
    }
  }
  if (rule->use == Use::kDeclared) total->marks |= kMarkDeclared;
  if (rule->assumed) total->marks |= kMarkAssumed;
  if (aggregate.by_period) total->marks |= period.marks;
  return true;
}

}  // namespace hedui::assess
