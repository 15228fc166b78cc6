// One of the departments stands behind a network that fails, and the machine's clock runs. What
// becomes of every single fault department_matrix_test.cc tells.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "tests/integration/faulty_department.h"
#include "tests/integration/missing_source.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using Direction = FaultProxy::Direction;
using Kind = FaultProxy::Kind;

// A platform whose other departments answer at once, and whose agency may have one verification
// under way: a place that leaks shows with the next one.
class DepartmentFaults {
 public:
  DepartmentFaults() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    Scenario::Replace(&scenario_.register_yaml, "- code: 640104-civil-affairs\n",
                      "- code: 640104-civil-affairs\n    in_flight_max: 1\n");
  }

  FaultyDepartment& department() { return *department_; }

  void Start(const std::string& policy, std::optional<FaultProxy::Fault> on_connections,
             std::function<void(FaultProxy&, int)> on_query) {
    Scenario::AddToSource(&scenario_.catalogue_yaml, kWageSource, policy);
    department_ = std::make_unique<FaultyDepartment>(&scenario_, kWageSource, std::move(on_query));
    if (on_connections.has_value()) department_->proxy().OnNewConnections(*on_connections);
    platform_ = std::make_unique<RunningPlatform>(&scenario_);
    platform_->Register();
  }
  absl::StatusOr<v1::VerifyHouseholdResponse> Verify(absl::Duration timeout = kPatience) {
    return platform_->Verify(scenario_.household, timeout);
  }

 private:
  Scenario scenario_;
  std::unique_ptr<FaultyDepartment> department_;
  std::unique_ptr<RunningPlatform> platform_;
};

// What the other departments say when nothing is wrong.
const std::map<std::string, std::string>& OthersWhenAllIsWell() {
  static const auto* const others = [] {
    DepartmentFaults sound;
    sound.Start("deadline: 60s", std::nullopt, nullptr);
    const auto response = sound.Verify();
    EXPECT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(OutcomeOf(*response, "m1", kWageCategory).kind(), v1::ANSWER_KIND_FOUND);
    return new std::map<std::string, std::string>(OutcomesOfOthers(*response));
  }();
  return *others;
}

TEST(DepartmentFaultsTest, ASecondAttemptMendsAConnectionThatBroke) {
  DepartmentFaults faults;
  faults.Start("attempts: 5", std::nullopt, [](FaultProxy& proxy, int number) {
    if (number == 1) proxy.FromNow({Kind::kCut});
  });
  const auto response = faults.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", kWageCategory).kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(faults.department().arrived(), 2);
}

TEST(DepartmentFaultsTest, AnAnswerThatDripsIsAnAnswer) {
  DepartmentFaults faults;
  faults.Start("deadline: 60s", FaultProxy::Fault{Kind::kDrip, Direction::kToCaller}, nullptr);
  const auto response = faults.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", kWageCategory).kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(OutcomesOfOthers(*response), OthersWhenAllIsWell());
}

// The source may take longer than the caller waits: it is the caller's deadline that ends the
// asking.
TEST(DepartmentFaultsTest, SilencePastTheCallersDeadlineStillGivesAReport) {
  DepartmentFaults faults;
  faults.Start("deadline: 60s", std::nullopt,
               [](FaultProxy& proxy, int) { proxy.FromNow({Kind::kHold}); });
  auto response = faults.Verify(absl::Seconds(3));
  if (response.status().code() == absl::StatusCode::kDeadlineExceeded) {
    // A machine too slow for the reserve: the report is there under the same request id.
    response = faults.Verify();
  }
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", kWageCategory).reason(), v1::REASON_LATE);
  EXPECT_EQ(OutcomesOfOthers(*response), OthersWhenAllIsWell());
}

}  // namespace
}  // namespace hedui::testing
