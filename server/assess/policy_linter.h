// Reads policy files for what loads and yet cannot be meant: holes between rows, values that
// nothing leads to, conditions that never hold, help that falls when income falls. Every code:
// docs/linter.md. Thread-safe functions.
#ifndef HEDUI_SERVER_ASSESS_POLICY_LINTER_H_
#define HEDUI_SERVER_ASSESS_POLICY_LINTER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/assess/policy_pack.h"

namespace hedui::assess {

enum class LintSeverity : uint8_t {
  kNote = 1,  // may well be meant; worth knowing
  kWarning,   // loads, and is seldom meant
  kError,     // does not load
};
absl::string_view LintSeverityName(LintSeverity severity);  // "note", "warning", "error"

struct LintFinding {
  std::string file;  // as found
  int line = 0;
  LintSeverity severity = LintSeverity::kError;
  std::string code;  // stable UPPER_SNAKE
  std::string text;
  std::string ToString() const;  // "file:line: warning: CODE: text"
};

// What looking further than at whether files load may take. Without bounds: what it takes.
struct LintBounds {
  // Of loading (CONSTRAINT_LIMIT).
  size_t constants_work_max = kConstantsWorkMax;
  // Rows times names over all divisions; past it a note says that it was not done (LINT_LIMIT).
  size_t work_max = SIZE_MAX;
  // Steps of computing; past them it stops, and a note says what was not looked at (LINT_BUDGET).
  size_t steps_max = SIZE_MAX;
};

class PolicyLinter {
 public:
  // What is wrong with the files of all directories together (they add up as in PolicyPack::Load),
  // by file and line. Files with errors are not looked at any further. With `over`, warnings
  // and notes only of the files of those directories, which are read behind `directories`.
  static std::vector<LintFinding> Lint(const std::vector<std::string>& directories,
                                       const std::vector<std::string>& over = {});
  // The same of files by themselves; `over` names paths.
  static std::vector<LintFinding> LintFiles(const std::vector<PolicyText>& files,
                                            const std::vector<std::string>& over = {},
                                            const LintBounds& bounds = {});
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_LINTER_H_
