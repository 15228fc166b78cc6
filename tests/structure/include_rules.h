// Checks every #include of a source tree against a table of who may include whom (docs/rooms.txt
// explains its form). Reads files only. Thread-compatible.
#ifndef HEDUI_TESTS_STRUCTURE_INCLUDE_RULES_H_
#define HEDUI_TESTS_STRUCTURE_INCLUDE_RULES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::testing {

// "*" stands for any characters but '/', "**" for any at all.
bool GlobMatches(absl::string_view pattern, absl::string_view text);

struct IncludeRule {
  std::string files;
  std::vector<std::string> allowed;  // globs; "+header"; "SAME_FOLDER"
  std::vector<std::string> forbidden;
};

// INVALID_ARGUMENT naming the line that has no ':' or nothing before it.
absl::StatusOr<std::vector<IncludeRule>> ParseIncludeRules(absl::string_view text);

// One include directive of a file.
struct Include {
  std::string path;  // what stands between the quotes or brackets
  int line = 0;
};
std::vector<Include> ReadIncludes(absl::string_view source);

// Every breach as "file:line: text", files in order of name. `root` holds the folders server,
// adapters and clients, each of which may be absent.
std::vector<std::string> FindBreaches(const std::string& root,
                                      const std::vector<IncludeRule>& rules);

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_STRUCTURE_INCLUDE_RULES_H_
