// The platform that each cell of the fault matrix is tried on (department_cells.h).
//
// The platform's steady clock stands still but for what the test lets pass, so that times are exact
// and no cell waits. One thread, the test's.
#ifndef HEDUI_TESTS_INTEGRATION_DEPARTMENT_MATRIX_H_
#define HEDUI_TESTS_INTEGRATION_DEPARTMENT_MATRIX_H_

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "server/poll_schedule.h"
#include "server/rooms.h"
#include "tests/integration/department_cells.h"
#include "tests/integration/hand_clock.h"
#include "tests/integration/missing_source.h"
#include "tests/integration/running_platform.h"
#include "tests/integration/scripted_department.h"

namespace hedui::testing {

using Fault = FaultProxy::Fault;
using Reacts = ScriptStep::Reacts;

inline constexpr absl::Duration kDeadline = absl::Seconds(20);
inline constexpr absl::Duration kTick = absl::Milliseconds(1);
// The longest pause before a second attempt, and the wait before a hedge, in ticks.
inline constexpr int kPauseTicks = 10;
inline constexpr int kHedgeTicks = 5;
inline constexpr absl::Duration kSpared = absl::Seconds(10);
// Within the first flight of either side of a handshake, and within the first records of an answer.
inline constexpr uint64_t kWithin = 100;
// Its queries are of one person each while it is learned how long the source takes (64 answers).
inline constexpr int kVerificationsUntilKnown = 22;
// A platform that was started has read its promises long before as many calls were answered.
inline constexpr int kQuietUntilRead = 200;

// Stands in for the wage source, and has nothing else; what it finds is the father's.
inline constexpr char kFallback[] = "nx-payroll";
inline void OfferFallback(Scenario* scenario, StandIn stand_in) {
  absl::StrAppend(&scenario->catalogue_yaml, "  - id: ", kFallback,
                  "\n    name: 工资支付系统（演示）\n    department: 示例部门\n    level: region\n"
                  "    divisions: [\"640000\"]\n"
                  "    categories: [{code: employment, fallback: true}]\n"
                  "    simulated: {file: simulation.yaml}\n");
  Scenario::Replace(&scenario->simulation_yaml, "\nsources:\n",
                    absl::StrCat("\nsources:\n  - id: ", kFallback,
                                 "\n    categories: [employment]\n    divisions: [\"640000\"]\n"));
  if (stand_in == StandIn::kFails) {
    Scenario::AddToSource(&scenario->simulation_yaml, kFallback, "faults: [{kind: unavailable}]");
  }
  if (stand_in != StandIn::kFinds) return;
  const std::string father =
      "  - identity: {kind: resident_id, number: \"640104197905123171\", name: 马志远}\n"
      "    holdings:\n";
  Scenario::Replace(&scenario->simulation_yaml, father,
                    absl::StrCat(father, "      - source: ", kFallback,
                                 "\n        category: employment\n"
                                 "        records:\n"
                                 "          - kind: wage\n"
                                 "            fields:\n"
                                 "              - {name: month, month: \"2025-02\"}\n"
                                 "              - {name: payer, text: 示例公司}\n"
                                 "              - {name: amount, money_fen: 310000}\n"));
}

class MatrixPlatform {
 public:
  explicit MatrixPlatform(const Cell& cell) : cell_(cell) {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    // To see what has left and is under way.
    Scenario::Replace(&scenario_.register_yaml, "    policy_uses: [read, try]\n",
                      "    source_uses: [read]\n");
    if (cell_.stand_in != StandIn::kNobody) OfferFallback(&scenario_, cell_.stand_in);
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
          if (step == FlowStep::kPolling) ++polls_;
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

  // The verification under test: as much time passes as its fault needs to strike, not a tick more,
  // and where nothing comes of it, the rest up to the deadline. `meanwhile` runs before that.
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
    Settle();  // and whoever answers at once has answered
    AwaitThat([&] { return ended || FirstIsWhereItShouldBe(); });
    Settle();
    for (int ticks = 0; ticks < TicksUntilTheFault(); ++ticks) {
      clock_.Advance(kTick);
      Settle();
    }
    AwaitThat([&] { return ended || HasStruck(); });
    if (meanwhile) meanwhile();
    if (expected.at_deadline) {
      if (expected.exactly) {
        EXPECT_FALSE(ended) << "it did not wait for its deadline";
        // What ends now says that it did (ExpectTook).
        clock_.AdvanceTo(begun + kDeadline - kTick);
        Settle();
      }
      clock_.AdvanceTo(begun + kDeadline);
    }
    AwaitThat([&] { return ended.load(); });
    return verified.get();
  }

