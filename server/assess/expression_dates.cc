// Functions of days and periods.
#include <optional>

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

// Days or months that are written, in the code from `begin` on, must be whole.
absl::Status RequireWhole(const ExpressionWalk& walk, const Node& node, size_t begin,
                          const std::vector<Op>& code) {
  const std::optional<Value> count = walk.ConstantOf(code, begin);
  if (!count || !count->IsPoint() || count->lo.is_integer()) return absl::OkStatus();
  return ExpressionDefect(node, "BAD_VALUE",
                          "a date is so many whole days or months from another one");
}

// Between two days: age, months_between and period.
absl::StatusOr<Type> EmitTwoDays(ExpressionWalk& walk, const Node& node, int,
                                 std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[1], code));
  if (node.text == "period") {
    walk.Push(code, OpCode::kPeriod);
    return Type::Of(TypeKind::kPeriod);
  }
  const bool years = node.text == "age";
  walk.Push(code, years ? OpCode::kAge : OpCode::kMonthsSince);
  return Type::Number(years ? kUnitYears : kUnitMonths);
}

// Of a day and a number of months: months_before, months_through and add_months.
absl::StatusOr<Type> EmitDayAndMonths(ExpressionWalk& walk, const Node& node, int,
                                      std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  const size_t begin = code->size();
  HEDUI_ASSIGN_OR_RETURN(const Type months, walk.Emit(node.children[1], -1, code));
  HEDUI_RETURN_IF_ERROR(walk.Agree(node.children[1], Type::Number(kUnitMonths), months).status());
  HEDUI_RETURN_IF_ERROR(RequireWhole(walk, node.children[1], begin, *code));
  const OpCode op = node.text == "months_before"    ? OpCode::kMonthsBefore
                    : node.text == "months_through" ? OpCode::kMonthsThrough
                                                    : OpCode::kAddMonths;
  walk.Push(code, op);
  return Type::Of(op == OpCode::kAddMonths ? TypeKind::kDate : TypeKind::kPeriod);
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

absl::StatusOr<Type> EmitMonthContaining(ExpressionWalk& walk, const Node& node, int,
                                         std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  walk.Push(code, OpCode::kMonthContaining);
  return Type::Of(TypeKind::kMonth);
}

// Of a month: month_first and month_last.
absl::StatusOr<Type> EmitOfMonth(ExpressionWalk& walk, const Node& node, int,
                                 std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type month, walk.Emit(node.children[0], -1, code));
  HEDUI_RETURN_IF_ERROR(walk.Require(node.children[0], month, TypeKind::kMonth, "a month"));
  walk.Push(code, node.text == "month_first" ? OpCode::kMonthFirst : OpCode::kMonthLast);
  return Type::Of(TypeKind::kDate);
}

absl::StatusOr<Type> EmitWorkingDays(ExpressionWalk& walk, const Node& node, int,
                                     std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  if (node.text == "working_days_between") {
    HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[1], code));
    walk.Push(code, OpCode::kWorkingDaysBetween);
    return Type::Number(kUnitDays);
  }
  const size_t begin = code->size();
  HEDUI_ASSIGN_OR_RETURN(const Type days, walk.Emit(node.children[1], -1, code));
  HEDUI_RETURN_IF_ERROR(walk.Agree(node.children[1], Type::Number(kUnitDays), days).status());
  HEDUI_RETURN_IF_ERROR(RequireWhole(walk, node.children[1], begin, *code));
  walk.Push(code, OpCode::kWorkingDaysAfter);
  return Type::Of(TypeKind::kDate);
}

absl::Status EmitPeriod(ExpressionWalk& walk, const Node& node, std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type period, walk.Emit(node, -1, code));
  return walk.Require(node, period, TypeKind::kPeriod, "a period");
}

absl::StatusOr<Type> EmitInPeriod(ExpressionWalk& walk, const Node& node, int,
                                  std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitDate(walk, node.children[0], code));
  HEDUI_RETURN_IF_ERROR(EmitPeriod(walk, node.children[1], code));
  walk.Push(code, OpCode::kInPeriod);
  return Type::Truth();
}

// Of a period: period_start and period_end.
absl::StatusOr<Type> EmitPeriodEdge(ExpressionWalk& walk, const Node& node, int,
                                    std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitPeriod(walk, node.children[0], code));
  walk.Push(code, node.text == "period_start" ? OpCode::kPeriodStart : OpCode::kPeriodEnd);
  return Type::Of(TypeKind::kDate);
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

// What operations on constants alone come to; nullopt where others take part.
std::optional<Value> FoldConstants(const CompiledPack& pack, const std::vector<Op>& code,
                                   size_t begin) {
  BlameSet blames;
  Calculator calculator(&blames, 0);
  std::vector<Value> stack;
  for (size_t at = begin; at < code.size(); ++at) {
    const Op& op = code[at];
    if (op.code == OpCode::kConst) {
      stack.push_back(pack.constants[static_cast<size_t>(op.arg)]);
      continue;
    }
    if (op.code == OpCode::kNegate) {
      stack.back() = calculator.Negate(stack.back());
      continue;
    }
    Value (Calculator::*binary)(const Value&, const Value&) = nullptr;
    if (op.code == OpCode::kAdd) binary = &Calculator::Add;
    if (op.code == OpCode::kSubtract) binary = &Calculator::Subtract;
    if (op.code == OpCode::kMultiply) binary = &Calculator::Multiply;
    if (op.code == OpCode::kDivide) binary = &Calculator::Divide;
    if (binary == nullptr) return std::nullopt;
    const Value right = stack.back();
    stack.pop_back();
    stack.back() = (calculator.*binary)(stack.back(), right);
  }
  if (calculator.overflow() || stack.size() != 1) return std::nullopt;
  return stack.back();
}

constexpr Function kFunctions[] = {
    {"age", 2, 2, EmitTwoDays},
    {"months_before", 2, 2, EmitDayAndMonths},
    {"add_months", 2, 2, EmitDayAndMonths},
    {"months_between", 2, 2, EmitTwoDays},
    {"month_start", 1, 1, EmitOfDay},
    {"month_end", 1, 1, EmitOfDay},
    {"year_of", 1, 1, EmitOfDay},
    {"month_of", 1, 1, EmitOfDay},
    {"date", 1, 1, EmitDay},
    {"months_through", 2, 2, EmitDayAndMonths},
    {"working_days_after", 2, 2, EmitWorkingDays},
    {"working_days_between", 2, 2, EmitWorkingDays},
    {"period", 2, 2, EmitTwoDays},
    {"in_period", 2, 2, EmitInPeriod},
    {"period_start", 1, 1, EmitPeriodEdge},
    {"period_end", 1, 1, EmitPeriodEdge},
    {"month_first", 1, 1, EmitOfMonth},
    {"month_last", 1, 1, EmitOfMonth},
    {"month_containing", 1, 1, EmitMonthContaining},
};

}  // namespace

absl::Span<const Function> DateFunctions() { return kFunctions; }

std::optional<Value> ExpressionWalk::ConstantOf(const std::vector<Op>& code, size_t begin) const {
  return FoldConstants(pack_, code, begin);
}

absl::StatusOr<Type> ExpressionWalk::EmitShiftedDate(const Node& node, size_t days_begin,
                                                     std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(RequireWhole(*this, node.children[1], days_begin, *code));
  Push(code, node.text == "-" ? OpCode::kDateBefore : OpCode::kDateAfter);
  return Type::Of(TypeKind::kDate);
}

}  // namespace hedui::assess
