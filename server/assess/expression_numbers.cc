// Functions of numbers: the least and most, rounding, units, presumptions.
#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

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
  if (node.text == "square_metres") {
    walk.PushConstant(code, Point(base::Rational(kFieldUnitsPerArea)));
    walk.Push(code, OpCode::kMultiply);
    return Type::Number(kUnitArea);
  }
  if (node.text == "ratio") return Type::Number(kUnitRatio);
  return Type::Number(*UnitFromName(node.text));
}

constexpr std::pair<absl::string_view, base::Rounding> kRoundings[] = {
    {"half_up", base::Rounding::kHalfUp},         {"half_even", base::Rounding::kHalfEven},
    {"ceiling", base::Rounding::kCeiling},        {"floor", base::Rounding::kFloor},
    {"toward_zero", base::Rounding::kTowardZero}, {"away_from_zero", base::Rounding::kAwayFromZero},
};

constexpr std::pair<absl::string_view, int> kGrainsOfMoney[] = {
    {"fen", 1}, {"jiao", 10}, {"yuan", 100}};

// A grain written out: a constant in the unit of what is rounded.
absl::StatusOr<base::Rational> ConstantGrain(ExpressionWalk& walk, const Node& grain, Type* type,
                                             std::vector<Op>* code) {
  const size_t begin = code->size();
  HEDUI_ASSIGN_OR_RETURN(const Type unit, walk.Emit(grain, -1, code));
  HEDUI_RETURN_IF_ERROR(walk.Agree(grain, *type, unit).status());
  const std::optional<Value> value = walk.ConstantOf(*code, begin);
  code->resize(begin);
  if (!value || !value->IsPoint() || value->lo.sign() <= 0) {
    return ExpressionDefect(grain, "BAD_VALUE", "a grain is a constant above 0");
  }
  // Parts of a whole that are rounded to wholes can be counted.
  if (type->unit == kUnitRatio && unit.literal == Type::Literal::kWhole) type->unit = kUnitCount;
  return value->lo;
}

absl::StatusOr<Type> EmitRound(ExpressionWalk& walk, const Node& node, int, std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(Type type, walk.Emit(node.children[0], -1, code));
  HEDUI_RETURN_IF_ERROR(walk.Require(node.children[0], type, TypeKind::kNumber, "a number"));
  const Node& how = node.children[1];
  const Node& grain = node.children[2];
  const auto* const rounding =
      std::find_if(std::begin(kRoundings), std::end(kRoundings),
                   [&how](const auto& known) { return known.first == how.text; });
  if (how.kind != Node::Kind::kString || rounding == std::end(kRoundings)) {
    return ExpressionDefect(how, "UNKNOWN_CODE",
                            "round(number, 'half_up' | 'half_even' | 'ceiling' | 'floor' | "
                            "'toward_zero' | 'away_from_zero', grain)");
  }
  base::Rational size;
  if (grain.kind == Node::Kind::kString) {
    const auto* const known =
        std::find_if(std::begin(kGrainsOfMoney), std::end(kGrainsOfMoney),
                     [&grain](const auto& one) { return one.first == grain.text; });
    if (known == std::end(kGrainsOfMoney)) {
      return ExpressionDefect(grain, "UNKNOWN_CODE",
                              "a grain is 'fen', 'jiao', 'yuan' or a number");
    }
    if (type.unit.money != 1) {
      return ExpressionDefect(node.children[0], "UNIT_MISMATCH",
                              absl::StrCat("what is rounded to ", grain.text, " is money"));
    }
    size = base::Rational(known->second);
  } else {
    HEDUI_ASSIGN_OR_RETURN(size, ConstantGrain(walk, grain, &type, code));
  }
  walk.Push(code, OpCode::kRound, static_cast<int>(rounding->second),
            walk.AddConstant(Point(size)));
  type.literal = Type::Literal::kNone;
  return type;
}

absl::StatusOr<Type> EmitPresumed(ExpressionWalk& walk, const Node& node, int codes,
                                  std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type type, walk.Emit(node.children[0], codes, code));
  walk.Push(code, OpCode::kPresumed);
  return type;
}

constexpr Function kFunctions[] = {
    {"min", 2, kAnyNumber, EmitMinMax},  {"max", 2, kAnyNumber, EmitMinMax},
    {"round", 3, 3, EmitRound},          {"yuan", 1, 1, EmitUnitOf},
    {"months", 1, 1, EmitUnitOf},        {"years", 1, 1, EmitUnitOf},
    {"days", 1, 1, EmitUnitOf},          {"ratio", 1, 1, EmitUnitOf},
    {"square_metres", 1, 1, EmitUnitOf}, {"presumed", 1, 1, EmitPresumed},
};

}  // namespace

absl::Span<const Function> NumberFunctions() { return kFunctions; }

}  // namespace hedui::assess
