// Whom a platform asks about whom: levels, coverage, a second division, and what is passed over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/limits.h"
#include "server/plan/reach.h"
#include "tests/plan/plan_fixture.h"

namespace hedui::plan {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Source BodyOf(const std::string& id, base::Level level, const std::string& division,
              const std::vector<std::string>& relays_for,
              const std::vector<std::string>& categories) {
  Source source = SourceOf(id, level, division, categories);
  source.relays_for = relays_for;
  return source;
}

// ---- Whom a platform may ask itself.

TEST(ReachTest, LevelsAndDivisionsSayWhomAPlatformMayAskItself) {
  const std::vector<Source> sources = {
      SourceOf("ministry", base::Level::kMinistry, "000000", {"tax"}),
      BodyOf("ministry-body", base::Level::kMinistry, "000000", {"000000"}, {"tax"}),
      SourceOf("region", base::Level::kRegion, "640000", {"tax"}),
      BodyOf("region-body", base::Level::kRegion, "640000", {"000000"}, {"tax"}),
      SourceOf("city", base::Level::kCity, "640100", {"tax"}),
      SourceOf("county", base::Level::kCounty, "640104", {"tax"}),
      SourceOf("next-county", base::Level::kCounty, "640105", {"tax"}),
      SourceOf("other-city", base::Level::kCity, "640400", {"tax"}),
      SourceOf("other-county", base::Level::kCounty, "640422", {"tax"}),
      SourceOf("other-region", base::Level::kRegion, "610000", {"tax"}),
      BodyOf("other-body", base::Level::kRegion, "610000", {"610000"}, {"tax"}),
      SourceOf("far-county", base::Level::kCounty, "610104", {"tax"}),
  };
  const Catalogue catalogue(sources);
  struct Case {
    base::Level level;
    const char* division;
    std::set<std::string> direct;
  };
  const Case cases[] = {
      {base::Level::kCounty, "640104", {"region", "region-body", "city", "county"}},
      {base::Level::kCity, "640100", {"region", "region-body", "city", "county", "next-county"}},
      {base::Level::kRegion,
       "640000",
       {"ministry", "ministry-body", "region", "region-body", "city", "county", "next-county",
        "other-city", "other-county", "other-body"}},
      {base::Level::kMinistry,
       "000000",
       {"ministry", "ministry-body", "region-body", "other-body"}},
  };
  for (const Case& one : cases) {
    const Reach reach(catalogue, one.level, one.division);
    std::set<std::string> direct;
    for (const Source& source : catalogue.sources()) {
      if (reach.IsDirect(source)) direct.insert(source.id);
    }
    EXPECT_EQ(direct, one.direct) << one.division;
  }
}

TEST(ReachTest, TheBodyOfTheSmallestDivisionAroundThePlaceRelays) {
  const Catalogue catalogue({
      BodyOf("centre", base::Level::kMinistry, "000000", {"000000"}, {"tax", "vehicle"}),
      BodyOf("shaanxi", base::Level::kRegion, "610000", {"610000"}, {"tax"}),
  });
  const Reach region(catalogue, base::Level::kRegion, "640000");
  EXPECT_EQ(region.RelayFor("610104", "tax")->id, "shaanxi");
  EXPECT_EQ(region.RelayFor("610104", "vehicle")->id, "centre") << "the other does not hold it";
  EXPECT_EQ(region.RelayFor("620102", "tax")->id, "centre");
  EXPECT_EQ(region.RelayFor("620102", "deposit"), nullptr);
  const Reach county(catalogue, base::Level::kCounty, "640104");
  EXPECT_EQ(county.RelayFor("610104", "tax"), nullptr) << "it may ask neither body";
}

// ---- Plans, by level of the platform, coverage and second division.

class RoutingTest : public PlannerTest {
 protected:
  RoutingTest() { Need({"real_estate"}); }

