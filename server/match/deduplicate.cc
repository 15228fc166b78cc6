#include "server/match/deduplicate.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

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

// `group` is of one key and in the order of the answers.
void KeepOneAnswer(const std::vector<Candidate*>& group,
                   const std::vector<base::AnswerState>& answers,
                   std::vector<Discrepancy>* discrepancies) {
  const Candidate* best = *std::min_element(
      group.begin(), group.end(),
      [](const Candidate* a, const Candidate* b) { return IsMoreAuthoritative(*a, *b); });
  const int32_t standing = best->answer;
  const auto first = std::find_if(group.begin(), group.end(),
                                  [standing](const Candidate* c) { return c->answer == standing; });
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
    discrepancies->push_back(
        Compare(DiscrepancyCode::kIncomeConflict, **first, *candidate, answers,
                absl::StrCat("同一事项两个来源金额不一致：采用 ", YuanText(*standing_sum),
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

// Whether two texts may name the same payer: one is missing, they are equal, or one is a credit
// code and the other a name, which cannot be compared.
bool PayersMayAgree(const Income& a, const Income& b) {
  return a.payer.empty() || b.payer.empty() || a.payer == b.payer ||
         a.payer_is_code != b.payer_is_code;
}

bool MonthsMayAgree(const Income& a, const Income& b) {
  return a.month.empty() || b.month.empty() || a.month == b.month;
}

// `a` and `b` are of one kind. What is neither dated by month nor paid by anybody is no income that
// recurs (a balance): two of those are two.
bool MayBeSameIncome(const Income& a, const Income& b) {
  if (a.candidate->answer == b.candidate->answer) return false;
  const bool nothing_known =
      a.payer.empty() && b.payer.empty() && a.month.empty() && b.month.empty();
  const bool other_nature = !a.nature.empty() && !b.nature.empty() && a.nature != b.nature;
  return !nothing_known && !other_nature && MonthsMayAgree(a, b) && PayersMayAgree(a, b);
}

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
    std::vector<const Income*> standing;
    for (Income& income : incomes) {
      const auto same =
          std::find_if(standing.begin(), standing.end(),
                       [&income](const Income* other) { return MayBeSameIncome(*other, income); });
      if (same == standing.end()) {
        standing.push_back(&income);
        continue;
      }
      const Candidate& stands = *(*same)->candidate;
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
