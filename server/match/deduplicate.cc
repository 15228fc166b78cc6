#include "server/match/deduplicate.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/money.h"
#include "server/match/likeness.h"
#include "server/match/records.h"
#include "server/match/told.h"
#include "server/match/vocabulary.h"

namespace hedui::match {
namespace {

// What one or several answers tell of one thing.
struct Thing {
  Likeness likeness;
  Records standing;               // of one answer: more than one are the payments of one income
  Records told;                   // those that were dropped for them as well
  const Thing* may_be = nullptr;  // the first that stands and may be the same
};

bool IsMoreAuthoritative(const Candidate& a, const Candidate& b) {
  return std::tie(a.rank, a.answer) < std::tie(b.rank, b.answer);
}

std::string YuanText(int64_t fen) {
  return absl::StrCat(base::Money::FromFen(fen).ToString(), " 元");
}

void Doubt(absl::string_view field, const Records& records) {
  for (Candidate* candidate : records) candidate->doubtful.emplace_back(field);
}

bool IsAll(const Column& column, const std::string& value) {
  return std::all_of(column.begin(), column.end(),
                     [&value](const auto& entry) { return entry.first == value; });
}

class Deduplication {
 public:
  Deduplication(const std::vector<base::AnswerState>& answers,
                std::vector<Discrepancy>* discrepancies)
      : answers_(answers), discrepancies_(*discrepancies) {}

  // `candidates` are of one kind and in the order of their answers.
  void Run(const Records& candidates) {
    things_.clear();
    MergeEqualKeys(candidates);
    std::sort(things_.begin(), things_.end(), [](const Thing& a, const Thing& b) {
      // Those of one answer as it has them: the candidates lie one after another.
      const Candidate *first = a.standing.front(), *second = b.standing.front();
      return std::tie(first->rank, first->answer, first) <
             std::tie(second->rank, second->answer, second);
    });
    if (FindPossible()) WeighPossible();
  }

  // The same among several members. `candidates` are of one kind that members may hold together, in
  // the household's order.
  void RunHeldTogether(const Records& candidates) {
    things_.clear();
    std::map<Key, Records> groups;
    for (Candidate* candidate : candidates) {
      if (std::optional<Key> key = KeyOf(*candidate->record)) {
        groups[*std::move(key)].push_back(candidate);
      } else {
        AddHeld({candidate});
      }
    }
    for (const auto& [key, group] : groups) {
      if (group.size() > 1) JoinGroup(group);
      AddHeld(group);
    }
    if (ThingKindOf(candidates.front()->record->kind)->held != Held::kUnlessKnown) return;
    std::sort(things_.begin(), things_.end(), [](const Thing& a, const Thing& b) {
      return a.standing.front()->answer < b.standing.front()->answer;
    });
    if (FindPossible()) WeighPossible();
  }

 private:
  const std::string& PersonOf(const Candidate& candidate) const {
    return answers_[candidate.answer].person_id;
  }

  void AddHeld(const Records& records) {
    std::vector<int32_t> tellers;
    for (const Candidate* candidate : records) {
      tellers.push_back(candidate->answer);
      tellers.insert(tellers.end(), candidate->also_answers.begin(), candidate->also_answers.end());
    }
    std::sort(tellers.begin(), tellers.end());
    tellers.erase(std::unique(tellers.begin(), tellers.end()), tellers.end());
    AddThing(records, records, std::move(tellers));
  }

  // Records with one number, in the household's order.
  void JoinGroup(const Records& group) {
    std::map<absl::string_view, int> of_person;
    for (const Candidate* candidate : group) ++of_person[PersonOf(*candidate)];
    if (of_person.size() == 1) return;
    const bool one_each = of_person.size() == group.size();
    const std::string& first = PersonOf(*group.front());
    for (Candidate* candidate : group) {
      if (PersonOf(*candidate) == first) continue;
      if (one_each) {
        candidate->held_with = group.front();
      } else {
        candidate->possible = true;
      }
    }
    ShareAmounts(group);
    ShareFields(group);
  }

