#include "server/assess/lint_adults.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/assess/evaluator.h"
#include "server/assess/lint_household.h"

namespace hedui::assess {
namespace {

// Past every age at which work is expected, and amid them.
const LintPerson kOld{base::Relation::kApplicant, base::Sex::kMale, 75};
const LintPerson kAble{base::Relation::kChild, base::Sex::kMale, 35};

class Adults {
 public:
  Adults(const LintChain& chain, const LintIncome& income, LintReport* report)
      : chain_(chain),
        model_(chain.model()),
        income_(income),
        report_(*report),
        evaluator_(model_.pack(), Evaluator::FastPath::kLeftOut) {}

  void Look(int32_t day, const std::string& scope) {
    std::vector<const ProgrammeRow*> rows;
    for (int32_t p : chain_.division().programmes) {
      const ProgrammeRow* row = model_.pack().RowInForce(chain_.division(), p, day);
      if (row != nullptr && !model_.symbol(row->indication).per_person) rows.push_back(row);
    }
    const std::vector<uint64_t> alone = Indicated(rows, {kOld}, day, scope);
    const std::vector<uint64_t> both = Indicated(rows, {kOld, kAble}, day, scope);
    for (size_t r = 0; r < rows.size() && !report_.spent(); ++r) {
      if (alone[r] != kMayBeTrue || both[r] != kMayBeFalse || !seen_.insert(rows[r]->info).second)
        continue;
      const RowInfo& info = model_.pack().row_infos[static_cast<size_t>(rows[r]->info)];
      report_.Add(LintSeverity::kWarning, "ADULT_REFUSED", model_.PlaceOf(rows[r]->info),
                  absl::StrCat(info.shown->id, " is indicated for somebody of ", kOld.years,
                               " without income and property, and no longer when an adult of ",
                               kAble.years, " without either belongs to the household"),
                  &chain_);
    }
  }

 private:
  // By row; what is not known is either.
  std::vector<uint64_t> Indicated(const std::vector<const ProgrammeRow*>& rows,
                                  const std::vector<LintPerson>& persons, int32_t day,
                                  const std::string& scope) {
    std::vector<uint64_t> masks(rows.size(), kMayBeEither);
    if (report_.spent()) return masks;
    LintHousehold household(model_.pack(), chain_.division().code, scope, persons, DayOfNumber(day),
                            income_);
    household.SetIncome(0);
    evaluator_.LimitSteps(report_.left());
    const bool computed = evaluator_.RunOnAllTold(chain_.division(), household.value()).ok();
    const size_t own = chain_.division().order.size() + household.value().facts.facts.size();
    if (!report_.Spend(own + evaluator_.steps()) || !computed) return masks;
    for (size_t r = 0; r < rows.size(); ++r)
      masks[r] = evaluator_.household(rows[r]->indication).mask;
    return masks;
  }

  const LintChain& chain_;
  const LintModel& model_;
  const LintIncome income_;
  LintReport& report_;
  Evaluator evaluator_;
  std::set<int32_t> seen_;  // row infos that a finding stands at
};

}  // namespace

void LintAdults(const LintChain& chain, LintReport* report) {
  const std::vector<LintIncome> incomes = LintIncomes(chain.model().pack());
  if (incomes.empty()) return;
  Adults adults(chain, incomes[0], report);
  const CodeList& scopes = chain.model().pack().code_lists.front();  // built in, the first
  for (const DayRange& segment : chain.Segments()) {
    for (const std::string& scope : scopes.codes) {
      if (!report->spent()) adults.Look(segment.from, scope);
    }
  }
}

}  // namespace hedui::assess
