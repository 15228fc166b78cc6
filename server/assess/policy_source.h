// What every part of a policy file is read with: shapes, keys, dates, rows, and the keys, bands and
// constraints of tables. Every defect becomes a finding. Thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_POLICY_SOURCE_H_
#define HEDUI_SERVER_ASSESS_POLICY_SOURCE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/assess/policy_reader.h"
#include "server/base/yaml.h"

namespace hedui::assess {

// lower_snake, at most 64 bytes.
bool IsName(absl::string_view text);

class SourceReader {
 public:
  SourceReader(SourceFile* file, std::vector<PolicyFinding>* findings)
      : file_(*file), findings_(*findings) {}

 protected:
  using YamlNode = base::YamlNode;

  void Find(int line, absl::string_view code, absl::string_view text);
  bool IsMapping(const YamlNode& node, absl::string_view what);
  // What is not the file itself may moreover say which findings it accepts.
  void Keys(const YamlNode& node, const std::vector<absl::string_view>& known,
            const std::vector<absl::string_view>& required);
  void ReadAccepts(const YamlNode& owner, const YamlNode& node);
  void ReadAccept(const YamlNode& owner, const YamlNode& node);
  // False, and a finding, where the name is none.
  bool CheckName(const Located& name);

  template <typename F>
  void Each(const YamlNode& root, absl::string_view section, F&& f) {
    const YamlNode* node = root.Find(section);
    if (node == nullptr || !IsMapping(*node, section)) return;
    for (const auto& [key, value] : node->entries) {
      entry_ = &value;
      entry_line_ = key.line;
      f(Located{key.scalar, key.line}, value);
    }
  }
  template <typename F>
  void EachNamed(const YamlNode& root, absl::string_view section, F&& f) {
    Each(root, section, [&](const Located& name, const YamlNode& node) {
      if (CheckName(name)) f(name, node);
    });
  }

  std::string Text(const YamlNode& node);
  Located Optional(const YamlNode& node, absl::string_view key);
  std::vector<Located> List(const YamlNode& node, absl::string_view key);
  // A single text counts as a list of one.
  std::vector<Located> ListOf(const YamlNode& node);
  bool ReadDay(const YamlNode& row, absl::string_view key, int32_t* day);
  DayRange ReadRange(const YamlNode& row);
  // What every dated row has. `own` are the row's further keys.
  SourceRow ReadRow(const YamlNode& node, std::vector<absl::string_view> own,
                    std::vector<absl::string_view> own_required);
  template <typename F>
  void Rows(const YamlNode& node, F&& f) {
    const YamlNode* rows = node.Find("rows");
    if (rows == nullptr) return;
    if (rows->kind != YamlNode::Kind::kSequence) {
      Find(rows->line, "WRONG_SHAPE", "rows are written as a list");
      return;
    }
    for (const YamlNode& row : rows->items) f(row);
  }

  // Code lists, keys, bands and constraints.
  void ReadCodes(const Located& name, const YamlNode& node);
  std::vector<SourceKey> ReadKeys(const YamlNode& node);
  std::vector<SourceRowKey> ReadRowKeys(const YamlNode& row);
  std::vector<SourceBand> ReadBands(const YamlNode& node, absl::string_view key);
  void ReadConstraint(const Located& name, const YamlNode& node);

  SourceFile& file_;
  std::vector<PolicyFinding>& findings_;
  const YamlNode* root_ = nullptr;
  // The declaration being read, and the line of its name.
  const YamlNode* entry_ = nullptr;
  int entry_line_ = 0;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_SOURCE_H_
