// `hedui assess CASE.yaml --policies DIR`: evaluates a case file offline and prints every quantity,
// test, interval, blame and citation, in Chinese text or as JSON.
#ifndef HEDUI_CLIENTS_CLI_ASSESS_COMMAND_H_
#define HEDUI_CLIENTS_CLI_ASSESS_COMMAND_H_

#include <iostream>
#include <string>
#include <vector>

#include "server/assess/assessment.h"
#include "server/assess/policy_pack.h"

namespace hedui::clients {

// `format` is "text" or "json". Exit codes: 0 assessed, and as the case's `expect` block says where
// it has one; 1 refused (no policy set), or otherwise than expected, each difference on `err`; 2
// unreadable case or policies.
int RunAssess(const std::string& file, const std::vector<std::string>& policies,
              const std::string& format, std::ostream& out = std::cout,
              std::ostream& err = std::cerr);

// The text by itself; the JSON is report::AssessmentJson.
std::string AssessmentText(const assess::Assessment& assessment, const assess::PolicyPack& pack);

}  // namespace hedui::clients

#endif  // HEDUI_CLIENTS_CLI_ASSESS_COMMAND_H_
