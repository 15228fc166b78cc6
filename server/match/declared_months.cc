#include "server/match/declared_months.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/money.h"
#include "server/match/vocabulary.h"

namespace hedui::match {
namespace {

using base::DiscrepancyCheck;
using base::DiscrepancyRule;
using base::FoundKind;

// From the least to the most that the facts allow.
struct MonthSum {
  int64_t least_fen = 0;
  int64_t most_fen = 0;
  bool complete = true;
  bool usable = true;  // false: an amount is missing or in doubt, or the sum does not fit
  const base::Fact* first = nullptr;
  std::set<std::optional<std::string>> net;  // whether cost is deducted; absent: not known

  void Add(const base::Fact& fact, bool fact_complete) {
    complete = complete && fact_complete;
    if (first == nullptr) first = &fact;
    net.insert(KnownText(fact, kNetField));
    std::optional<AmountRange> range = AmountRangeOf(fact);
    if (!range.has_value()) {
      usable = false;
      return;
    }
    if (fact.possible) {
      range->least_fen = std::min<int64_t>(range->least_fen, 0);
      range->most_fen = std::max<int64_t>(range->most_fen, 0);
    }
    usable = !__builtin_add_overflow(least_fen, range->least_fen, &least_fen) &&
             !__builtin_add_overflow(most_fen, range->most_fen, &most_fen) && usable;
  }

  // Wages before and after deduction of cost cannot be compared.
  bool IsLike(const MonthSum& other) const { return net.size() == 1 && net == other.net; }
};
using MonthSums = std::map<std::string, MonthSum>;

std::optional<absl::CivilMonth> KnownMonth(const base::Fact& fact) {
  const base::FieldValue* value = fact.record.Find(kMonthField);
  const auto* month = value == nullptr ? nullptr : std::get_if<absl::CivilMonth>(value);
  if (month == nullptr || IsDoubtful(fact, kMonthField)) return std::nullopt;
  return *month;
}

// What a register tells of a month without an amount happened all the same; what it calls zero, or
// differently than another, is no sign of anything.
bool ShowsActivity(const base::Fact& fact) {
  if (fact.possible || IsDoubtful(fact, kAmountField)) return false;
  const std::optional<AmountRange> range = AmountRangeOf(fact);
  return !range.has_value() || range->least_fen > 0;
}

class Months {
 public:
  Months(const base::DiscrepancyRules& rules, Comparison* comparison)
      : rules_(rules), comparison_(*comparison) {}

  void Run() {
    for (const DiscrepancyRule& rule : rules_) {
      for (const base::Person& person : comparison_.input().household.persons) {
        if (!comparison_.IsAbout(rule, person.id)) continue;
        if (rule.check == DiscrepancyCheck::kAgainstStatement) CompareStatement(rule, person.id);
        if (rule.check == DiscrepancyCheck::kAfterDeath) CompareDeath(rule, person.id);
        for (const FoundKind& kind : rule.found) {
          if (rule.check == DiscrepancyCheck::kIncomeDiffers) CompareSums(rule, kind, person.id);
          if (rule.check == DiscrepancyCheck::kUndeclaredIncome) {
            FindUndeclared(rule, kind, person.id);
          }
        }
      }
    }
  }

 private:
  MonthSums SumsOf(const std::vector<const base::Fact*>& facts, const FoundKind& kind,
                   const std::string& person) const {
    MonthSums sums;
    for (const base::Fact* fact : facts) {
      if (fact->person_id != person || fact->record.kind != kind.kind) continue;
      if (!IsMeant(*fact, kind, nullptr)) continue;
      const bool complete = fact->declared || comparison_.facts().answers[fact->answer].complete;
      sums[MonthOf(fact->record)].Add(*fact, complete);
    }
    return sums;
  }

  void CompareSums(const DiscrepancyRule& rule, const FoundKind& kind, const std::string& person) {
    const MonthSums found = SumsOf(comparison_.found(), kind, person);
    if (found.empty()) return;
    for (const auto& [month, sum] : SumsOf(comparison_.declared(), kind, person)) {
      CompareSum(rule, kind, month, sum, found);
    }
  }

  // A declaration without a month speaks of the present, so of the last month found. What no source
  // holds is no difference: registers do not see every income.
  void CompareSum(const DiscrepancyRule& rule, const FoundKind& kind, const std::string& month,
                  const MonthSum& declared, const MonthSums& found) {
    const auto match = month.empty() ? std::prev(found.end()) : found.find(month);
    if (match == found.end()) return;
    const MonthSum& sum = match->second;
    if (!sum.usable || !declared.usable || !sum.IsLike(declared)) return;
    const int64_t stated = declared.least_fen;  // declarations are not in doubt
    if (sum.least_fen <= stated && stated <= sum.most_fen) return;
    // An incomplete answer is a lower bound, and income without a month may be of this one: less
    // than declared says nothing.
    const bool complete = sum.complete && (match->first.empty() || found.count("") == 0);
    if (!complete && sum.most_fen < stated) return;
    comparison_.Note(rule.code, *sum.first, declared.first,
                     absl::StrCat(match->first.empty() ? "" : match->first + " ", "查得",
                                  kind.label, " ", base::Money::FromFen(sum.least_fen).ToString(),
                                  sum.least_fen == sum.most_fen
                                      ? ""
                                      : " 至 " + base::Money::FromFen(sum.most_fen).ToString(),
                                  " 元，申报 ", base::Money::FromFen(stated).ToString(), " 元"));
  }

