// A household, what was found about it, an assessment made by hand, and a log to seal reports with.
// For the report room's own tests.
#ifndef HEDUI_TESTS_REPORT_REPORT_FIXTURE_H_
#define HEDUI_TESTS_REPORT_REPORT_FIXTURE_H_

#include <memory>
#include <string>

#include "server/ledger/log.h"
#include "server/ledger/trust.h"
#include "server/match/matcher.h"
#include "server/report/case_bundle.h"
#include "server/report/report_builder.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::report {

inline constexpr char kOrigin[] = "hedui.example/640000";

// Three persons: m1 with a wage and an undeclared motorcycle, m2 whose bank is silent, m3 not
// authorized.
match::MatchInput SampleMatchInput();
// Of undeclared vehicles and of wages that differ.
const base::DiscrepancyRules& SampleRules();
ReportFrame SampleFrame();
// Over the facts of SampleMatchInput: a wage, a test with blame, two indications, two policy rows.
assess::Assessment SampleAssessment(const base::Facts& facts);
ReportInput SampleInput();
CaseBundle SampleBundle();

// Index of the first answer of this person, category and source; aborts where there is none.
int32_t AnswerIndex(const base::Facts& facts, const std::string& person,
                    const std::string& category);

// A log that already holds entries before and after the reports put into it.
class SealingLog {
 public:
  explicit SealingLog(testing::KeyType legal_key = testing::KeyType::kP256,
                      bool with_intermediate = false);
  ~SealingLog();
  std::string Seal(const Draft& draft);
  const ledger::LogTrust& trust() const;
  const testing::TestPki& pki() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedui::report

#endif  // HEDUI_TESTS_REPORT_REPORT_FIXTURE_H_
