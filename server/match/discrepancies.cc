#include "server/match/discrepancies.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/identity.h"
#include "server/match/comparison.h"
#include "server/match/declared_months.h"
#include "server/match/declared_things.h"
#include "server/match/same_person.h"
#include "server/match/vocabulary.h"

namespace hedui::match {
namespace {

// What registers say of deaths and marriages.
class Family {
 public:
  explicit Family(Comparison* comparison)
      : comparison_(*comparison), household_(comparison->input().household) {}

  void Run() {
    CompareSpouse();
    for (const base::Fact* fact : comparison_.found()) {
      if (fact->record.kind == kDeathKind) NoteDeath(*fact);
      if (fact->record.kind == kMarriageKind) NoteSpouse(*fact);
    }
  }

 private:
  void NoteDeath(const base::Fact& fact) {
    if (comparison_.Declares(fact.person_id, kDeathKind)) return;
    const std::optional<absl::CivilDay> day = DayOf(fact.record, kDayField);
    const std::optional<absl::CivilDay> cremated = DayOf(fact.record, kCremationDayField);
    std::string text =
        !day.has_value() && cremated.has_value() ? "登记有火化信息" : "登记有死亡信息";
    if (day.has_value()) absl::StrAppend(&text, "（", base::FormatDay(*day), "）");
    if (cremated.has_value()) absl::StrAppend(&text, "（火化 ", base::FormatDay(*cremated), "）");
    if (!day.has_value() && !cremated.has_value()) absl::StrAppend(&text, "（日期不明）");
    absl::StrAppend(&text, "，申报为在世人员，不据此排除该人员，需核实");
    comparison_.Note(DiscrepancyCode::kDeathFound, fact, nullptr, std::move(text));
  }

  // Whether a record of a marriage means the person. Without a number in the register the name has
  // to do: to be told of a stranger who is none would be worse here than to be told nothing of a
  // namesake.
  static bool NamesSpouse(const base::Record& record, const base::Person& person) {
    base::Identity spouse;
    spouse.number = TextOf(record, kSpouseNumberField);
    spouse.name = TextOf(record, kSpouseNameField);
    return spouse.number.empty() || ComparableNumber(person.identity).empty()
               ? base::SameName(person.identity.name, spouse.name)
               : ComparableNumber(spouse) == ComparableNumber(person.identity);
  }

  static bool HasEnded(const base::Record& marriage) {
    const std::string status = TextOf(marriage, kStatusField);
    return !status.empty() && status != kMarriedStatus;
  }

  // Whom an obligor is married to is nothing that the household has to name.
  void NoteSpouse(const base::Fact& fact) {
    if (HasEnded(fact.record) || !comparison_.IsMember(fact.person_id)) return;
    const std::string number = TextOf(fact.record, kSpouseNumberField);
    if (number.empty() && TextOf(fact.record, kSpouseNameField).empty()) return;
    for (const base::Person& person : household_.persons) {
      if (person.id != fact.person_id && NamesSpouse(fact.record, person)) return;
    }
    comparison_.Note(
        DiscrepancyCode::kUndeclaredSpouse, fact, nullptr,
        absl::StrCat("婚姻登记有未申报的配偶",
                     number.empty() ? "" : "（证件号码 " + base::MaskNumber(number) + "）",
                     IsDoubtful(fact, kStatusField) ? "，婚姻状况各来源所载不一致" : "",
                     "：未取得其授权，未查询其信息，家庭成员是否完整不明，需核实家庭成员"));
  }

  const base::Person* PersonWho(base::Relation relation) const {
    for (const base::Person& person : household_.persons) {
      if (person.relation == relation) return &person;
    }
    return nullptr;
  }

  // The declared couple, as far as registers have answered about either of them: one record that
  // names the other suffices, as long as none says that the marriage has ended.
  void CompareSpouse() {
    const base::Person* applicant = PersonWho(base::Relation::kApplicant);
    const base::Person* spouse = PersonWho(base::Relation::kSpouse);
    if (applicant == nullptr || spouse == nullptr) return;
    bool registered = false;
    const base::Fact* ended = nullptr;
    for (const base::Fact* fact : comparison_.found()) {
      if (fact->record.kind != kMarriageKind) continue;
      const bool of_applicant = fact->person_id == applicant->id;
      if (!of_applicant && fact->person_id != spouse->id) continue;
      if (!NamesSpouse(fact->record, of_applicant ? *spouse : *applicant)) continue;
      if (HasEnded(fact->record)) {
        ended = fact;
      } else {
        registered = true;
      }
    }
    if (ended != nullptr) {
      comparison_.Note(DiscrepancyCode::kSpouseNotRegistered, *ended, nullptr,
                       "申报为配偶，婚姻登记载明双方婚姻已经结束：需核实家庭成员");
      return;
    }
    if (registered) return;
    const std::vector<base::AnswerState>& answers = comparison_.facts().answers;
    for (size_t i = 0; i < answers.size(); ++i) {
      const base::AnswerState& answer = answers[i];
      if (answer.category != kMarriageKind || answer.superseded) continue;
      if (answer.kind != base::AnswerKind::kFound &&
          answer.kind != base::AnswerKind::kConfirmedNone) {
        continue;
      }
      if (answer.person_id != applicant->id && answer.person_id != spouse->id) continue;
      Discrepancy discrepancy{DiscrepancyCode::kSpouseNotRegistered, spouse->id, answer.source_id,
                              static_cast<int32_t>(i)};
      discrepancy.record.kind = std::string(kMarriageKind);
      discrepancy.text = "申报为配偶，婚姻登记中未查得双方的婚姻：需核实家庭成员";
      comparison_.Add(std::move(discrepancy));
      return;
    }
  }

  Comparison& comparison_;
  const base::Household& household_;
};

}  // namespace

std::vector<Explained> CompareWithDeclaration(const MatchInput& input,
                                              const base::DiscrepancyRules& rules,
                                              const base::Facts& facts,
                                              std::vector<Discrepancy>* discrepancies) {
  Comparison comparison(input, facts, discrepancies);
  std::vector<Explained> explained = CompareThings(rules, &comparison);
  CompareMonths(rules, &comparison);
  Family(&comparison).Run();
  return explained;
}

}  // namespace hedui::match
