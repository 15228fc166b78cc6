#include "server/assess/lint_pairs.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/lint_formulas.h"
#include "server/assess/lint_literals.h"
#include "server/assess/lint_terms.h"

namespace hedui::assess {

namespace {

// Conditions of one conjunction that are held against each other.
constexpr size_t kConditionsMax = 64;
// What holding two against each other takes, and a step through formulas or sums, in an evaluator's
// steps.
constexpr size_t kStepsOfPair = 20;
constexpr size_t kStepsOfFormula = 5;
constexpr size_t kStepsOfTerm = 10;

// One condition of a conjunction.
struct Condition {
  std::string shown;
  size_t stated = 0;  // by which part of the conjunction; those within one are its own affair
  LintLiteral says;
};

// A part of a conjunction, whole.
struct Part {
  std::string shown;
  const Node* node = nullptr;
  bool denied = false;
  TermVariables variables;
};

// Households of which some codes are known, and what parameters are for them.
class World {
 public:
  World(const LintChain& chain, int32_t day, const LintCodes& taken)
      : terms(chain, day, taken), formulas(&terms) {}
  int FormulaOf(const Part& part) {
    const auto [known, added] = known_.try_emplace({part.node, part.denied, part.variables}, -1);
    if (added) known->second = formulas.Of(*part.node, part.denied, part.variables);
    return known->second;
  }
  LintTerms terms;
  LintFormulas formulas;

 private:
  std::map<std::tuple<const Node*, bool, TermVariables>, int> known_;
};

// More kinds of households than this are not looked at one by one.
constexpr size_t kWorldsMax = 36;

class Contradictions {
 public:
  Contradictions(const LintChain& chain, int32_t day, LintReport* report)
      : common_(chain, day, {}), terms_(common_.terms), report_(*report) {}

  void Look(int32_t row) {
    row_ = row;
    const LintModel& model = terms_.chain().model();
    const Node* tree = model.tree(row);
    if (tree == nullptr) return;
    TermVariables variables;
    if (model.symbol(model.row(row).symbol).per_person) variables["p"] = "p";
    Walk(*tree, variables, false);
  }

 private:
  // Joined by && or, denied, by ||.
  static bool IsAnd(const Node& node) {
    if (node.kind == Node::Kind::kUnary && node.text == "!") {
      const Node& denied = node.children[0];
      return denied.kind == Node::Kind::kBinary && denied.text == "||";
    }
    return node.kind == Node::Kind::kBinary && node.text == "&&";
  }

  void Clear() {
    conditions_.clear();
    parts_.clear();
    stated_ = 0;
  }

  void Walk(const Node& node, const TermVariables& variables, bool within) {
    if (!report_.Spend(1)) return;
    if (IsAnd(node) && !within) {
      Clear();
      Collect(node, false, variables, false);
      Hold();
    }
    const bool list = node.kind == Node::Kind::kMethod;
    if (list && node.text != "filter" && node.text != "during") LookAtList(node, variables);
    for (size_t i = 0; i < node.children.size(); ++i) {
      Walk(node.children[i], list && i > 0 ? LintTerms::Within(node, variables) : variables,
           IsAnd(node));
    }
  }

  // An element that the filters leave and of which the body speaks meets all of them.
  void LookAtList(const Node& fold, const TermVariables& variables) {
    Clear();
    const auto collect = [&](const Node& method) {
      Collect(method.children[2], false, LintTerms::Within(method, variables), false);
    };
    const Node* at = &fold.children[0];
    bool filtered = false;
    for (; at->kind == Node::Kind::kMethod && at->text == "filter" && at->children.size() == 3;
         at = &at->children[0]) {
      collect(*at);
      filtered = true;
    }
    if (!filtered) return;  // what stands within one body is seen there
    if ((fold.text == "exists" || fold.text == "count") && fold.children.size() == 3) collect(fold);
    Hold();
  }