  // Each has the least and the most that any of them tells.
  void ShareAmounts(const Records& group) {
    const Candidate *least = nullptr, *most = nullptr;
    for (const Candidate* candidate : group) {
      const std::optional<base::Money> amount = AmountOf(*candidate->record);
      if (!amount.has_value()) continue;
      if (least == nullptr || *amount < *AmountOf(*least->record)) least = candidate;
      if (most == nullptr || *AmountOf(*most->record) < *amount) most = candidate;
    }
    if (least == nullptr || *AmountOf(*least->record) == *AmountOf(*most->record)) return;
    for (Candidate* candidate : group) {
      const std::optional<base::Money> own = AmountOf(*candidate->record);
      for (const Candidate* other : {least, most}) {
        const base::Money told = *AmountOf(*other->record);
        if (own.has_value() && *own != told) candidate->otherwise.push_back({other->answer, told});
      }
    }
    Note(DiscrepancyCode::kRecordConflict, *least, *most,
         "两名家庭成员名下为同一项财产，所载金额不一致：计算时两者之间均视为可能，需核实");
  }

  void ShareFields(const Records& group) {
    const std::map<absl::string_view, Column> columns = ColumnsOf(group);
    bool differ = false;
    for (const auto& [field, column] : columns) {
      if (IsAll(column, column.front().first)) continue;
      Doubt(field, group);
      differ = true;
    }
    if (differ) NoteConflict(*group.front(), *group.back());
  }

  void Note(DiscrepancyCode code, const Candidate& standing, const Candidate& other,
            std::string text) {
    const base::AnswerState& answer = answers_[other.answer];
    Discrepancy discrepancy{code, answer.person_id, answer.source_id, other.answer, *other.record};
    discrepancy.other = *standing.record;
    discrepancy.other_answer = standing.answer;
    discrepancy.text = std::move(text);
    discrepancies_.push_back(std::move(discrepancy));
  }

  void MergeEqualKeys(const Records& candidates) {
    std::map<Key, Records> groups;
    for (Candidate* candidate : candidates) {
      if (std::optional<Key> key = KeyOf(*candidate->record)) {
        groups[*std::move(key)].push_back(candidate);
      } else {
        AddThing({candidate}, {candidate}, {candidate->answer});
      }
    }
    for (const auto& [key, group] : groups) AddGroup(group);
  }

  void AddThing(Records standing, Records told, std::vector<int32_t> tellers) {
    const Candidate& first = *standing.front();
    things_.push_back(Thing{Likeness{traits_.Of(*first.record), first.answer, std::move(tellers)},
                            std::move(standing), std::move(told)});
  }

  void AddGroup(const Records& group) {
    const std::vector<Records> split = SplitByAnswer(group);
    const bool one_each = split.size() == group.size();
    // Of two cars with one plate in one register nobody can tell which another register means.
    if (!one_each && TellingOf(*group.front()->record) == Telling::kByNumber) {
      for (Candidate* candidate : group) AddThing({candidate}, {candidate}, {candidate->answer});
      return;
    }
    const Records& standing =
        *std::min_element(split.begin(), split.end(), [](const Records& a, const Records& b) {
          return IsMoreAuthoritative(*a.front(), *b.front());
        });
    std::vector<int32_t> tellers;
    for (const Records& records : split) {
      // Where an answer tells of several payments, what another tells beside may be one of them.
      const int32_t answer = records.front()->answer;
      if (one_each || &records == &standing) tellers.push_back(answer);
      if (&records == &standing) continue;
      for (Candidate* candidate : records) candidate->dropped = true;
      for (Candidate* candidate : standing) candidate->also_answers.push_back(answer);
      CompareAmounts(standing, records);
      CompareFields(standing, records);
    }
    AddThing(standing, group, std::move(tellers));
  }

  void CompareAmounts(const Records& standing, const Records& records) {
    const Sum own = SumOf(standing), sum = SumOf(records);
    if (!sum.told) return;
    Candidate& first = *standing.front();
    if (!own.told || !own.known || !sum.known) {
      Doubt(kAmountField, standing);
      Note(DiscrepancyCode::kRecordConflict, first, *records.front(),
           "同一事项有来源未载全部金额，两个来源的金额无法比对：列示来源级别较高的记载，"
           "金额按未知处理，需核实");
      return;
    }
    if (sum.fen == own.fen) return;
    // The first of several bears the difference.
    const int64_t rest = Difference(own.fen, AmountOf(*first.record)->fen());
    first.otherwise.push_back(
        {records.front()->answer, base::Money::FromFen(Difference(sum.fen, rest))});
    Note(DiscrepancyCode::kIncomeConflict, first, *records.front(),
         absl::StrCat("同一事项两个来源金额不一致：列示 ", YuanText(own.fen),
                      "（来源级别较高），另一来源为 ", YuanText(sum.fen),
                      "，计算时两者之间均视为可能，需核实"));
  }

