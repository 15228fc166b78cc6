// What a correction changes in a stored case, and what a chain of reports says, without a platform.
#include "server/correction_steps.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/policy_pack.h"
#include "server/base/dates.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/report/case_bundle.h"
#include "server/report_chain.h"
#include "server/rooms.h"

namespace hedui::testing {
namespace {

// What was held back says nothing of the months between the asking and the decision, also where
// another correction came between and dated the report anew.
TEST(CorrectionStepsTest, AnAnswerDecidedLateCoversNoMoreThanOnTheDayItCame) {
  const absl::CivilDay asked(2025, 3, 3);
  report::CaseBundle bundle;
  bundle.frame.issued_at = base::StartOfDay(absl::CivilDay(2025, 9, 1));
  match::SourceOutcome held;
  held.source_id = "nx-social-security";
  held.answer.person_id = "m2";
  held.answer.category = "employment";
  held.answer.kind = base::AnswerKind::kAmbiguous;
  held.answer.reason = base::Reason::kWrongPerson;
  held.answer.covered.from = absl::CivilDay(2024, 1, 1);
  held.answer.records = {{"wage", {}}};
  bundle.input.outcomes = {held};
  IdentityDecision decision;
  decision.person_id = "m2";
  decision.source_id = "nx-social-security";
  decision.category = "employment";
  decision.same_person = true;
  std::vector<SourceOutcomeView> outcomes;
  const absl::Status decided = Decide(hedui::Setup(), decision, asked, &bundle, &outcomes);
  ASSERT_TRUE(decided.ok()) << decided;
  const base::Answer& answer = bundle.input.outcomes[0].answer;
  EXPECT_EQ(answer.kind, base::AnswerKind::kFound);
  EXPECT_EQ(answer.covered.to, asked + 1);
}

TEST(CorrectionStepsTest, FindingsAreHeldToTheRecordsOfAVerification) {
  auto pack = assess::PolicyPack::Load(absl::StrCat(HEDUI_SOURCE_DIR, "/policies"));
  ASSERT_TRUE(pack.ok()) << pack.status();
  hedui::Setup setup;
  setup.policies = *pack;
  report::CaseBundle bundle;
  bundle.input.household.persons.resize(1);
  bundle.input.household.persons[0].id = "m1";
  match::SourceOutcome bank;
  bank.source_id = "nx-bank";
  bank.answer.person_id = "m1";
  bank.answer.category = "deposit";
  bank.answer.records.resize(base::kRecordsPerVerificationMax - 1);
  bundle.input.outcomes = {bank};
  PeopleFound found;
  found.answer.person_id = "m1";
  found.answer.category = "business";
  found.answer.kind = base::AnswerKind::kFound;
  found.answer.records.resize(2);
  std::vector<SourceOutcomeView> outcomes;
  report::CaseBundle full = bundle;
  EXPECT_EQ(base::ReasonOf(AddFinding(setup, found, "", &full, &outcomes)), "RECORDS_MAX");
  found.answer.records.resize(1);
  EXPECT_TRUE(AddFinding(setup, found, "", &bundle, &outcomes).ok());
  // One in place of an earlier one counts once.
  EXPECT_TRUE(AddFinding(setup, found, "", &bundle, &outcomes).ok());
}

TEST(ReportChainTest, AReportExpiresAfterItsLastDayAndALaterStateTellsMore) {
  ReportChain chain;
  chain.reports.resize(1);
  chain.reports[0].number = "one";
  chain.reports[0].valid_until = absl::CivilDay(2025, 3, 31);
  const base::Uuid id = chain.reports[0].report_id;
  EXPECT_EQ(StatusOf(chain, id, absl::CivilDay(2025, 3, 31)).state, ReportState::kValid);
  EXPECT_EQ(StatusOf(chain, id, absl::CivilDay(2025, 4, 1)).state, ReportState::kExpired);
  chain.annulled = {absl::UnixEpoch(), AnnulmentReason::kOther};
  EXPECT_EQ(StatusOf(chain, id, absl::CivilDay(2025, 4, 1)).state, ReportState::kRevoked);
}

}  // namespace
}  // namespace hedui::testing
