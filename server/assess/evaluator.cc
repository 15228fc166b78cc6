#include "server/assess/evaluator.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
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
  for (size_t i = 0; i < division.order.size(); ++i) StepAll(division, i);
  if (exhausted()) {
    return base::MakeError(absl::StatusCode::kOutOfRange, "EVALUATION_LIMIT",
                           absl::StrCat("by these rules this case takes more than ", steps_max_,
                                        " steps; write them with fewer loops within loops"));
  }
  return overflow() ? Overflow(division, c, trace) : absl::OkStatus();
}

void Evaluator::StepAll(const Division& division, size_t place) {
  const Division::Step& step = division.order[place];
  const int32_t row = rows_today_[place];
  if (!pack_.symbols[static_cast<size_t>(step.symbol)].per_person) {
    Step(step, row, -1);
  } else {
    for (int person = 0; person < person_count(); ++person) Step(step, row, person);
    for (base::PersonRole role : kRoles) {
      if (unlisted(role).settled && unlisted(role).reckoned) Step(step, row, UnlistedOf(role));
    }
  }
  if (step.symbol == division.member) members_known_ = true;
  if (step.symbol == division.members_complete) Settle(step, base::PersonRole::kMember);
  if (step.symbol == division.obligors_complete) Settle(step, base::PersonRole::kObligor);
}

// Computed once more, to say where: looking after every step would cost those cases that fit.
absl::Status Evaluator::Overflow(const Division& division, const Case& c, bool trace) {
  Start(division, c, trace);
  size_t place = 0;
  for (; place < division.order.size(); ++place) {
    StepAll(division, place);
    if (overflow()) break;
  }
  std::string where;
  if (place < division.order.size()) {
    where = pack_.symbols[static_cast<size_t>(division.order[place].symbol)].name;
    if (rows_today_[place] >= 0) {
      const Row& row = pack_.rows[static_cast<size_t>(rows_today_[place])];
      const RowInfo& info = pack_.row_infos[static_cast<size_t>(row.info)];
      absl::StrAppend(&where, " (", info.shown->file, ":", info.shown->line, ")");
    }
  }
  return base::MakeError(
      absl::StatusCode::kOutOfRange, "ARITHMETIC_OVERFLOW",
      absl::StrCat(where, ": an amount or ratio of this case does not fit 128 bits"));
}

void Evaluator::Settle(const Division::Step& at, base::PersonRole role) {
  if (mode_ != Mode::kAsItStands) return;
  const Value& complete = household(at.symbol);
  Unlisted& missing = unlisted(role);
  missing.settled = true;
  // Of obligors only where somebody asks for them.
  missing.reckoned = missing.reckoned && complete.mask != kMayBeTrue;
  if (!missing.reckoned) return;
  const BlameLeaf surely_missing{BlameKind::kIdentity, AnswerDetail::kNone, -1, -1, -1, at.symbol};
  blames_.Fill(missing.blame, complete.mask == kMayBeFalse ? Leaf(surely_missing) : complete.blame);
  // What came before has been computed for those listed only: no list of people holds the missing
  // one before it is settled. Of them too it is not known who belongs until that is computed.
  members_known_ = division_->member < 0;
  for (size_t i = 0; &division_->order[i] != &at; ++i) {
    const Division::Step& step = division_->order[i];
    if (pack_.symbols[static_cast<size_t>(step.symbol)].per_person) {
      Step(step, rows_today_[i], UnlistedOf(role));
    }
    if (step.symbol == division_->member) members_known_ = true;
  }
}

int32_t Evaluator::RowToday(const Division::Step& step) const {
  for (int32_t i = step.rows_begin; i < step.rows_end; ++i) {
    const int32_t row = division_->row_lists[static_cast<size_t>(i)];
    if (pack_.rows[static_cast<size_t>(row)].in_force.Contains(day_)) return row;
  }
  return -1;
}

