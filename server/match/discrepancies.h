// What was declared against what was found. Internal to match; pure.
#ifndef HEDUI_SERVER_MATCH_DISCREPANCIES_H_
#define HEDUI_SERVER_MATCH_DISCREPANCIES_H_

#include <cstddef>
#include <vector>

#include "server/base/discrepancy.h"
#include "server/base/facts.h"
#include "server/match/match_result.h"

namespace hedui::match {

// A declared thing that explains a found one; indexes into Facts::facts.
struct Explained {
  size_t declared = 0;
  size_t found = 0;
  bool by_number = false;  // the numbers of both are one
};

// Appends to `discrepancies` everything about declared and found facts. Only facts of usable
// answers (kFound) count: a missing answer makes no discrepancy and hides none. Property declared
// by any person of the household is declared, where the rule says so.
std::vector<Explained> CompareWithDeclaration(const MatchInput& input,
                                              const base::DiscrepancyRules& rules,
                                              const base::Facts& facts,
                                              std::vector<Discrepancy>* discrepancies);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_DISCREPANCIES_H_
