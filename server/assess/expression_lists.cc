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

bool Extreme(AggregateKind kind) {
  return kind == AggregateKind::kMin || kind == AggregateKind::kMax ||
         kind == AggregateKind::kMean || kind == AggregateKind::kDistinct;
}

// What only narrows a list down stands before a method that folds it.
absl::StatusOr<Type> EmitNarrowed(ExpressionWalk&, const Node& node, int, std::vector<Op>*) {
  return ExpressionDefect(node, "TYPE_MISMATCH",
                          "a list is not a value; add .sum(…), .exists(…) or the like");
}

constexpr Function kMethods[] = {
    {"during", 1, 1, EmitNarrowed},
    {"by", 1, 1, EmitNarrowed},
    {"filter", 2, 2, EmitNarrowed},
    {"sum", 2, 2, EmitFoldOf<AggregateKind::kSum>},
    {"count", 2, 2, EmitFoldOf<AggregateKind::kCount>},
    {"size", 0, 0, EmitFoldOf<AggregateKind::kCount>},
    {"exists", 2, 2, EmitFoldOf<AggregateKind::kExists>},
    {"all", 2, 2, EmitFoldOf<AggregateKind::kAll>},
    {"months", 0, 0, EmitFoldOf<AggregateKind::kMonths>},
    {"min", 2, 3, EmitFoldOf<AggregateKind::kMin>},
    {"max", 2, 3, EmitFoldOf<AggregateKind::kMax>},
    {"mean", 2, 3, EmitFoldOf<AggregateKind::kMean>},
    {"distinct", 2, 2, EmitFoldOf<AggregateKind::kDistinct>},
};

// Lists that are written as functions are.
constexpr Function kLists[] = {{"each_month", 1, 1, EmitNarrowed}};

}  // namespace

absl::Span<const Function> ListMethods() { return kMethods; }

absl::Span<const Function> ListFunctions() { return kLists; }

absl::StatusOr<Type> ExpressionWalk::EmitFold(const Node& node, AggregateKind kind,
                                              std::vector<Op>* code) {
  ListExpression list;
  HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], &list));
  list.aggregate.kind = kind;
  if (list.aggregate.list == ListKind::kFacts) HEDUI_RETURN_IF_ERROR(CheckPeriod(node, list));
  if (list.period != nullptr) {
    HEDUI_ASSIGN_OR_RETURN(Type period, Emit(*list.period, -1, code));
    if (period.kind == TypeKind::kMonth && list.aggregate.list == ListKind::kFacts) {
      Push(code, OpCode::kMonthPeriod);
      period = Type::Of(TypeKind::kPeriod);
    }
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
  HEDUI_ASSIGN_OR_RETURN(Type type, EmitFoldBody(node, &list.aggregate));
  --open_slots_;
  // The method itself is among the node's children only behind a list.
  constexpr size_t kDefaultAt = 3;
  if (kind != AggregateKind::kClosed && node.children.size() > kDefaultAt) {
    HEDUI_ASSIGN_OR_RETURN(const Type absent, Emit(node.children[kDefaultAt], type.codes, code));
    HEDUI_ASSIGN_OR_RETURN(type, Agree(node.children[kDefaultAt], type, absent));
    type.literal = Type::Literal::kNone;
    list.aggregate.has_default = true;
  }
  Push(code, OpCode::kAggregate, 0, static_cast<int32_t>(pack_.aggregates.size()));
  pack_.aggregates.push_back(std::move(list.aggregate));
  return type;
}

absl::Status ExpressionWalk::CheckPeriod(const Node& node, const ListExpression& list) const {
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(list.aggregate.fact_kind)];
  if (kind.monthly == (list.period != nullptr)) return absl::OkStatus();
  return ExpressionDefect(
      node, "TYPE_MISMATCH",
      kind.monthly ? absl::StrCat(kind.name, " is of months; say which with .during(period)")
                   : absl::StrCat(kind.name, " is not of months; .during() has no place"));
}

absl::Status ExpressionWalk::ReadList(const Node& node, ListExpression* list) {
  if (scope_.constants_only)
    return ExpressionDefect(node, "TYPE_MISMATCH", "a rule of parameters speaks of no list");
  if (node.kind == Node::Kind::kMethod && node.text == "filter") {
    HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], list));
    list->filters.push_back(&node);
    return absl::OkStatus();
  }
  if (node.kind == Node::Kind::kMethod && node.text == "by") return ReadVariant(node, list);
  if (node.kind == Node::Kind::kMethod && node.text == "during") {
    HEDUI_RETURN_IF_ERROR(CountArguments(node, 1, 1));
    HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], list));
    if (list->period != nullptr || list->aggregate.list != ListKind::kFacts ||
        !list->filters.empty() || list->aggregate.variant >= 0) {
      return ExpressionDefect(node, "TYPE_MISMATCH",
                              ".during() stands once, directly behind a kind of fact");
    }
    list->period = &node.children[1];
    list->aggregate.by_period = true;
    return absl::OkStatus();
  }
  if (node.kind == Node::Kind::kCall && node.text == "each_month") {
    HEDUI_RETURN_IF_ERROR(CountArguments(node, 1, 1));
    list->aggregate.list = ListKind::kMonths;
    list->aggregate.by_period = true;
    list->period = &node.children[0];
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
      Use(kUsesEvidence - kind->second);
      return absl::OkStatus();
    }
    if (owner != nullptr && owner->person) {
      return ExpressionDefect(node, "UNKNOWN_NAME",
                              absl::StrCat("there is no kind of fact called ", node.text));
    }
  }
  return ExpressionDefect(node, "TYPE_MISMATCH", "this is not a list");
}

