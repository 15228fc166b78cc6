#include "server/match/deduplicate.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "server/base/identity.h"
#include "server/base/money.h"
#include "server/match/vocabulary.h"

namespace hedui::match {
namespace {

// Records with equal keys are one thing. The empty key is of no thing that can be recognised.
using Key = std::tuple<std::string, std::string, std::string, std::string>;

std::string PayerOf(const base::Record& record) {
  return base::NormaliseName(TextOf(record, kPayerField));
}

std::optional<Key> KeyOf(const base::Record& record) {
  if (AssetKindOf(record.kind) != nullptr) {
    std::string number = AssetNumberOf(record);
    if (number.empty()) return std::nullopt;
    return Key(record.kind, std::move(number), "", "");
  }
  std::string payer = PayerOf(record);
  std::string month = MonthOf(record);
  if (payer.empty() || month.empty()) return std::nullopt;
  return Key(record.kind, std::move(payer), std::move(month), TextOf(record, kNatureField));
}

bool IsMoreAuthoritative(const Candidate& a, const Candidate& b) {
  return std::tie(a.rank, a.answer) < std::tie(b.rank, b.answer);
}

Discrepancy Compare(DiscrepancyCode code, const Candidate& standing, const Candidate& dropped,
                    const std::vector<base::AnswerState>& answers, std::string text) {
  const base::AnswerState& answer = answers[dropped.answer];
  Discrepancy discrepancy{code, answer.person_id, answer.source_id, dropped.answer,
                          *dropped.record};
  discrepancy.other = *standing.record;
  discrepancy.other_answer = standing.answer;
  discrepancy.text = std::move(text);
  return discrepancy;
}

// Nullopt where not all records have an amount. Amounts are bounded far below what 64 bits hold
// times the number of records an answer may have, but a hostile sum must not wrap.
std::optional<int64_t> SumOf(const std::vector<Candidate*>& group, int32_t answer) {
  int64_t sum = 0;
  for (const Candidate* candidate : group) {
    if (candidate->answer != answer) continue;
    const std::optional<base::Money> amount = AmountOf(*candidate->record);
    if (!amount.has_value() || __builtin_add_overflow(sum, amount->fen(), &sum))
      return std::nullopt;
  }
  return sum;
}

std::string YuanText(int64_t fen) {
  return absl::StrCat(base::Money::FromFen(fen).ToString(), " 元");
}

// By `answer` the records that stand come to `sum` together: `first` of them bears the difference.
void TellOtherwise(int32_t answer, int64_t sum, int64_t standing_sum, Candidate* first) {
  int64_t amount = 0;
  // Sums far apart enough to wrap are of no income: what is told is then as far off as can be said.
  if (__builtin_sub_overflow(sum, standing_sum, &amount) ||
      __builtin_add_overflow(amount, AmountOf(*first->record)->fen(), &amount)) {
    amount = sum < standing_sum ? INT64_MIN : INT64_MAX;
  }
  first->otherwise.push_back({answer, base::Money::FromFen(amount)});
}

// `group` is of one key and in the order of the answers.
void KeepOneAnswer(const std::vector<Candidate*>& group,
                   const std::vector<base::AnswerState>& answers,
                   std::vector<Discrepancy>* discrepancies) {
  const Candidate* best = *std::min_element(
      group.begin(), group.end(),
      [](const Candidate* a, const Candidate* b) { return IsMoreAuthoritative(*a, *b); });
  const int32_t standing = best->answer;
  Candidate* const first = *std::find_if(
      group.begin(), group.end(),
      [standing](const Candidate* candidate) { return candidate->answer == standing; });
  const std::optional<int64_t> standing_sum = SumOf(group, standing);
  int32_t seen = -1;
  for (Candidate* candidate : group) {
    if (candidate->answer == standing) continue;
    candidate->dropped = true;
    if (candidate->answer == seen) continue;
    seen = candidate->answer;
    for (Candidate* kept : group) {
      if (kept->answer == standing) kept->also_answers.push_back(seen);
    }
    const std::optional<int64_t> sum = SumOf(group, seen);
    if (sum == standing_sum || !sum.has_value() || !standing_sum.has_value()) continue;
    TellOtherwise(seen, *sum, *standing_sum, first);
    discrepancies->push_back(
        Compare(DiscrepancyCode::kIncomeConflict, *first, *candidate, answers,
                absl::StrCat("同一事项两个来源金额不一致：列示 ", YuanText(*standing_sum),
                             "（来源级别较高），另一来源为 ", YuanText(*sum))));
  }
}

// What an income is recognised by, read once: an answer may hold thousands of records.
struct Income {
  Candidate* candidate = nullptr;
  std::string payer;
  std::string month;
  std::string nature;
  bool payer_is_code = false;
};

// The incomes of one kind that stand, findable by what another may have in common with them. An
// answer may hold tens of thousands, so none is held against each of the others.
//
// Two may be the same where they come from different answers and
// - their months are equal or one is missing,
// - their payers are equal, one is missing, or one is a credit code and the other a name, which
//   cannot be compared,
// - their natures are equal or one is missing, and
// - not both lack payer and month: what is neither dated by month nor paid by anybody is no income
//   that recurs (a balance), and two of those are two.
class StandingIncomes {
 public:
  void Add(const Income& income) {
    const int place = static_cast<int>(incomes_.size());
    incomes_.push_back(&income);
    const bool nothing_known = income.month.empty() && income.payer.empty();
    for (const std::string& month : {Is(income.month), Any()}) {
      for (const std::string& payer : {Is(income.payer), PayerClass(income.payer_is_code), Any()}) {
        // Nobody asks for a missing payer by its class; and for any month of any payer only asks
        // who knows neither.
        if (income.payer.empty() && payer.front() == 'c') continue;
        if (nothing_known && month == Any() && payer == Any()) continue;
        for (const std::string& nature : {Is(income.nature), Any()}) {
          Remember(place, &firsts_[{month, payer, nature}]);
        }
      }
    }
  }

