// Whom a platform asks about whom: levels, coverage, a second division, and what is passed over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
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

// ---- Whatever the catalogue, the platform and the household.

// The rules once more, said another way: by digits.
bool Within(const std::string& outer, const std::string& inner) {
  const size_t size = outer == "000000"           ? 0
                      : outer.substr(2) == "0000" ? 2
                      : outer.substr(4) == "00"   ? 4
                                                  : 6;
  return outer.substr(0, size) == inner.substr(0, size);
}

class RandomRoutingTest : public PlannerTest {
 protected:
  const std::vector<std::string> kDivisions = {"000000", "640000", "640100", "640104", "640105",
                                               "640400", "640422", "610000", "610100", "610104"};
  const std::vector<std::string> kCategories = {"deposit", "tax", "vehicle"};

  size_t Below(size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random_);
  }
  bool OneIn(size_t n) { return Below(n) == 0; }

  Source Any(int number) {
    Source source;
    source.id = absl::StrCat("s", number);
    source.divisions = {kDivisions[Below(kDivisions.size())]};
    source.level = *base::DivisionLevel(source.divisions[0]);
    source.identity_kinds = {base::IdentityKind::kResidentId};
    if (OneIn(2)) source.identity_kinds.push_back(base::IdentityKind::kPassport);
    source.wave = 1 + static_cast<int>(Below(2));
    source.authority_rank = 1 + static_cast<int>(Below(3));
    for (const std::string& category : kCategories) {
      if (!OneIn(2)) continue;
      source.categories.push_back({category, std::nullopt, OneIn(2)});
      if (source.categories.back().fallback) {
        source.categories.back().fallback_order = static_cast<int>(Below(kFallbackOrderMax + 1));
      }
    }
    if (source.level <= base::Level::kRegion && OneIn(3)) {
      source.relays_for = {OneIn(2) ? "000000" : source.divisions[0]};
    }
    return source;
  }

  void Draw() {
    sources_.clear();
    for (int i = 0, size = 1 + static_cast<int>(Below(9)); i < size; ++i)
      sources_.push_back(Any(i));
    const base::Level levels[] = {base::Level::kMinistry, base::Level::kRegion, base::Level::kCity,
                                  base::Level::kCounty};
    PlatformOf(levels[Below(4)]);
    for (base::Person& person : household_.persons) {
      person.declared.clear();
      person.identity.kind =
          OneIn(3) ? base::IdentityKind::kPassport : base::IdentityKind::kResidentId;
    }
    if (OneIn(2)) DeclareHukou(0, kDivisions[1 + Below(kDivisions.size() - 1)]);
    if (OneIn(4)) DeclareHukou(1, kDivisions[1 + Below(kDivisions.size() - 1)]);
    Need({"deposit", "tax"});
  }

  bool MayAsk(const Source& source) const {
    const bool body = source.level == base::Level::kRegion && !source.relays_for.empty();
    switch (input_.platform_level) {
      case base::Level::kMinistry:
        return source.level == base::Level::kMinistry || body;
      case base::Level::kRegion:
        if (source.level == base::Level::kMinistry || body) return true;
        break;
      default:
        if (source.level == base::Level::kMinistry) return false;
    }
    return Within(source.divisions[0], input_.platform_division) ||
           Within(input_.platform_division, source.divisions[0]);
  }
  std::vector<std::string> PlacesOfPerson(const base::Person& person) const {
    std::vector<std::string> places = {household_.division};
    for (const base::Record& record : person.declared) {
      places.push_back(std::get<std::string>(*record.Find("division")));
    }
    return places;
  }
  bool Relays(const Source& source, const std::string& place, const std::string& category) const {
    return MayAsk(source) && source.Offer(category) != nullptr && !source.relays_for.empty() &&
           Within(source.relays_for[0], place);
  }

  std::mt19937 random_{20250303};
  std::vector<Source> sources_;
};

using Key = std::tuple<std::string, std::string, std::string>;  // person, category, source

