#include "server/gather/retry_budget.h"

#include <cstdint>
#include <random>

#include "gtest/gtest.h"

namespace hedui::gather {
namespace {

TEST(RetryBudgetTest, TheReserveIsThereAtTheStartAndTenFirstsEarnOne) {
  RetryBudget budget({100, 2});
  EXPECT_TRUE(budget.TryTake());
  EXPECT_TRUE(budget.TryTake());
  EXPECT_FALSE(budget.TryTake());
  for (int i = 0; i < 9; ++i) budget.OnFirstSent();
  EXPECT_FALSE(budget.HasOne());
  budget.OnFirstSent();
  EXPECT_TRUE(budget.TryTake());
}

TEST(RetryBudgetTest, NoMoreIsSavedThanTheReserve) {
  RetryBudget budget({100, 3});
  for (int i = 0; i < 1'000; ++i) budget.OnFirstSent();
  int taken = 0;
  while (budget.TryTake()) ++taken;
  EXPECT_EQ(taken, 3);
}

TEST(RetryBudgetTest, ASmallerReserveTakesEffectAtOnce) {
  RetryBudget budget({100, 10});
  budget.SetLimits({100, 1});
  EXPECT_TRUE(budget.TryTake());
  EXPECT_FALSE(budget.TryTake());
}

// Whatever is asked for in whatever order: what was sent beyond the first attempts stays within the
// reserve and the share, at every moment.
TEST(RetryBudgetTest, ExtraLoadNeverPassesReserveAndShare) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const int permille = 10 * std::uniform_int_distribution<int>(1, 10)(random);
    const int reserve = std::uniform_int_distribution<int>(1, 20)(random);
    RetryBudget budget({permille, reserve});
    int64_t firsts = 0;
    int64_t extra = 0;
    int64_t paid = 0;  // taken, neither sent nor given back yet
    int64_t refused = 0;
    const int firsts_in_ten = std::uniform_int_distribution<int>(1, 5)(random);
    for (int step = 0; step < 100'000; ++step) {
      const int dice = std::uniform_int_distribution<int>(0, 9)(random);
      if (dice < firsts_in_ten) {
        budget.OnFirstSent();
        ++firsts;
      } else if (random() % 2 == 0) {
        ++(budget.TryTake() ? paid : refused);
      } else if (paid > 0) {
        --paid;
        if (random() % 3 == 0) {
          budget.GiveBack();
        } else {
          ++extra;
        }
      }
      ASSERT_LE(1'000 * (extra + paid), 1'000 * reserve + permille * firsts) << "seed " << seed;
    }
    EXPECT_GT(extra, 0);
    EXPECT_GT(refused, 0) << "the limit was never met, so nothing was shown";
  }
}

}  // namespace
}  // namespace hedui::gather
