// Functions of what is known so far.
#include "absl/strings/str_cat.h"
#include "server/assess/expression_functions.h"
#include "server/assess/expression_walk.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

absl::StatusOr<Type> EmitDefined(ExpressionWalk& walk, const Node& node, int,
                                 std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type type, walk.Emit(node.children[0], -1, code));
  if (!type.ordered()) {
    return ExpressionDefect(node.children[0], "TYPE_MISMATCH",
                            absl::StrCat(walk.Named(type), " always has a value"));
  }
  walk.Push(code, OpCode::kDefined);
  return Type::Truth();
}

absl::StatusOr<Type> EmitKnownSoFar(ExpressionWalk& walk, const Node& node, int,
                                    std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(walk.EmitTruth(node.children[0], code).status());
  walk.Push(code, node.text == "surely" ? OpCode::kSurely : OpCode::kPossibly);
  return Type::Truth();
}

absl::StatusOr<Type> EmitClosed(ExpressionWalk& walk, const Node& node, int,
                                std::vector<Op>* code) {
  const Node& list = node.children[0];
  const bool filtered = list.kind == Node::Kind::kMethod && list.text == "filter";
  const bool persons = list.kind == Node::Kind::kName && list.text == "persons";
  const bool months = list.kind == Node::Kind::kCall && list.text == "each_month";
  if (filtered || persons || months) {
    return ExpressionDefect(list, "TYPE_MISMATCH",
                            "closed() takes members, obligors or a kind of fact, with its "
                            ".during() and .by()");
  }
  return walk.EmitFold(node, AggregateKind::kClosed, code);
}

constexpr Function kFunctions[] = {
    {"defined", 1, 1, EmitDefined},
    {"surely", 1, 1, EmitKnownSoFar},
    {"possibly", 1, 1, EmitKnownSoFar},
    {"closed", 1, 1, EmitClosed},
};

}  // namespace

absl::Span<const Function> KnowledgeFunctions() { return kFunctions; }

}  // namespace hedui::assess
