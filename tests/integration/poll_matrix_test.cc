// The fault matrix's row for polls: what a department promised is polled for, and the first poll
// meets each fault. A failure is no answer: the report goes on saying PENDING, and what was
// promised is fetched later. What is an answer, if a useless one, is in a report. Nothing missing
// is taken for none.
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/integration/department_cells.h"
#include "tests/integration/department_matrix.h"

namespace hedui::testing {
namespace {

class PollMatrixTest : public ::testing::TestWithParam<Cell> {
 protected:
  // Whether the department has said something by it.
  bool IsAnAnswer() const {
    return expected_.kind != "UNAVAILABLE" && expected_.reasons.front() != "WARRANT_REJECTED";
  }
  void ExpectFirstPoll() {
    const auto [answers, ms] = platform_.FirstPoll();
    bool told = false;
    for (const std::string& reason : expected_.reasons) {
      told |= answers == absl::StrCat(expected_.kind, "/", reason, " 3");
    }
    EXPECT_TRUE(told) << answers;
    const int64_t deadline = absl::ToInt64Milliseconds(kDeadline);
    if (!expected_.at_deadline) {
      EXPECT_EQ(ms, 0);
    } else if (expected_.exactly) {
      EXPECT_EQ(ms, deadline);
    } else {
      EXPECT_LE(ms, deadline);
    }
  }

  const Expected expected_ = Of(GetParam());
  MatrixPlatform platform_{GetParam()};
};

TEST_P(PollMatrixTest, LosesNoPromiseAndTakesNothingThatIsMissingForNone) {
  ASSERT_NO_FATAL_FAILURE(platform_.PromiseAndPoll(expected_));
  ExpectFirstPoll();
  if (IsAnAnswer()) {
    platform_.AwaitSettled();
    EXPECT_EQ(platform_.Reports(), 2);
    const v1::VerifyHouseholdResponse now = platform_.Current();
    ExpectWagesAreMissing(platform_.scenario(), now, expected_.kind, expected_.reasons);
    EXPECT_EQ(OutcomesOfOthers(now), OthersWhenAllIsWell());
    return;
  }
  EXPECT_EQ(platform_.Pending(), 1);
  EXPECT_EQ(platform_.Reports(), 1);
  const v1::VerifyHouseholdResponse now = platform_.Current();
  ExpectWagesAreMissing(platform_.scenario(), now, "PENDING", {"UNSPECIFIED"});
  EXPECT_EQ(OutcomesOfOthers(now), OthersWhenAllIsWell());

  platform_.AwaitThePromise();
  EXPECT_EQ(platform_.Reports(), 2);
  const v1::VerifyHouseholdResponse later = platform_.Current();
  EXPECT_EQ(OutcomeOf(later, "m1", kWageCategory).kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(OutcomesOfOthers(later), OthersWhenAllIsWell());
  EXPECT_EQ(CheckOffline(platform_.scenario(), later.envelope()).verdict, report::Verdict::kValid);
}

INSTANTIATE_TEST_SUITE_P(Cells, PollMatrixTest, ::testing::ValuesIn(CellsOf({Moment::kPoll})),
                         [](const auto& tested) { return NameOf(tested.param); });

}  // namespace
}  // namespace hedui::testing
