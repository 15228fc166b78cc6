#include "server/assess/expression_compiler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/assess/expression_functions.h"
#include "server/assess/expression_walk.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

bool IsNumber(const Type& type) { return type.kind == TypeKind::kNumber; }

}  // namespace

absl::Status ExpressionDefect(const Node& node, absl::string_view reason, absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason,
                         absl::StrCat("column ", node.column, ": ", why));
}

absl::StatusOr<CompiledExpression> ExpressionWalk::Compile(const Node& node) {
  std::vector<Op> code;
  HEDUI_ASSIGN_OR_RETURN(const Type type, Emit(node, scope_.expected.codes, &code));
  HEDUI_RETURN_IF_ERROR(Agree(node, scope_.expected, type).status());
  if (slots_ > kSlotsMax) {
    return ExpressionDefect(node, "EXPRESSION_LIMIT",
                            absl::StrCat("more than ", kSlotsMax, " lists inside one another"));
  }
  CompiledExpression result;
  result.code = Append(code);
  std::sort(symbols_.begin(), symbols_.end());
  symbols_.erase(std::unique(symbols_.begin(), symbols_.end()), symbols_.end());
  result.symbols = std::move(symbols_);
  return result;
}

uint8_t ExpressionWalk::NewSlot() {
  const int slot = open_slots_++;
  slots_ = std::max(slots_, open_slots_);
  return static_cast<uint8_t>(slot);
}

CodeRange ExpressionWalk::Append(const std::vector<Op>& code) {
  const CodeRange range{static_cast<int32_t>(pack_.code.size()),
                        static_cast<int32_t>(pack_.code.size() + code.size())};
  pack_.code.insert(pack_.code.end(), code.begin(), code.end());
  return range;
}

void ExpressionWalk::PushConstant(std::vector<Op>* code, const Value& value) {
  Push(code, OpCode::kConst, 0, AddConstant(value));
}

int32_t ExpressionWalk::AddConstant(const Value& value) {
  pack_.constants.push_back(value);
  return static_cast<int32_t>(pack_.constants.size()) - 1;
}

const ExpressionWalk::Variable* ExpressionWalk::FindVariable(absl::string_view name) const {
  for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
    if (it->name == name) return &*it;
  }
  return nullptr;
}

absl::StatusOr<Type> ExpressionWalk::Agree(const Node& node, const Type& a, const Type& b) const {
  if (IsNumber(a) && IsNumber(b)) {
    if (a.unit == b.unit) {
      if (a.literal == Type::Literal::kNone) return a;
      if (b.literal == Type::Literal::kNone) return b;
      // What two bare numbers come to is another number, and only a bare 0 fits every unit.
      Type whole = a;
      whole.literal = Type::Literal::kWhole;
      return whole;
    }
    auto fits = [](const Type& literal, const Type& other) {
      return literal.literal == Type::Literal::kZero ||
             (literal.literal == Type::Literal::kWhole && other.unit.dimensionless());
    };
    if (fits(b, a)) return a;
    if (fits(a, b)) return b;
    return ExpressionDefect(
        node, "UNIT_MISMATCH",
        absl::StrCat("a value in ", UnitName(a.unit), " meets one in ", UnitName(b.unit)));
  }
  if (a == b) return a;
  return ExpressionDefect(
      node, "TYPE_MISMATCH",
      absl::StrCat("a value of type ", Named(a), " meets one of type ", Named(b)));
}

absl::Status ExpressionWalk::Require(const Node& node, const Type& type, TypeKind kind,
                                     absl::string_view what) const {
  if (type.kind == kind) return absl::OkStatus();
  return ExpressionDefect(node, "TYPE_MISMATCH",
                          absl::StrCat(what, " is needed here, not ", Named(type)));
}

absl::StatusOr<Type> ExpressionWalk::EmitTruth(const Node& node, std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type type, Emit(node, -1, code));
  HEDUI_RETURN_IF_ERROR(Require(node, type, TypeKind::kTruth, "a condition"));
  return type;
}

