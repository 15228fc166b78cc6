// Tables that are called, what can be asked of rows, and sets of codes.
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/assess/expression_functions.h"
#include "server/assess/expression_walk.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

template <Inspection what>
absl::StatusOr<Type> EmitInspection(ExpressionWalk& walk, const Node& node, int,
                                    std::vector<Op>* code) {
  const Node& name = node.children[0];
  const bool named = name.kind == Node::Kind::kName && walk.FindVariable(name.text) == nullptr;
  const int index = named ? walk.FindSymbol(name.text) : -1;
  if (named && index < 0) {
    return ExpressionDefect(name, "UNKNOWN_NAME", absl::StrCat("nothing is called ", name.text));
  }
  if (!named || walk.pack().symbols[static_cast<size_t>(index)].kind != SymbolKind::kParameter ||
      walk.pack().symbols[static_cast<size_t>(index)].per_person) {
    return ExpressionDefect(
        name, "TYPE_MISMATCH",
        absl::StrCat(node.text, "() takes the name of a household's parameter"));
  }
  const Symbol& symbol = walk.pack().symbols[static_cast<size_t>(index)];
  int numbers = 0;
  for (const Type& type : symbol.key_types) numbers += type.kind == TypeKind::kNumber ? 1 : 0;
  constexpr bool kOrder = what == Inspection::kRising || what == Inspection::kFalling;
  if (what != Inspection::kSize && !symbol.type.ordered()) {
    return ExpressionDefect(
        name, "TYPE_MISMATCH",
        absl::StrCat("values of type ", walk.Named(symbol.type), " have no order"));
  }
  if (kOrder && numbers != 1) {
    return ExpressionDefect(name, "TYPE_MISMATCH",
                            absl::StrCat(node.text, "() goes along the one key that is a number"));
  }
  walk.LookInto(index);
  walk.Push(code, OpCode::kInspect, static_cast<int>(what), index);
  if (kOrder) return Type::Truth();
  return what == Inspection::kSize ? Type::Number(kUnitCount) : symbol.type;
}

constexpr Function kFunctions[] = {
    {"size", 1, 1, EmitInspection<Inspection::kSize>},
    {"highest", 1, 1, EmitInspection<Inspection::kHighest>},
    {"lowest", 1, 1, EmitInspection<Inspection::kLowest>},
    {"rising", 1, 1, EmitInspection<Inspection::kRising>},
    {"falling", 1, 1, EmitInspection<Inspection::kFalling>},
};

}  // namespace

absl::Span<const Function> TableFunctions() { return kFunctions; }

absl::StatusOr<Type> ExpressionWalk::EmitLookUp(const Node& node, int symbol, const Variable* owner,
                                                std::vector<Op>* code) {
  // Emitting arguments adds no symbol, so that the table stays where it is.
  const Symbol& table = pack_.symbols[static_cast<size_t>(symbol)];
  if (table.per_person != (owner != nullptr)) {
    return ExpressionDefect(
        node, "TYPE_MISMATCH",
        table.per_person
            ? absl::StrCat(node.text, " is a person's; write p.", node.text, "(…)")
            : absl::StrCat(node.text, " is the household's; write ", node.text, "(…)"));
  }
  // Lists in the arguments add variables, so that the owner moves.
  const int slot = owner == nullptr ? 0 : owner->slot + 1;
  size_t given = 0;
  for (const ParameterKey& key : table.keys) given += key.symbol < 0 ? 1 : 0;
  HEDUI_RETURN_IF_ERROR(CountArguments(node, given, given));
  size_t argument = owner == nullptr ? 0 : 1;
  for (const ParameterKey& key : table.keys) {
    if (key.symbol >= 0) continue;
    const Node& child = node.children[argument++];
    HEDUI_ASSIGN_OR_RETURN(const Type type, Emit(child, key.type.codes, code));
    HEDUI_RETURN_IF_ERROR(Agree(child, key.type, type).status());
  }
  LookInto(symbol);
  Push(code, OpCode::kLookUp, slot, symbol);
  return table.type;
}

// Brackets beside + and - hold codes of the other side's list, where their place does not name
// one.
absl::StatusOr<ExpressionWalk::Sides> ExpressionWalk::EmitSides(const Node& node, int codes,
                                                                std::vector<Op>* code) {
  const bool sum = node.text == "+" || node.text == "-";
  const Node& left = node.children[0];
  const Node& right = node.children[1];
  Sides sides;
  if (!sum) codes = -1;
  if (sum && codes < 0 && left.kind == Node::Kind::kList) {
    std::vector<Op> right_code;
    HEDUI_ASSIGN_OR_RETURN(sides.right, Emit(right, -1, &right_code));
    HEDUI_ASSIGN_OR_RETURN(sides.left, Emit(left, sides.right.codes, code));
    sides.right_begin = code->size();
    code->insert(code->end(), right_code.begin(), right_code.end());
    return sides;
  }
  HEDUI_ASSIGN_OR_RETURN(sides.left, Emit(left, codes, code));
  sides.right_begin = code->size();
  const int right_codes = sides.left.kind == TypeKind::kCodeSet ? sides.left.codes : codes;
  HEDUI_ASSIGN_OR_RETURN(sides.right, Emit(right, right_codes, code));
  return sides;
}

absl::StatusOr<Type> ExpressionWalk::EmitSetSum(const Node& node, const Sides& sides,
                                                std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type type, Agree(node, sides.left, sides.right));
  Push(code, node.text == "+" ? OpCode::kUnion : OpCode::kWithout, 0, type.codes);
  return type;
}

}  // namespace hedui::assess
