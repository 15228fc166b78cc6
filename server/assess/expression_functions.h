// The functions and methods that expressions may call: tables by theme, so that a new function is a
// line in its theme's table and an emitter beside it. Functions are looked up by name; which one a
// name means depends on nothing else. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_EXPRESSION_FUNCTIONS_H_
#define HEDUI_SERVER_ASSESS_EXPRESSION_FUNCTIONS_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/expression_parser.h"
#include "server/assess/types.h"

namespace hedui::assess {

class ExpressionWalk;

// No upper bound on the number of arguments.
inline constexpr size_t kAnyNumber = SIZE_MAX;

struct Function {
  absl::string_view name;
  // How many arguments it takes; what a method belongs to is none of them.
  size_t arguments_min;
  size_t arguments_max;
  // Appends the call's operations and gives its type. The number of arguments has been checked.
  // `codes` is the code list that texts belong to where the call stands, or -1.
  absl::StatusOr<Type> (*emit)(ExpressionWalk& walk, const Node& node, int codes,
                               std::vector<Op>* code);
};

// A theme's functions, each in the file named after it.
absl::Span<const Function> NumberFunctions();     // expression_numbers.cc
absl::Span<const Function> DateFunctions();       // expression_dates.cc
absl::Span<const Function> PeopleFunctions();     // expression_people.cc
absl::Span<const Function> TableFunctions();      // expression_tables.cc
absl::Span<const Function> KnowledgeFunctions();  // expression_knowledge.cc
absl::Span<const Function> PlaceFunctions();      // expression_places.cc
absl::Span<const Function> ListFunctions();       // expression_lists.cc
// A theme's methods.
absl::Span<const Function> ListMethods();  // expression_lists.cc

// nullptr when there is none of that name.
const Function* FindFunction(absl::string_view name);
const Function* FindMethod(absl::string_view name);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_EXPRESSION_FUNCTIONS_H_
