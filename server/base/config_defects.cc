#include "server/base/config_defects.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

// They are written into messages, metrics and rows.
constexpr size_t kConfigCodeBytesMax = 64;
// A line of a report holds one.
constexpr size_t kLabelBytesMax = 256;

}  // namespace

bool IsConfigCode(absl::string_view text, absl::string_view more) {
  if (text.empty() || text.size() > kConfigCodeBytesMax ||
      absl::StrContains(more, text.substr(0, 1))) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || more.find(c) != more.npos;
  });
}

ConfigDefects::ConfigDefects(absl::string_view file, absl::string_view text) : file_(file) {
  std::vector<YamlDefect> ignored;
  root_ = ParseYamlListing(file, text, &ignored);
}

void ConfigDefects::Add(absl::string_view path, absl::string_view code, absl::string_view text) {
  defects_.push_back({file_, NodeAt(path).first, std::string(code),
                      path.empty() ? std::string(text) : absl::StrCat(path, ": ", text)});
}

void ConfigDefects::CheckLabel(absl::string_view label, absl::string_view path) {
  if (label.empty()) {
    Add(path, "CONFIG_MISSING", "is printed on reports and cannot be empty");
  } else if (label.size() > kLabelBytesMax) {
    Add(path, "CONFIG_RANGE", absl::StrCat("at most ", kLabelBytesMax, " bytes"));
  }
}

absl::Status ConfigDefects::ToStatus() const {
  if (defects_.empty()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION", JoinDefects(defects_),
                   Visibility::kOperator);
}

std::pair<int, bool> ConfigDefects::NodeAt(absl::string_view path) const {
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

}  // namespace hedui::base