TEST_F(RandomRoutingTest, NobodyIsAskedWhoMayNotBeAndNobodyIsDroppedInSilence) {
  int relayed = 0;
  int closed = 0;
  for (int round = 0; round < 4'000; ++round) {
    Draw();
    const Plan plan = MustPlan(sources_);
    std::map<std::string, const Source*> by_id;
    for (const Source& source : sources_) by_id[source.id] = &source;
    std::set<Key> asked;
    for (const SourceQuery& query : plan.everything) {
      const Source& source = *by_id.at(query.source_id);
      ASSERT_TRUE(MayAsk(source)) << round << " " << source.id;
      for (const PersonQuery& person : query.people) {
        ASSERT_TRUE(source.Accepts(person.identity.kind)) << round;
        for (const std::string& category : person.categories) {
          ASSERT_NE(source.Offer(category), nullptr) << round;
          ASSERT_TRUE(asked.emplace(person.person_id, category, source.id).second) << round;
        }
      }
    }
    size_t sent = 0;
    for (const Wave& wave : plan.waves) {
      for (const SourceQuery& query : wave) {
        for (const PersonQuery& person : query.people) sent += person.categories.size();
      }
    }
    ASSERT_EQ(sent, asked.size()) << "each in one wave; round " << round;
    std::set<Key> unasked;
    for (const Unasked& one : plan.unasked) {
      if (one.reason == base::Reason::kMinimised) continue;
      ASSERT_TRUE(unasked.emplace(one.person_id, one.category, one.source_id).second) << round;
      ASSERT_EQ(asked.count({one.person_id, one.category, one.source_id}), 0U) << round;
    }
    for (const base::Person& person : household_.persons) {
      for (const std::string& category : input_.needed) {
        bool nobody = false;
        for (const std::string& place : PlacesOfPerson(person)) {
          std::set<std::string> here;  // asked about this place
          bool held = false;
          for (const Source& source : sources_) {
            const bool covers =
                source.Offer(category) != nullptr && Within(source.divisions[0], place);
            if (asked.count({person.id, category, source.id}) == 0) continue;
            if (covers || Relays(source, place, category)) here.insert(source.id);
          }
          for (const Source& source : sources_) {
            const CategoryOffer* const offer = source.Offer(category);
            if (offer == nullptr || !Within(source.divisions[0], place)) continue;
            held = true;
            if (here.count(source.id) > 0 || unasked.count({person.id, category, source.id}) > 0 ||
                (offer->fallback && !here.empty())) {
              continue;
            }
            bool through = false;
            for (const Source& relay : sources_) {
              if (!Relays(relay, place, category)) continue;
              through = through || here.count(relay.id) > 0 ||
                        unasked.count({person.id, category, relay.id}) > 0;
            }
            ASSERT_TRUE(!MayAsk(source) && through)
                << round << ": " << source.id << " about " << person.id << " " << category << " in "
                << place;
            ++relayed;
          }
          bool relay = false;
          for (const Source& source : sources_) relay = relay || Relays(source, place, category);
          nobody = nobody || (!held && !relay);
        }
        ASSERT_EQ(unasked.count({person.id, category, ""}) > 0, nobody) << round;
        closed += nobody ? 1 : 0;
      }
    }
  }
  EXPECT_GT(relayed, 100) << "the cases show nothing about relays";
  EXPECT_GT(closed, 100) << "the cases show nothing about places of nobody";
}

TEST_F(RandomRoutingTest, FallbacksAreAskedWhileAPlaceOfTheirsIsUnansweredAndOnlyThen) {
  int spared = 0;
  int second = 0;
  for (int round = 0; round < 4'000; ++round) {
    Draw();
    const Plan plan = MustPlan(sources_);
    std::map<Key, const Standing*> standings;
    for (const Standing& one : plan.standings) {
      standings[{one.person_id, one.category, one.source_id}] = &one;
    }
    Progress progress;
    std::map<std::pair<std::string, std::string>, PlaceSet> usable;
    for (size_t wave = 0; wave < plan.waves.size(); ++wave) {
      std::set<Key> sent;
      std::map<std::pair<std::string, std::string>, PlaceSet> told;
      for (const SourceQuery& query : NextWave(plan, wave, progress).queries) {
        for (const PersonQuery& person : query.people) {
          for (const std::string& category : person.categories) {
            const Key key(person.person_id, category, query.source_id);
            sent.insert(key);
            const bool answers = OneIn(2);
            progress.Add(plan, query.source_id,
                         {AnswerOf(person.person_id, category,
                                   answers ? base::AnswerKind::kConfirmedNone
                                           : base::AnswerKind::kUnavailable)});
            const auto standing = standings.find(key);
            if (answers && standing != standings.end()) {
              told[{person.person_id, category}] |= standing->second->places;
            }
          }
        }
      }
      for (const SourceQuery& query : plan.waves[wave]) {
        for (const PersonQuery& person : query.people) {
          for (const std::string& category : person.categories) {
            const Key key(person.person_id, category, query.source_id);
            if (wave < plan.first_fallback) {
              ASSERT_EQ(sent.count(key), 1U) << round;
              continue;
            }
            const Standing& own = *standings.at(key);
            ASSERT_TRUE(own.fallback) << round;
            const PlaceSet before = usable[{person.person_id, category}];
            const bool needed = (own.places & ~before) != 0;
            ASSERT_EQ(sent.count(key) > 0, needed) << round;
            spared += needed ? 0 : 1;
            second += needed && wave > plan.first_fallback ? 1 : 0;
          }
        }
      }
      for (const auto& [pair, places] : told) usable[pair] |= places;
    }
  }
  EXPECT_GT(spared, 100);
  EXPECT_GT(second, 100);
}

}  // namespace
}  // namespace hedui::plan
