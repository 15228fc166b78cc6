#include "tests/integration/missing_source.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using report::v1::Line;

constexpr const char* kPeople[] = {"m1", "m2", "m3"};
constexpr const char* kProgrammes[] = {"dibao", "marginal"};

// Data that are there and do not count: what they say is shown.
bool MayBeShown(const std::string& kind) { return kind == "STALE" || kind == "AMBIGUOUS"; }

void ExpectOutcomes(const v1::VerifyHouseholdResponse& response, const std::string& kind,
                    const std::vector<std::string>& reasons) {
  for (const char* const person : kPeople) {
    const v1::SourceOutcome outcome = OutcomeOf(response, person, kWageCategory);
    EXPECT_EQ(outcome.source_id(), kWageSource) << person;
    EXPECT_EQ(v1::AnswerKind_Name(outcome.kind()), absl::StrCat("ANSWER_KIND_", kind)) << person;
    const std::string reason = v1::Reason_Name(outcome.reason()).substr(sizeof("REASON_") - 1);
    EXPECT_NE(std::find(reasons.begin(), reasons.end(), reason), reasons.end())
        << person << ": " << reason;
  }
}

void ExpectOutcomeLines(const std::string& envelope, const std::string& kind,
                        const std::vector<std::string>& reasons) {
  int told = 0;
  for (const Line& line : LinesOf(envelope)) {
    if (line.outcome().source_id() != kWageSource) continue;
    if (line.kind() == report::v1::LINE_KIND_OUTCOME) {
      EXPECT_EQ(line.outcome().kind(), kind) << line.text();
      const std::string reason =
          line.outcome().reason() == "NONE" ? "UNSPECIFIED" : line.outcome().reason();
      EXPECT_NE(std::find(reasons.begin(), reasons.end(), reason), reasons.end()) << line.text();
      ++told;
    } else if (line.kind() == report::v1::LINE_KIND_FINDING && !line.marks().declared()) {
      EXPECT_TRUE(MayBeShown(kind)) << "found without an answer: " << line.text();
    }
  }
  EXPECT_EQ(told, 3) << "one for each person";
}

void ExpectNothingIsCounted(const std::string& envelope) {
  for (const char* const person : kPeople) {
    const Line wages = LineOf(envelope, report::v1::LINE_KIND_QUANTITY, "wage_total", person);
    EXPECT_FALSE(wages.value().low().empty()) << person;
    EXPECT_TRUE(wages.value().high().empty()) << person << ": " << wages.value().text();
  }
  for (const char* const programme : kProgrammes) {
    const Line line = LineOf(envelope, report::v1::LINE_KIND_INDICATION, programme);
    EXPECT_EQ(line.indication().result(), report::v1::TRUTH_UNDETERMINED) << programme;
    const bool blamed = std::any_of(
        line.blame().begin(), line.blame().end(),
        [](const report::v1::Blame& blame) { return blame.source_id() == kWageSource; });
    EXPECT_TRUE(blamed) << programme;
  }
}

}  // namespace

void ExpectWagesAreMissing(Scenario& scenario, const v1::VerifyHouseholdResponse& response,
                           const std::string& kind, const std::vector<std::string>& reasons) {
  ExpectOutcomes(response, kind, reasons);
  EXPECT_EQ(CheckOffline(scenario, response.envelope()).verdict, report::Verdict::kValid);
  ExpectOutcomeLines(response.envelope(), kind, reasons);
  ExpectNothingIsCounted(response.envelope());
}

std::map<std::string, std::string> OutcomesOfOthers(const v1::VerifyHouseholdResponse& response) {
  std::map<std::string, std::string> others;
  for (const v1::SourceOutcome& outcome : response.outcomes()) {
    if (outcome.source_id() == kWageSource) continue;
    others[absl::StrCat(outcome.source_id(), " ", outcome.person_id(), " ", outcome.category())] =
        absl::StrCat(v1::AnswerKind_Name(outcome.kind()).substr(sizeof("ANSWER_KIND_") - 1), "/",
                     v1::Reason_Name(outcome.reason()).substr(sizeof("REASON_") - 1));
  }
  return others;
}

void ExpectOthersTookNoTime(const v1::VerifyHouseholdResponse& response) {
  for (const v1::SourceOutcome& outcome : response.outcomes()) {
    if (outcome.source_id() == kWageSource) continue;
    EXPECT_EQ(outcome.elapsed_ms(), 0) << outcome.ShortDebugString();
  }
}

}  // namespace hedui::testing
