// A platform of its own for each test, since these change what stands.
#include <signal.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/cli_world.h"

namespace hedui::testing {
namespace {

using ::testing::HasSubstr;

TEST(CliLifeTest, AMatterThroughItsStatesAndAPlatformToItsEnd) {
  World world;
  world.Expect(kHedui, {{"authorization", "register", "letters.yaml"}, 0, "letters_added: 3"});
  world.Expect(kHedui, {{"authorization", "revoke", "revoke.yaml"}, 0, "revoked_at_seconds: "});
  world.Expect(kHedui,
               {{"authorization", "monitor", "matter.yaml"}, 0, "state: MATTER_STATE_MONITORED"});
  world.Expect(kHedui,
               {{"authorization", "close", "matter.yaml"}, 0, "state: MATTER_STATE_CLOSED"});
  world.Expect(kHedui, {{"authorization", "monitor", "matter.yaml"}, 1, "", "hedui: "});
  EXPECT_EQ(world.heduid().Stop(), ProcessEnd{});
}

TEST(CliLifeTest, AServerReadsItsRegisterAnewOnAHangUpAndServesOn) {
  World world;
  world.Expect(kHedui, {{"authorization", "register", "letters.yaml"}, 0, "letters_added: 3"});
  std::string reg = Slurp(world.Path("register.yaml"));
  Scenario::Replace(&reg, kAgency, "640104-another");
  Spill(world.Path("register.yaml"), reg);
  ASSERT_EQ(kill(world.heduid().pid(), SIGHUP), 0);
  std::string told;
  while (!absl::StrContains(told, "reloaded")) {
    const auto line = world.heduid().ReadLine("{");
    ASSERT_TRUE(line.ok()) << line.status();
    told = *line;
  }
  EXPECT_THAT(told, HasSubstr("register, catalogue and policies are in force"));
  world.Expect(kHedui,
               {{"authorization", "monitor", "matter.yaml"}, 1, "", "is not in the register"});
  EXPECT_EQ(world.heduid().Stop(), ProcessEnd{});
}

TEST(CliLifeTest, AServerWhoseStoreAnotherWritesEndsToBeStartedAnew) {
  World world;
  auto second = ChildProcess::Start({kHeduid, "--config", world.Path("heduid.yaml")});
  ASSERT_TRUE(second.ok()) << second.status();
  const auto port = (*second)->ReadLine("listening ");
  ASSERT_TRUE(port.ok()) << port.status();
  world.Expect(kHedui, {{"authorization", "register", "letters.yaml", "--server",
                         absl::StrCat("localhost:", *port)},
                        0,
                        "letters_added: 3"});
  // The first one is asked to write and finds that the store has moved.
  EXPECT_EQ(world.Run({kHedui, "authorization", "register", "letters.yaml"}).exit_code, 1);
  const ProcessEnd failed{.exit_code = 3};
  EXPECT_EQ(world.heduid().AwaitEnd(), failed);
}

}  // namespace
}  // namespace hedui::testing
