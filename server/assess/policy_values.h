// Types and constants as policy files write them. Thread-safe functions. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_POLICY_VALUES_H_
#define HEDUI_SERVER_ASSESS_POLICY_VALUES_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/name_table.h"
#include "server/assess/types.h"
#include "server/base/yaml.h"

namespace hedui::assess {

// "money/month", "bool", "code(scope)", "codes(scope)", "date", "month", "period", "division",
// "text", "person". `code_lists`: those that the type may name.
std::optional<Type> ParseType(absl::string_view text, const NameTable& code_lists);

// Everything a value of the type can be, without blame.
Value UnknownOf(const Type& type, const CompiledPack& pack);

// A constant, codes as the division's chain has them (nullptr: as declared). INVALID_ARGUMENT with
// reason BAD_VALUE or UNKNOWN_CODE.
absl::StatusOr<Value> ParseValue(const base::YamlNode& node, const Type& type,
                                 const CompiledPack& pack, const Division* division = nullptr);
absl::StatusOr<Value> ParseValueText(absl::string_view text, const Type& type,
                                     const CompiledPack& pack, const Division* division = nullptr);

// The set of one or more codes. INVALID_ARGUMENT (UNKNOWN_CODE).
absl::StatusOr<uint64_t> ParseCode(absl::string_view text, const CodeList& list);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_VALUES_H_
