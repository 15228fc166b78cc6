// What a report must say when a source has given nothing that counts.
#ifndef HEDUI_TESTS_INTEGRATION_MISSING_SOURCE_H_
#define HEDUI_TESTS_INTEGRATION_MISSING_SOURCE_H_

#include <map>
#include <string>
#include <vector>

#include "hedui/v1/verification.pb.h"
#include "tests/integration/scenario.h"

namespace hedui::testing {

// The one source of the household's wages.
inline constexpr char kWageSource[] = "nx-social-security";
inline constexpr char kWageCategory[] = "employment";

// The test fails unless the wage source's outcome is this, with one of these reasons ("LATE";
// "UNSPECIFIED" for none), for each person, in the reply and in the report; nothing of it is
// counted, and what it leaves open is open: nobody's wages have an upper end, and the indications
// are UNDETERMINED because of it.
void ExpectWagesAreMissing(Scenario& scenario, const v1::VerifyHouseholdResponse& response,
                           const std::string& kind, const std::vector<std::string>& reasons);

// What all other sources said: "source person category" to "FOUND/UNSPECIFIED", kind and reason.
std::map<std::string, std::string> OutcomesOfOthers(const v1::VerifyHouseholdResponse& response);
// The test fails unless each of them answered in the moment it was asked. For platforms whose clock
// stands still.
void ExpectOthersTookNoTime(const v1::VerifyHouseholdResponse& response);

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_MISSING_SOURCE_H_