absl::StatusOr<Type> ExpressionWalk::Emit(const Node& node, int codes, std::vector<Op>* code) {
  absl::StatusOr<Type> type = EmitNode(node, codes, code);
  // Its last operation is the node's own; its parts' stand before.
  if (!code->empty() && code->back().column == 0) {
    code->back().column = static_cast<uint16_t>(node.column);
  }
  return type;
}

absl::StatusOr<Type> ExpressionWalk::EmitNode(const Node& node, int codes, std::vector<Op>* code) {
  switch (node.kind) {
    case Node::Kind::kNumber:
      return EmitNumber(node, code);
    case Node::Kind::kString: {
      HEDUI_ASSIGN_OR_RETURN(const uint64_t bit, CodeBit(node, codes));
      PushConstant(code, MaskOf(bit, 0));
      return Type::Of(TypeKind::kCode, codes);
    }
    case Node::Kind::kTruth:
      PushConstant(code, TruthOf(node.text == "true"));
      return Type::Truth();
    case Node::Kind::kName:
      return EmitName(node, code);
    case Node::Kind::kSelect:
      return EmitSelect(node, code);
    case Node::Kind::kCall:
    case Node::Kind::kMethod:
      return EmitCall(node, codes, code);
    case Node::Kind::kList:
      return EmitCodeSet(node, codes, code);
    case Node::Kind::kUnary:
      return EmitUnary(node, code);
    case Node::Kind::kBinary:
      return EmitBinary(node, codes, code);
    case Node::Kind::kConditional:
      return EmitConditional(node, codes, code);
  }
  return ExpressionDefect(node, "EXPRESSION_SYNTAX", "this cannot be computed");
}

absl::StatusOr<Type> ExpressionWalk::EmitNumber(const Node& node, std::vector<Op>* code) {
  const auto number = base::Rational::Parse(node.text);
  if (!number.ok())
    return ExpressionDefect(node, "EXPRESSION_LIMIT",
                            "a number has at most 18 digits on each side");
  PushConstant(code, Point(*number));
  Type type = Type::Number(kUnitRatio);
  if (number->is_integer()) type.literal = Type::Literal::kWhole;
  if (number->is_zero()) type.literal = Type::Literal::kZero;
  return type;
}

absl::StatusOr<uint64_t> ExpressionWalk::CodeBit(const Node& node, int codes) const {
  if (codes < 0) {
    return ExpressionDefect(
        node, "TYPE_MISMATCH",
        base::ParseDay(node.text).ok()
            ? absl::StrCat("'", node.text, "' is a text; a day is written date('", node.text, "')")
            : absl::StrCat("'", node.text, "' is compared with nothing that has a code list"));
  }
  const CodeList& list = scope_.division != nullptr ? pack_.ListFor(*scope_.division, codes)
                                                    : pack_.code_lists[static_cast<size_t>(codes)];
  const auto it = list.index.find(node.text);
  if (it == list.index.end()) {
    return ExpressionDefect(node, "UNKNOWN_CODE",
                            absl::StrCat("'", node.text, "' is not in the code list ", list.name));
  }
  return uint64_t{1} << it->second;
}

absl::StatusOr<Type> ExpressionWalk::EmitCodeSet(const Node& node, int codes,
                                                 std::vector<Op>* code) {
  uint64_t mask = 0;
  for (const Node& child : node.children) {
    if (child.kind != Node::Kind::kString) {
      return ExpressionDefect(child, "TYPE_MISMATCH", "a list in brackets holds codes in quotes");
    }
    HEDUI_ASSIGN_OR_RETURN(const uint64_t bit, CodeBit(child, codes));
    mask |= bit;
  }
  Value set;
  set.mask = mask;
  PushConstant(code, set);
  return Type::Of(TypeKind::kCodeSet, codes);
}

