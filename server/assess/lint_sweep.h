// What programmes make of households that differ in one income only: FALLS_WITH_INCOME, CLIFF,
// TIERS_NOT_MONOTONE. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_SWEEP_H_
#define HEDUI_SERVER_ASSESS_LINT_SWEEP_H_

#include <map>
#include <string>
#include <utility>

#include "server/assess/lint_model.h"
#include "server/base/rational.h"

namespace hedui::assess {

// Of many chains; of each row and code the gravest is reported.
class LintSweep {
 public:
  LintSweep(const LintModel& model, LintReport* report) : model_(model), report_(*report) {}
  void Look(const LintChain& chain);
  // Only what tables of amounts say by themselves.
  void LookAtTiers(const LintChain& chain);
  void Report() const;
  LintReport& report() { return report_; }

  // `size` in fen. Nothing below the gravest so far is kept.
  void Find(const std::string& code, int32_t row_info, const base::Rational& size,
            std::string text);

 private:
  const LintModel& model_;
  LintReport& report_;
  struct Found {
    base::Rational size;
    std::string text;
  };
  std::map<std::pair<int32_t, std::string>, Found> found_;  // by row info and code
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_SWEEP_H_