  // The test fails unless the wage source's outcome took as long as it must: nobody waited for it
  // but as the moment has it, or to the deadline.
  void ExpectTook(const Expected& expected, int64_t elapsed_ms) const {
    const int64_t deadline = absl::ToInt64Milliseconds(kDeadline);
    // A pause is drawn.
    const int64_t least = cell_.moment == Moment::kHedge ? kHedgeTicks : 0;
    const bool at_once = elapsed_ms >= least && elapsed_ms <= TicksUntilTheFault();
    if (!expected.at_deadline) {
      EXPECT_TRUE(at_once) << elapsed_ms << " ms";
    } else if (expected.exactly) {
      EXPECT_EQ(elapsed_ms, deadline);
    } else {
      EXPECT_TRUE(at_once || elapsed_ms == deadline) << elapsed_ms << " ms";
    }
  }

  // --- polls

  // The bank's promise is there, and its report. True: the first poll has had its fault, and has
  // ended; times are those of the flow.
  void PromiseAndPoll(const Expected& expected) {
    request_ = NewRequest();
    const auto first = platform_->Verify(request_);
    ASSERT_TRUE(first.ok()) << first.status();
    ExpectWagesAreMissing(scenario_, *first, "PENDING", {"UNSPECIFIED"});
    if (cell_.network != nullptr && IsBeforeTheQuery()) {
      // The connection that is there is gone with the process.
      proxy().OnNewConnections(NetworkFaultOfCell());
      pings_.reset();
      platform_->Restart();
      pings_ = scenario_.Connect(platform_->port());
    }
    // A source that named no time is asked within the first pause, once its promise was read; the
    // simulated one named its time.
    if (cell_.adapter == Adapter::kGrpc) clock_.Advance(kPollPauseFirst);
    for (int quiet = 1; polls_ == 0; ++quiet) {
      Settle();
      if (quiet % kQuietUntilRead == 0) clock_.Advance(kPollPauseFirst);
    }
    const absl::Duration begun = clock_.SteadyNow();
    while (!HasPollStruck()) Settle();
    if (expected.at_deadline) {
      Settle();
      if (expected.exactly) {
        EXPECT_EQ(PollsEnded(), 0) << "it did not wait for its deadline";
      }
      clock_.AdvanceTo(begun + kDeadline);
    }
    while (PollsEnded() == 0) Settle();
  }
  // Of the first poll, as the log has it: "UNAVAILABLE/LATE 3", and the milliseconds it took.
  std::pair<std::string, int64_t> FirstPoll() const {
    const std::string line = WageCalls().at(1);
    int64_t ms = -1;
    EXPECT_TRUE(absl::SimpleAtoi(ValueIn(line, "ms"), &ms)) << line;
    return {ValueIn(line, "answers"), ms};
  }
  // The report that stands now.
  v1::VerifyHouseholdResponse Current() {
    v1::WatchVerificationRequest watch;
    watch.set_request_id(request_.header().request_id());
    watch.set_officer("XQ-0107");
    const auto current =
        platform_->client().WatchVerification(watch, kPatience, [](const v1::SourceOutcome&) {});
    EXPECT_TRUE(current.ok()) << current.status();
    return current.ok() ? *current : v1::VerifyHouseholdResponse();
  }
  // Promises that are waited for, and reports.
  int Pending() {
    v1::GetVerificationRequest get;
    get.set_request_id(request_.header().request_id());
    get.set_officer("XQ-0107");
    const auto view = platform_->client().GetVerification(get, kPatience);
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? view->verification().pending() : -1;
  }
  int Reports() {
    v1::ListReportsRequest list;
    list.set_request_id(request_.header().request_id());
    list.set_officer("XQ-0107");
    const auto reports = platform_->client().ListReports(list, kPatience);
    EXPECT_TRUE(reports.ok()) << reports.status();
    return reports.ok() ? reports->reports_size() : -1;
  }
  // What was promised comes sooner or later. Time passes between polls, and within one slowly.
  void AwaitThePromise() {
    if (department_ != nullptr) proxy().Release();
    while (Pending() > 0) {
      clock_.Advance(polls_ > PollsEnded() ? kTick : absl::Minutes(10));
      Settle();
    }
  }
  // It has come; nothing of it was lost.
  void AwaitSettled() {
    while (Pending() > 0) Settle();
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
      case Moment::kPoll:
        return deadline;
      case Moment::kSecondAttempt:
        return absl::StrCat(deadline, "\n    attempts: 2\n    backoff_first: ",
                            absl::FormatDuration(kPauseTicks * kTick));
      case Moment::kHedge:
        return absl::StrCat(deadline, "\n    hedge_safe: true\n    hedge_least: ",
                            absl::FormatDuration(kHedgeTicks * kTick), "\n    people_per_call: 1");
      case Moment::kProbe:
        return absl::StrCat(deadline, "\n    breaker: {failures: 1, percent: 1, open_first: ",
                            absl::FormatDuration(kSpared),
                            ", open_max: ", absl::FormatDuration(kSpared), "}");
    }
    return "";
  }