absl::StatusOr<Type> ExpressionWalk::EmitName(const Node& node, std::vector<Op>* code) {
  const Variable* const variable = FindVariable(node.text);
  if (variable != nullptr && variable->month) {
    Push(code, OpCode::kLoopMonth, variable->slot);
    return Type::Of(TypeKind::kMonth);
  }
  if (variable != nullptr) {
    return ExpressionDefect(
        node, "TYPE_MISMATCH",
        absl::StrCat(node.text, " is not a value; write ", node.text, ".something"));
  }
  const int symbol = scope_.find_symbol(node.text);
  if (symbol < 0) {
    const bool list = node.text == "persons" || node.text == "members" || node.text == "obligors";
    return list ? ExpressionDefect(
                      node, "TYPE_MISMATCH",
                      absl::StrCat(node.text, " is a list; add .size(), .sum(…) or the like"))
                : ExpressionDefect(node, "UNKNOWN_NAME",
                                   absl::StrCat("nothing is called ", node.text));
  }
  const Symbol& found = pack_.symbols[static_cast<size_t>(symbol)];
  if (found.is_table) {
    return ExpressionDefect(node, "TYPE_MISMATCH",
                            absl::StrCat(node.text, " is a table; write ", node.text, "(…)"));
  }
  if (found.per_person) {
    return ExpressionDefect(node, "TYPE_MISMATCH",
                            absl::StrCat(node.text, " is a person's; write ",
                                         scope_.per_person ? "p." : "members.sum(m, m.", node.text,
                                         scope_.per_person ? "" : ") or the like"));
  }
  if (scope_.constants_only && found.kind != SymbolKind::kParameter) {
    return ExpressionDefect(node, "TYPE_MISMATCH",
                            absl::StrCat(node.text, " is no parameter, and only these stand here"));
  }
  symbols_.push_back(symbol);
  Push(code, OpCode::kHousehold, 0, symbol);
  return found.type;
}

std::string ExpressionWalk::WhyNoParts(const Node& node, const Node& owner,
                                       const Variable* month) const {
  if (owner.kind == Node::Kind::kName && month == nullptr) {
    if (owner.text == "persons" || owner.text == "members" || owner.text == "obligors")
      return absl::StrCat(
          owner.text, " is a list; write ", owner.text, ".",
          node.text == "size" ? "size()" : absl::StrCat("sum(m, m.", node.text, ") or the like"));
    const int symbol = scope_.find_symbol(node.text);
    if (symbol >= 0 && pack_.symbols[static_cast<size_t>(symbol)].per_person) {
      return absl::StrCat(node.text, " is a person's, and ", owner.text, " names nobody here",
                          owner.text == "p" ? ": the rule is the household's" : "",
                          "; write members.sum(m, m.", node.text,
                          ") or the like, or say of: person");
    }
  }
  return absl::StrCat(".", node.text, " follows nothing that has parts");
}

absl::StatusOr<Type> ExpressionWalk::EmitSelect(const Node& node, std::vector<Op>* code) {
  const Node& owner = node.children[0];
  const Variable* variable = owner.kind == Node::Kind::kName ? FindVariable(owner.text) : nullptr;
  if (variable == nullptr || variable->month) {
    return ExpressionDefect(node, "UNKNOWN_NAME", WhyNoParts(node, owner, variable));
  }
  if (!variable->person) {
    const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(variable->fact_kind)];
    const auto it = kind.field_index.find(node.text);
    const bool of_months = kind.by == FactKind::By::kYear || kind.by == FactKind::By::kPeriod;
    if (of_months && (node.text == "span" || node.text == "within")) {
      Push(code, node.text == "span" ? OpCode::kSpan : OpCode::kWithin, variable->slot);
      return Type::Number(kUnitMonths);
    }
    if (it == kind.field_index.end()) {
      return ExpressionDefect(node, "UNKNOWN_NAME",
                              absl::StrCat("a ", kind.name, " has no field ", node.text));
    }
    const FieldType& field = kind.fields[static_cast<size_t>(it->second)];
    if (field.type.kind == TypeKind::kText) {
      return ExpressionDefect(node, "TYPE_MISMATCH",
                              absl::StrCat("the text ", node.text, " cannot be computed with"));
    }
    Push(code, OpCode::kField, variable->slot, it->second);
    return field.type;
  }
  const int symbol = scope_.find_symbol(node.text);
  if (symbol < 0 || !pack_.symbols[static_cast<size_t>(symbol)].per_person) {
    const bool list = pack_.fact_kind_index.contains(node.text);
    return list ? ExpressionDefect(
                      node, "TYPE_MISMATCH",
                      absl::StrCat(node.text, " is a list; add .sum(…), .exists(…) or the like"))
                : ExpressionDefect(node, "UNKNOWN_NAME",
                                   absl::StrCat("a person has no ", node.text));
  }
  if (pack_.symbols[static_cast<size_t>(symbol)].is_table) {
    return ExpressionDefect(node, "TYPE_MISMATCH",
                            absl::StrCat(node.text, " is a table; write .", node.text, "(…)"));
  }
  symbols_.push_back(symbol);
  Push(code, OpCode::kPerson, variable->slot, symbol);
  return pack_.symbols[static_cast<size_t>(symbol)].type;
}

