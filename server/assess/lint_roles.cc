#include "server/assess/lint_roles.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/assess/lint_flows.h"
#include "server/assess/lint_formulas.h"
#include "server/assess/lint_terms.h"

namespace hedui::assess {

namespace {

// What holding two roles against each other takes, or passing one on, and a step through formulas
// or sums, in an evaluator's steps.
constexpr size_t kStepsOfPair = 20;
constexpr size_t kStepsOfRole = 20;
constexpr size_t kStepsOfFormula = 5;
constexpr size_t kStepsOfTerm = 10;

// By what spends, and the comparison that it makes likelier to hold.
using RoleKey = std::pair<FlowSource, const Node*>;
struct Role {
  FlowPart part;
  int32_t row = -1;  // the comparison's
};
using RoleMap = std::map<RoleKey, Role>;

struct Twice {
  RoleKey off;
  RoleKey against;
  int income = -1;            // a kind that both are about
  std::vector<int32_t> rows;  // that make it so: first the one that asks for both
};

// What makes a condition likelier to hold the more is spent.
struct Roles {
  RoleMap off;      // taken off income that must be low
  RoleMap against;  // held against income, as a share that must be high
  // By the kind and the comparison with the share: one way to count twice suffices.
  std::map<std::pair<int, const Node*>, Twice> twice;
  bool never = false;  // a switch that is off
};

class RoleLooker {
 public:
  RoleLooker(const LintChain& chain, int32_t day, LintReport* report)
      : chain_(chain),
        model_(chain.model()),
        day_(day),
        report_(*report),
        terms_(chain, day),
        formulas_(&terms_),
        flows_(chain, &terms_, &formulas_, report) {}

  void Look() {
    // Inputs come first, so that no test is followed into another.
    for (const Division::Step& step : chain_.division().order) {
      const Symbol& symbol = model_.symbol(step.symbol);
      row_ = chain_.RowOn(step.symbol, day_);
      const Node* tree = row_ < 0 ? nullptr : model_.tree(row_);
      if (tree == nullptr || !chain_.reached(step.symbol) || symbol.type.kind != TypeKind::kTruth)
        continue;
      for (const bool denied : {false, true}) {
        if (report_.spent()) return;
        Roles roles = Of(*tree, denied, LintFlows::ScopeOf(symbol));
        tests_[{step.symbol, denied}] = std::move(roles);
      }
    }
    for (int32_t programme : chain_.division().programmes) {
      const ProgrammeRow* row = model_.pack().RowInForce(chain_.division(), programme, day_);
      if (row == nullptr || report_.spent()) continue;
      const auto roles = tests_.find({row->indication, false});
      if (roles == tests_.end()) continue;
      for (const auto& [key, twice] : roles->second.twice) Report(twice, model_.PlaceOf(row->info));
    }
  }

 private:
  Roles Of(const Node& node, bool denied, const FlowScope& scope) {
    if (!report_.Spend(1 + flows_.TakeSteps() + terms_.TakeSteps() * kStepsOfTerm +
                       formulas_.TakeSteps() * kStepsOfFormula)) {
      return {};
    }
    if (const auto on = flows_.Switch(node, scope); on.has_value()) {
      Roles roles;
      roles.never = *on == denied;
      return roles;
    }
    switch (node.kind) {
      case Node::Kind::kName:
      case Node::Kind::kSelect: {
        std::string whose;
        const auto known = tests_.find({terms_.SymbolOf(node, scope.written, &whose), denied});
        return known == tests_.end() ? Roles() : known->second;
      }
      case Node::Kind::kUnary:
        return Of(node.children[0], !denied, scope);
      case Node::Kind::kBinary:
        if (node.text != "&&" && node.text != "||") return OfComparison(node, denied, scope);
        return Join((node.text == "&&") != denied, Of(node.children[0], denied, scope),
                    Of(node.children[1], denied, scope));
      case Node::Kind::kConditional:
        return OfConditional(node, denied, scope);
      case Node::Kind::kCall:
        if (node.text != "surely" && node.text != "possibly" && node.text != "not_ruled_out")
          return {};
        return Of(node.children[0], denied, scope);
      case Node::Kind::kMethod:
        return OfList(node, denied, scope);
      default:
        return {};
    }
  }

  Roles OfConditional(const Node& node, bool denied, const FlowScope& scope) {
    const Node& condition = node.children[0];
    return Join(false, Join(true, Of(condition, false, scope), Of(node.children[1], denied, scope)),
                Join(true, Of(condition, true, scope), Of(node.children[2], denied, scope)));
  }

  // An element meets the filters and the body (`exists`), or the body wherever the filters are met
  // (`all`).
  Roles OfList(const Node& node, bool denied, const FlowScope& scope) {
    if ((node.text != "exists" && node.text != "all") || node.children.size() < 3) return {};
    const bool both = (node.text == "exists") != denied;
    const bool filters_denied = !both;
    const FlowScope inner = flows_.Within(node, scope);
    Roles roles = Of(node.children[2], denied, inner);
    for (const Node* at = &node.children[0]; at->kind == Node::Kind::kMethod;
         at = &at->children[0]) {
      if (at->text == "filter" && at->children.size() == 3)
        roles = Join(both, std::move(roles), Of(at->children[2], filters_denied, inner));
    }
    return roles;
  }

