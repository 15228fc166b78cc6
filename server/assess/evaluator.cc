#include "server/assess/evaluator.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::assess {

using base::Rational;

namespace {

constexpr base::PersonRole kRoles[] = {base::PersonRole::kMember, base::PersonRole::kObligor};

}  // namespace

absl::Status Evaluator::Run(const Division& division, const Case& c, bool trace) {
  HEDUI_RETURN_IF_ERROR(index_.Build(pack_, c));
  Start(division, c, trace);
  for (const Division::Step& step : division.order) {
    const Symbol& symbol = pack_.symbols[static_cast<size_t>(step.symbol)];
    if (!symbol.per_person) {
      Step(step, -1);
    } else {
      for (int person = 0; person < person_count(); ++person) Step(step, person);
      for (base::PersonRole role : kRoles) {
        if (unlisted(role).settled && unlisted(role).reckoned) Step(step, UnlistedOf(role));
      }
    }
    if (step.symbol == division.members_complete) Settle(step, base::PersonRole::kMember);
    if (step.symbol == division.obligors_complete) Settle(step, base::PersonRole::kObligor);
  }
  if (exhausted()) {
    return base::MakeError(absl::StatusCode::kOutOfRange, "EVALUATION_LIMIT",
                           absl::StrCat("by these rules this case takes more than ", kStepsMax,
                                        " steps; write them with fewer loops within loops"));
  }
  if (calculator_.overflow()) {
    return base::MakeError(absl::StatusCode::kOutOfRange, "ARITHMETIC_OVERFLOW",
                           "an amount or ratio of this case does not fit 128 bits");
  }
  if (no_date_) {
    return base::MakeError(absl::StatusCode::kOutOfRange, "ARITHMETIC_OVERFLOW",
                           "a date of this case is no whole day of the years 1800 to 9999");
  }
  return absl::OkStatus();
}

void Evaluator::Settle(const Division::Step& at, base::PersonRole role) {
  const Value& complete = household(at.symbol);
  Unlisted& missing = unlisted(role);
  missing.settled = true;
  missing.reckoned = complete.mask != kMayBeTrue;
  if (!missing.reckoned) return;
  const BlameLeaf surely_missing{BlameKind::kIdentity, AnswerDetail::kNone, -1, -1, -1, at.symbol};
  blames_.Fill(missing.blame, complete.mask == kMayBeFalse ? Leaf(surely_missing) : complete.blame);
  // What came before has been computed for those listed only: no list of people holds the missing
  // one before it is settled.
  for (const Division::Step* step = division_->order.data(); step != &at; ++step) {
    if (pack_.symbols[static_cast<size_t>(step->symbol)].per_person) Step(*step, UnlistedOf(role));
  }
}

void Evaluator::Start(const Division& division, const Case& c, bool trace) {
  division_ = &division;
  case_ = &c;
  trace_ = trace;
  day_ = DayNumber(c.dates.policy);
  blames_.Clear();
  leaves_.clear();
  leaves_.push_back({BlameKind::kArithmetic});  // the calculator's leaf 0
  calculator_.Clear();
  answer_leaves_.assign(c.facts.answers.size() * kAnswerDetails, 0);
  household_.assign(static_cast<size_t>(division.household_values), Value());
  persons_.assign(static_cast<size_t>(division.person_values) *
                      static_cast<size_t>(person_count() + kUnlistedRoles),
                  Value());
  state_days_ = {std::min(c.dates.application, c.dates.policy),
                 std::max(c.dates.application, c.dates.policy) + 1};
  proven_.assign(static_cast<size_t>(person_count()) * pack_.fact_kinds.size(), Proven());
  exact_household_.assign(household_.size(), Exact());
  exact_persons_.assign(persons_.size(), Exact());
  exact_fields_.assign(index_.field_count(), ExactCell());
  exact_top_ = exact_stack_;
  stack_.clear();
  visits_.clear();
  refs_.clear();
  next_day_ = INT32_MAX;
  steps_ = 0;
  no_date_ = false;
  for (base::PersonRole role : kRoles) unlisted(role).blame = blames_.Reserve();
  Unlisted& members = unlisted(base::PersonRole::kMember);
  members.reckoned = division.members_complete >= 0;
  members.settled = !members.reckoned;
  Unlisted& obligors = unlisted(base::PersonRole::kObligor);
  obligors.reckoned = pack_.asks_for_obligors;
  obligors.settled = division.obligors_complete < 0;
  if (obligors.reckoned && division.obligors_complete < 0) {
    blames_.Fill(obligors.blame, Leaf({BlameKind::kPolicyRow}));
  }
}

