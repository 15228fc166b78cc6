// The fault matrix's row for fallbacks: whatever goes wrong with a department, who stands in for it
// is asked, in the same verification, as soon as the department has ended and not a moment later.
// The report says of both what came of them; it counts what the fallback said, all of it and
// nothing else, as if nobody but the fallback had been there to ask. Where that fails too, or the
// department's answer may be somebody's, nothing is taken for none.
#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/integration/department_cells.h"
#include "tests/integration/department_matrix.h"

namespace hedui::testing {
namespace {

using report::v1::Line;

constexpr const char* kPeople[] = {"m1", "m2", "m3"};

// "[low, high]" of each person's wages, an empty end where there is none; and what the programmes'
// indications come to.
std::map<std::string, std::string> CountedIn(const std::string& envelope) {
  std::map<std::string, std::string> counted;
  for (const Line& line : LinesOf(envelope)) {
    if (line.kind() == report::v1::LINE_KIND_QUANTITY && line.code() == "wage_total") {
      counted[line.person_id()] =
          absl::StrCat("[", line.value().low(), ", ", line.value().high(), "]");
    }
    if (line.kind() == report::v1::LINE_KIND_INDICATION) {
      counted[line.code()] = report::v1::Truth_Name(line.indication().result());
    }
  }
  return counted;
}

bool IsOpen(const std::string& counted) {
  return absl::EndsWith(counted, ", ]") || counted == "TRUTH_UNDETERMINED";
}

// Where the fallback is the only one there is.
const std::map<std::string, std::string>& CountedOfTheFallbackAlone(StandIn stand_in) {
  static const auto* const all = [] {
    auto* const counted = new std::map<StandIn, std::map<std::string, std::string>>();
    for (const StandIn one : {StandIn::kSaysNone, StandIn::kFinds}) {
      Scenario scenario;
      Scenario::Replace(&scenario.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
      OfferFallback(&scenario, one);
      Scenario::Replace(&scenario.catalogue_yaml, ", fallback: true", "");
      const std::string head = absl::StrCat("  - id: ", kWageSource, "\n");
      const size_t at = scenario.catalogue_yaml.find(head);
      const size_t end = scenario.catalogue_yaml.find("  - id: ", at + 1);
      EXPECT_TRUE(at != std::string::npos && end != std::string::npos);
      scenario.catalogue_yaml.erase(at, end - at);
      RunningPlatform alone(&scenario);
      alone.Register();
      const auto response = alone.Verify();
      EXPECT_TRUE(response.ok()) << response.status();
      if (response.ok()) (*counted)[one] = CountedIn(response->envelope());
    }
    return counted;
  }();
  return all->at(stand_in);
}

class FallbackMatrixTest : public ::testing::TestWithParam<Cell> {
 protected:
  static std::string Told(const std::string& kind, const std::string& reason) {
    return absl::StrCat(kind, "/", reason);
  }
  // Of each person's wages, by source, as the reply says; the test fails where it says so twice.
  static std::map<std::string, std::string> InReply(const v1::VerifyHouseholdResponse& response) {
    std::map<std::string, std::string> told;
    for (const v1::SourceOutcome& outcome : response.outcomes()) {
      if (outcome.category() != kWageCategory) continue;
      const std::string kind =
          v1::AnswerKind_Name(outcome.kind()).substr(sizeof("ANSWER_KIND_") - 1);
      const std::string reason = v1::Reason_Name(outcome.reason()).substr(sizeof("REASON_") - 1);
      const bool once =
          told.try_emplace(absl::StrCat(outcome.person_id(), " ", outcome.source_id()),
                           Told(kind, reason))
              .second;
      EXPECT_TRUE(once) << outcome.ShortDebugString();
    }
    return told;
  }
  // The same, as the report says.
  static std::map<std::string, std::string> InReport(const std::string& envelope) {
    std::map<std::string, std::string> told;
    for (const Line& line : LinesOf(envelope)) {
      const report::v1::Outcome& outcome = line.outcome();
      if (line.kind() != report::v1::LINE_KIND_OUTCOME || outcome.category() != kWageCategory) {
        continue;
      }
      told[absl::StrCat(line.person_id(), " ", outcome.source_id())] =
          Told(outcome.kind(), outcome.reason() == "NONE" ? "UNSPECIFIED" : outcome.reason());
    }
    return told;
  }
  void ExpectTold(const Expected& expected, const std::map<std::string, std::string>& told) {
    EXPECT_EQ(told.size(), 2 * std::size(kPeople));
    for (const std::string person : kPeople) {
      const auto main = told.find(absl::StrCat(person, " ", kWageSource));
      const auto fallback = told.find(absl::StrCat(person, " ", kFallback));
      ASSERT_TRUE(main != told.end() && fallback != told.end()) << person;
      const bool as_expected = std::any_of(
          expected.reasons.begin(), expected.reasons.end(),
          [&](const std::string& reason) { return main->second == Told(expected.kind, reason); });
      EXPECT_TRUE(as_expected) << person << ": " << main->second;
      const bool fails = GetParam().stand_in == StandIn::kFails;
      const bool finds = GetParam().stand_in == StandIn::kFinds && person == "m1";
      EXPECT_EQ(fallback->second, fails   ? "UNAVAILABLE/UNREACHABLE"
                                  : finds ? "FOUND/UNSPECIFIED"
                                          : "CONFIRMED_NONE/UNSPECIFIED");
    }
  }
  // Of the department as much as its fault takes; whoever stands in answered when it was asked, as
  // everybody else did.
  void ExpectTimes(const Expected& expected, const v1::VerifyHouseholdResponse& response) {
    for (const v1::SourceOutcome& outcome : response.outcomes()) {
      if (outcome.source_id() == kWageSource) platform_.ExpectTook(expected, outcome.elapsed_ms());
    }
    ExpectOthersTookNoTime(response);
  }
  void ExpectOthersAsEver(const v1::VerifyHouseholdResponse& response) {
    std::map<std::string, std::string> others = OutcomesOfOthers(response);
    for (const std::string person : kPeople) {
      others.erase(absl::StrCat(kFallback, " ", person, " ", kWageCategory));
    }
    EXPECT_EQ(others, OthersWhenAllIsWell());
  }
  void ExpectCounted(const Expected& expected, const std::string& envelope) {
    std::map<std::string, std::string> counted = CountedIn(envelope);
    EXPECT_EQ(counted.size(), std::size(kPeople) + 2) << "wages, and two programmes";
    if (GetParam().stand_in == StandIn::kFails) {
      for (const auto& [what, value] : counted) EXPECT_TRUE(IsOpen(value)) << what << " " << value;
      return;
    }
    const std::map<std::string, std::string>& alone =
        CountedOfTheFallbackAlone(GetParam().stand_in);
    ASSERT_EQ(alone.size(), counted.size());
    // What may be somebody's no other register takes away: it stays open beside what the fallback
    // said.
    if (expected.kind == "AMBIGUOUS") {
      for (const std::string person : kPeople) {
        EXPECT_TRUE(IsOpen(counted[person])) << person << " " << counted[person];
      }
      return;
    }
    EXPECT_EQ(counted, alone);
  }
  void ExpectStoodIn(const Expected& expected, const v1::VerifyHouseholdResponse& response) {
    ExpectTold(expected, InReply(response));
    ExpectTold(expected, InReport(response.envelope()));
    ExpectTimes(expected, response);
    ExpectOthersAsEver(response);
    EXPECT_EQ(CheckOffline(platform_.scenario(), response.envelope()).verdict,
              report::Verdict::kValid);
    ExpectCounted(expected, response.envelope());
  }
  // While the department is spared, who stands in for it is asked all the same.
  void ExpectStoodInWhileSpared() {
    const int arrived = platform_.arrived();
    ExpectStoodIn({.kind = "NOT_ASKED", .reasons = {"BREAKER"}}, platform_.Verify());
    EXPECT_EQ(platform_.arrived(), arrived);
  }

  const Expected expected_ = Of(GetParam());
  MatrixPlatform platform_{GetParam()};
};

TEST_P(FallbackMatrixTest, TheReportSaysSoOfBothAndCountsWhatTheFallbackSaid) {
  const Moment moment = GetParam().moment;
  std::function<void()> meanwhile;
  if (moment == Moment::kHedge) platform_.LearnHowLongItTakes();
  if (moment == Moment::kProbe) {
    ExpectStoodIn({.kind = "UNAVAILABLE", .reasons = {"UNREACHABLE"}}, platform_.Verify());
    ExpectStoodInWhileSpared();
    platform_.clock().Advance(kSpared);
    if (expected_.at_deadline && expected_.exactly) {
      meanwhile = [this] { ExpectStoodInWhileSpared(); };
    }
  }
  if (HasFatalFailure()) return;
  ExpectStoodIn(expected_, platform_.VerifyThroughTheFault(expected_, meanwhile));
  if (moment == Moment::kProbe && expected_.is_failure) ExpectStoodInWhileSpared();
}

INSTANTIATE_TEST_SUITE_P(Cells, FallbackMatrixTest,
                         ::testing::ValuesIn(WithAFallback(CellsOf({Moment::kAlone}))),
                         [](const auto& tested) { return NameOf(tested.param); });

// At the other moments what a fallback says is taken the same way. What differs is when the
// department has ended, and by which way: so one fault of each way, and each stand-in at least once
// a moment.
INSTANTIATE_TEST_SUITE_P(
    CellsOfOtherMoments, FallbackMatrixTest,
    ::testing::ValuesIn(std::vector<Cell>{
        // The probe brings an answer that nobody can use, one that closes nothing, a failure at
        // once; none, while whoever comes is told that it is spared; no connection.
        CellOf(Adapter::kGrpc, Moment::kProbe, "Refusing", StandIn::kFinds),
        CellOf(Adapter::kSimulated, Moment::kProbe, "AboutAnother", StandIn::kSaysNone),
        CellOf(Adapter::kGrpc, Moment::kProbe, "InError", StandIn::kFails),
        CellOf(Adapter::kGrpc, Moment::kProbe, "Silent", StandIn::kFinds),
        CellOf(Adapter::kSimulated, Moment::kProbe, "Silent", StandIn::kSaysNone),
        CellOf(Adapter::kGrpc, Moment::kProbe, "CutWithinTheHandshake", StandIn::kFinds),
        // The hedge ends both, both to be refused; it fails, and the first is waited for to the
        // deadline; the connection of both breaks; neither is answered.
        CellOf(Adapter::kGrpc, Moment::kHedge, "Stale", StandIn::kFinds),
        CellOf(Adapter::kSimulated, Moment::kHedge, "Contradictory", StandIn::kFinds),
        CellOf(Adapter::kSimulated, Moment::kHedge, "Overloaded", StandIn::kSaysNone),
        CellOf(Adapter::kGrpc, Moment::kHedge, "CutAfterTheRequest", StandIn::kFails),
        CellOf(Adapter::kGrpc, Moment::kHedge, "HeldWithinTheAnswer", StandIn::kFinds),
        // The pause passes first.
        CellOf(Adapter::kGrpc, Moment::kSecondAttempt, "Malformed", StandIn::kFinds),
        CellOf(Adapter::kGrpc, Moment::kSecondAttempt, "HeldAfterTheRequest", StandIn::kSaysNone),
    }),
    [](const auto& tested) { return NameOf(tested.param); });

}  // namespace
}  // namespace hedui::testing