absl::StatusOr<Type> ExpressionWalk::EmitUnary(const Node& node, std::vector<Op>* code) {
  const Node& operand = node.children[0];
  if (node.text == "!") {
    HEDUI_ASSIGN_OR_RETURN(const Type type, EmitTruth(operand, code));
    Push(code, OpCode::kNot);
    return type;
  }
  HEDUI_ASSIGN_OR_RETURN(const Type type, Emit(operand, -1, code));
  HEDUI_RETURN_IF_ERROR(Require(operand, type, TypeKind::kNumber, "a number"));
  Push(code, OpCode::kNegate);
  return type;
}

absl::StatusOr<Type> ExpressionWalk::EmitBinary(const Node& node, int codes,
                                                std::vector<Op>* code) {
  const std::string& op = node.text;
  const Node& left = node.children[0];
  const Node& right = node.children[1];
  if (op == "&&" || op == "||") {
    const bool both = op == "&&";
    HEDUI_RETURN_IF_ERROR(EmitTruth(left, code).status());
    const size_t skip = code->size();
    Push(code, both ? OpCode::kSkipAnd : OpCode::kSkipOr);
    HEDUI_RETURN_IF_ERROR(EmitTruth(right, code).status());
    Push(code, both ? OpCode::kAnd : OpCode::kOr);
    (*code)[skip].arg = static_cast<int32_t>(code->size() - skip - 1);
    return Type::Truth();
  }
  if (op == "in") {
    // A text has the list of the set, any other code gives the set its list.
    std::vector<Op> set_code;
    const bool text = left.kind == Node::Kind::kString;
    Type set_type;
    if (text) {
      HEDUI_ASSIGN_OR_RETURN(set_type, Emit(right, -1, &set_code));
      HEDUI_RETURN_IF_ERROR(Require(right, set_type, TypeKind::kCodeSet, "a set of codes"));
    }
    HEDUI_ASSIGN_OR_RETURN(const Type code_type, Emit(left, set_type.codes, code));
    HEDUI_RETURN_IF_ERROR(Require(left, code_type, TypeKind::kCode, "a code"));
    if (!text) {
      HEDUI_ASSIGN_OR_RETURN(set_type, Emit(right, code_type.codes, &set_code));
    }
    code->insert(code->end(), set_code.begin(), set_code.end());
    HEDUI_RETURN_IF_ERROR(
        Agree(node, Type::Of(TypeKind::kCodeSet, code_type.codes), set_type).status());
    Push(code, OpCode::kIn);
    return Type::Truth();
  }
  if (op == "==" || op == "!=") return EmitEqual(node, code);
  HEDUI_ASSIGN_OR_RETURN(const Sides sides, EmitSides(node, codes, code));
  const Type& a = sides.left;
  const Type& b = sides.right;
  if (a.kind == TypeKind::kCodeSet && (op == "+" || op == "-"))
    return EmitSetSum(node, sides, code);
  if (a.kind == TypeKind::kDate && b.kind == TypeKind::kNumber && b.unit == kUnitDays &&
      (op == "+" || op == "-")) {
    return EmitShiftedDate(node, sides.right_begin, code);
  }
  if (op == "+" || op == "-") return EmitSum(node, a, b, code);
  if (op == "*" || op == "/") return EmitProduct(node, a, b, code);
  if (!a.ordered()) {
    return ExpressionDefect(left, "TYPE_MISMATCH",
                            absl::StrCat("values of type ", Named(a), " have no order"));
  }
  HEDUI_RETURN_IF_ERROR(Agree(node, a, b).status());
  // a > b is !(a <= b), which is exact on intervals too.
  Push(code, op == "<" || op == ">=" ? OpCode::kLess : OpCode::kLessOrEqual, SlotOf(a));
  if (op == ">" || op == ">=") Push(code, OpCode::kNot);
  return Type::Truth();
}

