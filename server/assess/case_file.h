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
  std::optional<std::string> validity;  // "12 months"
  std::optional<bool> robust;
  // Each "source/category", a policy row's id, or a kind such as DECLARATION; as a set, persons
  // aside.
  std::optional<std::vector<std::string>> blame;
  std::optional<std::vector<std::string>> amount_blame;  // of indications
  // All of "presumed", "assumed", "manual", "declared", "unproven" that are set.
  std::optional<std::vector<std::string>> marks;
  std::optional<std::string> next_change;
};

struct CaseFile {
  Case value;
  std::vector<Expectation> expectations;
};

// A defect of a case file.
struct CaseDefect {
  int line = 0;
  std::string code;   // stable UPPER_SNAKE
  std::string field;  // "persons[0].birth"; empty: of the file as YAML
  std::string text;   // what is wrong; repeats nothing of what the case says
  std::string said;   // what stands there, where that helps who has the file anyway
  std::string ToString(absl::string_view file) const;  // "file:line: CODE: field: text"
};

// More are counted no further: nobody mends so many at once.
inline constexpr size_t kCaseDefectsMax = 1'000;
// Answers and facts as lists of persons and categories multiply them; a real case has a few
// hundred.
inline constexpr size_t kCaseAnswersMax = 10'000;
inline constexpr size_t kCaseFactsMax = 20'000;

// Kinds, fields and categories are those of the pack's vocabulary. nullopt with every defect.
std::optional<CaseFile> ParseCase(absl::string_view text, const PolicyPack& pack,
                                  std::vector<CaseDefect>* defects);
// The same as one error: INVALID_ARGUMENT (CASE_FILE) whose message lists every defect on a line of
// its own.
absl::StatusOr<CaseFile> ParseCaseFile(absl::string_view file, absl::string_view text,
                                       const PolicyPack& pack);
absl::StatusOr<CaseFile> ReadCaseFile(const std::string& path, const PolicyPack& pack);

// What came out otherwise than expected, each as "line N: …"; empty when all is as expected.
std::vector<std::string> UnmetExpectations(const CaseFile& file,
                                           const absl::StatusOr<Assessment>& result);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_CASE_FILE_H_