  // The conditions that hold where `node` does (`denied`: where it does not). `named`: within a
  // test that the conjunction names.
  void Collect(const Node& node, bool denied, const TermVariables& variables, bool named) {
    if (conditions_.size() >= kConditionsMax) return;
    const bool joins = node.kind == Node::Kind::kBinary && node.text == (denied ? "||" : "&&");
    if (joins) {
      for (const Node& child : node.children) Collect(child, denied, variables, named);
      return;
    }
    if (node.kind == Node::Kind::kUnary && node.text == "!")
      return Collect(node.children[0], !denied, variables, named);
    if (!report_.Spend(kStepsOfPair + terms_.TakeSteps() * kStepsOfTerm)) return;
    if (!named) {
      ++stated_;
      parts_.push_back({Shown(node, denied), &node, denied, variables});
    }
    std::string whose;
    const int symbol = terms_.SymbolOf(node, variables, &whose);
    if (symbol >= 0 && terms_.RuleOf(symbol) != nullptr) {
      TermVariables inner;
      if (!whose.empty()) inner["p"] = whose;
      LintLiteral itself;
      itself.of = terms_.TextOf(node, variables);
      itself.among = !denied;
      Add(node, denied, std::move(itself));
      return Collect(*terms_.RuleOf(symbol), denied, inner, true);
    }
    LintLeaf leaf = LeafOf(node, denied, variables, &terms_);
    if (leaf.any) return;
    for (LintLiteral& literal : leaf.literals) Add(node, denied, std::move(literal));
  }

  void Add(const Node& node, bool denied, LintLiteral says) {
    conditions_.push_back({Shown(node, denied), stated_, std::move(says)});
  }

  static std::string Shown(const Node& node, bool denied) {
    return denied ? absl::StrCat("!(", ShownNode(node), ")") : ShownNode(node);
  }

  void Hold() {
    bool found = false;
    for (size_t i = 0; i < conditions_.size(); ++i) {
      for (size_t j = i + 1; j < conditions_.size(); ++j) {
        const Condition& a = conditions_[i];
        const Condition& b = conditions_[j];
        if (a.stated == b.stated) continue;
        const size_t parts = a.says.term.parts.size() + b.says.term.parts.size();
        if (!report_.Spend(kStepsOfPair + parts)) return;
        if (!Contradict(a.says, b.says, terms_)) continue;
        found = true;
        Report(absl::StrCat(a.shown, " and ", b.shown, " cannot both hold"));
      }
    }
    if (!found && parts_.size() > 1) HoldTogether();
  }

  // What only several conditions together rule out, or all branches of one.
  void HoldTogether() {
    std::vector<Part> parts = parts_;
    if (MayHold(parts)) return;
    // Those without which it cannot hold either are left out.
    for (size_t i = 0; i < parts.size();) {
      std::vector<Part> fewer = parts;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (MayHold(fewer)) {
        ++i;
      } else {
        parts = std::move(fewer);
      }
    }
    if (parts.size() < 2 || report_.spent()) return;  // a part by itself is seen where it is said
    const std::string last = parts.back().shown;
    parts.pop_back();
    const std::string others =
        absl::StrJoin(parts, ", ", [](std::string* out, const Part& part) { *out += part.shown; });
    Report(absl::StrCat(others, " and ", last, " cannot ", parts.size() == 1 ? "both" : "all",
                        " hold"));
  }

  // Of all households at once or, where that leaves it open, of each kind of them that rows tell
  // apart.
  bool MayHold(const std::vector<Part>& parts) {
    if (!MayHoldIn(&common_, parts, {})) return false;
    MakeWorlds();
    return worlds_.empty() || std::any_of(worlds_.begin(), worlds_.end(), [&](const auto& world) {
             const LintCodes& codes = world->terms.ranges().codes();
             return MayHoldIn(world.get(), parts, codes) && !IsNeverSettled(*world, parts);
           });
  }

  // Whether nobody of the kind has a row, and what is asked holds of nobody with one: then it
  // cannot be settled of them.
  bool IsNeverSettled(const World& of, const std::vector<Part>& parts) {
    const LintCodes& codes = of.terms.ranges().codes();
    if (HasRows(of) != Rows::kNone) return false;
    return std::any_of(worlds_.begin(), worlds_.end(), [&](const auto& world) {
      return HasRows(*world) == Rows::kSome && !MayHoldIn(world.get(), parts, codes);
    });
  }

