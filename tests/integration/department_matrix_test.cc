// Every fault of a department and of the network to it, for every kind of adapter, at every moment
// of a query: alone, at a second attempt, while a hedge is under way, as the probe of a breaker.
// Each time the report says what came of it, ends it by its deadline on the flow's own clock, and
// takes nothing that is missing for none.
//
// The platform's steady clock stands still but for what the test lets pass, so that times are exact
// and no cell waits.
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "server/rooms.h"
#include "tests/integration/hand_clock.h"
#include "tests/integration/missing_source.h"
#include "tests/integration/running_platform.h"
#include "tests/integration/scripted_department.h"

namespace hedui::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using Direction = FaultProxy::Direction;
using Fault = FaultProxy::Fault;
using Kind = FaultProxy::Kind;
using Reacts = ScriptStep::Reacts;

constexpr absl::Duration kDeadline = absl::Seconds(20);
constexpr absl::Duration kTick = absl::Milliseconds(1);
// The longest pause before a second attempt, and the least wait before a hedge, in ticks.
constexpr int kPauseTicks = 10;
constexpr absl::Duration kSpared = absl::Seconds(10);
// Within the first flight of either side of a handshake, and within the first records of an answer.
constexpr uint64_t kWithin = 100;
// Its queries are of one person each while it is learned how long the source takes (64 answers).
constexpr int kVerificationsUntilKnown = 22;

// ---- what goes wrong

struct DepartmentFault {
  const char* name;
  const char* yaml;  // of the simulation
  const char* kind;
  const char* reason;  // "UNSPECIFIED": none
  bool delays = false;
};
const DepartmentFault kDepartmentFaults[] = {
    {"Silent", "{kind: silent}", "UNAVAILABLE", "LATE"},
    {"TooSlow", "{kind: delay, delay: 10m}", "UNAVAILABLE", "LATE", true},
    {"Unavailable", "{kind: unavailable}", "UNAVAILABLE", "UNREACHABLE"},
    {"Overloaded", "{kind: overloaded}", "UNAVAILABLE", "OVERLOADED"},
    {"InError", "{kind: source_error}", "UNAVAILABLE", "SOURCE_ERROR"},
    {"Denying", "{kind: deny}", "REFUSED", "SOURCE_REFUSED"},
    {"RejectingTheWarrant", "{kind: reject_warrant}", "REFUSED", "WARRANT_REJECTED"},
    {"Garbled", "{kind: garbage}", "UNAVAILABLE", "MALFORMED"},
    {"Malformed", "{kind: malformed}", "UNAVAILABLE", "MALFORMED"},
    {"AboutAnother", "{kind: wrong_person}", "AMBIGUOUS", "WRONG_PERSON"},
    {"Oversized", "{kind: oversized}", "UNAVAILABLE", "OVERSIZED"},
    {"Stale", "{kind: stale}", "STALE", "TOO_OLD"},
    {"Refusing", "{kind: refuse}", "REFUSED", "SOURCE_REFUSED"},
    {"Pending", "{kind: pending}", "PENDING", "UNSPECIFIED"},
    {"Empty", "{kind: empty}", "UNAVAILABLE", "EMPTY"},
    {"Contradictory", "{kind: contradiction}", "AMBIGUOUS", "CONTRADICTION"},
};

enum class Place : uint8_t { kBeforeHandshake, kWithinHandshake, kAfterRequest, kWithinAnswer };
struct NetworkFault {
  const char* name;
  Kind kind;
  Direction direction;
  Place place;
};
const NetworkFault kNetworkFaults[] = {
    {"HeldBeforeTheHandshake", Kind::kHold, Direction::kToTarget, Place::kBeforeHandshake},
    {"HeldWithinTheHandshake", Kind::kHold, Direction::kToCaller, Place::kWithinHandshake},
    {"HeldAfterTheRequest", Kind::kHold, Direction::kToCaller, Place::kAfterRequest},
    {"HeldWithinTheAnswer", Kind::kHold, Direction::kToCaller, Place::kWithinAnswer},
    {"CutBeforeTheHandshake", Kind::kCut, Direction::kToTarget, Place::kBeforeHandshake},
    {"CutWithinTheHandshake", Kind::kCut, Direction::kToCaller, Place::kWithinHandshake},
    {"CutAfterTheRequest", Kind::kCut, Direction::kToCaller, Place::kAfterRequest},
    {"CutWithinTheAnswer", Kind::kCut, Direction::kToCaller, Place::kWithinAnswer},
    {"ClosedBeforeTheHandshake", Kind::kHalfClose, Direction::kToTarget, Place::kBeforeHandshake},
    {"ClosedWithinTheHandshake", Kind::kHalfClose, Direction::kToCaller, Place::kWithinHandshake},
    {"ClosedAfterTheRequest", Kind::kHalfClose, Direction::kToCaller, Place::kAfterRequest},
    {"ClosedWithinTheAnswer", Kind::kHalfClose, Direction::kToCaller, Place::kWithinAnswer},
    {"AlteredBeforeTheHandshake", Kind::kCorrupt, Direction::kToTarget, Place::kBeforeHandshake},
    {"AlteredWithinTheHandshake", Kind::kCorrupt, Direction::kToCaller, Place::kWithinHandshake},
    {"AlteredAfterTheRequest", Kind::kCorrupt, Direction::kToCaller, Place::kAfterRequest},
    {"AlteredWithinTheAnswer", Kind::kCorrupt, Direction::kToCaller, Place::kWithinAnswer},
};

