// One of the departments stands behind a network that fails. The verification ends all the same,
// the report says what came of that department, takes nothing it did not say for none, and has what
// all the others said.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "tests/integration/faulty_department.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using Direction = FaultProxy::Direction;
using Kind = FaultProxy::Kind;
using report::v1::Line;

constexpr char kSource[] = "nx-social-security";
constexpr char kCategory[] = "employment";
// Within the first flight of either side of a handshake, and within the first records of an answer.
constexpr uint64_t kWithin = 100;

enum class Moment { kBeforeHandshake, kDuringHandshake, kAfterRequest, kWithinAnswer };

struct FaultCase {
  const char* name;
  Kind fault;
  Direction direction;
  Moment moment;
  std::string reason;
};

const FaultCase kCases[] = {
    {"HeldBeforeTheHandshake", Kind::kHold, Direction::kToTarget, Moment::kBeforeHandshake, ""},
    {"HeldWithinTheHandshake", Kind::kHold, Direction::kToCaller, Moment::kDuringHandshake, ""},
    {"HeldAfterTheRequest", Kind::kHold, Direction::kToCaller, Moment::kAfterRequest, "LATE"},
    {"HeldWithinTheAnswer", Kind::kHold, Direction::kToCaller, Moment::kWithinAnswer, "LATE"},
    {"CutBeforeTheHandshake", Kind::kCut, Direction::kToTarget, Moment::kBeforeHandshake,
     "UNREACHABLE"},
    {"CutWithinTheHandshake", Kind::kCut, Direction::kToCaller, Moment::kDuringHandshake,
     "UNREACHABLE"},
    {"CutAfterTheRequest", Kind::kCut, Direction::kToCaller, Moment::kAfterRequest, "UNREACHABLE"},
    {"CutWithinTheAnswer", Kind::kCut, Direction::kToCaller, Moment::kWithinAnswer, "UNREACHABLE"},
    {"HalfClosedWithinTheHandshake", Kind::kHalfClose, Direction::kToCaller,
     Moment::kDuringHandshake, "UNREACHABLE"},
    {"HalfClosedAfterTheRequest", Kind::kHalfClose, Direction::kToCaller, Moment::kAfterRequest,
     "UNREACHABLE"},
    {"HalfClosedWithinTheAnswer", Kind::kHalfClose, Direction::kToCaller, Moment::kWithinAnswer,
     "UNREACHABLE"},
    {"HandshakeCorrupted", Kind::kCorrupt, Direction::kToCaller, Moment::kDuringHandshake,
     "UNREACHABLE"},
    {"AnswerCorrupted", Kind::kCorrupt, Direction::kToCaller, Moment::kWithinAnswer, "UNREACHABLE"},
};

bool IsBeforeTheQuery(Moment moment) {
  return moment == Moment::kBeforeHandshake || moment == Moment::kDuringHandshake;
}

// A platform whose other departments answer at once, and whose agency may have one verification
// under way: a place that leaks shows with the next one.
class DepartmentFaults {
 public:
  DepartmentFaults() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    Scenario::Replace(&scenario_.register_yaml, "- code: 640104-civil-affairs\n",
                      "- code: 640104-civil-affairs\n    in_flight_max: 1\n");
  }

  Scenario& scenario() { return scenario_; }
  FaultProxy& proxy() { return department_->proxy(); }
  FaultyDepartment& department() { return *department_; }

  void Start(const std::string& policy, std::optional<FaultProxy::Fault> on_connections,
             std::function<void(FaultProxy&, int)> on_query) {
    Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, policy);
    department_ = std::make_unique<FaultyDepartment>(&scenario_, kSource, std::move(on_query));
    if (on_connections.has_value()) proxy().OnNewConnections(*on_connections);
    platform_ = std::make_unique<RunningPlatform>(&scenario_);
    platform_->Register();
  }
  absl::StatusOr<v1::VerifyHouseholdResponse> Verify(absl::Duration timeout = kPatience) {
    return platform_->Verify(scenario_.household, timeout);
  }

  // The network is sound again: sooner or later the department is heard, in a verification of its
  // own. Bounded by the test's own time limit.
  void ExpectRecovery() {
    proxy().Release();
    while (true) {
      scenario_.household.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
      const auto response = Verify();
      if (response.ok() && OutcomeOf(*response, "m1", kCategory).kind() == v1::ANSWER_KIND_FOUND) {
        return;
      }
      if (!response.ok()) {
        // The place of the one before is given back soon after its answer.
        ASSERT_EQ(base::ReasonOf(response.status()), "AGENCY_IN_FLIGHT") << response.status();
      }
    }
  }

 private:
  Scenario scenario_;
  base::SecureIdSource ids_;
  std::unique_ptr<FaultyDepartment> department_;
  std::unique_ptr<RunningPlatform> platform_;
};

std::map<std::string, std::string> OthersOf(const v1::VerifyHouseholdResponse& response) {
  std::map<std::string, std::string> others;
  for (const v1::SourceOutcome& outcome : response.outcomes()) {
    if (outcome.source_id() == kSource) continue;
    others[absl::StrCat(outcome.source_id(), " ", outcome.person_id(), " ", outcome.category())] =
        v1::AnswerKind_Name(outcome.kind());
  }
  return others;
}

// What the other departments say when nothing is wrong.
const std::map<std::string, std::string>& OthersWhenAllIsWell() {
  static const auto* const others = [] {
    DepartmentFaults sound;
    sound.Start("deadline: 60s", std::nullopt, nullptr);
    const auto response = sound.Verify();
    EXPECT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(OutcomeOf(*response, "m1", kCategory).kind(), v1::ANSWER_KIND_FOUND);
    return new std::map<std::string, std::string>(OthersOf(*response));
  }();
  return *others;
}

