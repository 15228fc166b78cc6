#include "server/assess/lint_sweep.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/assess/evaluator.h"
#include "server/assess/lint_household.h"
#include "server/base/dates.h"

namespace hedui::assess {

using base::Rational;

namespace {

// Even steps between nothing and several times the greatest threshold, beside the thresholds.
constexpr int kSteps = 24;
constexpr int64_t kThresholdsMax = 96;
constexpr int64_t kTopMax = 1'000'000'000;  // ten million yuan a month
constexpr int64_t kTopWithoutThresholds = 1'000'000;
// Of what a household has, less than this is a matter of rounding: one yuan.
constexpr int64_t kStepFen = 100;
constexpr int kHouseholds[] = {1, 3};
// At so many incomes it is looked at whether an income means anything to the rules.
constexpr size_t kSamples = 24;

// What the programmes come to for one household; in fen a month.
struct Outcome {
  struct Help {
    uint64_t indicated = kMayBeEither;
    bool paid = false;  // the amount is known; of who is not indicated it is nothing
    Rational amount;
  };
  std::vector<Help> helps;  // by programme of the chain
};

std::string Yuan(const Rational& fen) {
  Rational yuan;
  return Rational::Divide(fen, Rational(100), &yuan) ? yuan.ToDecimal(2) : fen.ToString();
}
std::string Yuan(int64_t fen) { return Yuan(Rational(fen)); }

Rational Minus(const Rational& a, const Rational& b) {
  Rational difference;
  return Rational::Subtract(a, b, &difference) ? difference : Rational();
}

class Sweep {
 public:
  Sweep(const LintChain& chain, int32_t day, const std::string& scope, int persons,
        LintSweep* findings)
      : chain_(chain),
        model_(chain.model()),
        day_(day),
        scope_(scope),
        persons_(persons),
        findings_(*findings),
        evaluator_(model_.pack(), Evaluator::FastPath::kLeftOut) {
    for (int32_t p : chain.division().programmes) {
      const ProgrammeRow* row = model_.pack().RowInForce(chain.division(), p, day);
      if (row != nullptr) rows_.push_back(row);
    }
    FindThresholds();
  }

  void Run() {
    std::set<std::pair<int, std::string>> seen;
    for (const LintIncome& income : LintIncomes(model_.pack())) {
      if (findings_.report().spent()) return;
      LintHousehold household(model_.pack(), chain_.division().code, scope_, LintFamily(persons_),
                              DayOfNumber(day_), income);
      household_ = &household;
      name_ = model_.pack().fact_kinds[static_cast<size_t>(income.kind)].name;
      if (!IsAnyKnown(At(0))) continue;
      // Where the income means nothing to the rules, there is nothing to see; of codes that come to
      // the same one is enough. Rules may be for those in between, and alike at both ends.
      const std::string first = Digest(At(points_[0]));
      std::string all = first;
      bool same = true;
      const size_t stride = 1 + points_.size() / kSamples;
      for (size_t i = stride; i < points_.size(); i += stride) {
        const std::string one = Digest(At(points_[i]));
        same &= one == first;
        all += one;
      }
      if (same || !seen.insert({income.kind, std::move(all)}).second) continue;
      for (size_t i = 0; i + 1 < points_.size(); ++i) Between(points_[i], points_[i + 1]);
    }
  }

