// What a single condition says: of a sum, that it is below zero; of a code, which it is; or nothing
// but that it holds. Which of these cannot go together. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_LITERALS_H_
#define HEDUI_SERVER_ASSESS_LINT_LITERALS_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "server/assess/lint_terms.h"

namespace hedui::assess {

struct LintLiteral {
  enum class Kind : uint8_t { kNumber, kCode, kTruth } kind = Kind::kTruth;
  // kNumber: the term is below zero (`strict`), or no more than zero.
  LinearTerm term;
  bool strict = false;
  // kCode, kTruth: of what.
  std::string of;
  std::set<std::string> codes;
  bool among = true;  // kCode: one of the codes, or none of them; kTruth: it holds
  // The same for literals that say the same.
  std::string Text() const;
};

// What a condition says that is not made up of others.
struct LintLeaf {
  std::vector<LintLiteral> literals;
  bool any = false;  // one of the literals suffices; otherwise all of them hold
  // Where what is compared is a quotient, the ways in which it can hold: all of one.
  std::vector<std::vector<LintLiteral>> ways;
};

// `denied`: where the node does not hold.
LintLeaf LeafOf(const Node& node, bool denied, const TermVariables& variables, LintTerms* terms);

bool Contradict(const LintLiteral& a, const LintLiteral& b, const LintTerms& terms);
// Whether the bounds of what it speaks of rule it out.
bool IsRuledOut(const LintLiteral& literal, const LintTerms& terms);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_LITERALS_H_