// The rules of evidence that are meant for lists such as this.
absl::Status ExpressionWalk::ReadVariant(const Node& node, ListExpression* list) {
  HEDUI_RETURN_IF_ERROR(CountArguments(node, 1, 1));
  HEDUI_RETURN_IF_ERROR(ReadList(node.children[0], list));
  const Node& name = node.children[1];
  if (list->aggregate.variant >= 0 || list->aggregate.list != ListKind::kFacts ||
      !list->filters.empty() || name.kind != Node::Kind::kString) {
    return ExpressionDefect(node, "TYPE_MISMATCH",
                            ".by('variant') stands once, directly behind a kind of fact or its "
                            ".during()");
  }
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(list->aggregate.fact_kind)];
  for (int variant : kind.variants) {
    if (pack_.variants[static_cast<size_t>(variant)] == name.text)
      list->aggregate.variant = variant;
  }
  if (list->aggregate.variant >= 0) return absl::OkStatus();
  return ExpressionDefect(
      name, "UNKNOWN_NAME",
      absl::StrCat("no evidence for ", kind.name, " is of the variant ", name.text));
}

std::string ExpressionWalk::MeaningOf(absl::string_view name) const {
  if (const Variable* variable = FindVariable(name)) {
    return variable->column == 0 ? "the person whom the rule is of"
                                 : absl::StrCat("the element of the list around this one (column ",
                                                variable->column, ")");
  }
  const int index = scope_.find_symbol(name);
  if (index < 0) return "a list of people";
  const Symbol& symbol = pack_.symbols[static_cast<size_t>(index)];
  const absl::string_view what = symbol.kind == SymbolKind::kParameter  ? "the parameter "
                                 : symbol.kind == SymbolKind::kQuantity ? "the quantity "
                                 : symbol.kind == SymbolKind::kTest     ? "the test "
                                                                        : "what every case has, ";
  return absl::StrCat(what, symbol.label, symbol.declared_at.empty() ? "" : " of ",
                      symbol.declared_at);
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
                            absl::StrCat(variable.text, " already means ", MeaningOf(variable.text),
                                         "; a list's element needs another name"));
  }
  const bool month = aggregate.list == ListKind::kMonths;
  variables_.push_back({variable.text, aggregate.list != ListKind::kFacts && !month,
                        aggregate.fact_kind, aggregate.item_slot, month, variable.column});
  std::vector<Op> code;
  absl::StatusOr<Type> type = Emit(body, -1, &code);
  variables_.pop_back();
  if (!type.ok()) return type.status();
  return BodyResult{Append(code), *type};
}

absl::StatusOr<Type> ExpressionWalk::EmitExtreme(const Node& node, Type body,
                                                 Aggregate* aggregate) const {
  const bool distinct = aggregate->kind == AggregateKind::kDistinct;
  const bool fits = aggregate->kind == AggregateKind::kMean ? body.kind == TypeKind::kNumber
                    : body.ordered()                        ? true
                                     : distinct && (body.kind == TypeKind::kCode ||
                                                    body.kind == TypeKind::kTruth);
  if (!fits) {
    return ExpressionDefect(node.children[2], "TYPE_MISMATCH",
                            absl::StrCat(".", node.text, "() has no use for ", Named(body)));
  }
  aggregate->of_dates = body.kind == TypeKind::kDate;
  aggregate->masked = body.masked();
  if (distinct) return Type::Number(kUnitCount);
  body.literal = Type::Literal::kNone;
  return body;
}

absl::StatusOr<Type> ExpressionWalk::EmitFoldBody(const Node& node, Aggregate* aggregate) {
  if (aggregate->kind == AggregateKind::kClosed) return Type::Truth();
  if (aggregate->kind == AggregateKind::kMonths) {
    const bool by_month =
        aggregate->list == ListKind::kFacts && aggregate->by_period &&
        pack_.fact_kinds[static_cast<size_t>(aggregate->fact_kind)].by == FactKind::By::kMonth;
    if (!by_month)
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
  if (Extreme(aggregate->kind)) return EmitExtreme(node, body.type, aggregate);
  HEDUI_RETURN_IF_ERROR(Require(node.children[2], body.type, TypeKind::kTruth, "a condition"));
  return aggregate->kind == AggregateKind::kCount ? Type::Number(kUnitCount) : Type::Truth();
}

}  // namespace hedui::assess