  // The first that may be the same as `income`; nullptr when none may.
  const Income* FirstSame(const Income& income) const {
    int first = -1;
    for (const std::string& month : OrMissing(income.month)) {
      std::vector<std::string> payers = OrMissing(income.payer);
      if (!income.payer.empty()) payers.push_back(PayerClass(!income.payer_is_code));
      for (const std::string& payer : payers) {
        for (const std::string& nature : OrMissing(income.nature)) {
          const auto found = firsts_.find({month, payer, nature});
          if (found == firsts_.end()) continue;
          const int place = OfAnotherAnswer(income, found->second);
          if (place >= 0 && (first < 0 || place < first)) first = place;
        }
      }
    }
    return first < 0 ? nullptr : incomes_[static_cast<size_t>(first)];
  }

 private:
  using Place = std::tuple<std::string, std::string, std::string>;  // month, payer, nature
  // The first of all and the first of another answer than that: enough for whoever asks.
  using Firsts = std::array<int, 2>;

  static std::string Any() { return "any"; }
  static std::string Is(const std::string& text) { return absl::StrCat("=", text); }
  static std::string PayerClass(bool code) { return code ? "code" : "c-name"; }
  static std::vector<std::string> OrMissing(const std::string& text) {
    if (text.empty()) return {Any()};
    return {Is(text), Is("")};
  }

  int32_t AnswerAt(int place) const {
    return incomes_[static_cast<size_t>(place)]->candidate->answer;
  }

  // Places are one more than they are, so that nought is none.
  void Remember(int place, Firsts* firsts) const {
    if ((*firsts)[0] == 0) {
      (*firsts)[0] = place + 1;
    } else if ((*firsts)[1] == 0 && AnswerAt((*firsts)[0] - 1) != AnswerAt(place)) {
      (*firsts)[1] = place + 1;
    }
  }

  int OfAnotherAnswer(const Income& income, const Firsts& firsts) const {
    return (AnswerAt(firsts[0] - 1) != income.candidate->answer ? firsts[0] : firsts[1]) - 1;
  }

  std::vector<const Income*> incomes_;
  absl::flat_hash_map<Place, Firsts> firsts_;
};

// By kind, the more authoritative first.
std::map<std::string, std::vector<Income>> IncomesByKind(std::vector<Candidate>* candidates) {
  std::map<std::string, std::vector<Income>> by_kind;
  for (Candidate& candidate : *candidates) {
    const base::Record& record = *candidate.record;
    if (candidate.dropped || AssetKindOf(record.kind) != nullptr) continue;
    if (!AmountOf(record).has_value()) continue;
    Income income{&candidate, PayerOf(record), MonthOf(record), TextOf(record, kNatureField)};
    income.payer_is_code = base::CheckCreditCode(income.payer).ok();
    by_kind[record.kind].push_back(std::move(income));
  }
  for (auto& [kind, incomes] : by_kind) {
    std::stable_sort(incomes.begin(), incomes.end(), [](const Income& a, const Income& b) {
      return IsMoreAuthoritative(*a.candidate, *b.candidate);
    });
  }
  return by_kind;
}

void HoldBackPossibleDuplicates(std::vector<Candidate>* candidates,
                                std::vector<base::AnswerState>* answers,
                                std::vector<Discrepancy>* discrepancies) {
  for (auto& [kind, incomes] : IncomesByKind(candidates)) {
    StandingIncomes standing;
    for (Income& income : incomes) {
      const Income* same = standing.FirstSame(income);
      if (same == nullptr) {
        standing.Add(income);
        continue;
      }
      const Candidate& stands = *same->candidate;
      income.candidate->dropped = true;
      (*answers)[income.candidate->answer].complete = false;
      (*answers)[stands.answer].complete = false;
      discrepancies->push_back(Compare(
          DiscrepancyCode::kPossibleDuplicateIncome, stands, *income.candidate, *answers,
          absl::StrCat("可能与另一来源的 ", YuanText(AmountOf(*stands.record)->fen()),
                       " 为同一笔收入（支付单位或月份无法比对）：未重复计入，合计按下限处理，"
                       "需核实")));
    }
  }
}

}  // namespace

void Deduplicate(std::vector<Candidate>* candidates, std::vector<base::AnswerState>* answers,
                 std::vector<Discrepancy>* discrepancies) {
  std::map<Key, std::vector<Candidate*>> groups;
  for (Candidate& candidate : *candidates) {
    if (std::optional<Key> key = KeyOf(*candidate.record)) {
      groups[*std::move(key)].push_back(&candidate);
    }
  }
  for (const auto& [key, group] : groups) {
    if (group.front()->answer != group.back()->answer) {
      KeepOneAnswer(group, *answers, discrepancies);
    }
  }
  HoldBackPossibleDuplicates(candidates, answers, discrepancies);
}

}  // namespace hedui::match