  void CompareFields(const Records& standing, const Records& records) {
    const std::map<absl::string_view, Column> own = ColumnsOf(standing);
    bool differ = false;
    for (const auto& [field, column] : ColumnsOf(records)) {
      const auto found = own.find(field);
      if (found != own.end()) {
        const Column& shown = found->second;
        const std::string& value = shown.front().first;
        if (standing.size() == records.size() && shown == column) continue;
        if (shown.size() == standing.size() && IsAll(shown, value) && IsAll(column, value))
          continue;
      }
      Doubt(field, standing);
      differ = true;
    }
    if (differ) NoteConflict(*standing.front(), *records.front());
  }

  void NoteConflict(const Candidate& standing, const Candidate& other) {
    Note(DiscrepancyCode::kRecordConflict, standing, other,
         "同一事项两个来源所载不一致：列示来源级别较高的记载，不一致的内容按未知处理，需核实");
  }

  // The more authoritative stand, as far as they are certainly different things.
  bool FindPossible() {
    struct First {
      const Thing* thing;
      void Merge(const First&) {}
    };
    LikenessIndex<First> standing;
    bool any = false;
    for (Thing& thing : things_) {
      standing.ForEachAlike(thing.likeness, [&thing](const First& first) {
        // In the order of authority things lie one after another.
        if (thing.may_be == nullptr || first.thing < thing.may_be) thing.may_be = first.thing;
      });
      if (thing.may_be == nullptr) {
        standing.Add(thing.likeness, First{&thing});
        continue;
      }
      any = true;
      for (Candidate* candidate : thing.standing) candidate->possible = true;
      NotePossible(*thing.may_be, thing);
    }
    return any;
  }

  void NotePossible(const Thing& standing, const Thing& possible) {
    const Telling telling = TellingOf(*possible.standing.front()->record);
    if (telling == Telling::kNever) return;  // what they tell differently is noted
    const ThingKind* kind = ThingKindOf(possible.standing.front()->record->kind);
    if (kind != nullptr && !kind->counted) return;
    const bool income = telling == Telling::kByPayer;
    const Sum sum = SumOf(standing.standing);
    Note(
        income ? DiscrepancyCode::kPossibleDuplicateIncome
               : DiscrepancyCode::kPossibleDuplicateAsset,
        *standing.standing.front(), *possible.standing.front(),
        absl::StrCat("可能与另一来源的", sum.told && sum.known ? " " + YuanText(sum.fen) + " " : "",
                     income ? "为同一笔收入（支付单位、月份或性质无法比对）"
                            : "为同一项财产（编号或所在机构无法比对）",
                     "：来源级别较高的照列，本项按可能有、也可能没有计入，两者不一致的内容按未知"
                     "处理，需核实"));
  }

  // What may be the same as a thing that stands may be right of it. Of things that are possible
  // only, one may stand for the others: with its amount, and with the fields of any.
  void WeighPossible() {
    LikenessIndex<Told> possible;
    for (const Thing& thing : things_) {
      if (thing.may_be != nullptr) possible.Add(thing.likeness, ToldOf(thing));
    }
    for (Thing& thing : things_) {
      Told told;
      possible.ForEachAlike(thing.likeness, [&told](const Told& more) { told.Merge(more); });
      if (told.empty()) continue;
      WeighFields(told, &thing);
      if (thing.may_be == nullptr) WeighAmounts(told, &thing);
    }
  }

  Told ToldOf(const Thing& thing) {
    Told told;
    for (const Records& records : SplitByAnswer(thing.told)) {
      const Sum sum = SumOf(records);
      ToldAmount& amount = told.AmountBy(records.front()->answer);
      for (const Candidate* candidate : records) {
        if (const auto own = AmountOf(*candidate->record)) amount.Add(own->fen());
      }
      if (sum.known) {
        amount.Add(sum.fen);
      } else if (sum.told) {
        told.SetAmountUnclear();
      }
      for (const Candidate* candidate : records) {
        for (const auto& [name, value] : OtherFieldsOf(*candidate->record)) {
          told.Add(ToldField{name, traits_.Mark(value), candidate});
        }
      }
    }
    return told;
  }

