#include "server/assess/expression_compiler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

absl::Status Defect(const Node& node, absl::string_view reason, absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason,
                         absl::StrCat("column ", node.column, ": ", why));
}

bool IsNumber(const Type& type) { return type.kind == TypeKind::kNumber; }
// Numbers, days and months are held as numbers and compare by order.
bool IsOrdered(const Type& type) {
  return IsNumber(type) || type.kind == TypeKind::kDate || type.kind == TypeKind::kMonth;
}

// A list being built by a chain of methods: persons, members, obligors or a person's facts.
struct ListExpression {
  Aggregate aggregate;
  const Node* period = nullptr;
  std::vector<const Node*> filters;  // the filter calls
};

class Compiler {
 public:
  Compiler(const CompileScope& scope, CompiledPack* pack) : scope_(scope), pack_(*pack) {
    if (scope.per_person) variables_.push_back({"p", true, -1, NewSlot()});
  }

  absl::StatusOr<CompiledExpression> Compile(const Node& node) {
    std::vector<Op> code;
    HEDUI_ASSIGN_OR_RETURN(const Type type, Emit(node, scope_.expected.codes, &code));
    HEDUI_RETURN_IF_ERROR(Agree(node, scope_.expected, type).status());
    if (slots_ > kSlotsMax) {
      return Defect(node, "EXPRESSION_LIMIT",
                    absl::StrCat("more than ", kSlotsMax, " lists inside one another"));
    }
    CompiledExpression result;
    result.code = Append(code);
    std::sort(symbols_.begin(), symbols_.end());
    symbols_.erase(std::unique(symbols_.begin(), symbols_.end()), symbols_.end());
    result.symbols = std::move(symbols_);
    return result;
  }

 private:
  struct Variable {
    std::string name;
    bool person;
    int fact_kind;
    uint8_t slot;
  };

  uint8_t NewSlot() {
    const int slot = open_slots_++;
    slots_ = std::max(slots_, open_slots_);
    return static_cast<uint8_t>(slot);
  }

  CodeRange Append(const std::vector<Op>& code) {
    const CodeRange range{static_cast<int32_t>(pack_.code.size()),
                          static_cast<int32_t>(pack_.code.size() + code.size())};
    pack_.code.insert(pack_.code.end(), code.begin(), code.end());
    return range;
  }

  static void Push(std::vector<Op>* code, OpCode op, int slot = 0, int32_t arg = 0) {
    code->push_back({op, static_cast<uint8_t>(slot), arg});
  }
  void PushConstant(std::vector<Op>* code, const Value& value) {
    Push(code, OpCode::kConst, 0, static_cast<int32_t>(pack_.constants.size()));
    pack_.constants.push_back(value);
  }

