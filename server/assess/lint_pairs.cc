#include "server/assess/lint_pairs.h"

#include <cstddef>
#include <string>
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
  int formula = -1;
};

class Contradictions {
 public:
  Contradictions(const LintChain& chain, int32_t day, LintReport* report)
      : terms_(chain, day), formulas_(&terms_), report_(*report) {}

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
      parts_.push_back({Shown(node, denied), formulas_.Of(node, denied, variables)});
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

  bool MayHold(const std::vector<Part>& parts) {
    std::vector<int> formulas;
    for (const Part& part : parts) formulas.push_back(part.formula);
    const bool may = formulas_.MayHold(formulas);
    return !report_.Spend(formulas_.TakeSteps() * kStepsOfFormula) || may;
  }

  void Report(const std::string& text) {
    report_.Add(LintSeverity::kWarning, "CONTRADICTION", terms_.chain().model().PlaceOfRow(row_),
                text, &terms_.chain());
  }

  LintTerms terms_;
  LintFormulas formulas_;
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
