#include "server/base/rational.h"

#include <random>

#include "gtest/gtest.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

Rational R(Int128 n, Int128 d = 1) { return *Rational::Make(n, d); }
constexpr Int128 kHuge = Int128{1} << 126;

TEST(RationalTest, IsKeptInLowestTermsWithAPositiveDenominator) {
  EXPECT_EQ(R(6, -4).ToString(), "-3/2");
  EXPECT_EQ(R(0, -4).ToString(), "0");
  EXPECT_FALSE(Rational::Make(1, 0).has_value());
}

TEST(RationalTest, ReadsDecimalsPercentagesAndFractions) {
  EXPECT_EQ(*Rational::Parse("0.20"), R(1, 5));
  EXPECT_EQ(*Rational::Parse("20%"), R(1, 5));
  EXPECT_EQ(*Rational::Parse("19.5 %"), R(39, 200));
  EXPECT_EQ(*Rational::Parse("-3/4"), R(-3, 4));
  EXPECT_EQ(*Rational::Parse("12"), R(12));
  for (const char* text :
       {"", "1/0", "a", "1.", ".5", "1e3", "1.5/2", "%", "1234567890123456789"}) {
    EXPECT_FALSE(Rational::Parse(text).ok()) << text;
  }
}

TEST(RationalTest, ArithmeticIsExact) {
  Rational out;
  ASSERT_TRUE(Rational::Add(R(1, 3), R(1, 6), &out));
  EXPECT_EQ(out, R(1, 2));
  ASSERT_TRUE(Rational::Subtract(R(1, 3), R(1, 2), &out));
  EXPECT_EQ(out, R(-1, 6));
  ASSERT_TRUE(Rational::Multiply(R(2, 3), R(9, 4), &out));
  EXPECT_EQ(out, R(3, 2));
  ASSERT_TRUE(Rational::Divide(R(316500), R(3), &out));
  EXPECT_EQ(out, R(105500));
  EXPECT_FALSE(Rational::Divide(R(1), R(0), &out));
}

TEST(RationalTest, OverflowIsReportedAndLeavesTheResultAlone) {
  Rational out = R(7);
  EXPECT_FALSE(Rational::Add(R(kHuge), R(kHuge), &out));
  EXPECT_FALSE(Rational::Multiply(R(kHuge), R(2), &out));
  EXPECT_FALSE(Rational::Divide(R(kHuge), R(1, 4), &out));
  EXPECT_FALSE(Rational::Add(R(1, kHuge), R(1, 3), &out));
  EXPECT_EQ(out, R(7));
  // From 64 to 128 bits nothing is lost.
  ASSERT_TRUE(Rational::Add(Rational(INT64_MAX), Rational(INT64_MAX), &out));
  EXPECT_EQ(out.ToString(), "18446744073709551614");
  ASSERT_TRUE(Rational::Multiply(Rational(INT64_MIN), Rational(INT64_MIN), &out));
  EXPECT_EQ(out.ToString(), "85070591730234615865843651857942052864");
}

TEST(RationalTest, ComparesExactlyWhereCrossProductsDoNotFit) {
  EXPECT_LT(Rational::Compare(R(kHuge - 1, kHuge), R(kHuge, kHuge + 1)), 0);
  EXPECT_GT(Rational::Compare(R(kHuge, kHuge + 1), R(kHuge - 1, kHuge)), 0);
  EXPECT_GT(Rational::Compare(R(1 - kHuge, kHuge), R(-kHuge, kHuge + 1)), 0);
  EXPECT_EQ(Rational::Compare(R(kHuge - 1, kHuge), R(kHuge - 1, kHuge)), 0);
  EXPECT_LT(Rational::Compare(R(-1, 3), R(0)), 0);
  EXPECT_GT(Rational::Compare(R(kHuge), R(kHuge - 1, 3)), 0);
}

TEST(RationalTest, RoundsByName) {
  struct Row {
    Rational value, half_up, ceiling, floor;
  };
  for (const Row& row : {Row{R(5, 2), R(3), R(3), R(2)}, Row{R(-5, 2), R(-3), R(-2), R(-3)},
                         Row{R(7, 3), R(2), R(3), R(2)}, Row{R(-7, 3), R(-2), R(-2), R(-3)},
                         Row{R(4), R(4), R(4), R(4)}, Row{R(8, 3), R(3), R(3), R(2)}}) {
    Rational out;
    ASSERT_TRUE(Rational::Round(row.value, R(1), Rounding::kHalfUp, &out));
    EXPECT_EQ(out, row.half_up) << row.value.ToString();
    ASSERT_TRUE(Rational::Round(row.value, R(1), Rounding::kCeiling, &out));
    EXPECT_EQ(out, row.ceiling) << row.value.ToString();
    ASSERT_TRUE(Rational::Round(row.value, R(1), Rounding::kFloor, &out));
    EXPECT_EQ(out, row.floor) << row.value.ToString();
  }
  Rational out;
  ASSERT_TRUE(Rational::Round(R(336500, 3), R(10), Rounding::kCeiling, &out));
  EXPECT_EQ(out, R(112170));
  EXPECT_FALSE(Rational::Round(R(1), R(0), Rounding::kFloor, &out));
}

TEST(RationalTest, PrintsDecimalsHalfUp) {
  EXPECT_EQ(R(3365, 3).ToDecimal(2), "1121.67");
  EXPECT_EQ(R(-3365, 3).ToDecimal(2), "-1121.67");
  EXPECT_EQ(R(999, 1000).ToDecimal(2), "1.00");
  EXPECT_EQ(R(-1, 1000).ToDecimal(2), "0.00");
  EXPECT_EQ(R(5, 2).ToDecimal(0), "3");
  EXPECT_EQ(R(1, 5).ToDecimal(4), "0.2000");
  EXPECT_EQ(R(kHuge - 1, kHuge).ToDecimal(2), "1.00");
}

// Against 128-bit arithmetic on small operands, where it is plainly right.
TEST(RationalTest, AgreesWithCrossMultiplicationOnRandomSmallFractions) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> top(-1000, 1000), bottom(1, 1000);
  for (int i = 0; i < 20000; ++i) {
    const int a = top(random), b = bottom(random), c = top(random), d = bottom(random);
    Rational out;
    ASSERT_TRUE(Rational::Add(R(a, b), R(c, d), &out));
    EXPECT_EQ(out, R(Int128{a} * d + Int128{c} * b, Int128{b} * d));
    ASSERT_TRUE(Rational::Multiply(R(a, b), R(c, d), &out));
    EXPECT_EQ(out, R(Int128{a} * c, Int128{b} * d));
    const Int128 left = Int128{a} * d, right = Int128{c} * b;
    EXPECT_EQ(Rational::Compare(R(a, b), R(c, d)), left < right ? -1 : left > right ? 1 : 0);
  }
}

}  // namespace
}  // namespace hedui::base