  const Variable* FindVariable(absl::string_view name) const {
    for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
      if (it->name == name) return &*it;
    }
    return nullptr;
  }

  std::string Named(const Type& type) const { return TypeName(type, pack_); }

  // The common type of two sides that must agree.
  absl::StatusOr<Type> Agree(const Node& node, const Type& a, const Type& b) const {
    if (IsNumber(a) && IsNumber(b)) {
      if (a.unit == b.unit) return a.literal == Type::Literal::kNone ? a : b;
      auto fits = [](const Type& literal, const Type& other) {
        return literal.literal == Type::Literal::kZero ||
               (literal.literal == Type::Literal::kWhole && other.unit.dimensionless());
      };
      if (fits(b, a)) return a;
      if (fits(a, b)) return b;
      return Defect(
          node, "UNIT_MISMATCH",
          absl::StrCat("a value in ", UnitName(a.unit), " meets one in ", UnitName(b.unit)));
    }
    if (a == b) return a;
    return Defect(node, "TYPE_MISMATCH",
                  absl::StrCat("a value of type ", Named(a), " meets one of type ", Named(b)));
  }

  absl::Status Require(const Node& node, const Type& type, TypeKind kind,
                       absl::string_view what) const {
    if (type.kind == kind) return absl::OkStatus();
    return Defect(node, "TYPE_MISMATCH", absl::StrCat(what, " is needed here, not ", Named(type)));
  }

  absl::StatusOr<Type> EmitTruth(const Node& node, std::vector<Op>* code) {
    HEDUI_ASSIGN_OR_RETURN(const Type type, Emit(node, -1, code));
    HEDUI_RETURN_IF_ERROR(Require(node, type, TypeKind::kTruth, "a condition"));
    return type;
  }

  // `codes`: the code list that texts belong to here, or -1.
  absl::StatusOr<Type> Emit(const Node& node, int codes, std::vector<Op>* code) {
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
        return EmitCall(node, codes, code);
      case Node::Kind::kMethod:
        return EmitMethod(node, code);
      case Node::Kind::kList:
        return EmitCodeSet(node, codes, code);
      case Node::Kind::kUnary:
        return EmitUnary(node, code);
      case Node::Kind::kBinary:
        return EmitBinary(node, code);
      case Node::Kind::kConditional:
        return EmitConditional(node, codes, code);
    }
    return Defect(node, "EXPRESSION_SYNTAX", "this cannot be computed");
  }

  absl::StatusOr<Type> EmitNumber(const Node& node, std::vector<Op>* code) {
    const auto number = base::Rational::Parse(node.text);
    if (!number.ok())
      return Defect(node, "EXPRESSION_LIMIT", "a number has at most 18 digits on each side");
    PushConstant(code, Point(*number));
    Type type = Type::Number(kUnitRatio);
    if (number->is_integer()) type.literal = Type::Literal::kWhole;
    if (number->is_zero()) type.literal = Type::Literal::kZero;
    return type;
  }

  absl::StatusOr<uint64_t> CodeBit(const Node& node, int codes) const {
    if (codes < 0) {
      return Defect(
          node, "TYPE_MISMATCH",
          absl::StrCat("'", node.text, "' is compared with nothing that has a code list"));
    }
    const CodeList& list = pack_.code_lists[static_cast<size_t>(codes)];
    const auto it = list.index.find(node.text);
    if (it == list.index.end()) {
      return Defect(node, "UNKNOWN_CODE",
                    absl::StrCat("'", node.text, "' is not in the code list ", list.name));
    }
    return uint64_t{1} << it->second;
  }

  absl::StatusOr<Type> EmitCodeSet(const Node& node, int codes, std::vector<Op>* code) {
    uint64_t mask = 0;
    for (const Node& child : node.children) {
      if (child.kind != Node::Kind::kString) {
        return Defect(child, "TYPE_MISMATCH", "a list in brackets holds codes in quotes");
      }
      HEDUI_ASSIGN_OR_RETURN(const uint64_t bit, CodeBit(child, codes));
      mask |= bit;
    }
    Value set;
    set.mask = mask;
    PushConstant(code, set);
    return Type::Of(TypeKind::kCodeSet, codes);
  }

  absl::StatusOr<Type> EmitName(const Node& node, std::vector<Op>* code) {
    if (FindVariable(node.text) != nullptr) {
      return Defect(node, "TYPE_MISMATCH",
                    absl::StrCat(node.text, " is not a value; write ", node.text, ".something"));
    }
    const int symbol = scope_.find_symbol(node.text);
    if (symbol < 0) {
      const bool list = node.text == "persons" || node.text == "members" || node.text == "obligors";
      return list ? Defect(node, "TYPE_MISMATCH",
                           absl::StrCat(node.text, " is a list; add .size(), .sum(…) or the like"))
                  : Defect(node, "UNKNOWN_NAME", absl::StrCat("nothing is called ", node.text));
    }
    const Symbol& found = pack_.symbols[static_cast<size_t>(symbol)];
    if (found.per_person) {
      return Defect(node, "TYPE_MISMATCH",
                    absl::StrCat(node.text, " is a person's; write p.", node.text));
    }
    symbols_.push_back(symbol);
    Push(code, OpCode::kHousehold, 0, symbol);
    return found.type;
  }

  absl::StatusOr<Type> EmitSelect(const Node& node, std::vector<Op>* code) {
    const Node& owner = node.children[0];
    const Variable* variable = owner.kind == Node::Kind::kName ? FindVariable(owner.text) : nullptr;
    if (variable == nullptr) {
      return Defect(node, "UNKNOWN_NAME",
                    absl::StrCat(".", node.text, " follows nothing that has parts"));
    }
    if (!variable->person) {
      const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(variable->fact_kind)];
      const auto it = kind.field_index.find(node.text);
      if (it == kind.field_index.end()) {
        return Defect(node, "UNKNOWN_NAME",
                      absl::StrCat("a ", kind.name, " has no field ", node.text));
      }
      const FieldType& field = kind.fields[static_cast<size_t>(it->second)];
      if (field.type.kind == TypeKind::kText) {
        return Defect(node, "TYPE_MISMATCH",
                      absl::StrCat("the text ", node.text, " cannot be computed with"));
      }
      Push(code, OpCode::kField, variable->slot, it->second);
      return field.type;
    }
    const int symbol = scope_.find_symbol(node.text);
    if (symbol < 0 || !pack_.symbols[static_cast<size_t>(symbol)].per_person) {
      const bool list = pack_.fact_kind_index.contains(node.text);
      return list ? Defect(
                        node, "TYPE_MISMATCH",
                        absl::StrCat(node.text, " is a list; add .sum(…), .exists(…) or the like"))
                  : Defect(node, "UNKNOWN_NAME", absl::StrCat("a person has no ", node.text));
    }
    symbols_.push_back(symbol);
    Push(code, OpCode::kPerson, variable->slot, symbol);
    return pack_.symbols[static_cast<size_t>(symbol)].type;
  }

  absl::StatusOr<Type> EmitUnary(const Node& node, std::vector<Op>* code) {
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

  absl::StatusOr<Type> EmitBinary(const Node& node, std::vector<Op>* code) {
    const std::string& op = node.text;
    const Node& left = node.children[0];
    const Node& right = node.children[1];
    if (op == "&&" || op == "||") {
      HEDUI_RETURN_IF_ERROR(EmitTruth(left, code).status());
      HEDUI_RETURN_IF_ERROR(EmitTruth(right, code).status());
      Push(code, op == "&&" ? OpCode::kAnd : OpCode::kOr);
      return Type::Truth();
    }
    if (op == "in") {
      HEDUI_ASSIGN_OR_RETURN(const Type code_type, Emit(left, -1, code));
      HEDUI_RETURN_IF_ERROR(Require(left, code_type, TypeKind::kCode, "a code"));
      HEDUI_ASSIGN_OR_RETURN(const Type set_type, Emit(right, code_type.codes, code));
      HEDUI_RETURN_IF_ERROR(
          Agree(node, Type::Of(TypeKind::kCodeSet, code_type.codes), set_type).status());
      Push(code, OpCode::kIn);
      return Type::Truth();
    }
    if (op == "==" || op == "!=") return EmitEqual(node, code);
    HEDUI_ASSIGN_OR_RETURN(const Type a, Emit(left, -1, code));
    HEDUI_ASSIGN_OR_RETURN(const Type b, Emit(right, -1, code));
    if (op == "+" || op == "-") return EmitSum(node, a, b, code);
    if (op == "*" || op == "/") return EmitProduct(node, a, b, code);
    if (!IsOrdered(a)) {
      return Defect(left, "TYPE_MISMATCH",
                    absl::StrCat("values of type ", Named(a), " have no order"));
    }
    HEDUI_RETURN_IF_ERROR(Agree(node, a, b).status());
    // a > b is !(a <= b), which is exact on intervals too.
    Push(code, op == "<" || op == ">=" ? OpCode::kLess : OpCode::kLessOrEqual);
    if (op == ">" || op == ">=") Push(code, OpCode::kNot);
    return Type::Truth();
  }

  absl::StatusOr<Type> EmitEqual(const Node& node, std::vector<Op>* code) {
    // The side with a code list of its own goes first, so that the text opposite can be looked up
    // in it.
    const bool swap = node.children[0].kind == Node::Kind::kString;
    const Node& first = node.children[swap ? 1 : 0];
    const Node& second = node.children[swap ? 0 : 1];
    HEDUI_ASSIGN_OR_RETURN(const Type a, Emit(first, -1, code));
    HEDUI_ASSIGN_OR_RETURN(const Type b, Emit(second, a.codes, code));
    HEDUI_RETURN_IF_ERROR(Agree(node, a, b).status());
    if (IsOrdered(a)) {
      Push(code, OpCode::kEqualNumbers);
    } else if (a.kind == TypeKind::kCode || a.kind == TypeKind::kTruth) {
      Push(code, OpCode::kEqualMasks);
    } else {
      return Defect(node, "TYPE_MISMATCH",
                    absl::StrCat("values of type ", Named(a), " are not compared"));
    }
    if (node.text == "!=") Push(code, OpCode::kNot);
    return Type::Truth();
  }

  absl::StatusOr<Type> EmitSum(const Node& node, const Type& a, const Type& b,
                               std::vector<Op>* code) {
    const bool minus = node.text == "-";
    Push(code, minus ? OpCode::kSubtract : OpCode::kAdd, IsNumber(a) ? 0 : kOfDates);
    if (IsNumber(a) && IsNumber(b)) return Agree(node, a, b);
    if (a.kind == TypeKind::kDate && b.kind == TypeKind::kDate && minus)
      return Type::Number(kUnitDays);
    if (a.kind == TypeKind::kDate && IsNumber(b) && b.unit == kUnitDays) return a;
    return Defect(node, "TYPE_MISMATCH",
                  absl::StrCat(Named(a), " ", node.text, " ", Named(b), " means nothing"));
  }

  absl::StatusOr<Type> EmitProduct(const Node& node, Type a, Type b, std::vector<Op>* code) {
    HEDUI_RETURN_IF_ERROR(Require(node.children[0], a, TypeKind::kNumber, "a number"));
    HEDUI_RETURN_IF_ERROR(Require(node.children[1], b, TypeKind::kNumber, "a number"));
    const bool times = node.text == "*";
    Push(code, times ? OpCode::kMultiply : OpCode::kDivide);
    if (times && a.literal != Type::Literal::kNone) a.unit.count = b.unit.count;
    if (times && b.literal != Type::Literal::kNone) b.unit.count = a.unit.count;
    const std::optional<Unit> unit =
        times ? MultiplyUnits(a.unit, b.unit) : DivideUnits(a.unit, b.unit);
    if (!unit) return Defect(node, "UNIT_MISMATCH", "no rule has a unit of so high a power");
    return Type::Number(*unit);
  }

  absl::StatusOr<Type> EmitConditional(const Node& node, int codes, std::vector<Op>* code) {
    HEDUI_RETURN_IF_ERROR(EmitTruth(node.children[0], code).status());
    std::vector<Op> yes, no;
    HEDUI_ASSIGN_OR_RETURN(const Type a, Emit(node.children[1], codes, &yes));
    HEDUI_ASSIGN_OR_RETURN(const Type b, Emit(node.children[2], codes, &no));
    HEDUI_ASSIGN_OR_RETURN(Type type, Agree(node, a, b));
    if (type.kind == TypeKind::kPeriod || type.kind == TypeKind::kCodeSet) {
      return Defect(node, "TYPE_MISMATCH",
                    absl::StrCat("a choice cannot give a value of type ", Named(type)));
    }
    type.literal = Type::Literal::kNone;
    // condition, [skip yes and the second test], yes, [skip no], no, select.
    Push(code, OpCode::kSkipIfFalse, 0, static_cast<int32_t>(yes.size()) + 1);
    code->insert(code->end(), yes.begin(), yes.end());
    Push(code, OpCode::kSkipIfTrue, 0, static_cast<int32_t>(no.size()));
    code->insert(code->end(), no.begin(), no.end());
    Push(code, type.masked() ? OpCode::kSelectMask : OpCode::kSelectNumber);
    return type;
  }

  absl::Status CountArguments(const Node& node, size_t wanted) const {
    const size_t given = node.children.size() - (node.kind == Node::Kind::kMethod ? 1 : 0);
    if (given == wanted) return absl::OkStatus();
    return Defect(node, "TYPE_MISMATCH",
                  absl::StrCat(node.text, " takes ", wanted, " arguments, not ", given));
  }

  absl::StatusOr<Type> EmitCall(const Node& node, int codes, std::vector<Op>* code) {
    const std::string& name = node.text;
    if (name == "min" || name == "max") return EmitMinMax(node, code);
    if (name == "yuan" || name == "months" || name == "years" || name == "days" ||
        name == "ratio") {
      return EmitUnitOf(node, code);
    }
    if (name == "round") return EmitRound(node, code);
    if (name == "answered") return EmitAnswered(node, code);
    if (name == "age" || name == "months_before") {
      HEDUI_RETURN_IF_ERROR(CountArguments(node, 2));
      HEDUI_ASSIGN_OR_RETURN(const Type day, Emit(node.children[0], -1, code));
      HEDUI_RETURN_IF_ERROR(Require(node.children[0], day, TypeKind::kDate, "a date"));
      HEDUI_ASSIGN_OR_RETURN(const Type second, Emit(node.children[1], -1, code));
      if (name == "age") {
        HEDUI_RETURN_IF_ERROR(Require(node.children[1], second, TypeKind::kDate, "a date"));
        Push(code, OpCode::kAge);
        return Type::Number(kUnitYears);
      }
      HEDUI_RETURN_IF_ERROR(Agree(node.children[1], Type::Number(kUnitMonths), second).status());
      Push(code, OpCode::kMonthsBefore);
      return Type::Of(TypeKind::kPeriod);
    }
    if (name == "listed") {
      HEDUI_RETURN_IF_ERROR(CountArguments(node, 1));
      HEDUI_ASSIGN_OR_RETURN(const Type person, Emit(node.children[0], -1, code));
      HEDUI_RETURN_IF_ERROR(
          Require(node.children[0], person, TypeKind::kPerson, "a person's number"));
      Push(code, OpCode::kListed);
      return Type::Truth();
    }
    if (name == "presumed") {
      HEDUI_RETURN_IF_ERROR(CountArguments(node, 1));
      HEDUI_ASSIGN_OR_RETURN(const Type type, Emit(node.children[0], codes, code));
      Push(code, OpCode::kPresumed);
      return type;
    }
    return Defect(node, "UNKNOWN_FUNCTION", absl::StrCat("there is no function ", name));
  }

  absl::StatusOr<Type> EmitMinMax(const Node& node, std::vector<Op>* code) {
    if (node.children.size() < 2) return CountArguments(node, 2);
    HEDUI_ASSIGN_OR_RETURN(Type type, Emit(node.children[0], -1, code));
    for (size_t i = 1; i < node.children.size(); ++i) {
      HEDUI_ASSIGN_OR_RETURN(const Type next, Emit(node.children[i], -1, code));
      HEDUI_ASSIGN_OR_RETURN(type, Agree(node.children[i], type, next));
      Push(code, node.text == "min" ? OpCode::kMin : OpCode::kMax);
    }
    if (!IsOrdered(type))
      return Defect(node, "TYPE_MISMATCH", absl::StrCat(Named(type), " has no order"));
    return type;
  }

  absl::StatusOr<Type> EmitUnitOf(const Node& node, std::vector<Op>* code) {
    HEDUI_RETURN_IF_ERROR(CountArguments(node, 1));
    HEDUI_ASSIGN_OR_RETURN(const Type type, Emit(node.children[0], -1, code));
    if (!IsNumber(type) || !type.unit.dimensionless()) {
      return Defect(node.children[0], "UNIT_MISMATCH",
                    absl::StrCat(node.text, "() takes a number without a unit"));
    }
    if (node.text == "yuan") {
      PushConstant(code, Point(base::Rational(100)));  // money is held in fen
      Push(code, OpCode::kMultiply);
      return Type::Number(kUnitMoney);
    }
    if (node.text == "ratio") return Type::Number(kUnitRatio);
    return Type::Number(*UnitFromName(node.text));
  }

  absl::StatusOr<Type> EmitRound(const Node& node, std::vector<Op>* code) {
    HEDUI_RETURN_IF_ERROR(CountArguments(node, 3));
    HEDUI_ASSIGN_OR_RETURN(const Type type, Emit(node.children[0], -1, code));
    if (!IsNumber(type) || type.unit.money != 1) {
      return Defect(node.children[0], "UNIT_MISMATCH", "round() takes an amount of money");
    }
    const std::string& how = node.children[1].text;
    const std::string& grain = node.children[2].text;
    const int rounding = how == "half_up" ? 1 : how == "ceiling" ? 2 : how == "floor" ? 3 : 0;
    const int fen = grain == "fen" ? 1 : grain == "jiao" ? 10 : grain == "yuan" ? 100 : 0;
    for (int i : {1, 2}) {
      if (node.children[static_cast<size_t>(i)].kind != Node::Kind::kString || rounding == 0 ||
          fen == 0) {
        return Defect(node.children[static_cast<size_t>(i)], "UNKNOWN_CODE",
                      "round(amount, 'half_up' | 'ceiling' | 'floor', 'fen' | 'jiao' | 'yuan')");
      }
    }
    Push(code, OpCode::kRound, rounding, static_cast<int32_t>(pack_.constants.size()));
    pack_.constants.push_back(Point(base::Rational(fen)));
    return type;
  }

  absl::StatusOr<Type> EmitAnswered(const Node& node, std::vector<Op>* code) {
    HEDUI_RETURN_IF_ERROR(CountArguments(node, 2));
    const Node& who = node.children[0];
    const Variable* variable = who.kind == Node::Kind::kName ? FindVariable(who.text) : nullptr;
    if (variable == nullptr || !variable->person) {
      return Defect(who, "TYPE_MISMATCH", "answered() takes a person and a category");
    }
    const auto it = pack_.category_index.find(node.children[1].text);
    if (node.children[1].kind != Node::Kind::kString || it == pack_.category_index.end()) {
      return Defect(node.children[1], "UNKNOWN_CODE",
                    "answered() takes a person and a declared category in quotes");
    }
    Push(code, OpCode::kAnswered, variable->slot, it->second);
    return Type::Truth();
  }

  absl::StatusOr<Type> EmitMethod(const Node& node, std::vector<Op>* code) {
    AggregateKind kind;
    if (node.text == "sum") {
      kind = AggregateKind::kSum;
    } else if (node.text == "count" || node.text == "size") {
      kind = AggregateKind::kCount;
    } else if (node.text == "exists") {
      kind = AggregateKind::kExists;
    } else if (node.text == "all") {
      kind = AggregateKind::kAll;
    } else if (node.text == "months") {
      kind = AggregateKind::kMonths;
    } else if (node.text == "filter" || node.text == "during") {
      return Defect(node, "TYPE_MISMATCH",
                    "a list is not a value; add .sum(…), .exists(…) or the like");
    } else {
      return Defect(node, "UNKNOWN_FUNCTION", absl::StrCat("there is no method ", node.text));
    }
    ListExpression list;
    HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], &list));
    list.aggregate.kind = kind;
    if (list.aggregate.list == ListKind::kFacts) HEDUI_RETURN_IF_ERROR(CheckPeriod(node, list));
    if (list.period != nullptr) {
      HEDUI_ASSIGN_OR_RETURN(const Type period, Emit(*list.period, -1, code));
      HEDUI_RETURN_IF_ERROR(Require(*list.period, period, TypeKind::kPeriod, "a period"));
    }
    list.aggregate.item_slot = NewSlot();
    for (const Node* filter : list.filters) {
      HEDUI_RETURN_IF_ERROR(CountArguments(*filter, 2));
      HEDUI_ASSIGN_OR_RETURN(const BodyResult body,
                             EmitBody(filter->children[1], filter->children[2], list.aggregate));
      HEDUI_RETURN_IF_ERROR(
          Require(filter->children[2], body.type, TypeKind::kTruth, "a condition"));
      list.aggregate.filters.push_back(body.code);
    }
    HEDUI_ASSIGN_OR_RETURN(const Type type, EmitAggregateBody(node, &list.aggregate));
    --open_slots_;
    Push(code, OpCode::kAggregate, 0, static_cast<int32_t>(pack_.aggregates.size()));
    pack_.aggregates.push_back(std::move(list.aggregate));
    return type;
  }

  absl::Status CheckPeriod(const Node& node, const ListExpression& list) const {
    const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(list.aggregate.fact_kind)];
    if (kind.monthly == (list.period != nullptr)) return absl::OkStatus();
    return Defect(node, "TYPE_MISMATCH",
                  kind.monthly
                      ? absl::StrCat(kind.name, " is by month; say which with .during(period)")
                      : absl::StrCat(kind.name, " is not by month; .during() has no place"));
  }

  absl::Status ReadList(const Node& node, ListExpression* list) {
    if (node.kind == Node::Kind::kMethod && node.text == "filter") {
      HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], list));
      list->filters.push_back(&node);
      return absl::OkStatus();
    }
    if (node.kind == Node::Kind::kMethod && node.text == "during") {
      HEDUI_RETURN_IF_ERROR(CountArguments(node, 1));
      HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], list));
      if (list->period != nullptr || list->aggregate.list != ListKind::kFacts ||
          !list->filters.empty()) {
        return Defect(node, "TYPE_MISMATCH",
                      ".during() stands once, directly behind a kind of fact");
      }
      list->period = &node.children[1];
      list->aggregate.by_period = true;
      return absl::OkStatus();
    }
    if (node.kind == Node::Kind::kName && FindVariable(node.text) == nullptr) {
      if (node.text == "persons" || node.text == "obligors") {
        list->aggregate.list = node.text == "persons" ? ListKind::kPersons : ListKind::kObligors;
        return absl::OkStatus();
      }
      if (node.text == "members") {
        list->aggregate.list = ListKind::kMembers;
        for (absl::string_view name : {"is_member", "members_complete"}) {
          if (const int symbol = scope_.find_symbol(name); symbol >= 0) symbols_.push_back(symbol);
        }
        return absl::OkStatus();
      }
    }
    if (node.kind == Node::Kind::kSelect && node.children[0].kind == Node::Kind::kName) {
      const Variable* owner = FindVariable(node.children[0].text);
      const auto kind = pack_.fact_kind_index.find(node.text);
      if (owner != nullptr && owner->person && kind != pack_.fact_kind_index.end()) {
        list->aggregate.list = ListKind::kFacts;
        list->aggregate.fact_kind = kind->second;
        list->aggregate.owner_slot = owner->slot;
        return absl::OkStatus();
      }
      if (owner != nullptr && owner->person) {
        return Defect(node, "UNKNOWN_NAME",
                      absl::StrCat("there is no kind of fact called ", node.text));
      }
    }
    return Defect(node, "TYPE_MISMATCH", "this is not a list");
  }

  struct BodyResult {
    CodeRange code;
    Type type;
  };

  absl::StatusOr<BodyResult> EmitBody(const Node& variable, const Node& body,
                                      const Aggregate& aggregate) {
    if (variable.kind != Node::Kind::kName) {
      return Defect(variable, "EXPRESSION_SYNTAX", "the first argument names the list's element");
    }
    if (FindVariable(variable.text) != nullptr || scope_.find_symbol(variable.text) >= 0) {
      return Defect(variable, "UNKNOWN_NAME",
                    absl::StrCat(variable.text, " already means something else"));
    }
    variables_.push_back({variable.text, aggregate.list != ListKind::kFacts, aggregate.fact_kind,
                          aggregate.item_slot});
    std::vector<Op> code;
    absl::StatusOr<Type> type = Emit(body, -1, &code);
    variables_.pop_back();
    if (!type.ok()) return type.status();
    return BodyResult{Append(code), *type};
  }

  absl::StatusOr<Type> EmitAggregateBody(const Node& node, Aggregate* aggregate) {
    if (node.text == "months") {
      HEDUI_RETURN_IF_ERROR(CountArguments(node, 0));
      if (!aggregate->by_period)
        return Defect(node, "TYPE_MISMATCH", ".months() counts facts that are by month");
      return Type::Number(kUnitMonths);
    }
    if (node.text == "size") {
      HEDUI_RETURN_IF_ERROR(CountArguments(node, 0));
      std::vector<Op> code;
      PushConstant(&code, TruthOf(true));
      aggregate->body = Append(code);
      return Type::Number(kUnitCount);
    }
    HEDUI_RETURN_IF_ERROR(CountArguments(node, 2));
    HEDUI_ASSIGN_OR_RETURN(BodyResult body,
                           EmitBody(node.children[1], node.children[2], *aggregate));
    aggregate->body = body.code;
    if (aggregate->kind == AggregateKind::kSum) {
      HEDUI_RETURN_IF_ERROR(Require(node.children[2], body.type, TypeKind::kNumber, "a number"));
      body.type.literal = Type::Literal::kNone;
      return body.type;
    }
    HEDUI_RETURN_IF_ERROR(Require(node.children[2], body.type, TypeKind::kTruth, "a condition"));
    return aggregate->kind == AggregateKind::kCount ? Type::Number(kUnitCount) : Type::Truth();
  }

  const CompileScope& scope_;
  CompiledPack& pack_;
  std::vector<Variable> variables_;
  std::vector<int> symbols_;
  int open_slots_ = 0;
  int slots_ = 0;
};

}  // namespace

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
    case TypeKind::kText:
      return "text";
    case TypeKind::kPerson:
      return "person";
  }
  return "?";
}

absl::StatusOr<CompiledExpression> CompileExpression(const Node& node, const CompileScope& scope,
                                                     CompiledPack* pack) {
  return Compiler(scope, pack).Compile(node);
}

}  // namespace hedui::assess
