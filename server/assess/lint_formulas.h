// Conditions as formulas of what they compare, with the tests they name put in, and whether
// anything may meet several of them at once. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_FORMULAS_H_
#define HEDUI_SERVER_ASSESS_LINT_FORMULAS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "server/assess/lint_literals.h"
#include "server/assess/lint_terms.h"

namespace hedui::assess {

class LintFormulas {
 public:
  explicit LintFormulas(LintTerms* terms) : terms_(*terms) {}

  // The formula of where the node holds (`denied`: of where it does not), by its number.
  int Of(const Node& node, bool denied, const TermVariables& variables);
  int Of(LintLiteral literal) { return Add(Kind::kLiteral, {}, Literal(std::move(literal))); }
  // Whether all of the formulas may hold at once. Where telling takes more than a bound, they may.
  bool MayHold(const std::vector<int>& formulas);
  // What has been looked at since it was last asked.
  size_t TakeSteps() { return std::exchange(taken_, 0); }

 private:
  enum class Kind : uint8_t { kAlways, kNever, kLiteral, kAll, kAny };
  struct Formula {
    Kind kind = Kind::kAlways;
    int literal = -1;
    std::vector<int> parts;
  };
  int Add(Kind kind, std::vector<int> parts, int literal = -1);
  int OfLeaf(const Node& node, bool denied, const TermVariables& variables);
  int OfLiterals(Kind kind, std::vector<LintLiteral> literals);
  int OfSymbol(int symbol, const std::string& whose, bool denied);
  int Literal(LintLiteral literal);

  bool Meet(std::vector<int> open);
  bool Spread(std::vector<int>* open, std::vector<int>* choices);
  bool Assume(int literal);
  bool IsRefuted(int formula);
  bool IsMet(int formula) const;
  bool Clash(int a, int b);
  bool CodesAreLeft(int literal) const;
  bool Step() { return ++taken_, ++steps_ <= steps_max_; }

  LintTerms& terms_;
  std::vector<Formula> formulas_;
  std::vector<LintLiteral> literals_;
  std::map<std::string, int> known_literals_;
  std::map<std::tuple<int, std::string, bool>, int> known_symbols_;
  std::map<std::pair<int, int>, bool> clashes_;
  std::vector<int> assumed_;  // literals
  int depth_ = 0;             // of tests put in
  size_t steps_ = 0, steps_max_ = 0;
  size_t taken_ = 0;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_FORMULAS_H_
