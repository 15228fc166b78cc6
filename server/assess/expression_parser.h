// Reads an expression in a subset of CEL's syntax into a tree. Names and types are the compiler's
// business. Thread-safe. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_EXPRESSION_PARSER_H_
#define HEDUI_SERVER_ASSESS_EXPRESSION_PARSER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::assess {

// No rule of law needs more; the bounds keep hostile files from exhausting stack and memory.
inline constexpr size_t kExpressionBytesMax = 4096;
inline constexpr int kExpressionDepthMax = 48;

struct Node {
  enum class Kind {
    kNumber,       // text: digits with an optional point
    kString,       // text: the content
    kTruth,        // text: "true" or "false"
    kName,         // text
    kSelect,       // children[0] . text
    kCall,         // text(children…)
    kMethod,       // children[0] . text(children[1…])
    kList,         // [children…]
    kUnary,        // text: "-" or "!"
    kBinary,       // text: the operator, "in" included
    kConditional,  // children[0] ? children[1] : children[2]
  };
  Kind kind;
  std::string text;
  std::vector<Node> children;
  int column = 0;  // from 1, in bytes
};

// INVALID_ARGUMENT (EXPRESSION_SYNTAX, EXPRESSION_LIMIT), naming the column.
absl::StatusOr<Node> ParseExpression(absl::string_view text);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_EXPRESSION_PARSER_H_
