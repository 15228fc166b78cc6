// Whatever the catalogue, the platform and the household: random ones are held to the rules of
// routing, said once more another way.
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
#include "tests/plan/plan_fixture.h"

namespace hedui::plan {
namespace {

// By digits.
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
            ASSERT_GT(own.step, 0) << round;
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
