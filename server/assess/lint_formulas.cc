#include "server/assess/lint_formulas.h"

#include <algorithm>

namespace hedui::assess {
namespace {

// Formulas looked at for one question. The shipped rules take some hundred; what takes more than
// this is left open.
constexpr size_t kStepsOfOneMax = 20'000;
// Tests within tests that are put in; a test named deeper is taken by its name.
constexpr int kTestsDeepMax = 64;

}  // namespace

int LintFormulas::Add(Kind kind, std::vector<int> parts, int literal) {
  if (kind >= Kind::kAll && parts.size() == 1) return parts[0];
  formulas_.push_back({kind, literal, std::move(parts)});
  return static_cast<int>(formulas_.size()) - 1;
}

int LintFormulas::Literal(LintLiteral literal) {
  const auto [known, added] =
      known_literals_.try_emplace(literal.Text(), static_cast<int>(literals_.size()));
  if (added) literals_.push_back(std::move(literal));
  return known->second;
}

int LintFormulas::OfLeaf(const Node& node, bool denied, const TermVariables& variables) {
  if (node.kind == Node::Kind::kTruth)
    return Add((node.text == "true") != denied ? Kind::kAlways : Kind::kNever, {});
  LintLeaf leaf = LeafOf(node, denied, variables, &terms_);
  const int itself = OfLiterals(leaf.any ? Kind::kAny : Kind::kAll, std::move(leaf.literals));
  if (leaf.ways.empty()) return itself;
  std::vector<int> ways;
  for (std::vector<LintLiteral>& way : leaf.ways)
    ways.push_back(OfLiterals(Kind::kAll, std::move(way)));
  return Add(Kind::kAll, {itself, Add(Kind::kAny, std::move(ways))});
}

int LintFormulas::OfLiterals(Kind kind, std::vector<LintLiteral> literals) {
  std::vector<int> parts;
  for (LintLiteral& literal : literals) {
    // Between constants alone it is a switch, for each division to set.
    const bool open = literal.kind == LintLiteral::Kind::kNumber && literal.term.IsConstant();
    const bool out = IsRuledOut(literal, terms_);
    const int index = open || out ? -1 : Literal(std::move(literal));
    parts.push_back(Add(open ? Kind::kAlways : out ? Kind::kNever : Kind::kLiteral, {}, index));
  }
  return Add(kind, std::move(parts));
}

int LintFormulas::OfSymbol(int symbol, const std::string& whose, bool denied) {
  const auto key = std::make_tuple(symbol, whose, denied);
  if (const auto known = known_symbols_.find(key); known != known_symbols_.end())
    return known->second;
  TermVariables variables;
  if (!whose.empty()) variables["p"] = whose;
  ++depth_;
  const int formula = Of(*terms_.RuleOf(symbol), denied, variables);
  --depth_;
  known_symbols_[key] = formula;
  return formula;
}

int LintFormulas::Of(const Node& node, bool denied, const TermVariables& variables) {
  if (node.kind == Node::Kind::kUnary && node.text == "!")
    return Of(node.children[0], !denied, variables);
  if (node.kind == Node::Kind::kBinary && (node.text == "&&" || node.text == "||")) {
    const bool all = (node.text == "&&") != denied;
    std::vector<int> parts = {Of(node.children[0], denied, variables),
                              Of(node.children[1], denied, variables)};
    return Add(all ? Kind::kAll : Kind::kAny, std::move(parts));
  }
  if (node.kind == Node::Kind::kConditional) {
    const int yes = Add(Kind::kAll, {Of(node.children[0], false, variables),
                                     Of(node.children[1], denied, variables)});
    const int no = Add(Kind::kAll, {Of(node.children[0], true, variables),
                                    Of(node.children[2], denied, variables)});
    return Add(Kind::kAny, {yes, no});
  }
  std::string whose;
  const int symbol = terms_.SymbolOf(node, variables, &whose);
  if (symbol >= 0 && terms_.RuleOf(symbol) != nullptr && depth_ < kTestsDeepMax &&
      terms_.chain().model().symbol(symbol).type.kind == TypeKind::kTruth) {
    return OfSymbol(symbol, whose, denied);
  }
  return OfLeaf(node, denied, variables);
}

bool LintFormulas::Clash(int a, int b) {
  const auto key = std::minmax(a, b);
  const auto [known, added] = clashes_.try_emplace({key.first, key.second}, false);
  if (added) {
    known->second =
        Contradict(literals_[static_cast<size_t>(a)], literals_[static_cast<size_t>(b)], terms_);
  }
  return known->second;
}

// Of several conditions on one code, whether they leave any. Where none says which codes it may
// be, others than those of the list are left.
bool LintFormulas::CodesAreLeft(int literal) const {
  const LintLiteral& own = literals_[static_cast<size_t>(literal)];
  if (own.kind != LintLiteral::Kind::kCode) return true;
  std::vector<const LintLiteral*> same = {&own};
  for (int other : assumed_) {
    const LintLiteral& found = literals_[static_cast<size_t>(other)];
    if (found.kind == LintLiteral::Kind::kCode && found.of == own.of) same.push_back(&found);
  }
  const auto among =
      std::find_if(same.begin(), same.end(), [](const LintLiteral* found) { return found->among; });
  if (among == same.end()) return true;
  return std::any_of((*among)->codes.begin(), (*among)->codes.end(), [&](const std::string& code) {
    return std::all_of(same.begin(), same.end(), [&code](const LintLiteral* found) {
      return found->codes.contains(code) == found->among;
    });
  });
}

bool LintFormulas::Assume(int literal) {
  if (std::find(assumed_.begin(), assumed_.end(), literal) != assumed_.end()) return true;
  for (int other : assumed_) {
    if (!Step()) return true;
    if (Clash(literal, other)) return false;
  }
  if (!CodesAreLeft(literal)) return false;
  assumed_.push_back(literal);
  return true;
}

bool LintFormulas::IsRefuted(int index) {
  if (!Step()) return false;
  const Formula& formula = formulas_[static_cast<size_t>(index)];
  const auto refuted = [this](int part) { return IsRefuted(part); };
  switch (formula.kind) {
    case Kind::kAlways:
      return false;
    case Kind::kNever:
      return true;
    case Kind::kLiteral:
      return std::any_of(assumed_.begin(), assumed_.end(),
                         [&](int other) { return Step() && Clash(formula.literal, other); });
    case Kind::kAll:
      return std::any_of(formula.parts.begin(), formula.parts.end(), refuted);
    case Kind::kAny:
      return std::all_of(formula.parts.begin(), formula.parts.end(), refuted);
  }
  return false;
}

bool LintFormulas::IsMet(int index) const {
  const Formula& formula = formulas_[static_cast<size_t>(index)];
  return formula.kind == Kind::kAlways ||
         (formula.kind == Kind::kLiteral &&
          std::find(assumed_.begin(), assumed_.end(), formula.literal) != assumed_.end());
}

// Assumes what must hold, until choices alone are left. False where that cannot be.
bool LintFormulas::Spread(std::vector<int>* open, std::vector<int>* choices) {
  while (!open->empty()) {
    while (!open->empty()) {
      if (!Step()) return true;
      const int index = open->back();
      open->pop_back();
      const Formula& formula = formulas_[static_cast<size_t>(index)];
      if (formula.kind == Kind::kNever) return false;
      if (formula.kind == Kind::kLiteral && !Assume(formula.literal)) return false;
      if (formula.kind == Kind::kAll)
        open->insert(open->end(), formula.parts.begin(), formula.parts.end());
      if (formula.kind == Kind::kAny) choices->push_back(index);
    }
    std::vector<int> left;
    for (int choice : *choices) {
      const std::vector<int>& parts = formulas_[static_cast<size_t>(choice)].parts;
      if (std::any_of(parts.begin(), parts.end(), [this](int part) { return IsMet(part); }))
        continue;
      std::vector<int> ways;
      for (int part : parts) {
        if (!IsRefuted(part)) ways.push_back(part);
      }
      if (ways.empty()) return false;
      if (ways.size() == 1) {
        open->push_back(ways[0]);
      } else {
        left.push_back(choice);
      }
    }
    *choices = std::move(left);
  }
  return true;
}

bool LintFormulas::Meet(std::vector<int> open) {
  const size_t mark = assumed_.size();
  std::vector<int> choices;
  const bool spread = Spread(&open, &choices);
  if (steps_ > steps_max_ || (spread && choices.empty())) return true;
  if (spread) {
    const int choice = choices.back();
    choices.pop_back();
    for (int part : std::vector<int>(formulas_[static_cast<size_t>(choice)].parts)) {
      std::vector<int> all = choices;
      all.push_back(part);
      const size_t before = assumed_.size();
      if (Meet(std::move(all))) return true;
      assumed_.resize(before);
    }
  }
  assumed_.resize(mark);
  return false;
}

bool LintFormulas::MayHold(const std::vector<int>& formulas) {
  assumed_.clear();
  steps_ = 0;
  steps_max_ = kStepsOfOneMax;
  return Meet(formulas);
}

}  // namespace hedui::assess
