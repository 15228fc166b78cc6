// How facts enter an amount: which raise and which lower it, what is taken off what, and what is
// held against what as a share. On one day, with the rows and switches then in force. Internal to
// assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_FLOWS_H_
#define HEDUI_SERVER_ASSESS_LINT_FLOWS_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/assess/lint_formulas.h"
#include "server/assess/lint_model.h"
#include "server/assess/lint_terms.h"

namespace hedui::assess {

// Facts of a kind that meet conditions: formulas of LintFormulas, each once.
struct FlowSource {
  int kind = -1;
  std::vector<int> conditions;
  friend auto operator<=>(const FlowSource&, const FlowSource&) = default;
};

struct FlowPart {
  int32_t row = -1;       // through which it comes: the one that the lowest level has
  std::set<int> against;  // kinds that it is taken off or held against
};

// Every second slot is the denial of the one before it.
enum FlowSlot : uint8_t {
  kRaises,
  kLowers,
  kLeft,        // taken off others, and the value is greater the more of these is left
  kLeftFalls,   // … the less of these is left
  kShare,       // held against others, and the value is greater the greater the share
  kShareFalls,  // … the smaller the share
  kFlowSlots,
};

using FlowParts = std::map<FlowSource, FlowPart>;
struct Flow {
  std::array<FlowParts, kFlowSlots> slots;
  bool empty() const;
};

// Names of people and facts in sight. "$p" is whose the facts are that come next, "%f" the fact
// itself; those around them are "$o" and "%o".
struct FlowScope {
  TermVariables written;
  std::map<std::string, int> facts;  // names of facts: of which kind
  std::vector<int> conditions;       // on "$p", "%f" and the household
};

class LintFlows {
 public:
  // Of all quantities that programmes lead to.
  LintFlows(const LintChain& chain, LintTerms* terms, LintFormulas* formulas, LintReport* report);

  // Of an expression of the row.
  Flow Of(const Node& node, const FlowScope& scope, int32_t row);
  // The scope of a symbol's rule.
  static FlowScope ScopeOf(const Symbol& symbol);
  // `scope` with the element that a method on a list names, and what its filters ask.
  FlowScope Within(const Node& method, const FlowScope& scope);
  // A condition of constants alone: whether it holds; nullopt where it is more than that.
  std::optional<bool> Switch(const Node& node, const FlowScope& scope);
  // Whether some facts may belong to both.
  bool MayMeet(const FlowSource& a, const FlowSource& b);
  // How many levels above the chain's own the file stands.
  int HeightOf(int file) const { return heights_.at(file); }
  size_t TakeSteps() { return std::exchange(steps_, 0); }

 private:
  void MeasureHeights();
  void Add(FlowSlot slot, FlowSource source, const FlowPart& part, Flow* flow);
  void Merge(const Flow& from, Flow* to);
  void Hold(const FlowParts& what, const FlowParts& against, FlowSlot slot, Flow* flow);
  static Flow Negated(const Flow& flow);
  Flow Meeting(const Flow& flow, const std::vector<int>& conditions);
  Flow Named(Flow flow) const;
  Flow Sum(const Flow& a, const Flow& b);
  Flow Quotient(const Flow& a, const Flow& b);
  Flow Scaled(const Flow& flow, const Node& by, const FlowScope& scope);

  Flow FlowOf(const Node& node, const FlowScope& scope);
  Flow NameFlow(const Node& node, const FlowScope& scope);
  Flow BinaryFlow(const Node& node, const FlowScope& scope);
  Flow ConditionalFlow(const Node& node, const FlowScope& scope);
  std::optional<bool> SwitchOfCodes(const Node& node, const FlowScope& scope);
  const Value* ConstantOf(const Node& node, const FlowScope& scope) const;

  const LintChain& chain_;
  LintTerms& terms_;
  LintFormulas& formulas_;
  std::map<int, Flow> flows_;   // by symbol
  std::map<int, int> heights_;  // by file
  int32_t row_ = -1;            // being looked at
  size_t steps_ = 0;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_FLOWS_H_
