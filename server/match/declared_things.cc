#include "server/match/declared_things.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/identity.h"
#include "server/base/money.h"
#include "server/match/vocabulary.h"

namespace hedui::match {
namespace {

using base::DiscrepancyCheck;

// A found fact that a rule looks at.
struct Open {
  const base::Fact* fact = nullptr;
  bool meant = false;                // else only held against the declaration
  std::vector<std::string> unknown;  // labels of what is not known of it
};

class Things {
 public:
  Things(const base::DiscrepancyRules& rules, Comparison* comparison)
      : rules_(rules), comparison_(*comparison), taken_(comparison->declared().size(), false) {}

  std::vector<Explained> Run() {
    for (const base::DiscrepancyRule& rule : rules_) {
      if (rule.check == DiscrepancyCheck::kUndeclared) Compare(rule);
    }
    return std::move(explained_);
  }

 private:
  // Those with a number that agrees choose first, so that a declared car without its plate is left
  // for the found one that no plate explains; then what the rule means.
  void Compare(const base::DiscrepancyRule& rule) {
    std::vector<Open> open, joint;
    for (const base::Fact* fact : comparison_.found()) {
      const base::FoundKind* kind = FoundKindOf(rule, *fact);
      // What may be the same as another thing found is shown as that: the declaration may name it.
      if (kind == nullptr || fact->possible || !comparison_.IsAbout(rule, fact->person_id))
        continue;
      Open one{fact};
      one.meant = IsMeant(*fact, *kind, &one.unknown) && IsInForce(rule, *fact, &one.unknown) &&
                  !IsOwnMatter(rule, *fact);
      if (fact->held_with >= 0) {
        joint.push_back(std::move(one));
      } else if (!TakeDeclared(rule, *fact, /*by_number=*/true)) {
        open.push_back(std::move(one));
      }
    }
    for (const bool meant : {true, false}) {
      for (const Open& one : open) {
        if (one.meant != meant || TakeDeclared(rule, *one.fact, /*by_number=*/false)) continue;
        if (meant) NoteUndeclared(rule, one);
      }
    }
    // What two members hold together is declared once.
    for (const Open& one : joint) {
      const auto first = static_cast<size_t>(one.fact->held_with);
      const bool explained =
          std::any_of(explained_.begin(), explained_.end(),
                      [first](const Explained& pair) { return pair.found == first; });
      if (TakeDeclared(rule, *one.fact, /*by_number=*/true) || explained) continue;
      if (one.meant) NoteUndeclared(rule, one);
    }
  }

  // A record without days is in force; of days that are in doubt it is said.
  bool IsInForce(const base::DiscrepancyRule& rule, const base::Fact& fact,
                 std::vector<std::string>* unknown) const {
    const absl::CivilDay today = comparison_.input().dates.policy;
    for (const base::FieldName* field : {&rule.from, &rule.until}) {
      if (field->name.empty()) continue;
      if (IsDoubtful(fact, field->name)) {
        unknown->push_back(field->label);
        continue;
      }
      const std::optional<absl::CivilDay> day = DayOf(fact.record, field->name);
      if (!day.has_value()) continue;
      if (field == &rule.from ? today < *day : *day <= today) return false;
    }
    return true;
  }

  Known OfOwnMatter(const base::DiscrepancyRule& rule, const base::Fact& fact) const {
    const std::optional<std::string> matter = KnownText(fact, rule.matter.name);
    const std::string& own = comparison_.input().matter_number;
    if (!matter.has_value() || own.empty()) return Known::kUnknown;
    return base::NormaliseName(*matter) == base::NormaliseName(own) ? Known::kYes : Known::kNo;
  }

  bool IsOwnMatter(const base::DiscrepancyRule& rule, const base::Fact& fact) const {
    return !rule.matter.name.empty() && OfOwnMatter(rule, fact) == Known::kYes;
  }

  bool TakeDeclared(const base::DiscrepancyRule& rule, const base::Fact& found, bool by_number) {
    const std::string number = AssetNumberOf(found.record);
    // The same person's declaration first, then the rest of the household's: a couple's flat may
    // stand in either's name.
    for (const bool own : {true, false}) {
      if (!own && !rule.declared_by_household) break;
      for (size_t i = 0; i < taken_.size(); ++i) {
        const base::Fact& declared = *comparison_.declared()[i];
        if (taken_[i] || declared.record.kind != found.record.kind) continue;
        if (own != (declared.person_id == found.person_id)) continue;
        if (!SameThing(found, declared, number, by_number)) continue;
        taken_[i] = true;
        explained_.push_back(
            {comparison_.IndexOf(declared), comparison_.IndexOf(found), by_number});
        CompareAmounts(found, declared);
        return true;
      }
    }
    return by_number && !number.empty() && DeclaredOtherwise(rule, found, number);
  }

