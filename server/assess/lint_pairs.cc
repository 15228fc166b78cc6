#include "server/assess/lint_pairs.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/assess/lint_terms.h"

namespace hedui::assess {

using base::Rational;

namespace {

// Conditions of one conjunction that are held against each other.
constexpr size_t kConditionsMax = 64;

// One condition of a conjunction.
struct Condition {
  enum class Kind : uint8_t { kNumber, kCode, kTruth } kind = Kind::kTruth;
  std::string shown;
  size_t stated = 0;  // by which part of the conjunction; those within one are its own affair
  // kNumber: the term is below zero (`strict`), or no more than zero.
  LinearTerm term;
  bool strict = false;
  // kCode, kTruth: of what.
  std::string of;
  std::set<std::string> codes;
  bool among = true;  // kCode: one of the codes, or none of them; kTruth: it holds
};

class Contradictions {
 public:
  Contradictions(const LintChain& chain, int32_t day, LintReport* report)
      : terms_(chain, day), report_(*report) {}

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
  static bool IsAnd(const Node& node) {
    return node.kind == Node::Kind::kBinary && node.text == "&&";
  }

  void Walk(const Node& node, const TermVariables& variables, bool within) {
    if (IsAnd(node) && !within) {
      conditions_.clear();
      stated_ = 0;
      Collect(node, false, variables, false);
      Hold();
    }
    const bool list = node.kind == Node::Kind::kMethod;
    if (list && node.text != "filter" && node.text != "during") LookAtList(node, variables);
    for (size_t i = 0; i < node.children.size(); ++i) {
      const bool inner = list && i > 0 && node.children[1].kind == Node::Kind::kName;
      Walk(node.children[i], inner ? LintTerms::With(variables, node.children[1].text) : variables,
           IsAnd(node));
    }
  }

