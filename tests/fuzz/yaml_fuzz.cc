// Strict YAML: whatever comes out keeps what yaml.h promises about trees, and every defect names a
// line of the file.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "server/base/yaml.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

void CheckNode(const base::YamlNode& node, int depth, int lines) {
  Require(depth <= base::kYamlDepthMax + 1, "trees keep within their depth");
  Require(node.line >= 1 && node.line <= lines && node.column >= 1, "a node stands in the file");
  Require(node.items.empty() || node.kind == base::YamlNode::Kind::kSequence,
          "items of a sequence");
  Require(node.entries.empty() || node.kind == base::YamlNode::Kind::kMapping,
          "entries of a mapping");
  for (const base::YamlNode& item : node.items) CheckNode(item, depth + 1, lines);
  std::set<std::string> keys;
  for (const base::YamlEntry& entry : node.entries) {
    Require(entry.key.kind == base::YamlNode::Kind::kScalar, "keys are texts");
    Require(keys.insert(entry.key.scalar).second, "no key stands twice");
    Require(node.Find(entry.key.scalar) == &entry.value, "a key finds its value");
    CheckNode(entry.value, depth + 1, lines);
  }
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using testing::Require;
  const absl::string_view text = testing::TextOf(data, size);
  const auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n') + 1);
  std::vector<base::YamlDefect> defects;
  const auto listed = base::ParseYamlListing("fuzz.yaml", text, &defects);
  const auto strict = base::ParseYaml("fuzz.yaml", text);
  Require(listed.has_value() || !defects.empty(), "what is not read has a defect");
  Require(strict.ok() == (listed.has_value() && defects.empty()), "both readers agree");
  for (const base::YamlDefect& defect : defects) {
    Require(defect.line >= 1 && defect.line <= lines, "a defect stands in the file");
    Require(!defect.code.empty(), "a defect has a code");
  }
  if (strict.ok() && strict->line != 0) testing::CheckNode(*strict, 1, lines);
  return 0;
}