  enum class Rows { kNone, kSome, kMayCome };
  Rows HasRows(const World& world) {
    Rows rows = Rows::kNone;
    for (const Division::Step& step : terms_.chain().division().order) {
      const Symbol& symbol = terms_.chain().model().symbol(step.symbol);
      const bool decided =
          symbol.kind == SymbolKind::kParameter && symbol.type.ordered() &&
          std::any_of(symbol.keys.begin(), symbol.keys.end(), [&](const ParameterKey& key) {
            return world.terms.ranges().codes().contains(key.symbol);
          });
      if (!decided || terms_.chain().demand(step.symbol).empty()) continue;
      const LintRanges::Range range = world.terms.ranges().Of(step.symbol);
      if (range.found) return Rows::kSome;
      if (range.is_left) rows = Rows::kMayCome;
    }
    return rows;
  }

  bool MayHoldIn(World* world, const std::vector<Part>& parts, const LintCodes& of) {
    std::vector<int> formulas;
    for (const Part& part : parts) formulas.push_back(world->FormulaOf(part));
    const LintModel& model = terms_.chain().model();
    for (const auto& [symbol, mask] : of) {
      const CodeList& list =
          model.pack().ListFor(terms_.chain().division(), model.symbol(symbol).type.codes);
      Node name;
      name.kind = Node::Kind::kName;
      name.text = model.symbol(symbol).name;
      LintLiteral literal;
      literal.kind = LintLiteral::Kind::kCode;
      literal.of = world->terms.TextOf(name, {});
      literal.among = (mask & list.All()) != 0;
      for (size_t c = 0; c < list.codes.size(); ++c) {
        if (!literal.among || (mask >> c & 1) != 0) literal.codes.insert(list.codes[c]);
      }
      formulas.push_back(world->formulas.Of(std::move(literal)));
    }
    const bool may = world->formulas.MayHold(formulas);
    const size_t steps = world->formulas.TakeSteps() * kStepsOfFormula +
                         (world == &common_ ? 0 : world->terms.TakeSteps() * kStepsOfTerm);
    return !report_.Spend(steps) || may;
  }

  // One for each code that rows are chosen by, and one for a code that the list does not have.
  void MakeWorlds() {
    if (has_worlds_) return;
    has_worlds_ = true;
    const LintChain& chain = terms_.chain();
    std::vector<LintCodes> kinds = {{}};
    for (int symbol : terms_.ranges().DecidingCodes()) {
      const uint64_t all = chain.model()
                               .pack()
                               .ListFor(chain.division(), chain.model().symbol(symbol).type.codes)
                               .All();
      std::vector<LintCodes> finer;
      for (const LintCodes& kind : kinds) {
        for (uint64_t code = 1; (code & all) != 0; code <<= 1) {
          finer.push_back(kind);
          finer.back()[symbol] = code;
        }
        finer.push_back(kind);
        finer.back()[symbol] = ~all;
      }
      if (finer.size() <= kWorldsMax) kinds = std::move(finer);
    }
    if (kinds.size() < 2) return;
    for (const LintCodes& kind : kinds)
      worlds_.push_back(std::make_unique<World>(chain, terms_.day(), kind));
  }

  void Report(const std::string& text) {
    report_.Add(LintSeverity::kWarning, "CONTRADICTION", terms_.chain().model().PlaceOfRow(row_),
                text, &terms_.chain());
  }

  World common_;
  LintTerms& terms_;
  std::vector<std::unique_ptr<World>> worlds_;
  bool has_worlds_ = false;
  LintReport& report_;
  int32_t row_ = -1;
  std::vector<Condition> conditions_;
  std::vector<Part> parts_;
  size_t stated_ = 0;
};

}  // namespace

void LintContradictions(const LintChain& chain, LintReport* report) {
  for (const DayRange& segment : chain.Segments()) {
    Contradictions contradictions(chain, segment.from, report);
    for (const Division::Step& step : chain.division().order) {
      const int32_t row = chain.RowOn(step.symbol, segment.from);
      if (row >= 0) contradictions.Look(row);
    }
  }
}

}  // namespace hedui::assess