absl::StatusOr<Type> ExpressionWalk::EmitEqual(const Node& node, std::vector<Op>* code) {
  // The side with a code list of its own goes first, so that the text opposite can be looked up
  // in it.
  const bool swap = node.children[0].kind == Node::Kind::kString;
  const Node& first = node.children[swap ? 1 : 0];
  const Node& second = node.children[swap ? 0 : 1];
  HEDUI_ASSIGN_OR_RETURN(const Type a, Emit(first, -1, code));
  HEDUI_ASSIGN_OR_RETURN(const Type b, Emit(second, a.codes, code));
  HEDUI_RETURN_IF_ERROR(Agree(node, a, b).status());
  if (a.ordered() || a.kind == TypeKind::kDivision) {
    Push(code, OpCode::kEqualNumbers, SlotOf(a));
  } else if (a.kind == TypeKind::kCode || a.kind == TypeKind::kTruth) {
    Push(code, OpCode::kEqualMasks);
  } else {
    return ExpressionDefect(node, "TYPE_MISMATCH",
                            absl::StrCat("values of type ", Named(a), " are not compared"));
  }
  if (node.text == "!=") Push(code, OpCode::kNot);
  return Type::Truth();
}

absl::StatusOr<Type> ExpressionWalk::EmitSum(const Node& node, const Type& a, const Type& b,
                                             std::vector<Op>* code) {
  const bool minus = node.text == "-";
  Push(code, minus ? OpCode::kSubtract : OpCode::kAdd, SlotOf(a));
  if (IsNumber(a) && IsNumber(b)) return Agree(node, a, b);
  if (a.kind == TypeKind::kDate && b.kind == TypeKind::kDate && minus)
    return Type::Number(kUnitDays);
  const bool of_day = a.kind == TypeKind::kDate && b.kind == TypeKind::kNumber;
  const Node& added = node.children[1];
  const bool months = of_day && (b.unit == kUnitMonths || b.unit == kUnitYears);
  const bool bare = of_day && added.kind == Node::Kind::kNumber;
  return ExpressionDefect(
      node, "TYPE_MISMATCH",
      absl::StrCat(Named(a), " ", node.text, " ", Named(b), " means nothing",
                   months ? "; months are added by add_months(day, months(…))" : "",
                   bare ? absl::StrCat("; days are written days(", added.text, ")") : ""));
}

absl::StatusOr<Type> ExpressionWalk::EmitProduct(const Node& node, Type a, Type b,
                                                 std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(Require(node.children[0], a, TypeKind::kNumber, "a number"));
  HEDUI_RETURN_IF_ERROR(Require(node.children[1], b, TypeKind::kNumber, "a number"));
  const bool times = node.text == "*";
  Push(code, times ? OpCode::kMultiply : OpCode::kDivide);
  if (times && a.literal != Type::Literal::kNone) a.unit.count = b.unit.count;
  if (times && b.literal != Type::Literal::kNone) b.unit.count = a.unit.count;
  const std::optional<Unit> unit =
      times ? MultiplyUnits(a.unit, b.unit) : DivideUnits(a.unit, b.unit);
  if (!unit)
    return ExpressionDefect(node, "UNIT_MISMATCH", "no rule has a unit of so high a power");
  return Type::Number(*unit);
}

