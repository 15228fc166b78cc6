#include "server/report/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/status.h"
#include "tests/report/report_fixture.h"

namespace hedui::report {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
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
  EXPECT_TRUE(result->same) << ::testing::PrintToString(result->differences);
  EXPECT_EQ(result->lines_now, SampleBundle().lines.size());
  EXPECT_THAT(result->remarks, IsEmpty());
}

TEST(ReplayTest, ALineThatDiffersIsNamedWithWhatItSaidAndSays) {
  ReplayEngines engines = Engines();
  engines.assess = [](const assess::Case& c) -> absl::StatusOr<assess::Assessment> {
    assess::Assessment assessment = SampleAssessment(c.facts);
    assessment.entries[0].value.text = "2590.00";
    return assessment;
  };
  const auto result = Replay(SampleBundle(), engines);
  EXPECT_FALSE(result->same);
  EXPECT_THAT(result->differences, ElementsAre(AllOf(HasSubstr("(gross_wage) of m1"),
                                                     HasSubstr("3000.00"), HasSubstr("2590.00"))));
}

TEST(ReplayTest, EveryLineThatDiffersIsTold) {
  ReplayEngines engines = Engines();
  engines.assess = [](const assess::Case& c) -> absl::StatusOr<assess::Assessment> {
    assess::Assessment assessment = SampleAssessment(c.facts);
    assessment.entries[0].value.text = "2590.00";
    assessment.entries[1].marks.manual = !assessment.entries[1].marks.manual;
    assessment.indications.pop_back();
    return assessment;
  };
  const auto result = Replay(SampleBundle(), engines);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->lines_now + 1, result->lines_issued);
  ASSERT_EQ(result->differences.size(), 5u) << ::testing::PrintToString(result->differences);
  EXPECT_THAT(result->differences[0], HasSubstr("2590.00"));
  EXPECT_THAT(result->differences[1],
              EndsWith("same text, but what stands behind it differs: marks"));
  EXPECT_THAT(result->differences[2], HasSubstr("(marginal): not there any more, issued “"));
  EXPECT_THAT(result->differences[3], HasSubstr("the same but for where they stand"));
  EXPECT_EQ(result->differences[4], "line 0 (header): differs in line_count");
}

// One line that came in must not make a difference of each behind it.
TEST(ReplayTest, ALineThatGoesOrComesMakesNoDifferenceOfThoseBehindIt) {
  ReplayEngines engines = Engines();
  engines.match = [](const match::MatchInput& input) {
    match::MatchResult result = match::Match(input, SampleRules());
    result.discrepancies.erase(result.discrepancies.begin());
    return result;
  };
  const auto gone = Replay(SampleBundle(), engines);
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_THAT(gone->differences,
              ElementsAre(HasSubstr(": not there any more, issued “"),
                          HasSubstr("the same but for where they stand, first line"),
                          "line 0 (header): differs in line_count"));
  CaseBundle bundle = SampleBundle();
  ReportInput input = SampleInput();
  input.match.discrepancies.erase(input.match.discrepancies.begin());
  bundle.lines = *BuildLines(input);
  const auto come = Replay(bundle, Engines());
  ASSERT_TRUE(come.ok()) << come.status();
  EXPECT_THAT(come->differences,
              ElementsAre(HasSubstr(": was not there, now “"),
                          HasSubstr("the same but for where they stand, first line"),
                          "line 0 (header): differs in line_count"));
}

TEST(ReplayTest, LinesThatCannotBeReadOrChangedPlacesDiffer) {
  CaseBundle bundle = SampleBundle();
  std::swap(bundle.lines[2], bundle.lines[3]);
  auto result = Replay(bundle, Engines());
  EXPECT_THAT(result->differences,
              ElementsAre(HasSubstr("2 lines are the same but for where they stand")));
  bundle = SampleBundle();
  bundle.lines.back() = "\xff";
  result = Replay(bundle, Engines());
  EXPECT_THAT(result->differences, ::testing::Contains(HasSubstr("as issued it cannot be read")));
  bundle.lines = {"\xff"};
  result = Replay(bundle, Engines());
  EXPECT_FALSE(result->same);
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
  EXPECT_THAT(result->differences,
              ElementsAre("line 0 (header): differs in engine, policy_digest"));
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
  EXPECT_TRUE(result->same) << ::testing::PrintToString(result->differences);
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