// Rosters go on with one place and day.
void Evaluator::SetDay(const Division& division, int32_t day) {
  if (division_ == &division && day_ == day) return;
  division_ = &division;
  day_ = day;
  rows_today_.clear();
  for (const Division::Step& step : division.order) rows_today_.push_back(RowToday(step));
  evidence_today_.assign(division.evidence.size(), -1);
  for (size_t kind = 0; kind < division.evidence.size(); ++kind) {
    const std::vector<int32_t>& rules = division.evidence[kind];
    const auto first = std::find_if(rules.begin(), rules.end(), [&](int32_t index) {
      const EvidenceRule& rule = pack_.evidence[static_cast<size_t>(index)];
      return rule.variant < 0 && rule.in_force.Contains(day);
    });
    if (first != rules.end()) evidence_today_[kind] = *first;
  }
}

void Evaluator::Start(const Division& division, const Case& c, bool trace) {
  SetDay(division, DayNumber(c.dates.policy));
  case_ = &c;
  trace_ = trace;
  blames_.Clear();
  leaves_.clear();
  leaves_.push_back({BlameKind::kArithmetic});  // the calculator's leaf 0
  calculator_.Clear();
  answer_leaves_.assign(c.facts.answers.size() * kAnswerDetails, 0);
  // Values need no clearing: each is computed before anything reads it. What is exact of them says
  // so itself, until it is computed that it is not known.
  household_.resize(static_cast<size_t>(division.household_values));
  persons_.resize(static_cast<size_t>(division.person_values) *
                  static_cast<size_t>(person_count() + kUnlistedRoles));
  state_days_ = {std::min(c.dates.application, c.dates.policy),
                 std::max(c.dates.application, c.dates.policy) + 1};
  ++run_;
  proven_.resize(static_cast<size_t>(person_count()) * pack_.fact_kinds.size());
  exact_household_.assign(household_.size(), Exact());
  exact_persons_.assign(persons_.size(), Exact());
  exact_fields_.resize(index_.field_count());
  exact_top_ = exact_stack_;
  stack_.clear();
  visits_.clear();
  refs_.clear();
  asked_keys_.clear();
  next_day_ = INT32_MAX;
  steps_ = 0;
  members_known_ = false;
  step_ = nullptr;
  for (base::PersonRole role : kRoles) unlisted(role).blame = blames_.Reserve();
  const bool told = mode_ == Mode::kAllTold;
  Unlisted& members = unlisted(base::PersonRole::kMember);
  members.reckoned = division.members_complete >= 0 && !told;
  members.settled = !members.reckoned;
  Unlisted& obligors = unlisted(base::PersonRole::kObligor);
  obligors.reckoned = division.asks_for_obligors && !told;
  obligors.settled = division.obligors_complete < 0;
  if (obligors.reckoned && division.obligors_complete < 0) {
    blames_.Fill(obligors.blame, Leaf({BlameKind::kPolicyRow}));
  }
}

void Evaluator::Step(const Division::Step& step, int32_t row_today, int person) {
  const Symbol& symbol = pack_.symbols[static_cast<size_t>(step.symbol)];
  if (symbol.is_table) return;  // has no value until it is called
  step_ = &step;
  const bool fast = fast_ && !IsUnlisted(person);
  const size_t cell =
      person < 0 ? static_cast<size_t>(symbol.table) : PersonCell(symbol.table, person);
  Value& value = person < 0 ? household_[cell] : persons_[cell];
  Exact& exact = person < 0 ? exact_household_[cell] : exact_persons_[cell];
  exact.known = false;
  Visit visit;
  visit.symbol = step.symbol;
  visit.person = person;
  visit.refs_begin = static_cast<uint32_t>(refs_.size());
  if (symbol.kind == SymbolKind::kIntrinsic) {
    value = Intrinsic(symbol, person);
  } else if (symbol.kind == SymbolKind::kParameter) {
    if (row_today >= 0 && symbol.keys.empty()) {
      AddRef(Ref::Tag::kRow, row_today);
      value = pack_.rows[static_cast<size_t>(row_today)].constant;
    } else {
      value = Parameter(step, symbol, person);
    }
  } else if (row_today < 0) {
    value = MissingRow(symbol, step.symbol, person);
  } else {
    const Row& row = pack_.rows[static_cast<size_t>(row_today)];
    visit.row = row_today;
    frames_[0] = {person, -1, -1, 0};
    if (row.exact && fast && RunExact(row.code, &exact)) {
      if (row.assumed) exact.marks |= kMarkAssumed;
      FromExact(exact, symbol.type.kind, &value);
    } else {
      refs_.resize(visit.refs_begin);
      value = Run(row.code);
      if (row.assumed) value.marks |= kMarkAssumed;
    }
  }
  if (mode_ == Mode::kAllTold && IsPremise(step.symbol)) {
    value = TruthOf(true);
    exact.known = false;
  }
  if (fast && !exact.known) exact = ToExact(value, symbol.type.kind);
  // A day that is, or is bounded by, the policy day moves with it.
  if (symbol.type.kind == TypeKind::kDate && symbol.kind == SymbolKind::kQuantity)
    WatchToday(value);
  if (trace_) {
    visit.refs_end = static_cast<uint32_t>(refs_.size());
    visits_.push_back(visit);
  }
}

