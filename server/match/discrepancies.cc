#include "server/match/discrepancies.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/identity.h"
#include "server/base/money.h"
#include "server/match/same_person.h"
#include "server/match/vocabulary.h"

namespace hedui::match {
namespace {

class Comparison {
 public:
  Comparison(const base::Household& household, const base::Facts& facts,
             std::vector<Discrepancy>* discrepancies)
      : household_(household), facts_(facts), discrepancies_(*discrepancies) {
    for (const base::Fact& fact : facts.facts) {
      if (fact.declared) {
        declared_.push_back(&fact);
      } else if (facts.answers[fact.answer].kind == base::AnswerKind::kFound) {
        found_.push_back(&fact);
      }
    }
    taken_.resize(declared_.size(), false);
  }

  std::vector<Explained> Run() {
    CompareAssets();
    CompareWages();
    CompareSpouse();
    for (const base::Fact* fact : found_) {
      if (fact->record.kind == kDeathKind) NoteDeath(*fact);
      if (fact->record.kind == kMarriageKind) NoteSpouse(*fact);
    }
    return std::move(explained_);
  }

 private:
  void Note(DiscrepancyCode code, const base::Fact& fact, const base::Record* other,
            std::string text) {
    Discrepancy discrepancy{code, fact.person_id, facts_.answers[fact.answer].source_id,
                            fact.answer, fact.record};
    if (other != nullptr) discrepancy.other = *other;
    discrepancy.text = std::move(text);
    discrepancies_.push_back(std::move(discrepancy));
  }

  // Those with a number that agrees choose first, so that a declared car without its plate is left
  // for the found one that no plate explains.
  void CompareAssets() {
    std::vector<const base::Fact*> open;
    for (const base::Fact* fact : found_) {
      // What may be the same as another thing found is shown as that: the declaration may name it.
      if (AssetKindOf(fact->record.kind) == nullptr || fact->possible) continue;
      if (!TakeDeclared(*fact, /*by_number=*/true)) open.push_back(fact);
    }
    for (const base::Fact* fact : open) {
      if (TakeDeclared(*fact, /*by_number=*/false)) continue;
      const AssetKind* kind = AssetKindOf(fact->record.kind);
      Note(kind->undeclared, *fact, nullptr,
           absl::StrCat(DiscrepancyLabel(kind->undeclared), "：登记信息中查得，申报中没有"));
    }
  }

  bool TakeDeclared(const base::Fact& found, bool by_number) {
    const std::string number = AssetNumberOf(found.record);
    // The same person's declaration first, then the rest of the household's: a couple's flat may
    // stand in either's name.
    for (const bool own : {true, false}) {
      for (size_t i = 0; i < declared_.size(); ++i) {
        const base::Fact& declared = *declared_[i];
        if (taken_[i] || declared.record.kind != found.record.kind) continue;
        if (own != (declared.person_id == found.person_id)) continue;
        const std::string declared_number = AssetNumberOf(declared.record);
        const bool both = !number.empty() && !declared_number.empty();
        if (by_number ? !both || number != declared_number : both) continue;
        taken_[i] = true;
        explained_.push_back({static_cast<size_t>(&declared - facts_.facts.data()),
                              static_cast<size_t>(&found - facts_.facts.data()), by_number});
        CompareBalance(found, declared);
        return true;
      }
    }
    return false;
  }

  void CompareBalance(const base::Fact& found, const base::Fact& declared) {
    if (AssetKindOf(found.record.kind)->undeclared != DiscrepancyCode::kUndeclaredDeposit) return;
    const auto found_amount = AmountOf(found.record);
    const auto declared_amount = AmountOf(declared.record);
    if (!found_amount.has_value() || !declared_amount.has_value()) return;
    if (*found_amount <= *declared_amount) return;
    Note(DiscrepancyCode::kDepositAboveDeclared, found, &declared.record,
         absl::StrCat("查得余额 ", found_amount->ToString(), " 元，高于申报的 ",
                      declared_amount->ToString(), " 元"));
  }

  // From the least to the most that the facts allow.
  struct MonthSum {
    int64_t least_fen = 0;
    int64_t most_fen = 0;
    bool complete = true;
    bool usable = true;  // false: an amount is missing or in doubt, or the sum does not fit
    const base::Fact* first = nullptr;

    void Add(const base::Fact& fact, bool fact_complete) {
      complete = complete && fact_complete;
      if (first == nullptr) first = &fact;
      const auto amount = AmountOf(fact.record);
      const auto doubtful = std::find(fact.doubtful.begin(), fact.doubtful.end(), kAmountField);
      if (!amount.has_value() || doubtful != fact.doubtful.end()) {
        usable = false;
        return;
      }
      int64_t least = amount->fen(), most = amount->fen();
      for (const base::Fact::OtherAmount& other : fact.otherwise) {
        least = std::min(least, other.amount.fen());
        most = std::max(most, other.amount.fen());
      }
      if (fact.possible) {
        least = std::min<int64_t>(least, 0);
        most = std::max<int64_t>(most, 0);
      }
      usable = !__builtin_add_overflow(least_fen, least, &least_fen) &&
               !__builtin_add_overflow(most_fen, most, &most_fen) && usable;
    }
  };
  using MonthSums = std::map<std::string, MonthSum>;

