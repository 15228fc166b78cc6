// Case files: a household with answers and facts in YAML, to be assessed offline
// (docs/case-format.md), and what they expect to come out. Thread-safe functions. Limits as for
// every YAML file.
#ifndef HEDUI_SERVER_ASSESS_CASE_FILE_H_
#define HEDUI_SERVER_ASSESS_CASE_FILE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/assess/assessment.h"
#include "server/assess/case.h"
#include "server/assess/policy_pack.h"

namespace hedui::assess {

// One line of `expect`: a traced value, an indication, or an error.
struct Expectation {
  int line = 0;
  std::string id;                    // a traced value's
  std::string person_id;             // empty: the household's
  std::string programme;             // an indication's
  std::string error;                 // a reason such as NO_POLICY_SET
  std::optional<std::string> value;  // AbstractValue::text; for indications the result
  std::optional<std::string> amount;
  std::optional<bool> robust;
  // Each "source/category", a policy row's id, or a kind such as DECLARATION; as a set, persons
  // aside.
  std::optional<std::vector<std::string>> blame;
  // All of "presumed", "assumed", "manual", "declared", "unproven" that are set.
  std::optional<std::vector<std::string>> marks;
  std::optional<std::string> next_change;
};

struct CaseFile {
  Case value;
  std::vector<Expectation> expectations;
};

// Kinds, fields and categories are those of the pack's vocabulary. INVALID_ARGUMENT (CASE_FILE)
// whose message lists every defect as "file:line: CODE: field: text".
absl::StatusOr<CaseFile> ParseCaseFile(absl::string_view file, absl::string_view text,
                                       const PolicyPack& pack);
absl::StatusOr<CaseFile> ReadCaseFile(const std::string& path, const PolicyPack& pack);

// What came out otherwise than expected, each as "line N: …"; empty when all is as expected.
std::vector<std::string> UnmetExpectations(const CaseFile& file,
                                           const absl::StatusOr<Assessment>& result);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_CASE_FILE_H_
