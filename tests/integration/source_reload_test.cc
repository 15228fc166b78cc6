// How a source may be asked changes with the catalogue, for those who wait at it already too.
#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/integration/source_line_fixture.h"

namespace hedui::testing {
namespace {

using ::testing::UnorderedElementsAre;
using Reacts = ScriptStep::Reacts;

class SourceReloadTest : public SourceLineTest {
 protected:
  // "nx-tax FOUND" of every outcome of the pair.
  static std::vector<std::string> TheyToldOf(const v1::VerifyHouseholdResponse& response,
                                             const std::string& person,
                                             const std::string& category) {
    std::vector<std::string> told;
    for (const v1::SourceOutcome& outcome : response.outcomes()) {
      if (outcome.person_id() != person || outcome.category() != category) continue;
      told.push_back(
          absl::StrCat(outcome.source_id(), " ",
                       v1::AnswerKind_Name(outcome.kind()).substr(sizeof("ANSWER_KIND_") - 1)));
    }
    return told;
  }
  v1::SourceOutcome Wages() { return OutcomeOf(Verify(), "m1", kWageCategory); }
  // A verification of which time passes until it has ended; how often the source was asked.
  int AskedWhileTimePasses() {
    const int before = department_->arrived();
    auto verified = BeginToVerify();
    while (verified.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      clock_.Advance(absl::Milliseconds(1));
      Ping();
    }
    verified.get();
    return department_->arrived() - before;
  }
};

TEST_F(SourceReloadTest, MorePlacesLetThoseInLineGoAndFewerHoldForWhoComesThen) {
  std::atomic<bool> silent{true};
  StartWith("deadline: 20s\n    concurrency: 1",
            [&silent](int) { return silent ? Reacts::kSilent : Reacts::kRight; });
  auto one = BeginToVerify();
  AwaitArrived(1);
  auto two = BeginToVerify();
  AwaitInLine();
  EXPECT_EQ(department_->arrived(), 1);
  ReloadWith("deadline: 20s\n    concurrency: 3");
  AwaitArrived(2);
  auto three = BeginToVerify();
  AwaitArrived(3);
  ReloadWith("deadline: 20s\n    concurrency: 2");
  clock_.Advance(absl::Seconds(1));
  auto four = BeginToVerify();
  AwaitInLine();
  EXPECT_EQ(department_->arrived(), 3) << "three are there, and two may be";
  silent = false;
  clock_.Advance(absl::Seconds(19));
  for (auto* const late : {&one, &two, &three}) {
    const v1::SourceOutcome outcome = Await(late);
    EXPECT_EQ(outcome.reason(), v1::REASON_LATE);
    EXPECT_EQ(outcome.elapsed_ms(), 20'000) << "nobody had a place because another was given up";
  }
  EXPECT_EQ(Await(&four).kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(department_->arrived(), 4);
}

TEST_F(SourceReloadTest, ARateHoldsFromThenOnAndItsEndLetsGoWhoeverWaits) {
  StartWith("deadline: 20s", [](int) { return Reacts::kRight; });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(OutcomeOf(Verify(), "m1", kWageCategory).kind(), v1::ANSWER_KIND_FOUND);
  }
  ReloadWith("deadline: 20s\n    per_second: 1");
  auto fourth = BeginToVerify();
  AwaitInLine();
  EXPECT_EQ(department_->arrived(), 3);
  clock_.Advance(absl::Seconds(1) + absl::Milliseconds(1));
  EXPECT_EQ(Await(&fourth).kind(), v1::ANSWER_KIND_FOUND);
  auto fifth = BeginToVerify();
  AwaitInLine();
  EXPECT_EQ(department_->arrived(), 4) << "one was sent within this second";
  ReloadWith("deadline: 20s");
  EXPECT_EQ(Await(&fifth).kind(), v1::ANSWER_KIND_FOUND);
}

TEST_F(SourceReloadTest, ASecondAttemptIsMadeOnceItMayBe) {
  StartWith("deadline: 20s",
            [](int number) { return number <= 2 ? Reacts::kUnavailable : Reacts::kRight; });
  EXPECT_EQ(OutcomeOf(Verify(), "m1", kWageCategory).reason(), v1::REASON_UNREACHABLE);
  ReloadWith("deadline: 20s\n    attempts: 2\n    backoff_first: 1ms");
  auto verified = BeginToVerify();
  AwaitArrived(2);
  while (department_->arrived() < 3) {
    clock_.Advance(absl::Milliseconds(1));
    Ping();
  }
  EXPECT_EQ(Await(&verified).kind(), v1::ANSWER_KIND_FOUND);
}

TEST_F(SourceReloadTest, AShorterPauseHoldsForTheNextSecondAttempt) {
  StartWith("deadline: 60s\n    attempts: 2\n    backoff_first: 55s\n    backoff_max: 55s",
            [](int number) { return number == 1 ? Reacts::kUnavailable : Reacts::kRight; });
  ReloadWith("deadline: 60s\n    attempts: 2\n    backoff_first: 1ms\n    backoff_max: 1ms");
  const absl::Duration begun = clock_.SteadyNow();
  EXPECT_EQ(AskedWhileTimePasses(), 2);
  // A tick for each call while the queries are on their way. Pauses are drawn from zero: of 55
  // seconds one in eleven is over by then.
  EXPECT_LT(clock_.SteadyNow() - begun, absl::Seconds(5));
}

TEST_F(SourceReloadTest, ADeadlineHoldsForWhoComesThenAndNotForWhoWaits) {
  StartWith("deadline: 50s", [](int) { return Reacts::kSilent; });
  auto one = BeginToVerify();
  AwaitArrived(1);
  ReloadWith("deadline: 20s");
  auto two = BeginToVerify();
  AwaitArrived(2);
  clock_.Advance(absl::Seconds(20));
  const v1::SourceOutcome shorter = Await(&two);
  EXPECT_EQ(shorter.reason(), v1::REASON_LATE);
  EXPECT_EQ(shorter.elapsed_ms(), 20'000);
  clock_.Advance(absl::Seconds(29));
  AwaitInLine();
  EXPECT_NE(one.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  clock_.Advance(absl::Seconds(1));
  const v1::SourceOutcome longer = Await(&one);
  EXPECT_EQ(longer.reason(), v1::REASON_LATE);
  EXPECT_EQ(longer.elapsed_ms(), 50'000);
}

TEST_F(SourceReloadTest, ASecondQueryIsSentBesideTheFirstOnceItMayBe) {
  // Each verification makes three queries until it is known how long the source takes.
  constexpr int kUntilKnown = 66;
  StartWith("deadline: 20s\n    people_per_call: 1", [](int number) {
    return number == kUntilKnown + 1 || number == kUntilKnown + 2 ? Reacts::kSilent
                                                                  : Reacts::kRight;
  });
  for (int i = 0; i < kUntilKnown / 3; ++i) EXPECT_EQ(Wages().kind(), v1::ANSWER_KIND_FOUND);
  ReloadWith("deadline: 20s\n    hedge_least: 5ms");
  auto alone = BeginToVerify();
  AwaitArrived(kUntilKnown + 1);
  clock_.Advance(absl::Seconds(20));
  EXPECT_EQ(Await(&alone).reason(), v1::REASON_LATE);
  EXPECT_EQ(department_->arrived(), kUntilKnown + 1);
  ReloadWith("deadline: 20s\n    hedge_least: 5ms\n    hedge_safe: true");
  auto hedged = BeginToVerify();
  AwaitArrived(kUntilKnown + 2);
  clock_.Advance(absl::Milliseconds(5));
  const v1::SourceOutcome outcome = Await(&hedged);
  EXPECT_EQ(outcome.kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(outcome.elapsed_ms(), 5);
  EXPECT_EQ(department_->arrived(), kUntilKnown + 3);
}

TEST_F(SourceReloadTest, WhatIsKeptForThoseWhoWaitIsGivenToReviewsOnceItIsLess) {
  StartWith("deadline: 20s\n    concurrency: 4\n    interactive_percent: 50",
            [](int) { return Reacts::kSilent; });
  std::vector<std::future<v1::SourceOutcome>> reviews;
  for (int i = 0; i < 4; ++i) reviews.push_back(BeginToVerify(v1::CHECK_KIND_REVIEW));
  AwaitInLine();
  AwaitArrived(2);
  ReloadWith("deadline: 20s\n    concurrency: 4\n    interactive_percent: 25");
  AwaitArrived(3);
  Ping();
  Ping();
  EXPECT_EQ(department_->arrived(), 3) << "one place is kept still";
  clock_.Advance(absl::Seconds(20));
  for (auto& review : reviews) EXPECT_EQ(Await(&review).reason(), v1::REASON_LATE);
}

TEST_F(SourceReloadTest, AnotherPromiseOfFreshnessJudgesTheSameAnswerOtherwise) {
  Scenario::AddToSource(&scenario_.simulation_yaml, kWageSource, "faults: [{kind: stale}]");
  const std::string before = "freshness_days: 31";
  const std::string longer = "freshness_days: 401";  // the data are 400 days old
  Start();
  EXPECT_EQ(Wages().kind(), v1::ANSWER_KIND_STALE);
  Scenario::Replace(&scenario_.catalogue_yaml, before, longer);
  Reload();
  EXPECT_EQ(Wages().kind(), v1::ANSWER_KIND_FOUND);
  Scenario::Replace(&scenario_.catalogue_yaml, longer, before);
  Reload();
  const v1::SourceOutcome stale = Wages();
  EXPECT_EQ(stale.kind(), v1::ANSWER_KIND_STALE);
  EXPECT_EQ(stale.reason(), v1::REASON_TOO_OLD);
}

TEST_F(SourceReloadTest, QueriesAreOfSoManyPeopleAsTheCatalogueSays) {
  StartWith("deadline: 20s", [](int) { return Reacts::kRight; });
  EXPECT_EQ(Wages().kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(department_->arrived(), 1);
  ReloadWith("deadline: 20s\n    people_per_call: 2");
  EXPECT_EQ(Wages().kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(department_->arrived(), 1 + 2);
  ReloadWith("deadline: 20s\n    people_per_call: 1");
  EXPECT_EQ(Wages().kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(department_->arrived(), 1 + 2 + 3);
}

TEST_F(SourceReloadTest, FurtherAttemptsAreEarnedAsTheCatalogueSays) {
  constexpr int kReserve = 10;
  const std::string rest =
      "\n    deadline: 20s\n    attempts: 2\n    backoff_first: 1ms\n    breaker: {off: true}";
  StartWith(absl::StrCat("extra_percent: 1", rest), [](int) { return Reacts::kUnavailable; });
  for (int i = 0; i < kReserve; ++i) EXPECT_EQ(AskedWhileTimePasses(), 2) << i;
  for (int i = 0; i < kReserve; ++i) EXPECT_EQ(AskedWhileTimePasses(), 1) << i;
  ReloadWith(absl::StrCat("extra_percent: 10", rest));
  int asked = 0;
  for (int i = 0; i < 10; ++i) asked += AskedWhileTimePasses();
  EXPECT_EQ(asked, 10 + 1) << "a tenth of them";
}

TEST_F(SourceReloadTest, AnotherFallbackComesFirst) {
  const auto offer = [this](const std::string& category, int order) {
    absl::StrReplaceAll(
        {{absl::StrCat("[{code: ", category, "}]"),
          absl::StrCat("[{code: ", category,
                       "}, {code: employment, fallback: true, fallback_order: ", order, "}]")}},
        &scenario_.catalogue_yaml);
    absl::StrReplaceAll({{absl::StrCat("categories: [", category, "]"),
                          absl::StrCat("categories: [", category, ", employment]")}},
                        &scenario_.simulation_yaml);
  };
  offer("tax", 1);
  offer("assistance", 2);
  Scenario::AddToSource(&scenario_.simulation_yaml, kWageSource, "faults: [{kind: refuse}]");
  Start();
  EXPECT_THAT(TheyToldOf(Verify(), "m1", "employment"),
              UnorderedElementsAre("nx-social-security REFUSED", "nx-tax CONFIRMED_NONE"));
  absl::StrReplaceAll(
      {{"fallback_order: 1", "fallback_order: 2"}, {"fallback_order: 2", "fallback_order: 1"}},
      &scenario_.catalogue_yaml);
  Reload();
  EXPECT_THAT(
      TheyToldOf(Verify(), "m1", "employment"),
      UnorderedElementsAre("nx-social-security REFUSED", "xq-civil-affairs CONFIRMED_NONE"));
}

TEST_F(SourceReloadTest, ABodyThatRelaysIsAskedWhileTheCatalogueNamesIt) {
  auto* const hukou = scenario_.household.mutable_persons(2)->add_declared();
  hukou->set_kind("hukou");
  auto* const field = hukou->add_fields();
  field->set_name("division");
  field->set_text("610104");
  Start();
  const std::vector<std::string> before = {"nx-bank CONFIRMED_NONE", " NOT_ASKED"};
  EXPECT_EQ(TheyToldOf(Verify(), "m3", "deposit"), before);
  const std::string catalogue = scenario_.catalogue_yaml;
  absl::StrAppend(&scenario_.catalogue_yaml,
                  "  - id: sn-body\n    name: 陕西省核对中心（演示）\n    department: 核对中心\n"
                  "    level: region\n    divisions: [\"610000\"]\n    relays_for: [\"610000\"]\n"
                  "    categories: [{code: deposit}]\n    simulated: {file: simulation.yaml}\n");
  Scenario::Replace(&scenario_.simulation_yaml, "\npeople:\n",
                    "  - id: sn-body\n    categories: [deposit]\n    divisions: [\"610000\"]\n"
                    "\npeople:\n");
  Reload();
  EXPECT_THAT(TheyToldOf(Verify(), "m3", "deposit"),
              UnorderedElementsAre("nx-bank CONFIRMED_NONE", "sn-body CONFIRMED_NONE"));
  scenario_.catalogue_yaml = catalogue;
  Reload();
  EXPECT_EQ(TheyToldOf(Verify(), "m3", "deposit"), before);
}

}  // namespace
}  // namespace hedui::testing
