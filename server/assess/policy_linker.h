// Gives the declarations of all policy files their meaning: names, types, delegation, bands, dates,
// evidence and the order of computing per division. Every defect becomes a finding.
// Thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_POLICY_LINKER_H_
#define HEDUI_SERVER_ASSESS_POLICY_LINKER_H_

#include <memory>
#include <vector>

#include "server/assess/compiled_pack.h"
#include "server/assess/name_table.h"
#include "server/assess/policy_reader.h"

namespace hedui::assess {

// The pack is complete only when no finding is an error. `constants_work_max` is as in PolicyPack.
std::unique_ptr<CompiledPack> LinkPolicies(const std::vector<SourceFile>& files,
                                           size_t constants_work_max,
                                           std::vector<PolicyFinding>* findings);

// Fills the division's order, row lists, evidence, programmes and files from its chain. `uses`
// names, by row, the symbols its expression reads.
void OrderDivision(int division, const std::vector<std::vector<int>>& uses,
                   const std::vector<const SourceFile*>& sources, CompiledPack* pack,
                   std::vector<PolicyFinding>* findings);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_LINKER_H_
