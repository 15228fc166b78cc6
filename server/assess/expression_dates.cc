// Functions of days and periods.
#include "server/assess/expression_functions.h"
#include "server/assess/expression_walk.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

absl::Status EmitDate(ExpressionWalk& walk, const Node& node, std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type day, walk.Emit(node, -1, code));
  return walk.Require(node, day, TypeKind::kDate, "a date");
}

absl::StatusOr<Type> EmitAge(ExpressionWalk& walk, const Node& node, int, std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[1], code));
  walk.Push(code, OpCode::kAge);
  return Type::Number(kUnitYears);
}

absl::StatusOr<Type> EmitMonthsBefore(ExpressionWalk& walk, const Node& node, int,
                                      std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  HEDUI_ASSIGN_OR_RETURN(const Type months, walk.Emit(node.children[1], -1, code));
  HEDUI_RETURN_IF_ERROR(walk.Agree(node.children[1], Type::Number(kUnitMonths), months).status());
  walk.Push(code, OpCode::kMonthsBefore);
  return Type::Of(TypeKind::kPeriod);
}

constexpr Function kFunctions[] = {
    {"age", 2, 2, EmitAge},
    {"months_before", 2, 2, EmitMonthsBefore},
};

}  // namespace

absl::Span<const Function> DateFunctions() { return kFunctions; }

}  // namespace hedui::assess
