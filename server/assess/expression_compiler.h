// Checks an expression's names, types and units and turns it into a flat program in the pack.
// Thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_EXPRESSION_COMPILER_H_
#define HEDUI_SERVER_ASSESS_EXPRESSION_COMPILER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/expression_parser.h"

namespace hedui::assess {

struct CompileScope {
  // The symbol that `name` means in the division at hand, or -1.
  std::function<int(absl::string_view name)> find_symbol;
  // Whose lists codes are looked up in; nullptr: as declared.
  const Division* division = nullptr;
  bool per_person = false;      // the expression speaks of one person, `p`
  Type expected;                // what the rule must give
  bool constants_only = false;  // parameters, tables and literals; nothing of a case
};

struct CompiledExpression {
  CodeRange code;
  std::vector<int> symbols;  // used ones, each once; also kUsesMembers and kUsesObligors
};

// Appends to the pack's code, constants and aggregates. INVALID_ARGUMENT with reason UNKNOWN_NAME,
// UNKNOWN_CODE, UNKNOWN_FUNCTION, TYPE_MISMATCH, UNIT_MISMATCH or EXPRESSION_LIMIT, naming the
// column.
absl::StatusOr<CompiledExpression> CompileExpression(const Node& node, const CompileScope& scope,
                                                     CompiledPack* pack);

// "money/month", "code(scope)", as policy files write types.
std::string TypeName(const Type& type, const CompiledPack& pack);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_EXPRESSION_COMPILER_H_