  void WeighFields(const Told& told, Thing* thing) {
    const Candidate* against = nullptr;
    for (Candidate* candidate : thing->standing) {
      std::map<absl::string_view, uint32_t> own;
      for (const auto& [name, value] : OtherFieldsOf(*candidate->record)) {
        own.emplace(name, traits_.Mark(value));
      }
      for (const ToldField& field : told.fields()) {
        const auto found = own.find(field.name);
        const Candidate* other = field.Against(found == own.end() ? 0 : found->second);
        if (other == nullptr) continue;
        candidate->doubtful.emplace_back(field.name);
        if (against == nullptr) against = other;
      }
    }
    // Things that may be one are noted as such, states of a person only when they differ.
    if (against == nullptr || thing->may_be != nullptr) return;
    const Candidate& first = *thing->standing.front();
    if (TellingOf(*first.record) == Telling::kNever) NoteConflict(first, *against);
  }

  void WeighAmounts(const Told& told, Thing* thing) {
    const Sum own = SumOf(thing->standing);
    const int32_t answer = thing->likeness.teller;
    bool unclear = told.amount_unclear();
    for (const ToldAmount& amount : told.amounts()) {
      if (amount.answer == answer) continue;
      for (Candidate* candidate : thing->standing) {
        candidate->also_answers.push_back(amount.answer);
        const std::optional<base::Money> shown = AmountOf(*candidate->record);
        if (!amount.any) continue;
        if (!shown.has_value()) {
          unclear = true;
          continue;
        }
        TellOtherwise(amount, 0, candidate);
        // Several payments may as well be all that the other tells: the first bears the difference.
        if (own.known && candidate == thing->standing.front()) {
          TellOtherwise(amount, Difference(own.fen, shown->fen()), candidate);
        }
      }
    }
    if (unclear) Doubt(kAmountField, thing->standing);
  }

  static void TellOtherwise(const ToldAmount& amount, int64_t rest, Candidate* candidate) {
    const int64_t shown = AmountOf(*candidate->record)->fen();
    const int64_t least = Difference(amount.least, rest), most = Difference(amount.most, rest);
    if (least == shown && most == shown) return;
    candidate->otherwise.push_back({amount.answer, base::Money::FromFen(least)});
    if (most != least) candidate->otherwise.push_back({amount.answer, base::Money::FromFen(most)});
  }

  const std::vector<base::AnswerState>& answers_;
  std::vector<Discrepancy>& discrepancies_;
  TraitMaker traits_;
  std::vector<Thing> things_;
};

template <typename T, typename Less, typename Equal>
void SortUnique(std::vector<T>* values, Less less, Equal equal) {
  std::sort(values->begin(), values->end(), less);
  values->erase(std::unique(values->begin(), values->end(), equal), values->end());
}

void Tidy(Candidate* candidate) {
  const auto by_answer = [](const auto& a, const auto& b) {
    return std::tie(a.answer, a.amount) < std::tie(b.answer, b.amount);
  };
  SortUnique(&candidate->also_answers, std::less<>(), std::equal_to<>());
  SortUnique(&candidate->doubtful, std::less<>(), std::equal_to<>());
  SortUnique(&candidate->otherwise, by_answer, std::equal_to<>());
}

}  // namespace

void Deduplicate(const std::vector<base::AnswerState>& answers, std::vector<Candidate>* candidates,
                 std::vector<Discrepancy>* discrepancies) {
  std::map<absl::string_view, Records> by_kind;
  for (Candidate& candidate : *candidates) {
    if (TellingOf(*candidate.record) == Telling::kNothing) continue;
    by_kind[candidate.record->kind].push_back(&candidate);
  }
  Deduplication deduplication(answers, discrepancies);
  for (const auto& [kind, records] : by_kind) deduplication.Run(records);

  for (Candidate& candidate : *candidates) Tidy(&candidate);
}

void FindHeldTogether(const std::vector<base::AnswerState>& answers,
                      const std::vector<Candidate*>& candidates,
                      std::vector<Discrepancy>* discrepancies) {
  std::map<absl::string_view, Records> by_kind;
  for (Candidate* candidate : candidates) {
    const ThingKind* kind = ThingKindOf(candidate->record->kind);
    if (kind == nullptr || kind->held == Held::kAlone) continue;
    // What only may be there stands for another thing of its own person's.
    if (!candidate->dropped && !candidate->possible) by_kind[kind->kind].push_back(candidate);
  }
  Deduplication deduplication(answers, discrepancies);
  for (const auto& [kind, records] : by_kind) {
    deduplication.RunHeldTogether(records);
    for (Candidate* candidate : records) Tidy(candidate);
  }
}

}  // namespace hedui::match