void Evaluator::Step(const Division::Step& step, int person) {
  const Symbol& symbol = pack_.symbols[static_cast<size_t>(step.symbol)];
  Visit visit;
  visit.symbol = step.symbol;
  visit.person = person;
  visit.refs_begin = static_cast<uint32_t>(refs_.size());
  Value& value = person < 0 ? household_[static_cast<size_t>(symbol.table)]
                            : persons_[PersonCell(symbol.table, person)];
  Exact exact;
  if (symbol.kind == SymbolKind::kIntrinsic) {
    value = Intrinsic(symbol, person);
  } else if (symbol.kind == SymbolKind::kParameter) {
    value = Parameter(step, symbol, person);
  } else {
    for (int32_t i = step.rows_begin; i < step.rows_end && visit.row < 0; ++i) {
      const int32_t row = division_->row_lists[static_cast<size_t>(i)];
      if (pack_.rows[static_cast<size_t>(row)].in_force.Contains(day_)) visit.row = row;
    }
    if (visit.row < 0) {
      value = MissingRow(symbol, step.symbol, person);
    } else {
      const Row& row = pack_.rows[static_cast<size_t>(visit.row)];
      frames_[0] = {person, -1, -1, 0};
      if (row.exact && fast_ && !IsUnlisted(person) && RunExact(row.code, &exact)) {
        value = FromExact(exact, symbol.type.kind);
      } else {
        exact.known = false;
        refs_.resize(visit.refs_begin);
        value = Run(row.code);
      }
      if (row.assumed) value.marks |= kMarkAssumed;
    }
  }
  if (fast_ && !IsUnlisted(person)) {
    if (exact.known) {
      exact.marks = value.marks;
    } else {
      exact = ToExact(value, symbol.type.kind);
    }
    (person < 0 ? exact_household_[static_cast<size_t>(symbol.table)]
                : exact_persons_[PersonCell(symbol.table, person)]) = exact;
  }
  // A day that is, or is bounded by, the policy day moves with it.
  if (symbol.type.kind == TypeKind::kDate && symbol.kind == SymbolKind::kQuantity &&
      ((!value.lo_infinite && value.lo == Rational(day_)) ||
       (!value.hi_infinite && value.hi == Rational(day_)))) {
    Offer(day_ + 1);
  }
  if (trace_) {
    visit.refs_end = static_cast<uint32_t>(refs_.size());
    visits_.push_back(visit);
  }
}

Value Evaluator::MissingRow(const Symbol& symbol, int32_t index, int person) {
  Value value = symbol.unknown;
  value.blame = Leaf(
      {BlameKind::kPolicyRow, AnswerDetail::kNone, static_cast<int16_t>(person), -1, -1, index});
  return value;
}

Value Evaluator::Intrinsic(const Symbol& symbol, int person) {
  if (IsUnlisted(person)) {
    if (symbol.intrinsic == Intrinsic::kRole)
      return MaskOf(uint64_t{1} << (person - person_count()), 0);
    Value value = symbol.unknown;
    value.blame = UnlistedBlame(person);
    return value;
  }
  auto undeclared = [&] {
    Value value = symbol.unknown;
    const int32_t index = static_cast<int32_t>(&symbol - pack_.symbols.data());
    value.blame = Leaf({BlameKind::kDeclaration, AnswerDetail::kNone, static_cast<int16_t>(person),
                        -1, -1, index});
    return value;
  };
  switch (symbol.intrinsic) {
    case Intrinsic::kPolicyDay:
      return Point(Rational(day_));
    case Intrinsic::kApplicationDay:
      return Point(Rational(DayNumber(case_->dates.application)));
    case Intrinsic::kScope: {
      const CodeList& list = pack_.code_lists[static_cast<size_t>(symbol.type.codes)];
      const auto it = list.index.find(case_->scope);
      return it == list.index.end() ? undeclared() : MaskOf(uint64_t{1} << it->second, 0);
    }
    case Intrinsic::kRole:
    case Intrinsic::kRelation:
    case Intrinsic::kSex:
    case Intrinsic::kBirth:
    case Intrinsic::kNone:
      break;
  }
  const Person& p = case_->persons[static_cast<size_t>(person)];
  if (symbol.intrinsic == Intrinsic::kRole)
    return MaskOf(uint64_t{1} << (static_cast<int>(p.role) - 1), 0);
  if (symbol.intrinsic == Intrinsic::kRelation)
    return MaskOf(uint64_t{1} << (static_cast<int>(p.relation) - 1), 0);
  if (symbol.intrinsic == Intrinsic::kSex) {
    if (p.sex == base::Sex::kUnknown) return undeclared();
    return MaskOf(p.sex == base::Sex::kMale ? 1 : 2, 0);
  }
  return p.birth ? Point(Rational(DayNumber(*p.birth))) : undeclared();
}

