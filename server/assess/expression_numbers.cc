// Functions of numbers: the least and most, rounding, units, presumptions.
#include "absl/strings/str_cat.h"
#include "server/assess/expression_functions.h"
#include "server/assess/expression_walk.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

absl::StatusOr<Type> EmitMinMax(ExpressionWalk& walk, const Node& node, int,
                                std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(Type type, walk.Emit(node.children[0], -1, code));
  for (size_t i = 1; i < node.children.size(); ++i) {
    HEDUI_ASSIGN_OR_RETURN(const Type next, walk.Emit(node.children[i], -1, code));
    HEDUI_ASSIGN_OR_RETURN(type, walk.Agree(node.children[i], type, next));
    walk.Push(code, node.text == "min" ? OpCode::kMin : OpCode::kMax, walk.SlotOf(type));
  }
  if (!type.ordered())
    return ExpressionDefect(node, "TYPE_MISMATCH", absl::StrCat(walk.Named(type), " has no order"));
  return type;
}

absl::StatusOr<Type> EmitUnitOf(ExpressionWalk& walk, const Node& node, int,
                                std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type type, walk.Emit(node.children[0], -1, code));
  if (type.kind != TypeKind::kNumber || !type.unit.dimensionless()) {
    return ExpressionDefect(node.children[0], "UNIT_MISMATCH",
                            absl::StrCat(node.text, "() takes a number without a unit"));
  }
  if (node.text == "yuan") {
    walk.PushConstant(code, Point(base::Rational(100)));  // money is held in fen
    walk.Push(code, OpCode::kMultiply);
    return Type::Number(kUnitMoney);
  }
  if (node.text == "ratio") return Type::Number(kUnitRatio);
  return Type::Number(*UnitFromName(node.text));
}

absl::StatusOr<Type> EmitRound(ExpressionWalk& walk, const Node& node, int, std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type type, walk.Emit(node.children[0], -1, code));
  if (type.kind != TypeKind::kNumber || type.unit.money != 1) {
    return ExpressionDefect(node.children[0], "UNIT_MISMATCH", "round() takes an amount of money");
  }
  const std::string& how = node.children[1].text;
  const std::string& grain = node.children[2].text;
  const int rounding = how == "half_up" ? 1 : how == "ceiling" ? 2 : how == "floor" ? 3 : 0;
  const int fen = grain == "fen" ? 1 : grain == "jiao" ? 10 : grain == "yuan" ? 100 : 0;
  for (int i : {1, 2}) {
    if (node.children[static_cast<size_t>(i)].kind != Node::Kind::kString || rounding == 0 ||
        fen == 0) {
      return ExpressionDefect(
          node.children[static_cast<size_t>(i)], "UNKNOWN_CODE",
          "round(amount, 'half_up' | 'ceiling' | 'floor', 'fen' | 'jiao' | 'yuan')");
    }
  }
  walk.Push(code, OpCode::kRound, rounding, walk.AddConstant(Point(base::Rational(fen))));
  return type;
}

absl::StatusOr<Type> EmitPresumed(ExpressionWalk& walk, const Node& node, int codes,
                                  std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type type, walk.Emit(node.children[0], codes, code));
  walk.Push(code, OpCode::kPresumed);
  return type;
}

constexpr Function kFunctions[] = {
    {"min", 2, kAnyNumber, EmitMinMax}, {"max", 2, kAnyNumber, EmitMinMax},
    {"round", 3, 3, EmitRound},         {"yuan", 1, 1, EmitUnitOf},
    {"months", 1, 1, EmitUnitOf},       {"years", 1, 1, EmitUnitOf},
    {"days", 1, 1, EmitUnitOf},         {"ratio", 1, 1, EmitUnitOf},
    {"presumed", 1, 1, EmitPresumed},
};

}  // namespace

absl::Span<const Function> NumberFunctions() { return kFunctions; }

}  // namespace hedui::assess