  void CompareWages() {
    for (const base::Person& person : household_.persons) {
      MonthSums found;
      for (const base::Fact* fact : found_) {
        if (fact->person_id != person.id || fact->record.kind != kWageKind) continue;
        bool complete = facts_.answers[fact->answer].complete;
        found[MonthOf(fact->record)].Add(*fact, complete);
      }
      MonthSums declared;
      for (const base::Fact* fact : declared_) {
        if (fact->person_id != person.id || fact->record.kind != kWageKind) continue;
        declared[MonthOf(fact->record)].Add(*fact, true);
      }
      for (const auto& [month, sum] : declared) CompareWage(month, sum, found);
    }
  }

  // A declaration without a month speaks of the present, so of the last month found. What no source
  // holds is no difference: registers do not see every wage.
  void CompareWage(const std::string& month, const MonthSum& declared, const MonthSums& found) {
    if (found.empty()) return;
    const auto match = month.empty() ? std::prev(found.end()) : found.find(month);
    if (match == found.end()) return;
    const MonthSum& sum = match->second;
    if (!sum.usable || !declared.usable) return;
    const int64_t stated = declared.least_fen;  // declarations are not in doubt
    if (sum.least_fen <= stated && stated <= sum.most_fen) return;
    // An incomplete answer is a lower bound, and wages without a month may be of this one: less
    // than declared says nothing.
    const bool complete = sum.complete && (match->first.empty() || found.count("") == 0);
    if (!complete && sum.most_fen < stated) return;
    Note(DiscrepancyCode::kWageDiffers, *sum.first, &declared.first->record,
         absl::StrCat(match->first.empty() ? "" : match->first + " ", "查得工资 ",
                      base::Money::FromFen(sum.least_fen).ToString(),
                      sum.least_fen == sum.most_fen
                          ? ""
                          : " 至 " + base::Money::FromFen(sum.most_fen).ToString(),
                      " 元，申报 ", base::Money::FromFen(stated).ToString(), " 元"));
  }

  bool DeclaredDead(const std::string& person_id) const {
    return std::any_of(declared_.begin(), declared_.end(), [&person_id](const base::Fact* fact) {
      return fact->person_id == person_id && fact->record.kind == kDeathKind;
    });
  }

  void NoteDeath(const base::Fact& fact) {
    if (DeclaredDead(fact.person_id)) return;
    const base::FieldValue* day = fact.record.Find(kDayField);
    const auto* known = day == nullptr ? nullptr : std::get_if<absl::CivilDay>(day);
    Note(DiscrepancyCode::kDeathFound, fact, nullptr,
         absl::StrCat("登记有死亡信息",
                      known == nullptr ? "" : "（" + base::FormatDay(*known) + "）",
                      "，申报为在世人员，需核实"));
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

  void NoteSpouse(const base::Fact& fact) {
    if (HasEnded(fact.record)) return;
    const std::string number = TextOf(fact.record, kSpouseNumberField);
    if (number.empty() && TextOf(fact.record, kSpouseNameField).empty()) return;
    for (const base::Person& person : household_.persons) {
      if (person.id != fact.person_id && NamesSpouse(fact.record, person)) return;
    }
    Note(DiscrepancyCode::kUndeclaredSpouse, fact, nullptr,
         absl::StrCat("婚姻登记有未申报的配偶",
                      number.empty() ? "" : "（证件号码 " + base::MaskNumber(number) + "）",
                      "：未取得其授权，未查询其信息，需核实家庭成员"));
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
    for (const base::Fact* fact : found_) {
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
      Note(DiscrepancyCode::kSpouseNotRegistered, *ended, nullptr,
           "申报为配偶，婚姻登记载明双方婚姻已经结束：需核实家庭成员");
      return;
    }
    if (registered) return;
    for (size_t i = 0; i < facts_.answers.size(); ++i) {
      const base::AnswerState& answer = facts_.answers[i];
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
      discrepancies_.push_back(std::move(discrepancy));
      return;
    }
  }

  const base::Household& household_;
  const base::Facts& facts_;
  std::vector<Discrepancy>& discrepancies_;
  std::vector<const base::Fact*> found_;
  std::vector<const base::Fact*> declared_;
  std::vector<bool> taken_;  // declared assets that explain a found one
  std::vector<Explained> explained_;
};

}  // namespace

std::vector<Explained> CompareWithDeclaration(const base::Household& household,
                                              const base::Facts& facts,
                                              std::vector<Discrepancy>* discrepancies) {
  return Comparison(household, facts, discrepancies).Run();
}

}  // namespace hedui::match