class DepartmentFaultsTest : public ::testing::TestWithParam<FaultCase> {
 protected:
  DepartmentFaultsTest() {
    const FaultCase& tested = GetParam();
    const uint64_t bytes =
        tested.moment == Moment::kDuringHandshake || tested.moment == Moment::kWithinAnswer
            ? kWithin
            : 0;
    const FaultProxy::Fault fault{tested.fault, tested.direction, bytes};
    // Silence lasts until the source's deadline; everything else must show before it.
    const std::string policy = tested.fault == Kind::kHold ? "deadline: 1s" : "deadline: 60s";
    if (IsBeforeTheQuery(tested.moment)) {
      faults_.Start(policy, fault, nullptr);
    } else {
      faults_.Start(policy, std::nullopt, [fault](FaultProxy& proxy, int number) {
        if (number == 1) proxy.FromNow(fault);
      });
    }
  }

  // Which of the two timers of one deadline is first is not told: the adapter's, that there was no
  // connection, or gather's, that there was no answer.
  static bool IsExpected(const std::string& reason) {
    if (GetParam().reason.empty()) return reason == "LATE" || reason == "UNREACHABLE";
    return reason == GetParam().reason;
  }

  DepartmentFaults faults_;
};

TEST_P(DepartmentFaultsTest, TheReportSaysSoAndCountsNothingThatIsMissing) {
  const auto response = faults_.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  for (const char* person : {"m1", "m2", "m3"}) {
    const v1::SourceOutcome outcome = OutcomeOf(*response, person, kCategory);
    EXPECT_EQ(outcome.kind(), v1::ANSWER_KIND_UNAVAILABLE) << person;
    EXPECT_TRUE(IsExpected(v1::Reason_Name(outcome.reason()).substr(sizeof("REASON_") - 1)))
        << outcome.ShortDebugString();
  }
  EXPECT_EQ(OthersOf(*response), OthersWhenAllIsWell());
  EXPECT_EQ(CheckOffline(faults_.scenario(), response->envelope()).verdict,
            report::Verdict::kValid);

  int told = 0;
  for (const Line& line : LinesOf(response->envelope())) {
    if (line.kind() == report::v1::LINE_KIND_OUTCOME && line.outcome().source_id() == kSource) {
      EXPECT_EQ(line.outcome().kind(), "UNAVAILABLE") << line.text();
      EXPECT_TRUE(IsExpected(line.outcome().reason())) << line.text();
      ++told;
    }
    EXPECT_FALSE(line.kind() == report::v1::LINE_KIND_FINDING && !line.marks().declared() &&
                 line.outcome().source_id() == kSource)
        << "found without an answer: " << line.text();
  }
  EXPECT_EQ(told, 3) << "one for each person";
  for (const char* person : {"m1", "m2", "m3"}) {
    const Line wages =
        LineOf(response->envelope(), report::v1::LINE_KIND_QUANTITY, "wage_total", person);
    EXPECT_FALSE(wages.value().low().empty()) << person;
    EXPECT_TRUE(wages.value().high().empty()) << person << ": " << wages.value().text();
  }
  for (const char* programme : {"dibao", "marginal"}) {
    const Line line = LineOf(response->envelope(), report::v1::LINE_KIND_INDICATION, programme);
    EXPECT_EQ(line.indication().result(), report::v1::TRUTH_UNDETERMINED) << programme;
    bool blamed = false;
    for (const report::v1::Blame& blame : line.blame()) blamed |= blame.source_id() == kSource;
    EXPECT_TRUE(blamed) << programme;
  }
  faults_.ExpectRecovery();
}

INSTANTIATE_TEST_SUITE_P(Faults, DepartmentFaultsTest, ::testing::ValuesIn(kCases),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(DepartmentFaultsOnceTest, ASecondAttemptMendsAConnectionThatBroke) {
  DepartmentFaults faults;
  faults.Start("attempts: 5", std::nullopt, [](FaultProxy& proxy, int number) {
    if (number == 1) proxy.FromNow({Kind::kCut});
  });
  const auto response = faults.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", kCategory).kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(faults.department().arrived(), 2);
}

TEST(DepartmentFaultsOnceTest, AnAnswerThatDripsIsAnAnswer) {
  DepartmentFaults faults;
  faults.Start("deadline: 60s", FaultProxy::Fault{Kind::kDrip, Direction::kToCaller}, nullptr);
  const auto response = faults.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", kCategory).kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(OthersOf(*response), OthersWhenAllIsWell());
}

// The source may take longer than the caller waits: it is the caller's deadline that ends the
// asking.
TEST(DepartmentFaultsOnceTest, SilencePastTheCallersDeadlineStillGivesAReport) {
  DepartmentFaults faults;
  faults.Start("deadline: 60s", std::nullopt,
               [](FaultProxy& proxy, int) { proxy.FromNow({Kind::kHold}); });
  auto response = faults.Verify(absl::Seconds(3));
  if (response.status().code() == absl::StatusCode::kDeadlineExceeded) {
    // A machine too slow for the reserve: the report is there under the same request id.
    response = faults.Verify();
  }
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", kCategory).reason(), v1::REASON_LATE);
  EXPECT_EQ(OthersOf(*response), OthersWhenAllIsWell());
}

}  // namespace
}  // namespace hedui::testing
