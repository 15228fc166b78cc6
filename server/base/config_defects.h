// What a reader of a configuration file finds wrong after its shape was read: references that lead
// nowhere, numbers out of range. Finds the line of each from its path, so that an operator is told
// "file:line: CODE: path: text" for all of them at once. One thread.
#ifndef HEDUI_SERVER_BASE_CONFIG_DEFECTS_H_
#define HEDUI_SERVER_BASE_CONFIG_DEFECTS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/base/yaml.h"

namespace hedui::base {

// A code that a file gives to something: 1 to 64 lower-case letters, digits and characters of
// `more`, which does not begin with one of `more`.
bool IsConfigCode(absl::string_view text, absl::string_view more);

class ConfigDefects {
 public:
  // `text` is the file's, which ReadYamlMessage has already accepted.
  ConfigDefects(absl::string_view file, absl::string_view text);

  // `path` as in "agencies[2].division"; empty for the file as a whole. A path that the file does
  // not have (a key left out) is given the line of what contains it.
  void Add(absl::string_view path, absl::string_view code, absl::string_view text);

  // Of what is printed on reports: 1 to 256 bytes.
  void CheckLabel(absl::string_view label, absl::string_view path);

  // Whether the file has this key, as in "tls.ca_file" or "agencies[2].division".
  bool Has(absl::string_view path) const { return NodeAt(path).second; }

  bool empty() const { return defects_.empty(); }

  // INVALID_ARGUMENT (reason CONFIGURATION) with one defect a line; OK when there is none.
  absl::Status ToStatus() const;

 private:
  // The line of what `path` names, or of what would contain it; and whether it is there.
  std::pair<int, bool> NodeAt(absl::string_view path) const;

  const std::string file_;
  std::optional<YamlNode> root_;
  std::vector<YamlDefect> defects_;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_CONFIG_DEFECTS_H_
