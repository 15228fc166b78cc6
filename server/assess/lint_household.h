// A household that differs from others in one monthly income only, for the linter's sweep. All it
// does not tell is nothing. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_HOUSEHOLD_H_
#define HEDUI_SERVER_ASSESS_LINT_HOUSEHOLD_H_

#include <string>
#include <vector>

#include "server/assess/case.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/lint_model.h"

namespace hedui::assess {

// An income: a kind of fact by month with an amount of money, and which codes its other fields
// have.
struct LintIncome {
  int kind = -1;
  int amount_field = -1;
  size_t choice = 0;  // the code that each coded field has, or its last
};

// The kinds of income a vocabulary has: those that its discrepancies weigh as income, and those
// called so; each once for every choice of codes.
std::vector<LintIncome> LintIncomes(const CompiledPack& pack);

struct LintPerson {
  base::Relation relation = base::Relation::kApplicant;
  base::Sex sex = base::Sex::kMale;
  int years = 0;
};
// An applicant of forty, their spouse, and children of eight.
std::vector<LintPerson> LintFamily(int count);

class LintHousehold {
 public:
  // The first of `persons`, who are members all, has the income.
  LintHousehold(const CompiledPack& pack, const std::string& division, const std::string& scope,
                const std::vector<LintPerson>& persons, absl::CivilDay day,
                const LintIncome& income);
  void SetIncome(int64_t fen);
  const Case& value() const { return case_; }

 private:
  void AddPersons(const std::vector<LintPerson>& persons);
  void AddAnswers();
  void AddFacts();

  const CompiledPack& pack_;
  const LintIncome income_;
  Case case_;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_HOUSEHOLD_H_
