// What was found of months — incomes, contributions — against what was declared, and against a
// register's day of death. Internal to match; pure.
#ifndef HEDUI_SERVER_MATCH_DECLARED_MONTHS_H_
#define HEDUI_SERVER_MATCH_DECLARED_MONTHS_H_

#include "server/base/discrepancy.h"
#include "server/match/comparison.h"

namespace hedui::match {

// Notes by the rules `income_differs`, `undeclared_income`, `after_death` and `against_statement`.
void CompareMonths(const base::DiscrepancyRules& rules, Comparison* comparison);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_DECLARED_MONTHS_H_