Value Evaluator::MissingRow(const Symbol& symbol, int32_t index, int person, const Value* keys,
                            bool given) {
  Value value = Unknown(symbol.type, symbol.unknown);
  BlameLeaf leaf{
      BlameKind::kPolicyRow, AnswerDetail::kNone, static_cast<int16_t>(person), -1, -1, index};
  if (symbol.is_table || given) {
    leaf.keys = static_cast<int32_t>(asked_keys_.size());
    asked_keys_.insert(asked_keys_.end(), keys, keys + symbol.keys.size());
  }
  value.blame = Leaf(leaf);
  return value;
}

Value Evaluator::Intrinsic(const Symbol& symbol, int person) {
  if (mode_ == Mode::kAnything) return AnyIntrinsic(symbol);
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
  const auto stated_day = [&](const std::optional<absl::CivilDay>& day) {
    return day ? Point(Rational(DayNumber(*day))) : undeclared();
  };
  switch (symbol.intrinsic) {
    case Intrinsic::kPolicyDay:
      return Point(Rational(day_));
    case Intrinsic::kApplicationDay:
      return Point(Rational(DayNumber(case_->dates.application)));
    case Intrinsic::kAcceptanceDay:
      return stated_day(case_->dates.acceptance);
    case Intrinsic::kRequestDay:
      return stated_day(case_->request_day);
    case Intrinsic::kScope: {
      const CodeList& list = pack_.code_lists[static_cast<size_t>(symbol.type.codes)];
      const auto it = list.index.find(case_->scope);
      return it == list.index.end() ? undeclared() : MaskOf(uint64_t{1} << it->second, 0);
    }
    case Intrinsic::kCheckKind:
      if (!case_->check_kind) return undeclared();
      return MaskOf(uint64_t{1} << (static_cast<int>(*case_->check_kind) - 1), 0);
    case Intrinsic::kStaffRelative:
      return case_->staff_relative ? TruthOf(*case_->staff_relative) : undeclared();
    case Intrinsic::kDivision: {
      int32_t code = 0;
      // A division that is none has no policies, and is refused before anything is computed.
      if (!absl::SimpleAtoi(case_->division, &code)) return undeclared();
      return Point(Rational(code));
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
  return stated_day(p.birth);
}

Value Evaluator::Pop() {
  const Value value = stack_.back();
  stack_.pop_back();
  return value;
}

Value Evaluator::Run(CodeRange range) {
  steps_ += static_cast<size_t>(range.end - range.begin) + 1;
  if (observed_ != nullptr) {
    if (exhausted()) return Value();
    RunObserved(range);
    return Pop();
  }
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
    if (op.slot == kOfDates && op.code != OpCode::kSubtract)
      WatchDates(stack_[top - 2], stack_[top - 1]);
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
      if (op.slot == kOfDates) {
        WatchToday(stack_[stack_.size() - 2]);
        WatchToday(stack_.back());
      }
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
      // On a day on which both are the same day, it is known.
      if (op.slot == kOfDates && !IsSingle(condition.mask)) WatchDates(yes, no);
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
    case OpTheme::kTables:
      return ExecuteTables(op);
    case OpTheme::kPlaces:
      return ExecutePlaces(op);
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
