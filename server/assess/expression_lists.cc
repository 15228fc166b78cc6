// Lists, what narrows them and what folds them to one value.
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/assess/expression_functions.h"
#include "server/assess/expression_walk.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

template <AggregateKind kind>
absl::StatusOr<Type> EmitFoldOf(ExpressionWalk& walk, const Node& node, int,
                                std::vector<Op>* code) {
  return walk.EmitFold(node, kind, code);
}

// What only narrows a list down stands before a method that folds it.
absl::StatusOr<Type> EmitNarrowed(ExpressionWalk&, const Node& node, int, std::vector<Op>*) {
  return ExpressionDefect(node, "TYPE_MISMATCH",
                          "a list is not a value; add .sum(…), .exists(…) or the like");
}

constexpr Function kMethods[] = {
    {"during", 1, 1, EmitNarrowed},
    {"filter", 2, 2, EmitNarrowed},
    {"sum", 2, 2, EmitFoldOf<AggregateKind::kSum>},
    {"count", 2, 2, EmitFoldOf<AggregateKind::kCount>},
    {"size", 0, 0, EmitFoldOf<AggregateKind::kCount>},
    {"exists", 2, 2, EmitFoldOf<AggregateKind::kExists>},
    {"all", 2, 2, EmitFoldOf<AggregateKind::kAll>},
    {"months", 0, 0, EmitFoldOf<AggregateKind::kMonths>},
};

}  // namespace

absl::Span<const Function> ListMethods() { return kMethods; }

absl::StatusOr<Type> ExpressionWalk::EmitFold(const Node& node, AggregateKind kind,
                                              std::vector<Op>* code) {
  ListExpression list;
  HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], &list));
  list.aggregate.kind = kind;
  if (list.aggregate.list == ListKind::kFacts) HEDUI_RETURN_IF_ERROR(CheckPeriod(node, list));
  if (list.period != nullptr) {
    HEDUI_ASSIGN_OR_RETURN(const Type period, Emit(*list.period, -1, code));
    HEDUI_RETURN_IF_ERROR(Require(*list.period, period, TypeKind::kPeriod, "a period"));
  }
  list.aggregate.item_slot = NewSlot();
  for (const Node* filter : list.filters) {
    HEDUI_RETURN_IF_ERROR(CountArguments(*filter, 2, 2));
    HEDUI_ASSIGN_OR_RETURN(const BodyResult body,
                           EmitBody(filter->children[1], filter->children[2], list.aggregate));
    HEDUI_RETURN_IF_ERROR(Require(filter->children[2], body.type, TypeKind::kTruth, "a condition"));
    list.aggregate.filters.push_back(body.code);
  }
  HEDUI_ASSIGN_OR_RETURN(const Type type, EmitFoldBody(node, &list.aggregate));
  --open_slots_;
  Push(code, OpCode::kAggregate, 0, static_cast<int32_t>(pack_.aggregates.size()));
  pack_.aggregates.push_back(std::move(list.aggregate));
  return type;
}

absl::Status ExpressionWalk::CheckPeriod(const Node& node, const ListExpression& list) const {
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(list.aggregate.fact_kind)];
  if (kind.monthly == (list.period != nullptr)) return absl::OkStatus();
  return ExpressionDefect(
      node, "TYPE_MISMATCH",
      kind.monthly ? absl::StrCat(kind.name, " is by month; say which with .during(period)")
                   : absl::StrCat(kind.name, " is not by month; .during() has no place"));
}