 private:
  void FindThresholds() {
    std::set<Rational, bool (*)(const Rational&, const Rational&)> sums(Less), ratios(Less);
    ratios.insert(Rational(1));
    for (const Division::Step& step : chain_.division().order) {
      const Symbol& symbol = model_.symbol(step.symbol);
      if (symbol.kind != SymbolKind::kParameter || symbol.type.kind != TypeKind::kNumber) continue;
      for (int32_t index : chain_.RowsOf(step.symbol)) {
        const Row& row = model_.row(index);
        if (!row.in_force.Contains(day_)) continue;
        if (symbol.type.unit.money == 1 && symbol.type.unit.month == -1)
          sums.insert(row.constant.lo);
        if (symbol.type.unit == kUnitRatio && row.constant.lo.sign() > 0)
          ratios.insert(row.constant.lo);
        for (size_t k = 0; k < row.keys.size(); ++k) {
          if (symbol.key_types[k].unit.money != 1) continue;
          const NumberRange& range = row.keys[k].numbers;
          if (!range.low_infinite) sums.insert(range.low);
          if (!range.high_infinite) sums.insert(range.high);
        }
      }
    }
    std::set<int64_t> points = {0};
    for (const Rational& sum : sums) {
      for (const Rational& ratio : ratios) {
        for (const int heads : {1, persons_}) {
          Rational at;
          if (!Rational::Multiply(sum, ratio, &at) ||
              !Rational::Multiply(at, Rational(heads), &at) ||
              !Rational::Round(at, Rational(1), base::Rounding::kFloor, &at) || at.sign() <= 0 ||
              Rational::Compare(at, Rational(kTopMax)) > 0) {
            continue;
          }
          const int64_t fen = WholeOf(at);
          if (points.size() < static_cast<size_t>(kThresholdsMax)) points.insert(fen);
          top_ = std::max(top_, 3 * fen);
        }
      }
    }
    if (top_ == 0) top_ = kTopWithoutThresholds;
    for (int i = 1; i <= kSteps; ++i) points.insert(top_ / kSteps * i);
    top_ = *points.rbegin();
    points_.assign(points.begin(), points.end());
  }

  static bool Less(const Rational& a, const Rational& b) { return Rational::Compare(a, b) < 0; }

  Outcome At(int64_t fen) {
    household_->SetIncome(fen);
    Outcome outcome;
    outcome.helps.resize(rows_.size());
    LintReport& report = findings_.report();
    if (report.spent()) return outcome;
    evaluator_.LimitSteps(report.left());
    const bool computed = evaluator_.RunOnAllTold(chain_.division(), household_->value()).ok();
    const size_t own = chain_.division().order.size() + household_->value().facts.facts.size();
    if (!report.Spend(own + evaluator_.steps()) || !computed) return outcome;
    for (size_t r = 0; r < rows_.size(); ++r) Read(*rows_[r], &outcome.helps[r]);
    return outcome;
  }

  // Of a programme of persons: whether it is indicated for anybody, and the sum for all.
  void Read(const ProgrammeRow& row, Outcome::Help* help) {
    const bool personal = model_.symbol(row.indication).per_person;
    const int count = personal ? evaluator_.person_count() : 1;
    help->paid = row.amount >= 0;
    bool any = false, known = true;
    for (int p = 0; p < count; ++p) {
      const uint64_t mask = ValueOf(row.indication, p).mask;
      any |= mask == kMayBeTrue;
      known &= mask != kMayBeEither;
      if (row.amount < 0 || mask != kMayBeTrue) continue;
      const Unit& unit = model_.symbol(row.amount).type.unit;
      const Value& amount = ValueOf(row.amount, p);
      Rational monthly = amount.lo;
      help->paid &= amount.IsPoint() && unit.money == 1 && (unit.month == -1 || unit.year == -1);
      if (unit.year == -1 && !Rational::Divide(monthly, Rational(12), &monthly)) help->paid = false;
      if (!help->paid || !Rational::Add(help->amount, monthly, &help->amount)) help->paid = false;
    }
    help->indicated = !known ? kMayBeEither : any ? kMayBeTrue : kMayBeFalse;
    help->paid &= known;
  }

  const Value& ValueOf(int symbol, int person) const {
    return model_.symbol(symbol).per_person ? evaluator_.person(symbol, person)
                                            : evaluator_.household(symbol);
  }

  static bool IsAnyKnown(const Outcome& outcome) {
    return std::any_of(outcome.helps.begin(), outcome.helps.end(),
                       [](const Outcome::Help& help) { return help.indicated != kMayBeEither; });
  }

  static std::string Digest(const Outcome& outcome) {
    std::string text;
    for (const Outcome::Help& help : outcome.helps)
      absl::StrAppend(&text, help.indicated, help.paid ? help.amount.ToString() : "?", ";");
    return text;
  }