enum class Adapter : uint8_t { kGrpc, kSimulated };
enum class Moment : uint8_t {
  kAlone,          // of the only attempt
  kSecondAttempt,  // comes between two attempts
  kHedge,          // while a first query is under way that nobody answers
  kProbe,          // when the source has been spared, of the one query that looks how it is
};

struct Cell {
  Adapter adapter;
  Moment moment;
  const DepartmentFault* department = nullptr;  // one of the two
  const NetworkFault* network = nullptr;
};

std::vector<Cell> AllCells() {
  std::vector<Cell> cells;
  for (const Moment moment :
       {Moment::kAlone, Moment::kSecondAttempt, Moment::kHedge, Moment::kProbe}) {
    for (const DepartmentFault& fault : kDepartmentFaults) {
      cells.push_back({.adapter = Adapter::kGrpc, .moment = moment, .department = &fault});
      // The simulation has a delay for all calls, those that come before the fault too.
      if (fault.delays && (moment == Moment::kSecondAttempt || moment == Moment::kProbe)) continue;
      cells.push_back({.adapter = Adapter::kSimulated, .moment = moment, .department = &fault});
    }
    for (const NetworkFault& fault : kNetworkFaults) {
      // A hedge goes over the connection that the first query went over.
      const bool before_query =
          fault.place == Place::kBeforeHandshake || fault.place == Place::kWithinHandshake;
      if (moment == Moment::kHedge && before_query) continue;
      cells.push_back({.adapter = Adapter::kGrpc, .moment = moment, .network = &fault});
    }
  }
  return cells;
}

std::string NameOf(const Cell& cell) {
  static constexpr const char* kMoments[] = {"Alone", "AtTheSecondAttempt", "WhileAHedgeIsOut",
                                             "AtTheProbe"};
  return absl::StrCat(cell.adapter == Adapter::kGrpc ? "Grpc" : "Simulated",
                      cell.network != nullptr ? cell.network->name : cell.department->name,
                      kMoments[static_cast<size_t>(cell.moment)]);
}

// ---- what it should come to

struct Expected {
  std::string kind;
  std::vector<std::string> reasons;
  bool at_deadline = false;  // nothing comes of it before
  bool exactly = true;       // not even that there is no connection
  bool is_failure = false;   // of the source, as its breaker sees it
};

Expected Of(const Cell& cell) {
  Expected expected;
  if (cell.network != nullptr) {
    expected.kind = "UNAVAILABLE";
    expected.is_failure = true;
    expected.at_deadline = cell.network->kind == Kind::kHold;
    if (!expected.at_deadline) {
      expected.reasons = {"UNREACHABLE"};
    } else if (cell.network->place == Place::kBeforeHandshake ||
               cell.network->place == Place::kWithinHandshake) {
      // Which of the two timers of one deadline is first is not told: the adapter's, that there was
      // no connection, or gather's, that there was no answer. And gRPC, which goes by the machine's
      // clock, gives a connection up after some seconds.
      expected.reasons = {"LATE", "UNREACHABLE"};
      expected.exactly = false;
    } else {
      expected.reasons = {"LATE"};
    }
    return expected;
  }
  expected.kind = cell.department->kind;
  expected.reasons = {cell.department->reason};
  expected.is_failure = expected.kind == "UNAVAILABLE";
  expected.at_deadline = expected.reasons.front() == "LATE";
  // A hedge that failed leaves the first query to be waited for, which nobody answers.
  if (cell.moment == Moment::kHedge && expected.is_failure) {
    expected.reasons = {"LATE"};
    expected.at_deadline = true;
  }
  return expected;
}

// ---- one cell

