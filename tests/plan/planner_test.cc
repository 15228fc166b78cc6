#include "server/plan/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "tests/plan/plan_fixture.h"

namespace hedui::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(PlannerTest, EverySourceOfANeededCategoryIsAskedInOneWave) {
  const Plan plan =
      MustPlan({Region("bank", {"deposit"}), Region("social-security", {"employment"}),
                Region("tax", {"employment"})});
  ASSERT_THAT(plan.waves, SizeIs(1));
  EXPECT_THAT(Show(plan.waves[0]), ElementsAre("bank: m1[deposit] m2[deposit]",
                                               "social-security: m1[employment] m2[employment]",
                                               "tax: m1[employment] m2[employment]"));
  EXPECT_THAT(plan.unasked, IsEmpty());
  EXPECT_EQ(plan.first_fallback, 1U) << "no wave of fallbacks";
  EXPECT_EQ(plan.waves[0][0].period, input_.period);
  EXPECT_EQ(plan.waves[0][0].people[0].identity, household_.persons[0].identity);
}

TEST_F(PlannerTest, SourcesElsewhereAreNotAsked) {
  const Plan plan = MustPlan(
      {Region("bank", {"deposit"}),
       SourceOf("here", base::Level::kCounty, "640104", {"employment"}),
       SourceOf("next-door", base::Level::kCounty, "640105", {"employment"}),
       SourceOf("other-region", base::Level::kRegion, "610000", {"employment", "deposit"})});
  EXPECT_THAT(Show(plan.everything),
              ElementsAre("bank: m1[deposit] m2[deposit]", "here: m1[employment] m2[employment]"));
}

TEST_F(PlannerTest, MinistryIsAskedFromARegionsPlatformOnly) {
  Need({"employment"});
  const std::vector<Source> sources = {
      SourceOf("ministry", base::Level::kMinistry, "000000", {"employment"})};
  for (const base::Level level : {base::Level::kRegion, base::Level::kMinistry}) {
    PlatformOf(level);
    EXPECT_THAT(Show(MustPlan(sources).everything),
                ElementsAre("ministry: m1[employment] m2[employment]"));
  }
  for (const base::Level level : {base::Level::kCity, base::Level::kCounty}) {
    PlatformOf(level);
    const Plan plan = MustPlan(sources);
    EXPECT_THAT(plan.waves, IsEmpty());
    EXPECT_THAT(Show(plan.unasked), ElementsAre("m1 employment NOT_ASKED/NOT_ROUTABLE @ministry",
                                                "m2 employment NOT_ASKED/NOT_ROUTABLE @ministry"));
  }
}

TEST_F(PlannerTest, AMinistrysRegisterThatIsOutOfReachIsNamedBesideTheOneThatIsAsked) {
  Need({"employment"});
  PlatformOf(base::Level::kCity);
  Source ministry = SourceOf("ministry", base::Level::kMinistry, "000000", {"employment", "tax"});
  const Plan plan = MustPlan({ministry, Region("tax", {"employment"})});
  EXPECT_THAT(Show(plan.everything), ElementsAre("tax: m1[employment] m2[employment]"));
  EXPECT_THAT(Show(plan.unasked), ElementsAre("m1 employment NOT_ASKED/NOT_ROUTABLE @ministry",
                                              "m2 employment NOT_ASKED/NOT_ROUTABLE @ministry"));
}

TEST_F(PlannerTest, ARegisterOfOtherPlacesIsNotConcernedAndNotNamed) {
  Need({"employment"});
  PlatformOf(base::Level::kCity);
  Source next_door = SourceOf("next-door", base::Level::kCounty, "640105", {"employment"});
  next_door.identity_kinds = {base::IdentityKind::kPassport};
  const Source elsewhere = SourceOf("elsewhere", base::Level::kMinistry, "610000", {"employment"});
  EXPECT_THAT(MustPlan({next_door, elsewhere, Region("tax", {"employment"})}).unasked, IsEmpty());
}

TEST_F(PlannerTest, CategoryThatNobodyHoldsIsNotRoutable) {
  const Plan plan = MustPlan({Region("bank", {"deposit"})});
  EXPECT_THAT(Show(plan.unasked), ElementsAre("m1 employment NOT_ASKED/NOT_ROUTABLE",
                                              "m2 employment NOT_ASKED/NOT_ROUTABLE"));
}

TEST_F(PlannerTest, WhatThePurposeDoesNotNeedIsMinimised) {
  Need({"deposit"});
  const Plan plan = MustPlan({Region("bank", {"deposit", "insurance"})});
  EXPECT_THAT(Show(plan.everything), ElementsAre("bank: m1[deposit] m2[deposit]"));
  EXPECT_THAT(Show(plan.unasked),
              ElementsAre("m1 insurance NOT_ASKED/MINIMISED", "m2 insurance NOT_ASKED/MINIMISED"));
}

TEST_F(PlannerTest, PersonWithoutAuthorityIsNotAskedAboutAndTheOthersAre) {
  input_.scopes[1].allowed.clear();
  const Plan plan =
      MustPlan({Region("bank", {"deposit", "insurance"}), Region("tax", {"employment"})});
  EXPECT_THAT(Show(plan.everything), ElementsAre("bank: m1[deposit]", "tax: m1[employment]"));
  EXPECT_THAT(
      Show(plan.unasked),
      ElementsAre("m1 insurance NOT_ASKED/MINIMISED", "m2 deposit NOT_ASKED/NO_AUTHORIZATION",
                  "m2 employment NOT_ASKED/NO_AUTHORIZATION", "m2 insurance NOT_ASKED/MINIMISED"));
}

