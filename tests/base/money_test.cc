#include "server/base/money.h"

#include <limits>

#include "gtest/gtest.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

TEST(MoneyTest, ReadsWholeYuanAndUpToTwoDecimals) {
  EXPECT_EQ(Money::Parse("1234")->fen(), 123400);
  EXPECT_EQ(Money::Parse("1234.5")->fen(), 123450);
  EXPECT_EQ(Money::Parse("1234.56")->fen(), 123456);
  EXPECT_EQ(Money::Parse("-0.01")->fen(), -1);
  EXPECT_EQ(Money::Parse("100000000000000.00")->fen(), kMoneyFenMax);
}

TEST(MoneyTest, RefusesEveryOtherSpelling) {
  for (const char* text : {"", "-", "+1", "1.", ".5", "1.234", "1,000", "1e3", " 1", "1 ", "--1",
                           "0x1", "1.2.3", "１"}) {
    const auto money = Money::Parse(text);
    ASSERT_FALSE(money.ok()) << text;
    EXPECT_EQ(ReasonOf(money.status()), "MONEY_FORMAT") << text;
  }
}

TEST(MoneyTest, RefusesAmountsPastTheLimitHoweverLong) {
  for (const char* text :
       {"100000000000000.01", "-100000000000000.01", "99999999999999999999999999"}) {
    const auto money = Money::Parse(text);
    ASSERT_FALSE(money.ok()) << text;
    EXPECT_EQ(ReasonOf(money.status()), "MONEY_RANGE") << text;
  }
}

TEST(MoneyTest, PrintsTwoDecimalsAlways) {
  EXPECT_EQ(Money::FromFen(0).ToString(), "0.00");
  EXPECT_EQ(Money::FromFen(5).ToString(), "0.05");
  EXPECT_EQ(Money::FromFen(-5).ToString(), "-0.05");
  EXPECT_EQ(Money::FromFen(123456).ToString(), "1234.56");
  EXPECT_EQ(Money::FromFen(std::numeric_limits<int64_t>::min()).ToString(),
            "-92233720368547758.08");
}

}  // namespace
}  // namespace hedui::base
