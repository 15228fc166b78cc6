// Functions of divisions.
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/assess/divisions.h"
#include "server/assess/expression_functions.h"
#include "server/assess/expression_walk.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

absl::Status EmitDivision(ExpressionWalk& walk, const Node& node, std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type division, walk.Emit(node, -1, code));
  return walk.Require(node, division, TypeKind::kDivision, "a division");
}

absl::StatusOr<Type> EmitWithin(ExpressionWalk& walk, const Node& node, int,
                                std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDivision(walk, node.children[0], code));
  const Node& text = node.children[1];
  const auto range = DivisionRangeOf(text.kind == Node::Kind::kString ? text.text : "");
  if (!range) {
    return ExpressionDefect(text, "BAD_VALUE",
                            "within() ends with the six digits of a region, city or county, in "
                            "quotes");
  }
  Value outer = Point(base::Rational(range->first));
  outer.hi = base::Rational(range->last);
  walk.Push(code, OpCode::kWithinDivision, 0, walk.AddConstant(outer));
  return Type::Truth();
}

absl::StatusOr<Type> EmitSameDivision(ExpressionWalk& walk, const Node& node, int,
                                      std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDivision(walk, node.children[0], code));
  HEDUI_RETURN_IF_ERROR(EmitDivision(walk, node.children[1], code));
  const Node& level = node.children[2];
  const int digits = level.kind != Node::Kind::kString ? 0
                     : level.text == "region"          ? 2
                     : level.text == "city"            ? 4
                     : level.text == "county"          ? 6
                                                       : 0;
  if (digits == 0) {
    return ExpressionDefect(level, "UNKNOWN_CODE",
                            "same_division() ends with 'region', 'city' or 'county'");
  }
  walk.Push(code, OpCode::kSameDivision, digits);
  return Type::Truth();
}

constexpr Function kFunctions[] = {
    {"within", 2, 2, EmitWithin},
    {"same_division", 3, 3, EmitSameDivision},
};

}  // namespace

absl::Span<const Function> PlaceFunctions() { return kFunctions; }

}  // namespace hedui::assess