absl::StatusOr<Type> ExpressionWalk::EmitConditional(const Node& node, int codes,
                                                     std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitTruth(node.children[0], code).status());
  std::vector<Op> yes, no;
  HEDUI_ASSIGN_OR_RETURN(const Type a, Emit(node.children[1], codes, &yes));
  HEDUI_ASSIGN_OR_RETURN(const Type b, Emit(node.children[2], codes, &no));
  HEDUI_ASSIGN_OR_RETURN(Type type, Agree(node, a, b));
  if (type.kind == TypeKind::kPeriod) {
    return ExpressionDefect(node, "TYPE_MISMATCH",
                            absl::StrCat("a choice cannot give a value of type ", Named(type)));
  }
  type.literal = Type::Literal::kNone;
  // condition, [skip yes and the second test], yes, [skip no], no, select.
  Push(code, OpCode::kSkipIfFalse, 0, static_cast<int32_t>(yes.size()) + 1);
  code->insert(code->end(), yes.begin(), yes.end());
  Push(code, OpCode::kSkipIfTrue, 0, static_cast<int32_t>(no.size()));
  code->insert(code->end(), no.begin(), no.end());
  if (type.kind == TypeKind::kCodeSet) {
    Push(code, OpCode::kSelectSet, 0, type.codes);
  } else {
    Push(code, type.masked() ? OpCode::kSelectMask : OpCode::kSelectNumber, SlotOf(type));
  }
  return type;
}

absl::Status ExpressionWalk::CountArguments(const Node& node, size_t least, size_t most) const {
  const size_t given = node.children.size() - (node.kind == Node::Kind::kMethod ? 1 : 0);
  if (least <= given && given <= most) return absl::OkStatus();
  std::string wanted = absl::StrCat(least);
  if (most == kAnyNumber) {
    absl::StrAppend(&wanted, " or more");
  } else if (most != least) {
    absl::StrAppend(&wanted, " to ", most);
  }
  return ExpressionDefect(node, "TYPE_MISMATCH",
                          absl::StrCat(node.text, " takes ", wanted, " arguments, not ", given));
}

absl::StatusOr<Type> ExpressionWalk::EmitCall(const Node& node, int codes, std::vector<Op>* code) {
  const bool method = node.kind == Node::Kind::kMethod;
  const Function* function = method ? FindMethod(node.text) : FindFunction(node.text);
  const int symbol = function == nullptr ? scope_.find_symbol(node.text) : -1;
  if (symbol >= 0 && pack_.symbols[static_cast<size_t>(symbol)].is_table) {
    const Node* owner = method ? &node.children[0] : nullptr;
    const Variable* variable =
        method && owner->kind == Node::Kind::kName ? FindVariable(owner->text) : nullptr;
    if (!method || (variable != nullptr && variable->person))
      return EmitLookUp(node, symbol, variable, code);
  }
  if (function == nullptr) {
    return ExpressionDefect(
        node, "UNKNOWN_FUNCTION",
        absl::StrCat("there is no ", method ? "method " : "function ", node.text));
  }
  HEDUI_RETURN_IF_ERROR(CountArguments(node, function->arguments_min, function->arguments_max));
  return function->emit(*this, node, codes, code);
}

std::string TypeName(const Type& type, const CompiledPack& pack) {
  const std::string list =
      type.codes >= 0 ? pack.code_lists[static_cast<size_t>(type.codes)].name : std::string("?");
  switch (type.kind) {
    case TypeKind::kNumber:
      return UnitName(type.unit);
    case TypeKind::kTruth:
      return "bool";
    case TypeKind::kCode:
      return absl::StrCat("code(", list, ")");
    case TypeKind::kCodeSet:
      return absl::StrCat("codes(", list, ")");
    case TypeKind::kDate:
      return "date";
    case TypeKind::kMonth:
      return "month";
    case TypeKind::kPeriod:
      return "period";
    case TypeKind::kDivision:
      return "division";
    case TypeKind::kText:
      return "text";
    case TypeKind::kPerson:
      return "person";
  }
  return "?";
}

absl::StatusOr<CompiledExpression> CompileExpression(const Node& node, const CompileScope& scope,
                                                     CompiledPack* pack) {
  return ExpressionWalk(scope, pack).Compile(node);
}

}  // namespace hedui::assess
