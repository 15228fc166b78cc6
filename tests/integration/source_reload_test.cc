// How a source may be asked changes with the catalogue, for those who wait at it already too.
#include <atomic>
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
  for (auto* const late : {&one, &two, &three}) EXPECT_EQ(Await(late).reason(), v1::REASON_LATE);
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
