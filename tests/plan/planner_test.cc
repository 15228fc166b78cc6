#include "server/plan/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/status.h"

namespace hedui::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Source SourceOf(const std::string& id, base::Level level, const std::string& division,
                const std::vector<std::string>& categories) {
  Source source;
  source.id = id;
  source.level = level;
  source.divisions = {division};
  source.identity_kinds = {base::IdentityKind::kResidentId};
  for (const std::string& code : categories) source.categories.push_back({code});
  return source;
}

Source Region(const std::string& id, const std::vector<std::string>& categories) {
  return SourceOf(id, base::Level::kRegion, "640000", categories);
}

// "bank: m1[deposit] m2[deposit,insurance]"
std::string Show(const SourceQuery& query) {
  std::string text = absl::StrCat(query.source_id, ":");
  for (const PersonQuery& person : query.people) {
    absl::StrAppend(&text, " ", person.person_id, "[", absl::StrJoin(person.categories, ","), "]");
  }
  return text;
}

std::vector<std::string> Show(const std::vector<SourceQuery>& queries) {
  std::vector<std::string> lines;
  for (const SourceQuery& query : queries) lines.push_back(Show(query));
  return lines;
}

std::vector<std::string> Show(const std::vector<Unasked>& unasked) {
  std::vector<std::string> lines;
  for (const Unasked& one : unasked) {
    lines.push_back(absl::StrCat(one.person_id, " ", one.category, " ",
                                 std::string(base::AnswerKindName(one.kind)), "/",
                                 std::string(base::ReasonName(one.reason)),
                                 one.source_id.empty() ? "" : " @", one.source_id));
  }
  return lines;
}

class PlannerTest : public ::testing::Test {
 protected:
  PlannerTest() {
    household_.division = "640104";
    AddPerson("m1", "110105194912310028");
    AddPerson("m2", "440524188001010014");
    input_.household = &household_;
    input_.period = {absl::CivilDay(2025, 2, 1), absl::CivilDay(2025, 3, 1)};
    Need({"deposit", "employment"});
  }
  void AddPerson(const std::string& id, const std::string& number) {
    base::Person person;
    person.id = id;
    person.identity = {base::IdentityKind::kResidentId, number, "某人"};
    household_.persons.push_back(person);
  }
  // The purpose needs these, and everyone may be asked about all of them.
  void Need(std::vector<std::string> categories) {
    input_.needed = categories;
    input_.scopes.clear();
    for (const base::Person& person : household_.persons) {
      input_.scopes.push_back({person.id, categories});
    }
  }
  Plan MustPlan(std::vector<Source> sources) {
    absl::StatusOr<Plan> plan = MakePlan(Catalogue(std::move(sources)), input_);
    EXPECT_TRUE(plan.ok()) << plan.status();
    return plan.ok() ? *std::move(plan) : Plan();
  }
  base::Answer AnswerOf(const std::string& person, const std::string& category,
                        base::AnswerKind kind) {
    base::Answer answer;
    answer.person_id = person;
    answer.category = category;
    answer.kind = kind;
    return answer;
  }
  base::Answer DeathOf(const std::string& person) {
    base::Answer answer = AnswerOf(person, "death", base::AnswerKind::kFound);
    answer.records = {{"death", {{"day", absl::CivilDay(2024, 12, 1)}}}};
    return answer;
  }

  base::Household household_;
  PlanInput input_;
};

TEST_F(PlannerTest, EverySourceOfANeededCategoryIsAskedInOneWave) {
  const Plan plan =
      MustPlan({Region("bank", {"deposit"}), Region("social-security", {"employment"}),
                Region("tax", {"employment"})});
  ASSERT_THAT(plan.waves, SizeIs(1));
  EXPECT_THAT(Show(plan.waves[0]), ElementsAre("bank: m1[deposit] m2[deposit]",
                                               "social-security: m1[employment] m2[employment]",
                                               "tax: m1[employment] m2[employment]"));
  EXPECT_THAT(plan.unasked, IsEmpty());
  EXPECT_FALSE(plan.last_is_fallback);
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
    input_.platform_level = level;
    EXPECT_THAT(Show(MustPlan(sources).everything),
                ElementsAre("ministry: m1[employment] m2[employment]"));
  }
  for (const base::Level level : {base::Level::kCity, base::Level::kCounty}) {
    input_.platform_level = level;
    const Plan plan = MustPlan(sources);
    EXPECT_THAT(plan.waves, IsEmpty());
    EXPECT_THAT(Show(plan.unasked), ElementsAre("m1 employment NOT_ASKED/NOT_ROUTABLE @ministry",
                                                "m2 employment NOT_ASKED/NOT_ROUTABLE @ministry"));
  }
}

TEST_F(PlannerTest, AMinistrysRegisterThatIsOutOfReachIsNamedBesideTheOneThatIsAsked) {
  Need({"employment"});
  input_.platform_level = base::Level::kCity;
  Source ministry = SourceOf("ministry", base::Level::kMinistry, "000000", {"employment", "tax"});
  const Plan plan = MustPlan({ministry, Region("tax", {"employment"})});
  EXPECT_THAT(Show(plan.everything), ElementsAre("tax: m1[employment] m2[employment]"));
  EXPECT_THAT(Show(plan.unasked), ElementsAre("m1 employment NOT_ASKED/NOT_ROUTABLE @ministry",
                                              "m2 employment NOT_ASKED/NOT_ROUTABLE @ministry"));
}