  // Of two incomes one fen apart in the end: between which `differs` still holds.
  template <typename Differs>
  std::pair<int64_t, int64_t> Narrow(int64_t low, int64_t high, Differs differs) {
    Outcome at_low = At(low), at_high = At(high);
    while (high - low > 1) {
      const int64_t middle = low + (high - low) / 2;
      const Outcome at_middle = At(middle);
      if (differs(at_low, at_middle, at_middle, at_high)) {
        high = middle;
        at_high = at_middle;
      } else {
        low = middle;
        at_low = at_middle;
      }
    }
    return {low, high};
  }

  void Between(int64_t low, int64_t high) {
    const Outcome at_low = At(low), at_high = At(high);
    for (size_t r = 0; r < rows_.size(); ++r) {
      const Outcome::Help& a = at_low.helps[r];
      const Outcome::Help& b = at_high.helps[r];
      if (a.indicated == kMayBeFalse && b.indicated == kMayBeTrue) BeginsAbove(r, low, high);
      if (!a.paid || !b.paid) continue;
      const int order = Rational::Compare(a.amount, b.amount);
      if (order < 0 && a.indicated == kMayBeTrue && b.indicated == kMayBeTrue) Rises(r, low, high);
      if (order > 0) Falls(r, low, high);
    }
  }

  std::string Who() const {
    return absl::StrCat(" (", name_, ", household of ", persons_, ", ", scope_, ", in ",
                        chain_.division().code, " on ", ShownDay(day_), ")");
  }

  std::string Name(size_t r) const {
    return model_.pack().row_infos[static_cast<size_t>(rows_[r]->info)].shown->id;
  }

  // Who has less is not helped, and no other programme helps them instead.
  void BeginsAbove(size_t r, int64_t low, int64_t high) {
    const auto [below, from] = Narrow(
        low, high, [r](const Outcome&, const Outcome& middle, const Outcome&, const Outcome&) {
          return middle.helps[r].indicated == kMayBeTrue;
        });
    const Outcome poorer = At(below), richer = At(from);
    for (size_t other = 0; other < rows_.size(); ++other) {
      if (poorer.helps[other].indicated != kMayBeFalse &&
          richer.helps[other].indicated == kMayBeFalse) {
        return;
      }
    }
    findings_.Find("FALLS_WITH_INCOME", rows_[r]->info, Rational(from),
                   absl::StrCat(Name(r), " is indicated at ", Yuan(from),
                                " yuan a month and not at ", Yuan(below), Who()));
  }

  void Rises(size_t r, int64_t low, int64_t high) {
    const auto rise = [r](const Outcome& a, const Outcome& b) {
      return Minus(b.helps[r].amount, a.helps[r].amount);
    };
    const auto [below, from] = Narrow(
        low, high, [&](const Outcome& a, const Outcome& b, const Outcome& c, const Outcome& d) {
          return !Less(rise(a, b), rise(c, d));
        });
    const Outcome poorer = At(below), richer = At(from);
    const Rational size = rise(poorer, richer);
    if (!Less(size, Rational(kStepFen))) {
      findings_.Find("TIERS_NOT_MONOTONE", rows_[r]->info, size,
                     absl::StrCat(Name(r), " rises from ", Yuan(poorer.helps[r].amount), " to ",
                                  Yuan(richer.helps[r].amount), " yuan a month at an income of ",
                                  Yuan(from), Who()));
      return;
    }
    const Rational whole = rise(At(low), At(high));
    if (Less(whole, Rational(kStepFen))) return;  // a matter of rounding
    findings_.Find(
        "FALLS_WITH_INCOME", rows_[r]->info, whole,
        absl::StrCat(Name(r), " falls by ", Yuan(whole), " yuan a month as income falls from ",
                     Yuan(high), " to ", Yuan(low), Who()));
  }

