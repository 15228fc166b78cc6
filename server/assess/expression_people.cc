// Functions of people and of the answers about them.
#include "absl/strings/str_cat.h"
#include "server/assess/expression_functions.h"
#include "server/assess/expression_walk.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

// The last two arguments of `node`, a person and a category, as operands of `op`.
absl::Status EmitAboutAnswers(ExpressionWalk& walk, const Node& node, OpCode op,
                              std::vector<Op>* code) {
  const Node& who = node.children[node.children.size() - 2];
  const Node& category = node.children.back();
  const ExpressionWalk::Variable* variable =
      who.kind == Node::Kind::kName ? walk.FindVariable(who.text) : nullptr;
  if (variable == nullptr || !variable->person) {
    return ExpressionDefect(who, "TYPE_MISMATCH",
                            absl::StrCat(node.text, "() takes a person before the category"));
  }
  const auto it = walk.pack().category_index.find(category.text);
  if (category.kind != Node::Kind::kString || it == walk.pack().category_index.end()) {
    return ExpressionDefect(category, "UNKNOWN_CODE",
                            absl::StrCat(node.text, "() ends with a declared category in quotes"));
  }
  walk.Push(code, op, variable->slot, it->second);
  return absl::OkStatus();
}

absl::StatusOr<Type> EmitAnswered(ExpressionWalk& walk, const Node& node, int,
                                  std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitAboutAnswers(walk, node, OpCode::kAnswered, code));
  return Type::Truth();
}

absl::StatusOr<Type> EmitNotRuledOut(ExpressionWalk& walk, const Node& node, int,
                                     std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type type, walk.EmitTruth(node.children[0], code));
  HEDUI_RETURN_IF_ERROR(EmitAboutAnswers(walk, node, OpCode::kNotRuledOut, code));
  return type;
}

absl::Status EmitNumberOfPerson(ExpressionWalk& walk, const Node& node, std::vector<Op>* code) {
  HEDUI_ASSIGN_OR_RETURN(const Type person, walk.Emit(node, -1, code));
  return walk.Require(node, person, TypeKind::kPerson, "a person's number");
}

absl::StatusOr<Type> EmitListed(ExpressionWalk& walk, const Node& node, int,
                                std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitNumberOfPerson(walk, node.children[0], code));
  walk.Push(code, OpCode::kListed);
  return Type::Truth();
}

absl::StatusOr<Type> EmitIsPerson(ExpressionWalk& walk, const Node& node, int,
                                  std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitNumberOfPerson(walk, node.children[0], code));
  const Node& who = node.children[1];
  const ExpressionWalk::Variable* variable =
      who.kind == Node::Kind::kName ? walk.FindVariable(who.text) : nullptr;
  if (variable == nullptr || !variable->person) {
    return ExpressionDefect(who, "TYPE_MISMATCH", "is_person() ends with a person such as p");
  }
  walk.Push(code, OpCode::kIsPerson, variable->slot);
  return Type::Truth();
}

absl::StatusOr<Type> EmitRelationOf(ExpressionWalk& walk, const Node& node, int,
                                    std::vector<Op>* code) {
  HEDUI_RETURN_IF_ERROR(EmitNumberOfPerson(walk, node.children[0], code));
  walk.Push(code, OpCode::kRelationOf);
  return Type::Of(TypeKind::kCode, walk.pack().relation_list);
}

constexpr Function kFunctions[] = {
    {"answered", 2, 2, EmitAnswered},      {"not_ruled_out", 3, 3, EmitNotRuledOut},
    {"listed", 1, 1, EmitListed},          {"is_person", 2, 2, EmitIsPerson},
    {"relation_of", 1, 1, EmitRelationOf},
};

}  // namespace

absl::Span<const Function> PeopleFunctions() { return kFunctions; }

}  // namespace hedui::assess
