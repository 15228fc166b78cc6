// Gives the declarations of all policy files their meaning: names, types, delegation, bands, dates,
// evidence and the order of computing per division. Every defect becomes a finding.
// Thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_POLICY_LINKER_H_
#define HEDUI_SERVER_ASSESS_POLICY_LINKER_H_

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/policy_reader.h"

namespace hedui::assess {

// The pack is complete only when no finding is an error.
std::unique_ptr<CompiledPack> LinkPolicies(const std::vector<SourceFile>& files,
                                           std::vector<PolicyFinding>* findings);

// The names that a division sees: its own, then its chain's.
class NameTable {
 public:
  explicit NameTable(const NameTable* parent) : parent_(parent) {}
  // -1 when nothing has the name.
  int Find(absl::string_view name) const {
    for (const NameTable* table = this; table != nullptr; table = table->parent_) {
      const auto it = table->own_.find(name);
      if (it != table->own_.end()) return it->second;
    }
    return -1;
  }
  void Add(absl::string_view name, int symbol) { own_[name] = symbol; }

 private:
  const NameTable* const parent_;
  absl::flat_hash_map<std::string, int> own_;
};

// Fills the division's order, row lists, evidence, programmes and files from its chain. `uses`
// names, by row, the symbols its expression reads.
void OrderDivision(int division, const std::vector<std::vector<int>>& uses,
                   const std::vector<const SourceFile*>& sources, CompiledPack* pack,
                   std::vector<PolicyFinding>* findings);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_LINKER_H_
