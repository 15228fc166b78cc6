// What a reader of a configuration file finds wrong after its shape was read: references that lead
// nowhere, numbers out of range. Finds the line of each from its path, so that an operator is told
// "file:line: CODE: path: text" for all of them at once. One thread; header only.
#ifndef HEDUI_SERVER_BASE_CONFIG_DEFECTS_H_
#define HEDUI_SERVER_BASE_CONFIG_DEFECTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::base {

class ConfigDefects {
 public:
  // `text` is the file's, which ReadYamlMessage has already accepted.
  ConfigDefects(absl::string_view file, absl::string_view text) : file_(file) {
    std::vector<YamlDefect> ignored;
    root_ = ParseYamlListing(file, text, &ignored);
  }

  // `path` as in "agencies[2].division"; empty for the file as a whole. A path that the file does
  // not have (a key left out) is given the line of what contains it.
  void Add(absl::string_view path, absl::string_view code, absl::string_view text) {
    defects_.push_back({file_, LineOf(path), std::string(code),
                        path.empty() ? std::string(text) : absl::StrCat(path, ": ", text)});
  }

  // Whether the file has this key, as in "tls.ca_file" or "agencies[2].division".
  bool Has(absl::string_view path) const { return NodeAt(path).second; }

  bool empty() const { return defects_.empty(); }

  // INVALID_ARGUMENT (reason CONFIGURATION) with one defect a line; OK when there is none.
  absl::Status ToStatus() const {
    if (defects_.empty()) return absl::OkStatus();
    return MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION", JoinDefects(defects_),
                     Visibility::kOperator);
  }

 private:
  int LineOf(absl::string_view path) const { return NodeAt(path).first; }

  // The line of what `path` names, or of what would contain it; and whether it is there.
  std::pair<int, bool> NodeAt(absl::string_view path) const {
    if (!root_.has_value()) return {1, false};
    const YamlNode* node = &*root_;
    int line = node->line > 0 ? node->line : 1;
    for (absl::string_view step : absl::StrSplit(path, '.', absl::SkipEmpty())) {
      const size_t bracket = step.find('[');
      const YamlNode* next = node->Find(step.substr(0, bracket));
      if (next == nullptr) return {line, false};
      node = next;
      if (bracket != absl::string_view::npos) {
        size_t index = 0;
        absl::string_view digits = step.substr(bracket + 1);
        if (!absl::ConsumeSuffix(&digits, "]") || !absl::SimpleAtoi(digits, &index) ||
            index >= node->items.size()) {
          return {node->line, false};
        }
        node = &node->items[index];
      }
      line = node->line;
    }
    return {line, true};
  }

  const std::string file_;
  std::optional<YamlNode> root_;
  std::vector<YamlDefect> defects_;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_CONFIG_DEFECTS_H_