// The rows of the lowest level come first, so the first one in force that surely applies settles
// what remains; rows that only may apply, because a key is not known, join in.
Value Evaluator::Parameter(const Division::Step& step, const Symbol& symbol, int person) {
  uint64_t keys[kKeysMax] = {};
  const size_t key_count = std::min<size_t>(symbol.keys.size(), kKeysMax);
  BlameId key_blame = 0;
  uint8_t key_marks = 0;
  int unknown_keys = 0;
  for (size_t k = 0; k < key_count; ++k) {
    const Symbol& key = pack_.symbols[static_cast<size_t>(symbol.keys[k])];
    const Value& value =
        key.per_person ? this->person(symbol.keys[k], person) : household(symbol.keys[k]);
    keys[k] = value.mask;
    key_blame = blames_.Join(key_blame, value.blame);
    key_marks |= value.marks;
    if (!IsSingle(value.mask)) ++unknown_keys;
    AddRef(key.per_person ? Ref::Tag::kPerson : Ref::Tag::kHousehold, symbol.keys[k],
           person < 0 ? 0 : person);
  }
  Value result;
  bool any = false;
  for (int32_t i = step.rows_begin; i < step.rows_end; ++i) {
    const int32_t index = division_->row_lists[static_cast<size_t>(i)];
    const Row& row = pack_.rows[static_cast<size_t>(index)];
    if (!row.in_force.Contains(day_)) continue;
    bool possible = true, sure = true;
    for (size_t k = 0; k < key_count; ++k) {
      possible &= (row.keys[k] & keys[k]) != 0;
      sure &= (keys[k] & ~row.keys[k]) == 0;
    }
    if (!possible) continue;
    AddRef(Ref::Tag::kRow, index);
    if (!any) {
      result = row.constant;
    } else if (symbol.type.kind == TypeKind::kCodeSet) {
      // A set of sets is not held: two different ones are simply not known.
      if (result.mask != row.constant.mask || result.undefined) {
        result = symbol.unknown;
        result.blame = key_blame;
      }
    } else if (symbol.type.masked()) {
      result = calculator_.HullMasks(result, row.constant);
    } else {
      result = calculator_.HullNumbers(result, row.constant);
    }
    any = true;
    result.marks |= row.constant.marks | key_marks;
    if (sure) {
      const bool exact = symbol.type.kind == TypeKind::kCodeSet ? !result.undefined
                         : symbol.type.masked()                 ? IsSingle(result.mask)
                                                                : result.IsPoint();
      if (!exact || result.unproven()) result.blame = key_blame;
      return result;
    }
    // With one key not known, what this row covers is settled.
    if (unknown_keys == 1) {
      for (size_t k = 0; k < key_count; ++k) {
        if (!IsSingle(keys[k])) keys[k] &= ~row.keys[k];
      }
    }
  }
  Value missing = MissingRow(symbol, step.symbol, person);
  missing.marks = key_marks;
  calculator_.RestOn(key_marks, key_blame, &missing);
  if (!any) return missing;
  Value hull = symbol.unknown;
  hull.marks = static_cast<uint8_t>(result.marks | key_marks);
  hull.blame = blames_.Join(missing.blame, key_blame);
  return hull;
}

Value Evaluator::Pop() {
  const Value value = stack_.back();
  stack_.pop_back();
  return value;
}

Value Evaluator::Run(CodeRange range) {
  steps_ += static_cast<size_t>(range.end - range.begin) + 1;
  // Many filters and sums are of one field.
  if (range.end == range.begin + 1) {
    const Op& only = pack_.code[static_cast<size_t>(range.begin)];
    if (only.code == OpCode::kField) return FieldOf(frames_[only.slot], only.arg);
  }
  if (exhausted()) return Value();
  for (int32_t at = range.begin; at < range.end;) {
    const Op& op = pack_.code[static_cast<size_t>(at)];
    ++at;
    Execute(op, &at);
  }
  return Pop();
}