  // Of the department within the process, by the number of the call.
  std::string SimulatedFaults() const {
    if (cell_.moment == Moment::kPoll) {
      // The query, one poll, and all is well.
      return absl::StrCat("faults: [{kind: pending, pending_for: 0s}, ",
                          absl::StripSuffix(cell_.department->yaml, "}"), ", first_calls: 2}]");
    }
    const char* const before = cell_.moment == Moment::kAlone ? ""
                               : cell_.moment == Moment::kHedge
                                   ? "{kind: silent, first_calls: 1}, "
                                   : "{kind: unavailable, first_calls: 1}, ";
    return absl::StrCat("faults: [", before, cell_.department->yaml, "]");
  }

  // Of the one behind the network.
  ScriptStep Step(int number) const {
    if (cell_.moment == Moment::kPoll) {
      if (number == 1) return {.reacts = Reacts::kPromises};
      const bool sound = number > 2 || (cell_.network != nullptr && IsBeforeTheQuery());
      return sound ? ScriptStep() : FaultyStep();
    }
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

  bool HasPollStruck() const {
    if (cell_.adapter == Adapter::kSimulated) return true;
    if (cell_.network != nullptr && IsBeforeTheQuery()) return department_->proxy().strikes() > 0;
    return arrived() > 1;
  }
  // Lines of the log, one for each call of the wage source that has ended: the query, then polls.
  std::vector<std::string> WageCalls() const {
    std::vector<std::string> calls;
    for (const std::string& line : platform_->LogLines()) {
      if (absl::StrContains(line, "\"source_call\"") &&
          absl::StrContains(line, absl::StrCat("\"source\":\"", kWageSource, "\""))) {
        calls.push_back(line);
      }
    }
    return calls;
  }
  int PollsEnded() const { return static_cast<int>(WageCalls().size()) - 1; }
  static std::string ValueIn(const std::string& line, const std::string& name) {
    const std::string before = absl::StrCat("\"", name, "\":");
    size_t at = line.find(before);
    if (at == std::string::npos) return "";
    at += before.size();
    if (line[at] != '"') return line.substr(at, line.find_first_of(",}", at) - at);
    return line.substr(at + 1, line.find('"', at + 1) - at - 1);
  }

  // Ticks of the platform's clock that must pass until the query meets its fault.
  int TicksUntilTheFault() const {
    return cell_.moment == Moment::kSecondAttempt ? kPauseTicks
           : cell_.moment == Moment::kHedge       ? kHedgeTicks
                                                  : 0;
  }
  // Before they pass: the attempt that is to fail has failed, and the query that a hedge is to come
  // beside is under way.
  bool FirstIsWhereItShouldBe() {
    if (cell_.moment == Moment::kHedge) {
      return cell_.adapter == Adapter::kSimulated || arrived() > learned_;
    }
    if (cell_.moment != Moment::kSecondAttempt) return true;
    // Where the pause was drawn as none the second is seen already.
    const v1::Source wages = Listed();
    const int64_t left = wages.used_today();
    return left > 1 || (left == 1 && wages.in_flight() == 0) ||
           (cell_.network != nullptr && proxy().strikes() > 1);
  }
  // The wage source as it stands.
  v1::Source Listed() {
    v1::ListSourcesRequest request;
    request.set_officer("XQ-0107");
    const auto list = pings_->ListSources(request, kPatience);
    EXPECT_TRUE(list.ok()) << list.status();
    for (const v1::Source& source : list->sources()) {
      if (source.source_id() == kWageSource) return source;
    }
    ADD_FAILURE() << "it is not listed";
    return {};
  }
  // The fault of this cell has come. Within the process nothing is left to wait for.
  bool HasStruck() const {
    if (cell_.adapter == Adapter::kSimulated) return true;
    const int before = cell_.moment == Moment::kAlone ? 0 : 1;
    if (cell_.network != nullptr && IsBeforeTheQuery()) {
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
  // The test fails where it does not come while the clock stands still; time passes then, so that
  // it ends.
  void AwaitThat(absl::FunctionRef<bool()> is_so) {
    absl::Time until = absl::Now() + kPatience;
    while (!is_so()) {
      Settle();
      if (absl::Now() < until) continue;
      ADD_FAILURE() << "it does not come in this time";
      clock_.Advance(absl::Hours(1));
      until = absl::InfiniteFuture();
    }
  }

  const Cell cell_;
  HandClock clock_;
  Scenario scenario_;
  base::SecureIdSource ids_;
  v1::VerifyHouseholdRequest request_;  // with the promise
  std::atomic<int> intents_{0};
  std::atomic<int> polls_{0};          // that have begun
  std::atomic<int> learned_{1 << 30};  // queries that came before the fault, once it is there
  std::unique_ptr<ScriptedDepartment> department_;
  std::unique_ptr<RunningPlatform> platform_;
  std::unique_ptr<clients::Client> pings_;
};

// What the other departments say when nothing is wrong.
inline const std::map<std::string, std::string>& OthersWhenAllIsWell() {
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

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_DEPARTMENT_MATRIX_H_