  static Source Holder(const std::string& id, base::Level level, const std::string& division) {
    return SourceOf(id, level, division, {"real_estate"});
  }
  static Source OwnBody() {
    return BodyOf("nx-body", base::Level::kRegion, "640000", {"000000"}, {"real_estate"});
  }
  // "asked | not asked"; m1 alone has another place.
  std::string Routed(std::vector<Source> sources) {
    Plan plan = MustPlan(std::move(sources));
    std::erase_if(plan.unasked,
                  [](const Unasked& one) { return one.reason == base::Reason::kMinimised; });
    return absl::StrCat(absl::StrJoin(Show(plan.everything), "; "), " | ",
                        absl::StrJoin(Show(plan.unasked), "; "));
  }
};

TEST_F(RoutingTest, ByLevelCoverageAndSecondDivision) {
  const Source ministry = Holder("ministry", base::Level::kMinistry, "000000");
  const Source region = Holder("region", base::Level::kRegion, "640000");
  const Source home = Holder("home", base::Level::kCounty, "640104");
  const Source xiji = Holder("xiji", base::Level::kCounty, "640422");
  const Source shaanxi = Holder("shaanxi", base::Level::kRegion, "610000");
  const Source shaanxi_body =
      BodyOf("sn-body", base::Level::kRegion, "610000", {"610000"}, {"real_estate"});
  const Source centre =
      BodyOf("centre", base::Level::kMinistry, "000000", {"000000"}, {"marriage", "real_estate"});
  const std::string both = ": m1[real_estate] m2[real_estate]";
  const std::string one = ": m1[real_estate]";
  const std::string closed = " real_estate NOT_ASKED/NOT_ROUTABLE";
  struct Case {
    const char* what;
    base::Level level;
    std::string hukou;  // of m1; empty: not declared
    std::vector<Source> sources;
    std::string routed;
  };
  const Case cases[] = {
      // The ministry's register.
      {"region asks it",
       base::Level::kRegion,
       "",
       {ministry},
       absl::StrCat("ministry", both, " | ")},
      {"county may not",
       base::Level::kCounty,
       "",
       {ministry, home},
       absl::StrCat("home", both, " | m1", closed, " @ministry; m2", closed, " @ministry")},
      {"county through its region's body",
       base::Level::kCounty,
       "",
       {ministry, home, OwnBody()},
       absl::StrCat("home", both, "; nx-body", both, " | ")},
      {"city through its region's body",
       base::Level::kCity,
       "",
       {ministry, OwnBody()},
       absl::StrCat("nx-body", both, " | ")},
      {"a body that holds nothing of it does not help",
       base::Level::kCity,
       "",
       {ministry, BodyOf("nx-body", base::Level::kRegion, "640000", {"000000"}, {"tax"})},
       absl::StrCat(" | m1", closed, " @ministry; m2", closed, " @ministry")},
      // Hukou in another county of the region.
      {"region asks both counties",
       base::Level::kRegion,
       "640422",
       {home, xiji},
       absl::StrCat("home", both, "; xiji", one, " | ")},
      {"county may not ask the other",
       base::Level::kCounty,
       "640422",
       {home, xiji},
       absl::StrCat("home", both, " | m1", closed, " @xiji")},
      {"county through its region's body",
       base::Level::kCounty,
       "640422",
       {home, xiji, OwnBody()},
       absl::StrCat("home", both, "; nx-body", both, " | ")},
      {"the region's register speaks for both",
       base::Level::kCounty,
       "640422",
       {region},
       absl::StrCat("region", both, " | ")},
      {"where nobody holds it, that is said",
       base::Level::kRegion,
       "640422",
       {home},
       absl::StrCat("home", both, " | m1", closed)},
      // Hukou in another region.
      {"region may not ask its registers",
       base::Level::kRegion,
       "610104",
       {home, shaanxi},
       absl::StrCat("home", both, " | m1", closed, " @shaanxi")},
      {"region asks its body",
       base::Level::kRegion,
       "610104",
       {home, shaanxi, shaanxi_body},
       absl::StrCat("home", both, "; sn-body", one, " | ")},
      {"region asks its body where no register is named",
       base::Level::kRegion,
       "610104",
       {home, shaanxi_body},
       absl::StrCat("home", both, "; sn-body", one, " | ")},
      {"county may not ask the other region's body",
       base::Level::kCounty,
       "610104",
       {home, shaanxi_body},
       absl::StrCat("home", both, " | m1", closed, " @sn-body")},
      {"the ministry's centre relays to a region",
       base::Level::kRegion,
       "610104",
       {home, centre},
       absl::StrCat("home", both, "; centre", both, " | ")},
      {"nobody",
       base::Level::kRegion,
       "610104",
       {home},
       absl::StrCat("home", both, " | m1", closed)},
      // What is not stated, or says nothing.
      {"the hukou lies where they live",
       base::Level::kRegion,
       "640104",
       {home},
       absl::StrCat("home", both, " | ")},
      {"a village's code",
       base::Level::kRegion,
       "640422102201",
       {home, xiji},
       absl::StrCat("home", both, "; xiji", one, " | ")},
      {"no code",
       base::Level::kRegion,
       "西吉县",
       {home},
       absl::StrCat("home", both, " | m1", closed)},
      {"the nation",
       base::Level::kRegion,
       "000000",
       {home},
       absl::StrCat("home", both, " | m1", closed)},
  };
  for (const Case& tested : cases) {
    household_.persons[0].declared.clear();
    if (!tested.hukou.empty()) DeclareHukou(0, tested.hukou);
    PlatformOf(tested.level);
    EXPECT_EQ(Routed(tested.sources), tested.routed)
        << tested.what << ", " << std::string(base::LevelName(tested.level));
  }
}

TEST_F(RoutingTest, ARelayIsAskedOnceForAllThatItStandsForAndNotWhereNothingIsOutOfReach) {
  PlatformOf(base::Level::kCounty);
  DeclareHukou(0, "610104");
  Source body = OwnBody();
  body.categories = {{"marriage"}, {"real_estate"}};
  Need({"marriage", "real_estate"});
  const Plan plan =
      MustPlan({SourceOf("ministry", base::Level::kMinistry, "000000", {"real_estate"}),
                SourceOf("centre", base::Level::kMinistry, "000000", {"real_estate"}),
                SourceOf("sn", base::Level::kRegion, "610000", {"real_estate"}), body});
  EXPECT_THAT(Show(plan.everything),
              ElementsAre("nx-body: m1[marriage,real_estate] m2[marriage,real_estate]"));
  ASSERT_THAT(plan.waves, SizeIs(1));
  EXPECT_THAT(plan.unasked, IsEmpty());
}

TEST_F(RoutingTest, ABodyIsNotAskedAboutOtherPlacesOfWhichNothingIsStated) {
  const Plan plan =
      MustPlan({Holder("home", base::Level::kCounty, "640104"),
                BodyOf("sn-body", base::Level::kRegion, "610000", {"610000"}, {"real_estate"})});
  EXPECT_THAT(Show(plan.everything), ElementsAre("home: m1[real_estate] m2[real_estate]"));
  EXPECT_THAT(plan.unasked, IsEmpty());
}

TEST_F(RoutingTest, ARelayThatDoesNotAcceptTheDocumentIsNamed) {
  PlatformOf(base::Level::kCounty);
  household_.persons[0].identity.kind = base::IdentityKind::kPassport;
  Source home = Holder("home", base::Level::kCounty, "640104");
  home.identity_kinds.push_back(base::IdentityKind::kPassport);
  EXPECT_EQ(Routed({home, Holder("ministry", base::Level::kMinistry, "000000"), OwnBody()}),
            "home: m1[real_estate] m2[real_estate]; nx-body: m2[real_estate] | "
            "m1 real_estate NOT_ASKED/UNKNOWN_PERSON @nx-body");
}

TEST_F(RoutingTest, AFallbackOfAnotherPlaceIsAskedThereWhateverIsAnsweredHere) {
  DeclareHukou(0, "640422");
  Source archive = Holder("archive", base::Level::kCounty, "640422");
  archive.categories[0].fallback = true;
  const Plan plan = MustPlan({Holder("home", base::Level::kCounty, "640104"),
                              Holder("xiji", base::Level::kCounty, "640422"), archive});
  ASSERT_THAT(plan.waves, SizeIs(2));
  const base::Answer found = AnswerOf("m1", "real_estate", base::AnswerKind::kFound);
  Progress progress;
  progress.Add(plan, "home", {found});
  progress.Add(plan, "xiji", {AnswerOf("m1", "real_estate", base::AnswerKind::kUnavailable)});
  EXPECT_THAT(Show(NextWave(plan, 1, progress).queries), ElementsAre("archive: m1[real_estate]"));
  progress.Add(plan, "xiji", {found});
  EXPECT_THAT(NextWave(plan, 1, progress).queries, IsEmpty());
  EXPECT_THAT(StandInsFor(plan, "xiji", "m1", "real_estate"), ElementsAre("archive"));
  EXPECT_THAT(StandInsFor(plan, "home", "m1", "real_estate"), IsEmpty())
      << "the archive says nothing about where they live";
}

TEST_F(RoutingTest, AFallbackOutOfReachIsAskedThroughTheRelayInItsTurn) {
  PlatformOf(base::Level::kCounty);
  Source ministry = Holder("ministry", base::Level::kMinistry, "000000");
  ministry.categories[0].fallback = true;
  Source body = OwnBody();
  body.divisions = {"650000"};
  EXPECT_EQ(Routed({Holder("home", base::Level::kCounty, "640104"), ministry, body}),
            "home: m1[real_estate] m2[real_estate] | ")
      << "of another region: it may not be asked; a fallback is not named while others are asked";
  body.divisions = {"640000"};
  body.categories = {{"real_estate", std::nullopt, true}};
  const Plan plan = MustPlan({Holder("home", base::Level::kCounty, "640104"), ministry, body});
  ASSERT_THAT(plan.waves, SizeIs(2));
  EXPECT_EQ(plan.first_fallback, 1U);
  EXPECT_THAT(Show(plan.waves[1]), ElementsAre("nx-body: m1[real_estate] m2[real_estate]"));
}

TEST_F(RoutingTest, PlacesPastTheLimitAreSaidToBeUnasked) {
  std::vector<Source> sources = {Holder("home", base::Level::kCounty, "640104")};
  for (size_t i = 0; i < kPlacesPerPersonMax; ++i) {
    const std::string division = absl::StrCat("6402", 10 + i);
    DeclareHukou(0, division);
    sources.push_back(Holder(absl::StrCat("s", i), base::Level::kCounty, division));
  }
  const Plan plan = MustPlan(sources);
  EXPECT_THAT(plan.everything, SizeIs(kPlacesPerPersonMax));
  EXPECT_THAT(Show(plan.unasked), ElementsAre("m1 real_estate NOT_ASKED/NOT_ROUTABLE"));
}

TEST_F(RoutingTest, SourcesOfOtherPlacesThatNoLongerGoInArePassedOverByName) {
  DeclareHukou(0, "640422");
  std::vector<Source> sources;
  sources.push_back(Holder("xiji-1", base::Level::kCounty, "640422"));
  sources.push_back(Holder("xiji-2", base::Level::kCounty, "640422"));
  for (size_t i = 1; i < base::kSourcesPerPlanMax; ++i) {
    sources.push_back(Holder(absl::StrCat("home-", i), base::Level::kCounty, "640104"));
  }
  const Plan plan = MustPlan(sources);
  EXPECT_THAT(plan.everything, SizeIs(base::kSourcesPerPlanMax));
  EXPECT_THAT(Show(plan.everything), Contains("xiji-1: m1[real_estate]"));
  EXPECT_THAT(Show(plan.unasked), ElementsAre("m1 real_estate NOT_ASKED/NOT_ROUTABLE @xiji-2"));
}

}  // namespace
}  // namespace hedui::plan
