#include "tests/bench/cpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace hedui::bench {
namespace {

TEST(CpusTest, TheHalvesAreAllProcessorsOnceAndAScopeKeepsToItsOwn) {
  const std::optional<CpuHalves> halves = HalveCpus();
  if (!halves.has_value()) GTEST_SKIP() << "one processor";
  EXPECT_GE(halves->server.size(), halves->load.size());
  EXPECT_FALSE(halves->load.empty());
  for (const int cpu : halves->load) {
    EXPECT_EQ(std::count(halves->server.begin(), halves->server.end(), cpu), 0) << cpu;
  }
  {
    const OnCpus on({halves->load.front()});
    EXPECT_FALSE(HalveCpus().has_value());  // there is one only
  }
  const std::optional<CpuHalves> again = HalveCpus();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->server, halves->server);
  EXPECT_EQ(again->load, halves->load);
}

TEST(CpusTest, AListIsAsTasksetTakesIt) { EXPECT_EQ(CpuList({0, 2, 3}), "0,2,3"); }

}  // namespace
}  // namespace hedui::bench
