#include "server/report/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/status.h"
#include "tests/report/report_fixture.h"

namespace hedui::report {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ReplayEngines Engines() {
  return {[](const match::MatchInput& input) { return match::Match(input, SampleRules()); },
          [](const assess::Case& c) -> absl::StatusOr<assess::Assessment> {
            return SampleAssessment(c.facts);
          }};
}

TEST(ReplayTest, AStoredCaseGivesTheSameLines) {
  const auto bundle = DecodeCaseBundle(EncodeCaseBundle(SampleBundle()));
  ASSERT_TRUE(bundle.ok());
  const auto result = Replay(*bundle, Engines());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->same) << result->first_difference;
  EXPECT_EQ(result->lines_compared, SampleBundle().lines.size());
  EXPECT_THAT(result->remarks, IsEmpty());
}

TEST(ReplayTest, TheFirstLineThatDiffersIsNamed) {
  ReplayEngines engines = Engines();
  engines.assess = [](const assess::Case& c) -> absl::StatusOr<assess::Assessment> {
    assess::Assessment assessment = SampleAssessment(c.facts);
    assessment.entries[0].value.text = "2590.00";
    return assessment;
  };
  const auto result = Replay(SampleBundle(), engines);
  EXPECT_FALSE(result->same);
  EXPECT_THAT(result->first_difference,
              AllOf(HasSubstr("(gross_wage) of m1"), HasSubstr("3000.00"), HasSubstr("2590.00")));
}

TEST(ReplayTest, AnotherEngineOrPolicySetIsRemarked) {
  ReplayEngines engines = Engines();
  engines.assess = [](const assess::Case& c) -> absl::StatusOr<assess::Assessment> {
    assess::Assessment assessment = SampleAssessment(c.facts);
    assessment.engine = "assess/next";
    assessment.policy_digest = base::Sha256("another");
    return assessment;
  };
  const auto result = Replay(SampleBundle(), engines);
  EXPECT_FALSE(result->same);
  EXPECT_THAT(result->remarks, ElementsAre(HasSubstr("assess/next"), HasSubstr("policy set")));
  EXPECT_THAT(result->first_difference, HasSubstr("line 0 (header)"));
}

TEST(ReplayTest, AnotherAnswerGivesAnotherReport) {
  CaseBundle bundle = SampleBundle();
  bundle.input.outcomes[0].answer.records.clear();
  const auto result = Replay(bundle, Engines());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->same);
}

TEST(ReplayTest, ACaseWithoutAssessmentIsReplayedWithoutOne) {
  CaseBundle bundle = SampleBundle();
  ReportInput input = SampleInput();
  input.assessment.reset();
  bundle.assessed = false;
  bundle.lines = *BuildLines(input);
  ReplayEngines engines = Engines();
  engines.assess = [](const assess::Case&) -> absl::StatusOr<assess::Assessment> {
    return absl::InternalError("not to be called");
  };
  const auto result = Replay(bundle, engines);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->same) << result->first_difference;
}

TEST(ReplayTest, WithoutLinesThereIsNothingToCompare) {
  CaseBundle bundle = SampleBundle();
  bundle.lines.clear();
  EXPECT_EQ(base::ReasonOf(Replay(bundle, Engines()).status()), "CASE_WITHOUT_LINES");
}

TEST(ReplayTest, AnEnginesErrorIsTheReplays) {
  ReplayEngines engines = Engines();
  engines.assess = [](const assess::Case&) -> absl::StatusOr<assess::Assessment> {
    return absl::FailedPreconditionError("no set");
  };
  EXPECT_EQ(Replay(SampleBundle(), engines).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace hedui::report
