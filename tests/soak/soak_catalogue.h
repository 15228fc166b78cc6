// The sources of a soak: the demo's eleven and others, 32 in all, each with limits; and what is
// particular about some of them.
#ifndef HEDUI_TESTS_SOAK_SOAK_CATALOGUE_H_
#define HEDUI_TESTS_SOAK_SOAK_CATALOGUE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/integration/scenario.h"
#include "tests/soak/soak_departments.h"

namespace hedui::testing {

inline constexpr int kSoakPerDay = 3'000;
// As the catalogue's defaults have it, and retry_budget.h.
inline constexpr int kExtraReserve = 10;
inline constexpr double kExtraShare = 0.10;

// Of these an operator holds one now and then, the tax office, and has what another said verified
// anew.
inline constexpr char kHeldSource[] = "nx-tax";
inline constexpr char kRecalledSource[] = "bank-04";
// What it says is used again.
inline constexpr char kCachedSource[] = "bank-06";
// Stands in for the one that is held, and where it fails.
inline constexpr char kFallbackSource[] = "tax-copy";
// Promises one answer of four, so that there are some however short it is.
inline constexpr char kPromisingSource[] = "bank-07";

// An agency that may hold and recall sources.
inline constexpr char kSoakOperators[] = "640000-operators";
inline constexpr char kSoakOperator[] = "OP-0042";

// So many requests a second leave for it, and on a day.
bool IsRated(const std::string& id);
bool IsCounted(const std::string& id);

// `deadline` is that of most sources. Adds sources and the operators' agency to the demo's. Gives
// the ids of all sources.
std::vector<std::string> AddSoakSources(Scenario* scenario, int per_second,
                                        absl::Duration deadline);
// How the departments of these have to behave. Without `patient` one alone promises anything, and
// keeps it: where others fail to, a minute passes until they are asked again.
SoakDepartments::Manners SoakManners(const std::vector<std::string>& ids, bool patient);
// Another catalogue of the same sources: what is no limit differs.
std::string OtherCatalogue(const Scenario& scenario);

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SOAK_SOAK_CATALOGUE_H_
