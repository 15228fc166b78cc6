// Link lines alone do not stop an #include; this test does.
#include "tests/structure/include_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_join.h"
#include "server/base/yaml.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<IncludeRule> RulesOfTheRepository() {
  const auto text = base::ReadFile(HEDUI_SOURCE_DIR "/docs/rooms.txt");
  EXPECT_TRUE(text.ok()) << text.status();
  const auto rules = ParseIncludeRules(text.ok() ? *text : "");
  EXPECT_TRUE(rules.ok()) << rules.status();
  return rules.ok() ? *rules : std::vector<IncludeRule>{};
}

TEST(StructureTest, EveryIncludeKeepsToTheTableOfRooms) {
  const std::vector<std::string> breaches = FindBreaches(HEDUI_SOURCE_DIR, RulesOfTheRepository());
  EXPECT_THAT(breaches, IsEmpty()) << absl::StrJoin(breaches, "\n");
}

// The planted tree breaks the repository's own table in every way; what it may do stands beside.
TEST(StructureTest, PlantedBreachesAreFound) {
  const std::string planted = HEDUI_SOURCE_DIR "/tests/structure/testdata";
  const std::vector<IncludeRule> rules = RulesOfTheRepository();
  EXPECT_THAT(
      FindBreaches(planted, rules),
      ElementsAre(
          "adapters/grpc/planted.cc:4: adapters/*/** may not include adapters/simulated/planted.h",
          "adapters/grpc/planted.cc:5: adapters/*/** may not include server/plan/router.h",
          "clients/cpp/planted.cc:2: clients/** may not include server/assess/assessment.h",
          "server/api/planted.cc:3: server/api/** may not include server/gather/gatherer.h",
          "server/assess/planted.cc:3: server/assess/** may not include hedui/v1/common.pb.h",
          "server/assess/planted.cc:4: server/assess/** may not include grpcpp/grpcpp.h",
          "server/base/planted.cc:2: server/base/** may not include google/protobuf/message.h",
          "server/base/planted.cc:3: server/base/** may not include server/runtime/event_loop.h",
          "server/gather/planted.cc:4: write \"planted.h\" from the root of the repository",
          "server/gather/planted.cc:5: write \"../store/store.h\" from the root of the repository",
          "server/gather/planted.cc:6: product code includes tests/support/fake_clock.h",
          "server/match/planted.cc:3: server/match/** may not include server/base/clock.h",
          "server/match/planted.cc:4: server/match/** may not include server/assess/case.h",
          "server/nowhere/planted.h:1: no line of docs/rooms.txt fits this file",
          "server/report/planted.cc:6: server/report/** may not include server/assess/engine.h",
          "server/store/sqlite/planted.cc:4: server/store/** may not include server/ledger/log.h"));
}

TEST(GlobTest, OneStarStopsAtASlashAndTwoDoNot) {
  EXPECT_TRUE(GlobMatches("server/*", "server/main.cc"));
  EXPECT_FALSE(GlobMatches("server/*", "server/base/clock.h"));
  EXPECT_TRUE(GlobMatches("server/**", "server/base/clock.h"));
  EXPECT_TRUE(GlobMatches("server/*/*_repository.h", "server/ledger/log_repository.h"));
  EXPECT_FALSE(GlobMatches("server/*/*_repository.h", "server/ledger/log.h"));
  EXPECT_TRUE(GlobMatches("**.pb.h", "hedui/v1/common.pb.h"));
  EXPECT_FALSE(GlobMatches("**.pb.h", "hedui/v1/common.h"));
  EXPECT_FALSE(GlobMatches("server/base", "server/base/clock.h"));
  EXPECT_TRUE(GlobMatches("", ""));
}

TEST(ReadIncludesTest, SeesEverySpellingOfTheDirective) {
  const std::vector<Include> includes = ReadIncludes(
      "#include \"a.h\"\n  #  include <b/c.h> // why\n#include\"d.h\"\n// #include \"e.h\"\n"
      "#include MACRO\n#define include \"f.h\"\n#include \"open\n");
  ASSERT_EQ(includes.size(), 3u);
  EXPECT_EQ(includes[0].path, "a.h");
  EXPECT_EQ(includes[1].path, "b/c.h");
  EXPECT_EQ(includes[1].line, 2);
  EXPECT_EQ(includes[2].path, "d.h");
}

TEST(ParseIncludeRulesTest, RefusesLinesWithoutTheirParts) {
  EXPECT_FALSE(ParseIncludeRules("server/x server/y").ok());
  EXPECT_FALSE(ParseIncludeRules(": server/y").ok());
  EXPECT_FALSE(ParseIncludeRules("a b : c").ok());
  EXPECT_FALSE(ParseIncludeRules("a ! b : c").ok());
  const auto rules = ParseIncludeRules("# only\n\nserver/x/** : a b ! c\nserver/y/** :\n");
  ASSERT_TRUE(rules.ok());
  ASSERT_EQ(rules->size(), 2u);
  EXPECT_THAT((*rules)[0].allowed, ElementsAre("a", "b"));
  EXPECT_THAT((*rules)[0].forbidden, ElementsAre("c"));
  EXPECT_THAT((*rules)[1].allowed, IsEmpty());
}

}  // namespace
}  // namespace hedui::testing