TEST_F(PlannerTest, ARegisterOfOtherPlacesIsNotConcernedAndNotNamed) {
  Need({"employment"});
  input_.platform_level = base::Level::kCity;
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
      Show(NextWave(plan, 1, {AnswerOf("m1", "deposit", base::AnswerKind::kFound)}).queries),
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

// ---- Waves.

class WavesTest : public PlannerTest {
 protected:
  WavesTest() {
    Need({"death", "deposit", "employment"});
    Source bank = Region("bank", {"deposit"});
    bank.wave = 3;
    Source tax = Region("tax", {"employment"});
    tax.wave = 3;
    Source archive = Region("archive", {"death", "employment"});
    archive.wave = 3;
    archive.categories[1].fallback = true;
    plan_ = MustPlan({bank, tax, archive, Region("civil-affairs", {"death"})});
  }
  Plan plan_;
};

TEST_F(WavesTest, WavesFollowTheCatalogueAndFallbacksComeLast) {
  ASSERT_THAT(plan_.waves, SizeIs(3));
  EXPECT_TRUE(plan_.last_is_fallback);
  EXPECT_THAT(Show(plan_.waves[0]), ElementsAre("civil-affairs: m1[death] m2[death]"));
  EXPECT_THAT(Show(plan_.waves[1]),
              ElementsAre("bank: m1[deposit] m2[deposit]", "tax: m1[employment] m2[employment]",
                          "archive: m1[death] m2[death]"));
  EXPECT_THAT(Show(plan_.waves[2]), ElementsAre("archive: m1[employment] m2[employment]"));
}

TEST_F(WavesTest, IntentNamesEverySourceOnceFallbacksIncluded) {
  EXPECT_THAT(Show(plan_.everything),
              ElementsAre("bank: m1[deposit] m2[deposit]", "tax: m1[employment] m2[employment]",
                          "archive: m1[death,employment] m2[death,employment]",
                          "civil-affairs: m1[death] m2[death]"));
}

TEST_F(WavesTest, FirstWaveComesBackWhole) {
  const NextWaveResult wave = NextWave(plan_, 0, {});
  EXPECT_EQ(Show(wave.queries), Show(plan_.waves[0]));
  EXPECT_THAT(wave.unasked, IsEmpty());
}

TEST_F(WavesTest, NobodyAsksAboutTheDead) {
  const NextWaveResult wave = NextWave(
      plan_, 1, {DeathOf("m1"), AnswerOf("m2", "death", base::AnswerKind::kConfirmedNone)});
  EXPECT_THAT(Show(wave.queries),
              ElementsAre("bank: m2[deposit]", "tax: m2[employment]", "archive: m2[death]"));
  EXPECT_THAT(Show(wave.unasked), ElementsAre("m1 deposit NOT_ASKED/DECEASED @bank",
                                              "m1 employment NOT_ASKED/DECEASED @tax",
                                              "m1 death NOT_ASKED/DECEASED @archive"));
}

TEST_F(WavesTest, ALaterSourceDroppedByADeathIsNamedAlthoughAnEarlierWaveAnsweredTheCategory) {
  Need({"death", "employment"});
  Source tax = Region("tax", {"employment"});
  tax.wave = 2;
  const Plan plan =
      MustPlan({Region("civil-affairs", {"death"}), Region("insurance", {"employment"}), tax});
  const NextWaveResult wave = NextWave(
      plan, 1, {DeathOf("m1"), AnswerOf("m1", "employment", base::AnswerKind::kConfirmedNone)});
  EXPECT_THAT(Show(wave.queries), ElementsAre("tax: m2[employment]"));
  EXPECT_THAT(Show(wave.unasked), ElementsAre("m1 employment NOT_ASKED/DECEASED @tax"));
}

TEST_F(WavesTest, AFallbackThatWasNotNeededLeavesNoTraceOfADeath) {
  const NextWaveResult wave =
      NextWave(plan_, 2,
               {DeathOf("m1"), DeathOf("m2"),
                AnswerOf("m1", "employment", base::AnswerKind::kConfirmedNone)});
  EXPECT_THAT(wave.queries, IsEmpty());
  EXPECT_THAT(Show(wave.unasked), ElementsAre("m2 employment NOT_ASKED/DECEASED @archive"));
}

TEST_F(WavesTest, WithEveryoneDeadNothingIsAsked) {
  const NextWaveResult wave = NextWave(plan_, 1, {DeathOf("m1"), DeathOf("m2")});
  EXPECT_THAT(wave.queries, IsEmpty());
  EXPECT_THAT(wave.unasked, SizeIs(6)) << "each source, person and category";
}

TEST_F(WavesTest, DeathOfAnotherPersonEndsNothing) {
  base::Answer other = DeathOf("m1");
  other.subject = household_.persons[0].identity;
  other.subject->name = "别人";
  EXPECT_EQ(Show(NextWave(plan_, 1, {other}).queries), Show(plan_.waves[1]));
  other.subject = household_.persons[0].identity;
  EXPECT_NE(Show(NextWave(plan_, 1, {other}).queries), Show(plan_.waves[1]));
  other.subject->number = household_.persons[1].identity.number;
  EXPECT_EQ(Show(NextWave(plan_, 1, {other}).queries), Show(plan_.waves[1]));
}

TEST_F(WavesTest, ADeathToldInAnotherCategoryEndsNothing) {
  base::Answer bank = DeathOf("m1");
  bank.category = "deposit";
  EXPECT_FALSE(ReportsDeath(bank, household_.persons[0].identity));
  EXPECT_TRUE(ReportsDeath(DeathOf("m1"), household_.persons[0].identity));
}

TEST_F(WavesTest, QuarantinedOrDatelessDeathEndsNothing) {
  base::Answer doubtful = DeathOf("m1");
  doubtful.kind = base::AnswerKind::kAmbiguous;
  EXPECT_EQ(Show(NextWave(plan_, 1, {doubtful}).queries), Show(plan_.waves[1]));
  base::Answer dateless = DeathOf("m1");
  dateless.records[0].fields.clear();
  EXPECT_EQ(Show(NextWave(plan_, 1, {dateless}).queries), Show(plan_.waves[1]));
}

TEST_F(WavesTest, FallbackIsAskedOnlyWhereNobodyAnsweredUsably) {
  const std::vector<base::Answer> answers = {
      AnswerOf("m1", "employment", base::AnswerKind::kUnavailable),
      AnswerOf("m2", "employment", base::AnswerKind::kConfirmedNone)};
  const NextWaveResult wave = NextWave(plan_, 2, answers);
  EXPECT_THAT(Show(wave.queries), ElementsAre("archive: m1[employment]"));
  EXPECT_THAT(wave.unasked, IsEmpty());
}

TEST_F(WavesTest, FallbackIsNotAskedWhereAllIsAnswered) {
  const std::vector<base::Answer> answers = {
      AnswerOf("m1", "employment", base::AnswerKind::kFound),
      AnswerOf("m2", "employment", base::AnswerKind::kConfirmedNone)};
  EXPECT_THAT(NextWave(plan_, 2, answers).queries, IsEmpty());
}

TEST_F(WavesTest, EveryUnusableKindCallsTheFallback) {
  for (const base::AnswerKind kind :
       {base::AnswerKind::kNotCovered, base::AnswerKind::kUnavailable, base::AnswerKind::kStale,
        base::AnswerKind::kRefused, base::AnswerKind::kAmbiguous, base::AnswerKind::kPending}) {
    const NextWaveResult wave = NextWave(plan_, 2,
                                         {AnswerOf("m1", "employment", kind),
                                          AnswerOf("m2", "employment", base::AnswerKind::kFound)});
    EXPECT_THAT(Show(wave.queries), ElementsAre("archive: m1[employment]"))
        << std::string(base::AnswerKindName(kind));
  }
}

TEST_F(WavesTest, BeyondTheLastWaveThereIsNothing) {
  EXPECT_THAT(NextWave(plan_, 3, {}).queries, IsEmpty());
}

TEST_F(WavesTest, SingleFallbackWaveIsAskedAtOnce) {
  Need({"deposit"});
  Source archive = Region("archive", {"deposit"});
  archive.categories[0].fallback = true;
  const Plan plan = MustPlan({archive});
  ASSERT_THAT(plan.waves, SizeIs(1));
  EXPECT_THAT(Show(NextWave(plan, 0, {}).queries), ElementsAre("archive: m1[deposit] m2[deposit]"));
}

// ---- Time.

TEST(BudgetTest, ReserveIsKeptBack) {
  const absl::Time now = absl::FromUnixSeconds(1'741'000'000);
  const auto budget = BudgetFor(now + absl::Seconds(5), now);
  ASSERT_TRUE(budget.ok());
  EXPECT_EQ(*budget, absl::Seconds(5) - kDeadlineReserve);
}

TEST(BudgetTest, TooShortADeadlineIsRefusedAtOnce) {
  const absl::Time now = absl::FromUnixSeconds(1'741'000'000);
  EXPECT_TRUE(BudgetFor(now + kDeadlineReserve + kAskingTimeMin, now).ok());
  for (const absl::Duration left :
       {kDeadlineReserve + kAskingTimeMin - absl::Nanoseconds(1), absl::ZeroDuration(),
        -absl::Seconds(1), -absl::InfiniteDuration()}) {
    const absl::Status status = BudgetFor(now + left, now).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(base::ReasonOf(status), "DEADLINE_TOO_SHORT");
  }
}

TEST(BudgetTest, NoDeadlineIsBounded) {
  const absl::Time now = absl::FromUnixSeconds(1'741'000'000);
  EXPECT_EQ(*BudgetFor(absl::InfiniteFuture(), now), kAskingTimeMax);
}

}  // namespace
}  // namespace hedui::plan
