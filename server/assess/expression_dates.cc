// Functions of days and periods.
#include "server/assess/expression_functions.h"
#include "server/assess/expression_walk.h"
#include "server/base/dates.h"
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

absl::StatusOr<Type> EmitAddMonths(ExpressionWalk& walk, const Node& node, int,
                                   std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  HEDUI_ASSIGN_OR_RETURN(const Type months, walk.Emit(node.children[1], -1, code));
  HEDUI_RETURN_IF_ERROR(walk.Agree(node.children[1], Type::Number(kUnitMonths), months).status());
  walk.Push(code, OpCode::kAddMonths);
  return Type::Of(TypeKind::kDate);
}

absl::StatusOr<Type> EmitMonthsSince(ExpressionWalk& walk, const Node& node, int,
                                     std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[1], code));
  walk.Push(code, OpCode::kMonthsSince);
  return Type::Number(kUnitMonths);
}

absl::StatusOr<Type> EmitOfDay(ExpressionWalk& walk, const Node& node, int, std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  const bool day = node.text == "month_start" || node.text == "month_end";
  walk.Push(code, node.text == "month_start" ? OpCode::kMonthStart
                  : node.text == "month_end" ? OpCode::kMonthEnd
                  : node.text == "year_of"   ? OpCode::kYearOf
                                             : OpCode::kMonthOf);
  return day ? Type::Of(TypeKind::kDate) : Type::Number(kUnitCount);
}

absl::StatusOr<Type> EmitDay(ExpressionWalk& walk, const Node& node, int, std::vector<Op>* code) {
  const Node& text = node.children[0];
  const auto day = base::ParseDay(text.kind == Node::Kind::kString ? text.text : "");
  if (!day.ok()) {
    return ExpressionDefect(text, "BAD_DATE", "date() takes a day such as '2026-01-01'");
  }
  walk.PushConstant(code, Point(base::Rational(DayNumber(*day))));
  return Type::Of(TypeKind::kDate);
}

constexpr Function kFunctions[] = {
    {"age", 2, 2, EmitAge},
    {"months_before", 2, 2, EmitMonthsBefore},
    {"add_months", 2, 2, EmitAddMonths},
    {"months_between", 2, 2, EmitMonthsSince},
    {"month_start", 1, 1, EmitOfDay},
    {"month_end", 1, 1, EmitOfDay},
    {"year_of", 1, 1, EmitOfDay},
    {"month_of", 1, 1, EmitOfDay},
    {"date", 1, 1, EmitDay},
};

}  // namespace

absl::Span<const Function> DateFunctions() { return kFunctions; }

}  // namespace hedui::assess