  static bool SameThing(const base::Fact& found, const base::Fact& declared,
                        const std::string& number, bool by_number) {
    const std::string declared_number = AssetNumberOf(declared.record);
    const bool both = !number.empty() && !declared_number.empty();
    if (by_number ? !both || number != declared_number : both) return false;
    // Of two things that nothing numbers, what tells them apart besides must not differ.
    const ThingKind* kind = ThingKindOf(found.record.kind);
    if (kind == nullptr || kind->counted || kind->holder_field.empty()) return true;
    const std::string one = base::NormaliseName(TextOf(found.record, kind->holder_field));
    const std::string other = base::NormaliseName(TextOf(declared.record, kind->holder_field));
    return one.empty() || other.empty() || one == other;
  }

  // A company that is declared explains what the person is and holds in it.
  bool DeclaredOtherwise(const base::DiscrepancyRule& rule, const base::Fact& found,
                         const std::string& number) const {
    const auto& kinds = rule.or_declared;
    return std::any_of(
        comparison_.declared().begin(), comparison_.declared().end(),
        [&](const base::Fact* declared) {
          return (rule.declared_by_household || declared->person_id == found.person_id) &&
                 std::find(kinds.begin(), kinds.end(), declared->record.kind) != kinds.end() &&
                 AssetNumberOf(declared->record) == number;
        });
  }

  void CompareAmounts(const base::Fact& found, const base::Fact& declared) {
    for (const base::DiscrepancyRule& rule : rules_) {
      if (rule.check != DiscrepancyCheck::kAmountAbove) continue;
      const base::FoundKind* kind = FoundKindOf(rule, found);
      if (kind == nullptr || !IsMeant(found, *kind, nullptr)) continue;
      const std::optional<AmountRange> range = AmountRangeOf(found);
      const std::optional<base::Money> stated = AmountOf(declared.record);
      if (!range.has_value() || !stated.has_value() || range->least_fen <= stated->fen()) continue;
      comparison_.Note(rule.code, found, &declared,
                       absl::StrCat("查得", kind->label, " ", AmountText(*range),
                                    " 元，高于申报的 ", stated->ToString(), " 元"));
    }
  }

  static std::string AmountText(const AmountRange& range) {
    std::string text = base::Money::FromFen(range.least_fen).ToString();
    if (range.least_fen == range.most_fen) return text;
    return absl::StrCat(text, " 至 ", base::Money::FromFen(range.most_fen).ToString());
  }

  void NoteUndeclared(const base::DiscrepancyRule& rule, const Open& open) {
    std::string text = absl::StrCat(DiscrepancyLabel(rule.code), "：登记信息中查得，申报中没有");
    if (!rule.matter.name.empty()) AppendWhoseMatter(rule, *open.fact, &text);
    if (!open.unknown.empty()) {
      absl::StrAppend(&text, "；", absl::StrJoin(open.unknown, "、"),
                      "未载明或各来源所载不一致，是否仍有效不明，需核实");
    }
    comparison_.Note(rule.code, *open.fact, nullptr, std::move(text));
  }

  void AppendWhoseMatter(const base::DiscrepancyRule& rule, const base::Fact& fact,
                         std::string* text) const {
    const MatchInput& input = comparison_.input();
    absl::StrAppend(text, OfOwnMatter(rule, fact) == Known::kNo
                              ? "；属另一救助事项"
                              : "；所属救助事项不明，是否即为本次事项需核实");
    const auto programme = KnownText(fact, rule.programme.name);
    const auto& asked = input.programmes;
    if (programme.has_value() && std::find(asked.begin(), asked.end(), *programme) != asked.end()) {
      absl::StrAppend(text, "；与本次申请的救助类别相同");
    }
    const auto division = KnownText(fact, rule.division.name);
    if (division.has_value() && *division != input.household.division) {
      absl::StrAppend(text, "；登记地不是本次申请地");
    }
  }

  const base::DiscrepancyRules& rules_;
  Comparison& comparison_;
  std::vector<bool> taken_;  // declared things that explain a found one
  std::vector<Explained> explained_;
};

}  // namespace

std::vector<Explained> CompareThings(const base::DiscrepancyRules& rules, Comparison* comparison) {
  return Things(rules, comparison).Run();
}

}  // namespace hedui::match