  // With one fen more of income the household has less by more than a yuan.
  void Falls(size_t r, int64_t low, int64_t high) {
    const auto fall = [r](const Outcome& a, const Outcome& b) {
      return Minus(a.helps[r].amount, b.helps[r].amount);
    };
    const auto [below, from] = Narrow(
        low, high, [&](const Outcome& a, const Outcome& b, const Outcome& c, const Outcome& d) {
          return !Less(fall(a, b), fall(c, d));
        });
    const Outcome poorer = At(below), richer = At(from);
    Rational lost(-1);  // the fen earned
    for (size_t other = 0; other < rows_.size(); ++other) {
      if (!poorer.helps[other].paid && rows_[other]->amount >= 0) return;
      if (!richer.helps[other].paid && rows_[other]->amount >= 0) return;
      const Rational part = Minus(poorer.helps[other].amount, richer.helps[other].amount);
      if (!Rational::Add(lost, part, &lost)) return;
    }
    if (Less(lost, Rational(kStepFen))) return;
    findings_.Find("CLIFF", rows_[r]->info, lost,
                   absl::StrCat(Name(r), ": ", Yuan(lost),
                                " yuan a month are lost at an income of ", Yuan(from), Who()));
  }

  const LintChain& chain_;
  const LintModel& model_;
  const int32_t day_;
  const std::string scope_;
  const int persons_;
  LintSweep& findings_;
  Evaluator evaluator_;
  std::vector<const ProgrammeRow*> rows_;
  std::vector<int64_t> points_;  // incomes, ascending
  int64_t top_ = 0;
  LintHousehold* household_ = nullptr;
  std::string name_;
};

}  // namespace

void LintSweep::Look(const LintChain& chain) {
  LookAtTiers(chain);
  const CodeList& scopes = model_.pack().code_lists.front();  // built in, the first
  for (const DayRange& segment : chain.Segments()) {
    for (const std::string& scope : scopes.codes) {
      for (const int persons : kHouseholds) {
        if (report_.spent()) return;
        Sweep(chain, segment.from, scope, persons, this).Run();
      }
    }
  }
}

// Amounts by ranges of money that go up and down again, or down and up.
void LintSweep::LookAtTiers(const LintChain& chain) {
  for (const Division::Step& step : chain.division().order) {
    const Symbol& symbol = model_.symbol(step.symbol);
    if (symbol.keys.size() != 1 || symbol.key_types[0].unit.money == 0 ||
        symbol.type.kind != TypeKind::kNumber || chain.demand(step.symbol).empty()) {
      continue;
    }
    for (const DayRange& segment : chain.Segments()) {
      std::vector<int32_t> rows;
      for (int32_t row : chain.RowsOf(step.symbol)) {
        if (model_.row(row).in_force.Contains(segment.from)) rows.push_back(row);
      }
      const auto range = [this](int32_t row) -> const NumberRange& {
        return model_.row(row).keys[0].numbers;
      };
      std::sort(rows.begin(), rows.end(), [&range](int32_t a, int32_t b) {
        if (range(a).low_infinite || range(b).low_infinite)
          return range(a).low_infinite && !range(b).low_infinite;
        return Rational::Compare(range(a).low, range(b).low) < 0;
      });
      int before = 0;
      for (size_t i = 0; i + 1 < rows.size(); ++i) {
        const int order =
            Rational::Compare(model_.row(rows[i + 1]).constant.lo, model_.row(rows[i]).constant.lo);
        if (order != 0 && before != 0 && (order < 0) != (before < 0)) {
          Find("TIERS_NOT_MONOTONE", model_.row(rows[i + 1]).info, Rational(0),
               absl::StrCat(symbol.name,
                            before < 0 ? " falls and then rises" : " rises and then falls",
                            " along ", symbol.keys[0].name, " (", chain.division().code, " on ",
                            ShownDay(segment.from), ")"));
        }
        if (order != 0) before = order;
      }
    }
  }
}

void LintSweep::Find(const std::string& code, int32_t row_info, const Rational& size,
                     std::string text) {
  if (report_.spent()) return;
  const auto [found, added] = found_.try_emplace({row_info, code}, Found{size, text});
  if (added || Rational::Compare(size, found->second.size) <= 0) return;
  found->second = {size, std::move(text)};
}

void LintSweep::Report() const {
  for (const auto& [key, found] : found_) {
    report_.Add(key.second == "CLIFF" ? LintSeverity::kNote : LintSeverity::kWarning, key.second,
                model_.PlaceOf(key.first), found.text);
  }
}

}  // namespace hedui::assess