  bool DeclaresAnyOf(const DiscrepancyRule& rule, const std::string& person) const {
    return std::any_of(rule.found.begin(), rule.found.end(), [&](const FoundKind& kind) {
      return comparison_.Declares(person, kind.kind);
    });
  }

  // The last of what was found of a kind after `after`, as far as it shows that something was.
  const base::Fact* LastSign(const FoundKind& kind, const std::string& person,
                             std::optional<absl::CivilMonth> after) const {
    const base::Fact* last = nullptr;
    for (const base::Fact* fact : comparison_.found()) {
      if (fact->person_id != person || fact->record.kind != kind.kind) continue;
      std::vector<std::string> unknown;
      if (!ShowsActivity(*fact) || !IsMeant(*fact, kind, &unknown) || !unknown.empty()) continue;
      const std::optional<absl::CivilMonth> month = KnownMonth(*fact);
      if (!month.has_value() || (after.has_value() && *month <= *after)) continue;
      if (last == nullptr || *KnownMonth(*last) < *month) last = fact;
    }
    return last;
  }

  void FindUndeclared(const DiscrepancyRule& rule, const FoundKind& kind,
                      const std::string& person) {
    if (comparison_.Declares(person, kind.kind) || !DeclaresAnyOf(rule, person)) return;
    const base::Fact* last = LastSign(kind, person, std::nullopt);
    if (last == nullptr) return;
    comparison_.Note(rule.code, *last, nullptr,
                     absl::StrCat("申报了其他收入，未申报", kind.label, "；登记信息中查得，最近为 ",
                                  MonthOf(last->record)));
  }

  // Registers may differ in the day: only what lies after the last of them contradicts each.
  void CompareDeath(const DiscrepancyRule& rule, const std::string& person) {
    if (comparison_.Declares(person, kDeathKind)) return;
    const base::Fact* death = nullptr;
    std::optional<absl::CivilDay> last;
    for (const base::Fact* fact : comparison_.found()) {
      if (fact->person_id != person || fact->record.kind != kDeathKind) continue;
      for (const absl::string_view field : {kDayField, kCremationDayField}) {
        const std::optional<absl::CivilDay> day = DayOf(fact->record, field);
        if (!day.has_value() || (last.has_value() && *day <= *last)) continue;
        last = day;
        death = fact;
      }
    }
    if (death == nullptr) return;
    for (const FoundKind& kind : rule.found) {
      const base::Fact* sign = LastSign(kind, person, absl::CivilMonth(*last));
      if (sign == nullptr) continue;
      comparison_.Note(rule.code, *sign, death,
                       absl::StrCat("登记的死亡或火化日期为 ", base::FormatDay(*last), "，其后 ",
                                    MonthOf(sign->record), " 仍有", kind.label,
                                    "：来源之间相互矛盾，不据此排除该人员，需核实"));
    }
  }

  void CompareStatement(const DiscrepancyRule& rule, const std::string& person) {
    for (const base::Fact* said : comparison_.declared()) {
      if (said->person_id != person || said->record.kind != rule.statement_kind) continue;
      if (Holds(*said, rule.statement) != Known::kYes) continue;
      const std::optional<absl::CivilDay> since = DayOf(said->record, rule.since.name);
      // The month in which it began may have had both.
      const absl::CivilMonth after =
          since.has_value()
              ? absl::CivilMonth(*since)
              : absl::CivilMonth(comparison_.input().dates.application) - rule.months_back - 1;
      for (const FoundKind& kind : rule.found) {
        const base::Fact* sign = LastSign(kind, person, after);
        if (sign == nullptr) continue;
        comparison_.Note(
            rule.code, *sign, said,
            absl::StrCat("申报失业",
                         since.has_value() ? absl::StrCat("（自 ", base::FormatDay(*since), " 起）")
                                           : std::string(),
                         "，登记信息中查得 ", MonthOf(sign->record), " 有", kind.label,
                         "，需核实"));
      }
      return;
    }
  }

  const base::DiscrepancyRules& rules_;
  Comparison& comparison_;
};

}  // namespace

void CompareMonths(const base::DiscrepancyRules& rules, Comparison* comparison) {
  Months(rules, comparison).Run();
}

}  // namespace hedui::match