absl::Status ExpressionWalk::ReadList(const Node& node, ListExpression* list) {
  if (node.kind == Node::Kind::kMethod && node.text == "filter") {
    HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], list));
    list->filters.push_back(&node);
    return absl::OkStatus();
  }
  if (node.kind == Node::Kind::kMethod && node.text == "during") {
    HEDUI_RETURN_IF_ERROR(CountArguments(node, 1, 1));
    HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], list));
    if (list->period != nullptr || list->aggregate.list != ListKind::kFacts ||
        !list->filters.empty()) {
      return ExpressionDefect(node, "TYPE_MISMATCH",
                              ".during() stands once, directly behind a kind of fact");
    }
    list->period = &node.children[1];
    list->aggregate.by_period = true;
    return absl::OkStatus();
  }
  if (node.kind == Node::Kind::kName && FindVariable(node.text) == nullptr) {
    const auto list_of = [&](ListKind kind) {
      list->aggregate.list = kind;
      return absl::OkStatus();
    };
    if (node.text == "persons") return list_of(ListKind::kPersons);
    if (node.text == "members") {
      Use(kUsesMembers);
      return list_of(ListKind::kMembers);
    }
    if (node.text == "obligors") {
      pack_.asks_for_obligors = true;
      Use(kUsesObligors);
      return list_of(ListKind::kObligors);
    }
  }
  if (node.kind == Node::Kind::kSelect && node.children[0].kind == Node::Kind::kName) {
    const Variable* owner = FindVariable(node.children[0].text);
    const auto kind = pack_.fact_kind_index.find(node.text);
    if (owner != nullptr && owner->person && kind != pack_.fact_kind_index.end()) {
      list->aggregate.list = ListKind::kFacts;
      list->aggregate.fact_kind = kind->second;
      list->aggregate.owner_slot = owner->slot;
      return absl::OkStatus();
    }
    if (owner != nullptr && owner->person) {
      return ExpressionDefect(node, "UNKNOWN_NAME",
                              absl::StrCat("there is no kind of fact called ", node.text));
    }
  }
  return ExpressionDefect(node, "TYPE_MISMATCH", "this is not a list");
}

absl::StatusOr<ExpressionWalk::BodyResult> ExpressionWalk::EmitBody(const Node& variable,
                                                                    const Node& body,
                                                                    const Aggregate& aggregate) {
  if (variable.kind != Node::Kind::kName) {
    return ExpressionDefect(variable, "EXPRESSION_SYNTAX",
                            "the first argument names the list's element");
  }
  const bool is_list =
      variable.text == "persons" || variable.text == "members" || variable.text == "obligors";
  if (is_list || FindVariable(variable.text) != nullptr || scope_.find_symbol(variable.text) >= 0) {
    return ExpressionDefect(variable, "UNKNOWN_NAME",
                            absl::StrCat(variable.text, " already means something else"));
  }
  variables_.push_back({variable.text, aggregate.list != ListKind::kFacts, aggregate.fact_kind,
                        aggregate.item_slot});
  std::vector<Op> code;
  absl::StatusOr<Type> type = Emit(body, -1, &code);
  variables_.pop_back();
  if (!type.ok()) return type.status();
  return BodyResult{Append(code), *type};
}

absl::StatusOr<Type> ExpressionWalk::EmitFoldBody(const Node& node, Aggregate* aggregate) {
  if (aggregate->kind == AggregateKind::kMonths) {
    if (!aggregate->by_period)
      return ExpressionDefect(node, "TYPE_MISMATCH", ".months() counts facts that are by month");
    return Type::Number(kUnitMonths);
  }
  if (node.text == "size") {
    std::vector<Op> code;
    PushConstant(&code, TruthOf(true));
    aggregate->body = Append(code);
    return Type::Number(kUnitCount);
  }
  HEDUI_ASSIGN_OR_RETURN(BodyResult body, EmitBody(node.children[1], node.children[2], *aggregate));
  aggregate->body = body.code;
  if (aggregate->kind == AggregateKind::kSum) {
    HEDUI_RETURN_IF_ERROR(Require(node.children[2], body.type, TypeKind::kNumber, "a number"));
    body.type.literal = Type::Literal::kNone;
    return body.type;
  }
  HEDUI_RETURN_IF_ERROR(Require(node.children[2], body.type, TypeKind::kTruth, "a condition"));
  return aggregate->kind == AggregateKind::kCount ? Type::Number(kUnitCount) : Type::Truth();
}

}  // namespace hedui::assess