  // An element that the filters leave and of which the body speaks meets all of them.
  void LookAtList(const Node& fold, const TermVariables& variables) {
    conditions_.clear();
    stated_ = 0;
    const std::string element = absl::StrCat("$", variables.size());
    const auto collect = [&](const Node& method) {
      TermVariables inner = variables;
      inner[method.children[1].text] = element;
      Collect(method.children[2], false, inner, false);
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
    if (!named) ++stated_;
    std::string whose;
    const int symbol = terms_.SymbolOf(node, variables, &whose);
    if (symbol >= 0 && terms_.RuleOf(symbol) != nullptr) {
      TermVariables inner;
      if (!whose.empty()) inner["p"] = whose;
      Add(node, denied, variables);
      return Collect(*terms_.RuleOf(symbol), denied, inner, true);
    }
    if (node.kind == Node::Kind::kBinary && Compare(node, denied, variables)) return;
    Add(node, denied, variables);
  }

  Condition& Add(const Node& node, bool denied, const TermVariables& variables) {
    Condition condition;
    condition.shown = denied ? absl::StrCat("!(", ShownNode(node), ")") : ShownNode(node);
    condition.stated = stated_;
    condition.of = terms_.TextOf(node, variables);
    condition.among = !denied;
    conditions_.push_back(std::move(condition));
    return conditions_.back();
  }

  // a `op` b as a - b `op` 0.
  bool Compare(const Node& node, bool denied, const TermVariables& variables) {
    std::string op = node.text;
    const Node& a = node.children[0];
    const Node& b = node.children[1];
    if (op == "in" || a.kind == Node::Kind::kString || b.kind == Node::Kind::kString)
      return CompareCodes(node, denied, variables);
    if (denied) {
      op = op == "<"    ? ">="
           : op == "<=" ? ">"
           : op == ">"  ? "<="
           : op == ">=" ? "<"
           : op == "==" ? "!="
           : op == "!=" ? "=="
                        : "";
    }
    if (op == "!=") return false;
    const bool less = op == "<" || op == "<=" || op == "==";
    const bool more = op == ">" || op == ">=" || op == "==";
    if (!less && !more) return false;
    LinearTerm below = terms_.TermOf(a, variables), above = terms_.TermOf(b, variables);
    LinearTerm difference = below;
    if (!AddTerm(above, Rational(-1), &difference)) return false;
    for (const bool turned : {false, true}) {
      if (turned ? !more : !less) continue;
      Condition& condition = Add(node, denied, variables);
      condition.kind = Condition::Kind::kNumber;
      condition.strict = op == "<" || op == ">";
      condition.term = LinearTerm();
      if (!AddTerm(difference, Rational(turned ? -1 : 1), &condition.term)) return false;
    }
    return true;
  }

  bool CompareCodes(const Node& node, bool denied, const TermVariables& variables) {
    const bool turned = node.children[0].kind == Node::Kind::kString;
    const Node& of = node.children[turned ? 1 : 0];
    const Node& with = node.children[turned ? 0 : 1];
    std::set<std::string> codes;
    if (with.kind == Node::Kind::kString) {
      codes.insert(with.text);
    } else if (with.kind == Node::Kind::kList) {
      for (const Node& code : with.children) codes.insert(code.text);
    } else if (!CodesOf(with, variables, &codes)) {
      return false;
    }
    Condition& condition = Add(node, denied, variables);
    condition.kind = Condition::Kind::kCode;
    condition.of = terms_.TextOf(of, variables);
    condition.codes = std::move(codes);
    condition.among = (node.text != "!=") != denied;
    return true;
  }

  // Of a parameter with one row in force.
  bool CodesOf(const Node& node, const TermVariables& variables, std::set<std::string>* codes) {
    std::string whose;
    const int index = terms_.SymbolOf(node, variables, &whose);
    if (index < 0) return false;
    const LintModel& model = terms_.chain().model();
    const Symbol& symbol = model.symbol(index);
    const int32_t row = terms_.chain().RowOn(index, terms_.day());
    if (symbol.kind != SymbolKind::kParameter || !symbol.keys.empty() || row < 0 ||
        symbol.type.kind != TypeKind::kCodeSet) {
      return false;
    }
    const CodeList& list = model.pack().code_lists[static_cast<size_t>(symbol.type.codes)];
    for (size_t c = 0; c < list.codes.size(); ++c) {
      if ((model.row(row).constant.mask >> c & 1) != 0) codes->insert(list.codes[c]);
    }
    return true;
  }

  void Hold() {
    for (size_t i = 0; i < conditions_.size(); ++i) {
      for (size_t j = i + 1; j < conditions_.size(); ++j) {
        const Condition& a = conditions_[i];
        const Condition& b = conditions_[j];
        if (a.stated == b.stated || !Contradict(a, b)) continue;
        report_.Add(LintSeverity::kWarning, "CONTRADICTION",
                    terms_.chain().model().PlaceOfRow(row_),
                    absl::StrCat(a.shown, " and ", b.shown, " cannot both hold"), &terms_.chain());
      }
    }
  }

  bool Contradict(const Condition& a, const Condition& b) const {
    if (a.kind != b.kind) return false;
    if (a.kind == Condition::Kind::kTruth) return a.of == b.of && a.among != b.among;
    if (a.kind == Condition::Kind::kNumber) return NumbersContradict(a, b);
    if (a.of != b.of || (!a.among && !b.among)) return false;
    const Condition& one = a.among ? a : b;
    const Condition& other = a.among ? b : a;
    return std::none_of(one.codes.begin(), one.codes.end(), [&other](const std::string& code) {
      return other.codes.contains(code) == other.among;
    });
  }

  // Added up so that something they have in common goes away, two sums that are at most zero must
  // leave what can be at most zero.
  bool NumbersContradict(const Condition& a, const Condition& b) const {
    for (const auto& [part, number] : a.term.parts) {
      const auto other = b.term.parts.find(part);
      if (other == b.term.parts.end() || number.sign() * other->second.sign() >= 0) continue;
      Rational times;
      LinearTerm sum = a.term;
      if (!Rational::Divide(number, other->second, &times)) continue;
      if (!Rational::Multiply(times, Rational(-1), &times)) continue;
      if (!AddTerm(b.term, times, &sum)) continue;
      Rational least;
      if (!terms_.Least(sum, &least)) continue;
      if (least.sign() > 0 || (least.is_zero() && (a.strict || b.strict))) return true;
    }
    return false;
  }

  LintTerms terms_;
  LintReport& report_;
  int32_t row_ = -1;
  std::vector<Condition> conditions_;
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