  Roles OfComparison(const Node& node, bool denied, const FlowScope& scope) {
    const bool less = node.text == "<" || node.text == "<=";
    if (!less && node.text != ">" && node.text != ">=") return {};
    Flow low = flows_.Of(node.children[0], scope, row_);
    Flow high = flows_.Of(node.children[1], scope, row_);
    if (less == denied) std::swap(low, high);
    Roles roles;
    const auto take = [&](const FlowParts& parts, RoleMap* to) {
      for (const auto& [source, part] : parts) {
        Role& role = to->try_emplace({source, &node}, Role{{part.row, {}}, row_}).first->second;
        role.part.against.insert(part.against.begin(), part.against.end());
      }
    };
    take(low.slots[kLeft], &roles.off);
    take(high.slots[kLeftFalls], &roles.off);
    take(high.slots[kShare], &roles.against);
    take(low.slots[kShareFalls], &roles.against);
    // A share that is multiplied out.
    FlowParts shares;
    for (const auto& [source, part] : high.slots[kRaises]) {
      FlowPart share{row_, {}};
      for (const auto& [income, unused] : low.slots[kRaises]) {
        if (income.kind != source.kind) share.against.insert(income.kind);
      }
      if (!share.against.empty()) shares[source] = std::move(share);
    }
    take(shares, &roles.against);
    FindTwice(roles.off, roles.against, &roles);
    return roles;
  }

  // Both must hold, or one suffices.
  Roles Join(bool both, Roles a, Roles b) {
    if (a.never || b.never) {
      if (!both) return a.never ? b : a;
      Roles never;
      never.never = true;
      return never;
    }
    Roles joined = a;
    joined.off.insert(b.off.begin(), b.off.end());
    joined.against.insert(b.against.begin(), b.against.end());
    joined.twice.insert(b.twice.begin(), b.twice.end());
    report_.Spend((joined.off.size() + joined.against.size()) * kStepsOfRole);
    if (!both) return joined;
    FindTwice(a.off, b.against, &joined);
    FindTwice(b.off, a.against, &joined);
    return joined;
  }

  void FindTwice(const RoleMap& off, const RoleMap& against, Roles* roles) {
    for (const auto& [share, role] : against) {
      const auto key = std::make_pair(share.first.kind, share.second);
      if (!report_.Spend(1)) return;
      if (roles->twice.contains(key)) continue;
      // Sources are in order of their kinds.
      for (auto taken = off.lower_bound({{share.first.kind, {}}, nullptr});
           taken != off.end() && taken->first.first.kind == share.first.kind; ++taken) {
        if (!report_.Spend(kStepsOfPair + formulas_.TakeSteps() * kStepsOfFormula)) return;
        const int income = CommonKind(taken->second.part.against, role.part.against);
        if (income < 0 || !flows_.MayMeet(taken->first.first, share.first)) continue;
        const Role& other = taken->second;
        roles->twice[key] = {taken->first,
                             share,
                             income,
                             {row_, other.row, role.row, other.part.row, role.part.row}};
        break;
      }
    }
  }

  // -1: none.
  static int CommonKind(const std::set<int>& a, const std::set<int>& b) {
    const auto common =
        std::find_if(a.begin(), a.end(), [&b](int kind) { return b.contains(kind); });
    return common == a.end() ? -1 : *common;
  }

  // It stands where the lowest level makes it so: what is above was right without it.
  void Report(const Twice& twice, const LintPlace& programme) {
    std::vector<LintPlace> places;
    for (int32_t row : twice.rows) places.push_back(model_.PlaceOfRow(row));
    places.push_back(programme);
    const auto place = std::min_element(places.begin(), places.end(),
                                        [this](const LintPlace& a, const LintPlace& b) {
                                          return flows_.HeightOf(a.file) < flows_.HeightOf(b.file);
                                        });
    const auto kind = [this](int index) {
      return model_.pack().fact_kinds[static_cast<size_t>(index)].name;
    };
    const std::string income = kind(twice.income);
    const bool one = twice.off.second == twice.against.second;
    report_.Add(LintSeverity::kWarning, "BOTH_ROLES", *place,
                absl::StrCat(kind(twice.off.first.kind), " counts twice: ",
                             ShownNode(*twice.off.second), " takes it off ", income, ", and ",
                             one ? "the same comparison" : ShownNode(*twice.against.second),
                             " holds it against ", income),
                &chain_);
  }

  const LintChain& chain_;
  const LintModel& model_;
  const int32_t day_;
  LintReport& report_;
  LintTerms terms_;
  LintFormulas formulas_;
  LintFlows flows_;
  int32_t row_ = -1;                             // being looked at
  std::map<std::pair<int, bool>, Roles> tests_;  // by symbol and whether it is denied
};

}  // namespace

void LintRoles(const LintChain& chain, LintReport* report) {
  for (const DayRange& segment : chain.Segments()) {
    if (report->spent()) return;
    RoleLooker(chain, segment.from, report).Look();
  }
}

}  // namespace hedui::assess