class MatrixPlatform {
 public:
  explicit MatrixPlatform(const Cell& cell) : cell_(cell) {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    Scenario::AddToSource(&scenario_.catalogue_yaml, kWageSource, Policy());
    if (cell_.adapter == Adapter::kGrpc) {
      department_ = std::make_unique<ScriptedDepartment>(
          &scenario_, kWageSource, cell_.department == nullptr ? "" : cell_.department->yaml,
          [this](int number, const v1::QueryRequest&) { return Step(number); });
    } else if (cell_.moment != Moment::kHedge) {
      Scenario::AddToSource(&scenario_.simulation_yaml, kWageSource, SimulatedFaults());
    }
    if (cell_.network != nullptr && IsBeforeTheQuery() && cell_.moment == Moment::kAlone) {
      department_->proxy().OnNewConnections(NetworkFaultOfCell());
    }
    platform_ = std::make_unique<RunningPlatform>(
        &scenario_,
        [this](FlowStep step) {
          if (step == FlowStep::kIntentCommitted) ++intents_;
        },
        [this](PlatformOptions* options) { options->clock = &clock_; });
    platform_->Register();
    pings_ = scenario_.Connect(platform_->port());
  }

  Scenario& scenario() { return scenario_; }
  FaultProxy& proxy() { return department_->proxy(); }
  HandClock& clock() { return clock_; }
  int arrived() const { return department_ == nullptr ? 0 : department_->arrived(); }
  std::vector<std::string> LogLines() const { return platform_->LogLines(); }

  v1::VerifyHouseholdResponse Verify() {
    const auto response = platform_->Verify(NewRequest());
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::VerifyHouseholdResponse();
  }

  // How long this source takes is known after it; from the next query on the fault is there.
  void LearnHowLongItTakes() {
    for (int i = 0; i < kVerificationsUntilKnown; ++i) {
      EXPECT_EQ(OutcomeOf(Verify(), "m1", kWageCategory).kind(), v1::ANSWER_KIND_FOUND);
    }
    Scenario::Replace(&scenario_.catalogue_yaml, "    people_per_call: 1\n", "");
    if (cell_.adapter == Adapter::kSimulated) {
      Scenario::AddToSource(&scenario_.simulation_yaml, kWageSource, SimulatedFaults());
    }
    scenario_.Write();
    const absl::Status reloaded = platform_->Reload();
    ASSERT_TRUE(reloaded.ok()) << reloaded;
    learned_ = arrived();
  }

  // The verification under test: time passes until its fault has struck, and where nothing comes
  // of it, on to the deadline. `meanwhile` runs before that.
  v1::VerifyHouseholdResponse VerifyThroughTheFault(const Expected& expected,
                                                    const std::function<void()>& meanwhile) {
    const absl::Duration begun = clock_.SteadyNow();
    const int intents = intents_;
    std::atomic<bool> ended{false};
    auto verified = std::async(std::launch::async, [&] {
      v1::VerifyHouseholdResponse response = Verify();
      ended = true;
      return response;
    });
    while (!ended && intents_ == intents) Ping();
    Settle();  // it has asked
    const bool time_passes =
        cell_.moment == Moment::kSecondAttempt || cell_.moment == Moment::kHedge;
    const absl::Duration tick = time_passes ? kTick : absl::ZeroDuration();
    for (int ticks = 0; !ended && !HasStruck(ticks); ++ticks) {
      clock_.Advance(tick);
      Settle();
    }
    if (meanwhile) meanwhile();
    if (expected.at_deadline) {
      EXPECT_FALSE(ended && expected.exactly) << "it did not wait for its deadline";
      clock_.AdvanceTo(begun + kDeadline);
    }
    while (!ended) {
      if (!expected.at_deadline) clock_.Advance(tick);
      Settle();
    }
    return verified.get();
  }

  // The network is sound again: sooner or later the department is heard. Bounded by the test's own
  // time limit.
  void ExpectRecovery() {
    proxy().Release();
    while (OutcomeOf(Verify(), "m1", kWageCategory).kind() != v1::ANSWER_KIND_FOUND) {
      clock_.Advance(absl::Minutes(10));  // past every sparing
    }
  }

 private:
  bool IsBeforeTheQuery() const {
    return cell_.network->place == Place::kBeforeHandshake ||
           cell_.network->place == Place::kWithinHandshake;
  }
  Fault NetworkFaultOfCell() const {
    const bool within = cell_.network->place == Place::kWithinHandshake ||
                        cell_.network->place == Place::kWithinAnswer;
    return {cell_.network->kind, cell_.network->direction, within ? kWithin : 0};
  }

  std::string Policy() const {
    const std::string deadline = absl::StrCat("deadline: ", absl::FormatDuration(kDeadline));
    switch (cell_.moment) {
      case Moment::kAlone:
        return deadline;
      case Moment::kSecondAttempt:
        return absl::StrCat(deadline, "\n    attempts: 2\n    backoff_first: ",
                            absl::FormatDuration(kPauseTicks * kTick));
      case Moment::kHedge:
        return absl::StrCat(deadline, "\n    hedge_safe: true\n    people_per_call: 1");
      case Moment::kProbe:
        return absl::StrCat(deadline, "\n    breaker: {failures: 1, percent: 1, open_first: ",
                            absl::FormatDuration(kSpared),
                            ", open_max: ", absl::FormatDuration(kSpared), "}");
    }
    return "";
  }