TEST_F(PlannerTest, PersonWithoutAScopeIsNotAskedAbout) {
  input_.scopes.clear();
  const Plan plan = MustPlan({Region("bank", {"deposit"}), Region("tax", {"employment"})});
  EXPECT_THAT(plan.waves, IsEmpty());
  EXPECT_THAT(plan.everything, IsEmpty());
  EXPECT_THAT(plan.unasked, SizeIs(4));
  for (const Unasked& one : plan.unasked) EXPECT_EQ(one.reason, base::Reason::kNoAuthorization);
}

TEST_F(PlannerTest, AuthorityForMoreThanThePurposeNeedsWidensNothing) {
  Need({"deposit"});
  input_.scopes[0].allowed = {"deposit", "insurance"};
  const Plan plan = MustPlan({Region("bank", {"deposit", "insurance"})});
  EXPECT_THAT(Show(plan.everything), ElementsAre("bank: m1[deposit] m2[deposit]"));
}

TEST_F(PlannerTest, ASourceThatDoesNotAcceptTheDocumentIsUnknownPersonEvenWhereAnotherIsAsked) {
  household_.persons[1].identity.kind = base::IdentityKind::kPassport;
  Source tax = Region("tax", {"employment"});
  tax.identity_kinds.push_back(base::IdentityKind::kPassport);
  const Plan plan = MustPlan({Region("bank", {"deposit", "employment"}), tax});
  EXPECT_THAT(Show(plan.everything),
              ElementsAre("bank: m1[deposit,employment]", "tax: m1[employment] m2[employment]"));
  EXPECT_THAT(Show(plan.unasked), ElementsAre("m2 deposit NOT_ASKED/UNKNOWN_PERSON @bank",
                                              "m2 employment NOT_ASKED/UNKNOWN_PERSON @bank"));
}

TEST_F(PlannerTest, AFallbackThatCannotBeAskedIsNamedOnlyWhereNobodyCanBe) {
  Need({"deposit"});
  household_.persons[1].identity.kind = base::IdentityKind::kPassport;
  Source bank = Region("bank", {"deposit"});
  bank.identity_kinds.push_back(base::IdentityKind::kPassport);
  Source archive = Region("archive", {"deposit"});
  archive.categories[0].fallback = true;
  EXPECT_THAT(MustPlan({bank, archive}).unasked, IsEmpty()) << "it only stands in for the bank";
  EXPECT_THAT(Show(MustPlan({archive}).unasked),
              ElementsAre("m2 deposit NOT_ASKED/UNKNOWN_PERSON @archive"));
}

TEST_F(PlannerTest, AFallbackIsAskedInPlaceOfASourceThatCannotBe) {
  Need({"deposit"});
  household_.persons[1].identity.kind = base::IdentityKind::kPassport;
  Source archive = Region("archive", {"deposit"});
  archive.categories[0].fallback = true;
  archive.identity_kinds.push_back(base::IdentityKind::kPassport);
  const Plan plan = MustPlan({Region("bank", {"deposit"}), archive});
  EXPECT_THAT(Show(plan.unasked), ElementsAre("m2 deposit NOT_ASKED/UNKNOWN_PERSON @bank"));
  EXPECT_THAT(
      Show(NextWave(plan, 1, After(plan, {AnswerOf("m1", "deposit", base::AnswerKind::kFound)}))
               .queries),
      ElementsAre("archive: m2[deposit]"));
}

TEST_F(PlannerTest, LargeHouseholdIsSplitIntoCalls) {
  AddPerson("m3", "360426199101010071");
  Need({"deposit"});
  Source bank = Region("bank", {"deposit"});
  bank.people_per_call = 2;
  const Plan plan = MustPlan({bank});
  ASSERT_THAT(plan.waves, SizeIs(1));
  EXPECT_THAT(Show(plan.waves[0]),
              ElementsAre("bank: m1[deposit] m2[deposit]", "bank: m3[deposit]"));
  EXPECT_THAT(Show(plan.everything), ElementsAre("bank: m1[deposit] m2[deposit] m3[deposit]"));
  bank.people_per_call = 3;
  EXPECT_THAT(MustPlan({bank}).waves[0], SizeIs(1));
}

TEST_F(PlannerTest, SixtyFourSourcesAreAskedAndSixtyFiveRefused) {
  std::vector<Source> sources;
  for (int i = 0; i < 64; ++i) sources.push_back(Region(absl::StrCat("s", i), {"deposit"}));
  EXPECT_THAT(MustPlan(sources).everything, SizeIs(64));
  sources.push_back(Region("s64", {"deposit"}));
  const absl::Status status = MakePlan(Catalogue(sources), input_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(status), "PLAN_TOO_WIDE");
}

TEST_F(PlannerTest, SameInputGivesTheSamePlan) {
  const std::vector<Source> sources = {Region("tax", {"employment", "deposit"}),
                                       Region("bank", {"deposit"})};
  const Plan first = MustPlan(sources);
  std::swap(input_.needed[0], input_.needed[1]);
  const Plan second = MustPlan(sources);
  EXPECT_EQ(Show(first.everything), Show(second.everything));
  EXPECT_EQ(Show(first.unasked), Show(second.unasked));
}

}  // namespace
}  // namespace hedui::plan
