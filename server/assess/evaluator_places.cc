// Divisions: whether one lies in another, and whether two are of one region, city or county.
#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

void Evaluator::ExecutePlaces(const Op& op) {
  switch (op.code) {
    case OpCode::kWithinDivision:
      stack_.back() = Within(stack_.back(), pack_.constants[static_cast<size_t>(op.arg)]);
      return;
    case OpCode::kSameDivision: {
      const Value other = Pop();
      stack_.back() = SameDivision(stack_.back(), other, op.slot);
      return;
    }
    default:
      return;
  }
}

Value Evaluator::Within(const Value& division, const Value& outer) {
  return calculator_.And(calculator_.LessOrEqual(Point(outer.lo), division),
                         calculator_.LessOrEqual(division, Point(outer.hi)));
}

// The codes are numbers of six digits: cut to the digits of the level, equal ones lie in one.
Value Evaluator::SameDivision(const Value& a, const Value& b, int digits) {
  const int64_t cut = digits == 2 ? 10'000 : digits == 4 ? 100 : 1;
  const auto of_level = [cut](Value division) {
    division.lo = Rational(WholeOf(division.lo) / cut);
    division.hi = Rational(WholeOf(division.hi) / cut);
    return division;
  };
  return calculator_.EqualNumbers(of_level(a), of_level(b));
}

}  // namespace hedui::assess