  // Of the department within the process, by the number of the call.
  std::string SimulatedFaults() const {
    const char* const before = cell_.moment == Moment::kAlone ? ""
                               : cell_.moment == Moment::kHedge
                                   ? "{kind: silent, first_calls: 1}, "
                                   : "{kind: unavailable, first_calls: 1}, ";
    return absl::StrCat("faults: [", before, cell_.department->yaml, "]");
  }

  // Of the one behind the network.
  ScriptStep Step(int number) const {
    if (cell_.moment == Moment::kHedge) {
      if (number <= learned_) return {};
      if (number == learned_ + 1) return {.reacts = Reacts::kSilent};
      return FaultyStep();
    }
    if (cell_.moment == Moment::kAlone) {
      // Connections have their fault already; and the network is sound after its one.
      const bool sound = cell_.network != nullptr && (IsBeforeTheQuery() || number > 1);
      return sound ? ScriptStep() : FaultyStep();
    }
    if (number > 1) return FaultyStep();
    // What comes before: it fails once, and the network with it where the fault is in the next
    // connection.
    if (cell_.network != nullptr && IsBeforeTheQuery()) {
      return {.from_now = Fault{Kind::kCut}, .on_new_connections = NetworkFaultOfCell()};
    }
    return {.reacts = Reacts::kUnavailable};
  }
  ScriptStep FaultyStep() const {
    if (cell_.network == nullptr) return {.reacts = Reacts::kFaulty};
    return {.from_now = NetworkFaultOfCell()};
  }

  // The fault of this cell has come. Within the process all that has to happen is time.
  bool HasStruck(int ticks) const {
    if (cell_.adapter == Adapter::kSimulated) return ticks > 2 * kPauseTicks;
    const int before = cell_.moment == Moment::kAlone ? 0 : 1;
    if (cell_.network != nullptr && IsBeforeTheQuery()) {
      // The pause is over too, or a connection was made without waiting for it.
      if (cell_.moment == Moment::kSecondAttempt && ticks <= 2 * kPauseTicks) return false;
      return department_->proxy().strikes() > before;
    }
    const int first = cell_.moment == Moment::kHedge ? learned_.load() : 0;
    return arrived() > first + before;
  }

  v1::VerifyHouseholdRequest NewRequest() {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
    return request;
  }

  // A call through the platform's one loop; a timer that was due before it has run after two.
  void Ping() {
    v1::GetReportRequest request;
    request.set_officer("XQ-0107");
    request.set_request_id("00000000-0000-4000-8000-000000000000");
    EXPECT_EQ(pings_->GetReport(request, kPatience).status().code(), absl::StatusCode::kNotFound);
  }
  void Settle() {
    Ping();
    Ping();
  }

  const Cell cell_;
  HandClock clock_;
  Scenario scenario_;
  base::SecureIdSource ids_;
  std::atomic<int> intents_{0};
  std::atomic<int> learned_{1 << 30};  // queries that came before the fault, once it is there
  std::unique_ptr<ScriptedDepartment> department_;
  std::unique_ptr<RunningPlatform> platform_;
  std::unique_ptr<clients::Client> pings_;
};

// What the other departments say when nothing is wrong.
const std::map<std::string, std::string>& OthersWhenAllIsWell() {
  static const auto* const others = [] {
    Scenario scenario;
    Scenario::Replace(&scenario.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    RunningPlatform sound(&scenario);
    sound.Register();
    const auto response = sound.Verify();
    EXPECT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(OutcomeOf(*response, "m1", kWageCategory).kind(), v1::ANSWER_KIND_FOUND);
    return new std::map<std::string, std::string>(OutcomesOfOthers(*response));
  }();
  return *others;
}

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
    const int64_t elapsed = OutcomeOf(response, "m1", kWageCategory).elapsed_ms();
    const int64_t deadline = absl::ToInt64Milliseconds(kDeadline);
    if (expected_.at_deadline && expected_.exactly) {
      EXPECT_EQ(elapsed, deadline);
    } else if (expected_.at_deadline) {
      EXPECT_LE(elapsed, deadline);
    } else {
      EXPECT_LT(elapsed, deadline);
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

INSTANTIATE_TEST_SUITE_P(Cells, DepartmentMatrixTest, ::testing::ValuesIn(AllCells()),
                         [](const auto& tested) { return NameOf(tested.param); });

}  // namespace
}  // namespace hedui::testing