void Evaluator::Execute(const Op& op, int32_t* next) {
  Calculator& calc = calculator_;
  auto binary = [this, &op](Value (Calculator::*f)(const Value&, const Value&)) {
    const size_t top = stack_.size();
    if (op.slot == kOfDates) WatchDates(stack_[top - 2], stack_[top - 1]);
    stack_[top - 2] = (calculator_.*f)(stack_[top - 2], stack_[top - 1]);
    stack_.pop_back();
  };
  switch (op.code) {
    case OpCode::kConst:
      stack_.push_back(pack_.constants[static_cast<size_t>(op.arg)]);
      return;
    case OpCode::kHousehold:
      AddRef(Ref::Tag::kHousehold, op.arg);
      stack_.push_back(household(op.arg));
      return;
    case OpCode::kPerson:
      AddRef(Ref::Tag::kPerson, op.arg, frames_[op.slot].person);
      stack_.push_back(person(op.arg, frames_[op.slot].person));
      return;
    case OpCode::kField:
      stack_.push_back(FieldOf(frames_[op.slot], op.arg));
      return;
    case OpCode::kNegate:
      stack_.back() = calc.Negate(stack_.back());
      return;
    case OpCode::kNot:
      stack_.back() = calc.Not(stack_.back());
      return;
    case OpCode::kAdd:
      return binary(&Calculator::Add);
    case OpCode::kSubtract:
      if (op.slot == kOfDates) Offer(day_ + 1);
      return binary(&Calculator::Subtract);
    case OpCode::kMultiply:
      return binary(&Calculator::Multiply);
    case OpCode::kDivide:
      return binary(&Calculator::Divide);
    case OpCode::kMin:
      return binary(&Calculator::Min);
    case OpCode::kMax:
      return binary(&Calculator::Max);
    case OpCode::kLess:
      return binary(&Calculator::Less);
    case OpCode::kLessOrEqual:
      return binary(&Calculator::LessOrEqual);
    case OpCode::kEqualNumbers:
      return binary(&Calculator::EqualNumbers);
    case OpCode::kEqualMasks:
      return binary(&Calculator::EqualMasks);
    case OpCode::kIn:
      return binary(&Calculator::In);
    case OpCode::kAnd:
      return binary(&Calculator::And);
    case OpCode::kOr:
      return binary(&Calculator::Or);
    case OpCode::kRound:
      stack_.back() = calc.Round(stack_.back(), pack_.constants[static_cast<size_t>(op.arg)].lo,
                                 static_cast<base::Rounding>(op.slot));
      return;
    case OpCode::kSkipIfFalse:
      if (stack_.back().mask == kMayBeFalse) {
        stack_.push_back(Value());
        *next += op.arg;
      }
      return;
    case OpCode::kSkipIfTrue:
      if (stack_[stack_.size() - 2].mask == kMayBeTrue) {
        stack_.push_back(Value());
        *next += op.arg;
      }
      return;
    case OpCode::kSkipAnd:
      if (stack_.back().mask == kMayBeFalse && !stack_.back().unproven()) *next += op.arg;
      return;
    case OpCode::kSkipOr:
      if (stack_.back().mask == kMayBeTrue && !stack_.back().unproven()) *next += op.arg;
      return;
    case OpCode::kSelectNumber:
    case OpCode::kSelectMask: {
      const Value no = Pop(), yes = Pop(), condition = Pop();
      stack_.push_back(op.code == OpCode::kSelectMask ? calc.SelectMask(condition, yes, no)
                                                      : calc.SelectNumber(condition, yes, no));
      return;
    }
    case OpCode::kPresumed:
      stack_.back().marks |= kMarkPresumed;
      return;
    default:
      return ExecuteTheme(op);
  }
}

void Evaluator::ExecuteTheme(const Op& op) {
  switch (ThemeOf(op.code)) {
    case OpTheme::kCore:
      return;  // Execute has all of them
    case OpTheme::kDates:
      return ExecuteDates(op);
    case OpTheme::kPeople:
      return ExecutePeople(op);
    case OpTheme::kLists:
      return ExecuteLists(op);
  }
}

BlameId Evaluator::Leaf(BlameLeaf leaf) {
  leaves_.push_back(leaf);
  return blames_.AddLeaf(static_cast<uint32_t>(leaves_.size() - 1));
}

BlameId Evaluator::AnswerLeaf(int32_t answer, AnswerDetail detail) {
  BlameId& known =
      answer_leaves_[static_cast<size_t>(answer) * kAnswerDetails + static_cast<size_t>(detail)];
  if (known != 0) return known;
  const base::AnswerState& state = case_->facts.answers[static_cast<size_t>(answer)];
  BlameKind kind = BlameKind::kSource;
  if (state.reason == base::Reason::kNoAuthorization) kind = BlameKind::kAuthorization;
  if (state.kind == base::AnswerKind::kAmbiguous) kind = BlameKind::kIdentity;
  known = Leaf({kind, detail, static_cast<int16_t>(index_.PersonOf(state.person_id)), answer});
  return known;
}

BlameId Evaluator::FieldLeaf(const IndexedFact& fact, int kind, int field) {
  if (fact.fact->answer >= 0) return AnswerLeaf(fact.fact->answer, AnswerDetail::kField);
  BlameLeaf leaf{BlameKind::kDeclaration};
  leaf.person = static_cast<int16_t>(index_.PersonOf(fact.fact->person_id));
  leaf.kind_of_fact = kind;
  leaf.field = field;
  return Leaf(leaf);
}

}  // namespace hedui::assess
