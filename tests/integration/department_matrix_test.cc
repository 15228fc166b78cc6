// Every fault of a department and of the network to it, for every kind of adapter, at every moment
// of a query: alone, at a second attempt, while a hedge is under way, as the probe of a breaker.
// Each time the report says what came of it, ends it by its deadline on the flow's own clock, and
// takes nothing that is missing for none.
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/integration/department_cells.h"
#include "tests/integration/department_matrix.h"

namespace hedui::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

class DepartmentMatrixTest : public ::testing::TestWithParam<Cell> {
 protected:
  // Spared: nothing was sent, and no time passed.
  void ExpectSpared() {
    const int arrived = platform_.arrived();
    const v1::VerifyHouseholdResponse response = platform_.Verify();
    ExpectWagesAreMissing(platform_.scenario(), response, "NOT_ASKED", {"BREAKER"});
    EXPECT_EQ(OutcomeOf(response, "m1", kWageCategory).elapsed_ms(), 0);
    EXPECT_EQ(platform_.arrived(), arrived);
  }

  void ExpectEnd(const v1::VerifyHouseholdResponse& response) {
    ExpectWagesAreMissing(platform_.scenario(), response, expected_.kind, expected_.reasons);
    EXPECT_EQ(OutcomesOfOthers(response), OthersWhenAllIsWell());
    ExpectOthersTookNoTime(response);
    for (const char* const person : {"m1", "m2", "m3"}) {
      platform_.ExpectTook(expected_, OutcomeOf(response, person, kWageCategory).elapsed_ms());
    }
  }

  const Cell& cell() const { return GetParam(); }

  const Expected expected_ = Of(GetParam());
  MatrixPlatform platform_{GetParam()};
};

TEST_P(DepartmentMatrixTest, TheReportSaysSoAndCountsNothingThatIsMissing) {
  std::function<void()> meanwhile;
  if (cell().moment == Moment::kHedge) platform_.LearnHowLongItTakes();
  if (cell().moment == Moment::kProbe) {
    const v1::VerifyHouseholdResponse first = platform_.Verify();
    ExpectWagesAreMissing(platform_.scenario(), first, "UNAVAILABLE", {"UNREACHABLE"});
    ExpectSpared();
    platform_.clock().Advance(kSpared);
    // Nobody else is let through while it is out.
    if (expected_.at_deadline && expected_.exactly) meanwhile = [this] { ExpectSpared(); };
  }
  if (HasFatalFailure()) return;
  ExpectEnd(platform_.VerifyThroughTheFault(expected_, meanwhile));

  if (cell().moment == Moment::kHedge) {
    EXPECT_THAT(platform_.LogLines(),
                Contains(AllOf(HasSubstr(absl::StrCat("\"source\":\"", kWageSource, "\"")),
                               HasSubstr("\"hedges\":\"1\""))));
  }
  if (cell().moment == Moment::kProbe) {
    if (expected_.is_failure) {
      ExpectSpared();
    } else {
      ExpectEnd(platform_.Verify());
    }
  }
  if (cell().network != nullptr && cell().moment == Moment::kAlone) platform_.ExpectRecovery();
}

INSTANTIATE_TEST_SUITE_P(Cells, DepartmentMatrixTest,
                         ::testing::ValuesIn(CellsOf({Moment::kAlone, Moment::kSecondAttempt,
                                                      Moment::kHedge, Moment::kProbe})),
                         [](const auto& tested) { return NameOf(tested.param); });

}  // namespace
}  // namespace hedui::testing
