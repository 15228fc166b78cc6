// Expressions as sums of parts with everything named put in: two that come to the same thing are
// written the same. On one day, with the constants then in force. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_TERMS_H_
#define HEDUI_SERVER_ASSESS_LINT_TERMS_H_

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/assess/expression_parser.h"
#include "server/assess/lint_model.h"
#include "server/assess/lint_ranges.h"
#include "server/base/rational.h"

namespace hedui::assess {

// A constant and multiples of parts that are not taken apart any further.
struct LinearTerm {
  std::map<std::string, base::Rational> parts;
  base::Rational constant;
  bool IsConstant() const { return parts.empty(); }
};

// `a` + `b` * `times`; false on overflow.
bool AddTerm(const LinearTerm& b, const base::Rational& times, LinearTerm* a);

// Names of people and facts in sight, and how they are written: "p", "$1" for a person, "%1" for
// what is no person.
using TermVariables = std::map<std::string, std::string>;

class LintTerms {
 public:
  // Nodes are told apart by where they stand: those of lists must outlive this. `codes`: what
  // values of the household are taken to be.
  LintTerms(const LintChain& chain, int32_t day, LintCodes codes = {})
      : chain_(chain), day_(day), ranges_(chain, day, std::move(codes)) {}

  LinearTerm TermOf(const Node& node, const TermVariables& variables);
  std::string TextOf(const Node& node, const TermVariables& variables);
  // The least that the term can be; false where there is none. Parts are bounded by themselves.
  bool Least(const LinearTerm& term, base::Rational* least) const;

  // The symbol that the node names, and whose it is (empty: the household's); -1: none.
  int SymbolOf(const Node& node, const TermVariables& variables, std::string* whose) const;
  // The rule in force; nullptr: none.
  const Node* RuleOf(int symbol) const;
  const LintChain& chain() const { return chain_; }
  const LintRanges& ranges() const { return ranges_; }
  int32_t day() const { return day_; }
  // What the part divides by what, if it is a quotient; nullptr: it is none.
  struct Quotient {
    LinearTerm of;
    LinearTerm by;
  };
  const Quotient* QuotientOf(const std::string& part) const;
  // The same for terms that are the same.
  static std::string Written(const LinearTerm& term);
  // What has been put in and written since it was last asked.
  size_t TakeSteps() { return std::exchange(steps_, 0); }
  // `variables` with the element of a method's list, where the method names it.
  static TermVariables Within(const Node& method, TermVariables variables);

 private:
  LinearTerm Part(std::string text) const;
  LinearTerm SymbolTerm(int symbol, const std::string& whose);
  void BoundSum(const Node& sum, const std::string& part, const TermVariables& variables);
  LinearTerm ExtremeTerm(const Node& call, const TermVariables& variables);
  LinearTerm CallTerm(const Node& node, const TermVariables& variables);
  LinearTerm BinaryTerm(const Node& node, const TermVariables& variables);
  std::string SymbolText(int symbol, const std::string& whose);
  const Value* ConstantOf(int symbol) const;
  LinearTerm RangeTerm(const Value& range, std::string text);
  std::vector<KeySet> GivenKeys(const Node& call, const Symbol& table,
                                const TermVariables& variables) const;

  const LintChain& chain_;
  const int32_t day_;
  const LintRanges ranges_;
  int depth_ = 0;  // of names put in for names
  size_t steps_ = 0;
  std::map<std::pair<int, std::string>, LinearTerm> terms_;
  std::map<std::pair<int, std::string>, std::string> texts_;
  // Of lists folded: their bodies are looked at for the text and for the bounds.
  std::map<std::pair<const Node*, TermVariables>, LinearTerm> folds_;
  std::map<std::string, Value> bounds_;        // by part
  std::map<std::string, Quotient> quotients_;  // by part
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_TERMS_H_
