// Whether what was found is declared: property, offices, aids, posts. Internal to match; pure.
#ifndef HEDUI_SERVER_MATCH_DECLARED_THINGS_H_
#define HEDUI_SERVER_MATCH_DECLARED_THINGS_H_

#include <vector>

#include "server/base/discrepancy.h"
#include "server/match/comparison.h"
#include "server/match/discrepancies.h"

namespace hedui::match {

// Notes by the rules `undeclared` and `amount_above`.
std::vector<Explained> CompareThings(const base::DiscrepancyRules& rules, Comparison* comparison);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_DECLARED_THINGS_H_
