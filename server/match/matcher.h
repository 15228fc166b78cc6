// The front door of match: from what sources answered about the people of a household to facts,
// each counted once and about the right person, and what does not agree. Pure: the same input, in
// any order of outcomes, gives the same result. Thread-safe. No errors: what the world sent wrong
// is in the result.
#ifndef HEDUI_SERVER_MATCH_MATCHER_H_
#define HEDUI_SERVER_MATCH_MATCHER_H_

#include "server/match/match_result.h"

namespace hedui::match {

// `rules` are the policy pack's (PolicyPack::discrepancy_rules).
MatchResult Match(const MatchInput& input, const base::DiscrepancyRules& rules);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_MATCHER_H_
