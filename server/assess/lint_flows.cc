#include "server/assess/lint_flows.h"

#include <algorithm>

#include "server/base/rational.h"

namespace hedui::assess {

namespace {

// Facts of one kind under so many different conditions are told apart; what is more is taken for
// all facts of the kind. The shipped rules have one or two.
constexpr size_t kSourcesMax = 64;
// Conditions on one source; further ones are left out.
constexpr size_t kSourceConditionsMax = 16;
// What entering a part takes, in an evaluator's steps.
constexpr size_t kStepsOfPart = 10;

FlowSlot Denied(size_t slot) { return static_cast<FlowSlot>(slot ^ 1); }

std::set<int> KindsOf(const FlowParts& parts) {
  std::set<int> kinds;
  for (const auto& [source, part] : parts) kinds.insert(source.kind);
  return kinds;
}

// Those of before are no longer whose facts come next, or the fact itself. Whether there were any.
bool StepBack(const std::string& from, const std::string& to, TermVariables* written) {
  bool any = false;
  for (auto& [name, as] : *written) {
    if (as != from) continue;
    as = to;
    any = true;
  }
  return any;
}

}  // namespace

bool Flow::empty() const {
  return std::all_of(slots.begin(), slots.end(), [](const FlowParts& p) { return p.empty(); });
}

FlowScope LintFlows::ScopeOf(const Symbol& symbol) {
  FlowScope scope;
  if (symbol.per_person) scope.written["p"] = "$p";
  return scope;
}

// Inputs come first, so that no name is followed into another.
LintFlows::LintFlows(const LintChain& chain, LintTerms* terms, LintFormulas* formulas,
                     LintReport* report)
    : chain_(chain), terms_(*terms), formulas_(*formulas) {
  MeasureHeights();
  const LintModel& model = chain.model();
  for (const Division::Step& step : chain.division().order) {
    const Symbol& symbol = model.symbol(step.symbol);
    const int32_t row = chain.RowOn(step.symbol, terms->day());
    const Node* tree = row < 0 ? nullptr : model.tree(row);
    if (tree == nullptr || !chain.reached(step.symbol) || symbol.type.kind != TypeKind::kNumber)
      continue;
    flows_[step.symbol] = Of(*tree, ScopeOf(symbol), row);
    if (!report->Spend(TakeSteps() + terms->TakeSteps() * kStepsOfPart)) return;
  }
}

void LintFlows::MeasureHeights() {
  int height = 0;
  for (int d = chain_.index(); d >= 0; ++height) {
    const Division& division = chain_.model().pack().divisions[static_cast<size_t>(d)];
    for (int32_t file : division.own_files) heights_[file] = height;
    d = division.parent;
  }
}

Flow LintFlows::Of(const Node& node, const FlowScope& scope, int32_t row) {
  row_ = row;
  return FlowOf(node, scope);
}

bool LintFlows::MayMeet(const FlowSource& a, const FlowSource& b) {
  if (a.kind != b.kind) return false;
  std::vector<int> both = a.conditions;
  both.insert(both.end(), b.conditions.begin(), b.conditions.end());
  return both.empty() || formulas_.MayHold(both);
}

void LintFlows::Add(FlowSlot slot, FlowSource source, const FlowPart& part, Flow* flow) {
  steps_ += kStepsOfPart + part.against.size();
  FlowParts& parts = flow->slots[slot];
  if (parts.size() >= kSourcesMax && !parts.contains(source)) source.conditions.clear();
  FlowPart& own = parts.try_emplace(std::move(source), FlowPart{part.row, {}}).first->second;
  own.against.insert(part.against.begin(), part.against.end());
}

void LintFlows::Merge(const Flow& from, Flow* to) {
  for (size_t slot = 0; slot < kFlowSlots; ++slot) {
    for (const auto& [source, part] : from.slots[slot])
      Add(static_cast<FlowSlot>(slot), source, part, to);
  }
}

// Facts are not held against others of their kind: a rate of a wage is no spending.
void LintFlows::Hold(const FlowParts& what, const FlowParts& against, FlowSlot slot, Flow* flow) {
  const std::set<int> kinds = KindsOf(against);
  for (const auto& [source, part] : what) {
    FlowPart held{part.row, kinds};
    held.against.erase(source.kind);
    if (!held.against.empty()) Add(slot, source, held, flow);
  }
}

Flow LintFlows::Negated(const Flow& flow) {
  Flow negated;
  for (size_t slot = 0; slot < kFlowSlots; ++slot) negated.slots[Denied(slot)] = flow.slots[slot];
  return negated;
}

// Of a quantity that the row being looked at names.
Flow LintFlows::Named(Flow flow) const {
  const LintModel& model = chain_.model();
  const int height = HeightOf(model.PlaceOfRow(row_).file);
  for (FlowParts& parts : flow.slots) {
    for (auto& [source, part] : parts) {
      if (height < HeightOf(model.PlaceOfRow(part.row).file)) part.row = row_;
    }
  }
  return flow;
}

Flow LintFlows::Meeting(const Flow& flow, const std::vector<int>& conditions) {
  if (conditions.empty()) return flow;
  Flow meeting;
  for (size_t slot = 0; slot < kFlowSlots; ++slot) {
    for (const auto& [source, part] : flow.slots[slot]) {
      FlowSource narrowed = source;
      std::vector<int>& own = narrowed.conditions;
      for (int condition : conditions) {
        if (own.size() < kSourceConditionsMax) own.push_back(condition);
      }
      std::sort(own.begin(), own.end());
      own.erase(std::unique(own.begin(), own.end()), own.end());
      Add(static_cast<FlowSlot>(slot), std::move(narrowed), part, &meeting);
    }
  }
  return meeting;
}

Flow LintFlows::Sum(const Flow& a, const Flow& b) {
  Flow sum = a;
  Merge(b, &sum);
  for (const auto& [one, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    Hold(one->slots[kLowers], other->slots[kRaises], kLeft, &sum);
    Hold(one->slots[kRaises], other->slots[kLowers], kLeftFalls, &sum);
  }
  return sum;
}

Flow LintFlows::Quotient(const Flow& a, const Flow& b) {
  Flow quotient = Negated(b);
  for (FlowSlot slot : {kRaises, kLowers}) quotient.slots[slot].clear();
  for (FlowSlot slot : {kShare, kShareFalls}) {
    for (const auto& [source, part] : a.slots[slot]) Add(slot, source, part, &quotient);
  }
  // What is left of an income as a share of that income is a share.
  const std::set<int> kinds = KindsOf(b.slots[kRaises]);
  for (FlowSlot slot : {kLeft, kLeftFalls}) {
    for (const auto& [source, part] : a.slots[slot]) {
      FlowPart others = part;
      for (int kind : kinds) others.against.erase(kind);
      if (!others.against.empty()) Add(slot, source, others, &quotient);
    }
  }
  Hold(a.slots[kRaises], b.slots[kRaises], kShare, &quotient);
  // What is taken off on both sides belongs to the income, net of it.
  FlowParts taken = a.slots[kLowers];
  const std::set<int> net_of = KindsOf(b.slots[kLowers]);
  std::erase_if(taken, [&net_of](const auto& part) { return net_of.contains(part.first.kind); });
  Hold(taken, b.slots[kRaises], kShareFalls, &quotient);
  return quotient;
}

Flow LintFlows::Scaled(const Flow& flow, const Node& by, const FlowScope& scope) {
  if (flow.empty()) return flow;
  const LinearTerm term = terms_.TermOf(by, scope.written);
  return term.IsConstant() && term.constant.sign() < 0 ? Negated(flow) : flow;
}

Flow LintFlows::NameFlow(const Node& node, const FlowScope& scope) {
  const CompiledPack& pack = chain_.model().pack();
  if (node.kind == Node::Kind::kSelect && node.children[0].kind == Node::Kind::kName) {
    const std::string& name = node.children[0].text;
    if (const auto fact = scope.facts.find(name); fact != scope.facts.end()) {
      const FactKind& kind = pack.fact_kinds[static_cast<size_t>(fact->second)];
      const auto field = kind.field_index.find(node.text);
      if (field == kind.field_index.end() ||
          kind.fields[static_cast<size_t>(field->second)].type.unit.money == 0) {
        return {};
      }
      Flow flow;
      Add(kRaises, {fact->second, {}}, {row_, {}}, &flow);
      return scope.written.at(name) == "%f" ? Meeting(flow, scope.conditions) : flow;
    }
  }
  std::string whose;
  const auto found = flows_.find(terms_.SymbolOf(node, scope.written, &whose));
  if (found == flows_.end()) return {};
  // Conditions on a person or fact say nothing of somebody else, nor of the household.
  std::string innermost;
  for (const auto& [name, as] : scope.written) {
    if (as == "%f" || (as == "$p" && innermost.empty())) innermost = as;
  }
  steps_ += 1;
  const Flow named = Named(found->second);
  return whose == innermost ? Meeting(named, scope.conditions) : named;
}

Flow LintFlows::BinaryFlow(const Node& node, const FlowScope& scope) {
  const Flow a = FlowOf(node.children[0], scope);
  const Flow b = FlowOf(node.children[1], scope);
  if (node.text == "+") return Sum(a, b);
  if (node.text == "-") return Sum(a, Negated(b));
  if (node.text == "*") {
    if (b.empty()) return Scaled(a, node.children[1], scope);
    if (a.empty()) return Scaled(b, node.children[0], scope);
    Flow product = a;
    Merge(b, &product);
    return product;
  }
  if (node.text != "/") return {};
  return b.empty() ? Scaled(a, node.children[1], scope) : Quotient(a, b);
}

Flow LintFlows::ConditionalFlow(const Node& node, const FlowScope& scope) {
  if (const auto on = Switch(node.children[0], scope); on.has_value())
    return FlowOf(node.children[*on ? 1 : 2], scope);
  Flow either;
  for (const bool denied : {false, true}) {
    FlowScope branch = scope;
    branch.conditions.push_back(formulas_.Of(node.children[0], denied, scope.written));
    Merge(FlowOf(node.children[denied ? 2 : 1], branch), &either);
  }
  return either;
}

Flow LintFlows::FlowOf(const Node& node, const FlowScope& scope) {
  ++steps_;
  Flow flow;
  switch (node.kind) {
    case Node::Kind::kName:
    case Node::Kind::kSelect:
      return NameFlow(node, scope);
    case Node::Kind::kUnary:
      return node.text == "-" ? Negated(FlowOf(node.children[0], scope)) : flow;
    case Node::Kind::kBinary:
      return BinaryFlow(node, scope);
    case Node::Kind::kConditional:
      return ConditionalFlow(node, scope);
    case Node::Kind::kCall:
      if (node.text == "min" || node.text == "max") {
        for (const Node& child : node.children) Merge(FlowOf(child, scope), &flow);
      } else if (node.text == "round" || node.text == "presumed") {
        return FlowOf(node.children[0], scope);
      }
      return flow;
    case Node::Kind::kMethod:
      if (node.children.size() < 3 ||
          (node.text != "sum" && node.text != "min" && node.text != "max" && node.text != "mean")) {
        return flow;
      }
      flow = FlowOf(node.children[2], Within(node, scope));
      if (node.children.size() > 3) Merge(FlowOf(node.children[3], scope), &flow);
      return flow;
    default:
      return flow;
  }
}

FlowScope LintFlows::Within(const Node& method, const FlowScope& scope) {
  FlowScope inner = scope;
  std::vector<const Node*> naming = {&method};
  const Node* list = &method.children[0];
  for (; list->kind == Node::Kind::kMethod; list = &list->children[0]) {
    if (list->text == "filter" && list->children.size() == 3) naming.push_back(list);
  }
  std::string element = "%m";
  int kind = -1;
  bool stands_back = false;
  if (list->kind == Node::Kind::kName) {
    element = "$p";
    stands_back = StepBack("$p", "$o", &inner.written);
  } else if (list->kind == Node::Kind::kSelect) {
    const auto& kinds = chain_.model().pack().fact_kind_index;
    if (const auto found = kinds.find(list->text); found != kinds.end()) kind = found->second;
    element = "%f";
    stands_back = StepBack("%f", "%o", &inner.written);
    const auto owner = inner.written.find(list->children[0].text);
    stands_back |= owner == inner.written.end() || owner->second != "$p";
  }
  if (stands_back) inner.conditions.clear();
  for (const Node* names : naming) {
    if (names->children.size() < 3) continue;
    inner.written[names->children[1].text] = element;
    if (kind >= 0) inner.facts[names->children[1].text] = kind;
    if (names != &method && inner.conditions.size() < kSourceConditionsMax)
      inner.conditions.push_back(formulas_.Of(names->children[2], false, inner.written));
  }
  return inner;
}

const Value* LintFlows::ConstantOf(const Node& node, const FlowScope& scope) const {
  std::string whose;
  const int symbol = terms_.SymbolOf(node, scope.written, &whose);
  if (symbol < 0) return nullptr;
  const Symbol& found = chain_.model().symbol(symbol);
  const int32_t row = chain_.RowOn(symbol, terms_.day());
  if (found.kind != SymbolKind::kParameter || !found.keys.empty() || row < 0) return nullptr;
  return found.type.masked() ? &chain_.model().row(row).constant : nullptr;
}

// A parameter's code against codes that are written out.
std::optional<bool> LintFlows::SwitchOfCodes(const Node& node, const FlowScope& scope) {
  const Value* value = ConstantOf(node.children[0], scope);
  if (value == nullptr) return std::nullopt;
  std::string whose;
  const LintModel& model = chain_.model();
  const Type& type = model.symbol(terms_.SymbolOf(node.children[0], scope.written, &whose)).type;
  const Node& with = node.children[1];
  if (type.kind != TypeKind::kCode ||
      (with.kind != Node::Kind::kString && with.kind != Node::Kind::kList)) {
    return std::nullopt;
  }
  const CodeList& list = model.pack().ListFor(chain_.division(), type.codes);
  bool among = false;
  for (size_t c = 0; c < list.codes.size(); ++c) {
    if ((value->mask >> c & 1) == 0) continue;
    among |= with.text == list.codes[c] ||
             std::any_of(with.children.begin(), with.children.end(),
                         [&](const Node& code) { return code.text == list.codes[c]; });
  }
  return among != (node.text == "!=");
}

std::optional<bool> LintFlows::Switch(const Node& node, const FlowScope& scope) {
  if (node.kind == Node::Kind::kTruth) return node.text == "true";
  if (node.kind == Node::Kind::kUnary && node.text == "!") {
    const auto on = Switch(node.children[0], scope);
    return on.has_value() ? std::optional(!*on) : on;
  }
  if (node.kind == Node::Kind::kName) {
    const Value* value = ConstantOf(node, scope);
    if (value == nullptr || (value->mask != kMayBeTrue && value->mask != kMayBeFalse))
      return std::nullopt;
    return value->mask == kMayBeTrue;
  }
  if (node.kind != Node::Kind::kBinary) return std::nullopt;
  if (node.text == "==" || node.text == "!=" || node.text == "in")
    return SwitchOfCodes(node, scope);
  if (node.text != "&&" && node.text != "||") return std::nullopt;
  const auto a = Switch(node.children[0], scope);
  const auto b = Switch(node.children[1], scope);
  const bool decides = node.text == "||";
  if (a == decides || b == decides) return decides;
  return a.has_value() && b.has_value() ? std::optional(!decides) : std::nullopt;
}

}  // namespace hedui::assess
