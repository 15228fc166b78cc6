#include "server/base/dates.h"

#include <gtest/gtest.h>

#include "server/base/status.h"

namespace hedui::base {
namespace {

using absl::CivilDay;
using absl::CivilMonth;

TEST(DatesTest, DayIsThatOfShanghaiWhateverTheMachineThinks) {
  const absl::Time last_second = absl::FromUnixSeconds(1740931199);  // 2025-03-02T15:59:59Z
  EXPECT_EQ(CivilDayOf(last_second), CivilDay(2025, 3, 2));
  EXPECT_EQ(CivilDayOf(last_second + absl::Seconds(1)), CivilDay(2025, 3, 3));
  EXPECT_EQ(StartOfDay(CivilDay(2025, 3, 3)), last_second + absl::Seconds(1));
  EXPECT_EQ(FormatInstant(last_second), "2025-03-02T23:59:59+08:00");
}

TEST(DatesTest, SummerTimeOfThe1980sIsNotApplied) {
  // China moved its clocks in 1986 to 1991; civil days here are UTC+8 all the same.
  EXPECT_EQ(StartOfDay(CivilDay(1988, 7, 1)) - StartOfDay(CivilDay(1988, 6, 30)), absl::Hours(24));
  EXPECT_EQ(FormatInstant(StartOfDay(CivilDay(1988, 7, 1))), "1988-07-01T00:00:00+08:00");
}

TEST(DatesTest, ParsesWhatItFormats) {
  for (CivilDay day(1999, 12, 1); day < CivilDay(2004, 3, 2); ++day) {
    const auto parsed = ParseDay(FormatDay(day));
    ASSERT_TRUE(parsed.ok()) << FormatDay(day);
    EXPECT_EQ(*parsed, day);
    EXPECT_EQ(CivilDayOf(StartOfDay(day)), day);
  }
  EXPECT_EQ(*ParseMonth("2025-03"), CivilMonth(2025, 3));
  EXPECT_EQ(FormatMonth(CivilMonth(2025, 3)), "2025-03");
}

TEST(DatesTest, RefusesDaysThatDoNotExistAndOtherSpellings) {
  for (const char* text :
       {"", "2025-3-3", "2025-02-30", "2025-02-29", "1900-02-29", "2025-13-01", "2025-00-10",
        "2025-01-00", "2025-01-32", "1799-12-31", "0000-01-01", "20250303", "2025/03/03",
        " 2025-03-03", "2025-03-03 ", "+025-03-03", "2025-03-0x", "10000-01-01", "2025-03"}) {
    const auto parsed = ParseDay(text);
    EXPECT_EQ(ReasonOf(parsed.status()), "DATE_FORMAT") << text;
  }
  EXPECT_TRUE(ParseDay("2000-02-29").ok());
  EXPECT_TRUE(ParseDay("1800-01-01").ok());
  EXPECT_TRUE(ParseDay("9999-12-31").ok());
  for (const char* text :
       {"", "2025-3", "2025-00", "2025-13", "1799-01", "2025-03-01", "2025-3x"}) {
    EXPECT_EQ(ReasonOf(ParseMonth(text).status()), "MONTH_FORMAT") << text;
  }
}

TEST(PeriodTest, IsHalfOpen) {
  const Period march = PeriodOfMonth(CivilMonth(2025, 3));
  EXPECT_FALSE(march.Contains(CivilDay(2025, 2, 28)));
  EXPECT_TRUE(march.Contains(CivilDay(2025, 3, 1)));
  EXPECT_TRUE(march.Contains(CivilDay(2025, 3, 31)));
  EXPECT_FALSE(march.Contains(CivilDay(2025, 4, 1)));
  EXPECT_EQ(PeriodOfMonth(CivilMonth(2024, 12)).to, CivilDay(2025, 1, 1));
  EXPECT_TRUE(Period{}.Contains(CivilDay(1850, 1, 1)));
}

TEST(PeriodTest, EmptyIsWhereTheEndIsNotAfterTheStart) {
  EXPECT_TRUE((Period{CivilDay(2025, 3, 1), CivilDay(2025, 3, 1)}.Empty()));
  EXPECT_TRUE((Period{CivilDay(2025, 3, 2), CivilDay(2025, 3, 1)}.Empty()));
  EXPECT_FALSE((Period{CivilDay(2025, 3, 1), CivilDay(2025, 3, 2)}.Empty()));
  EXPECT_FALSE(Period{}.Empty());
}

TEST(PeriodTest, CoversAgreesWithContainsOnEveryDay) {
  const CivilDay first(2025, 3, 1);
  std::vector<std::optional<CivilDay>> bounds{std::nullopt};
  for (int i = 0; i < 4; ++i) bounds.push_back(first + i);
  for (const auto& a : bounds)
    for (const auto& b : bounds)
      for (const auto& c : bounds)
        for (const auto& d : bounds) {
          const Period outer{a, b};
          const Period inner{c, d};
          bool every_day = true;
          // Three days beyond either bound stand for "for ever".
          for (CivilDay day = first - 3; day < first + 7; ++day) {
            if (inner.Contains(day) && !outer.Contains(day)) every_day = false;
          }
          EXPECT_EQ(outer.Covers(inner), every_day)
              << FormatPeriod(outer) << " covers " << FormatPeriod(inner);
        }
}

TEST(PeriodTest, FormatsOpenBoundsAsTwoDots) {
  EXPECT_EQ(FormatPeriod({CivilDay(2024, 3, 1), CivilDay(2025, 3, 1)}), "2024-03-01/2025-03-01");
  EXPECT_EQ(FormatPeriod({std::nullopt, CivilDay(2025, 3, 1)}), "../2025-03-01");
  EXPECT_EQ(FormatPeriod({CivilDay(2024, 3, 1), std::nullopt}), "2024-03-01/..");
}

TEST(AgeTest, IsCompletedYears) {
  const CivilDay birth(1975, 3, 3);
  EXPECT_EQ(AgeOn(birth, CivilDay(2025, 3, 2)), 49);
  EXPECT_EQ(AgeOn(birth, CivilDay(2025, 3, 3)), 50);
  EXPECT_EQ(AgeOn(birth, birth), 0);
  EXPECT_EQ(AgeOn(birth, birth - 1), -1);
}

TEST(AgeTest, LeapDayBirthdayFallsOnTheFirstOfMarch) {
  const CivilDay birth(2008, 2, 29);
  EXPECT_EQ(AgeOn(birth, CivilDay(2026, 2, 28)), 17);
  EXPECT_EQ(AgeOn(birth, CivilDay(2026, 3, 1)), 18);
  EXPECT_EQ(AgeOn(birth, CivilDay(2028, 2, 28)), 19);
  EXPECT_EQ(AgeOn(birth, CivilDay(2028, 2, 29)), 20);
}

TEST(DatesTest, MonthsEndWhereTheMonthDoes) {
  EXPECT_EQ(AddMonths(CivilDay(2025, 1, 31), 1), CivilDay(2025, 2, 28));
  EXPECT_EQ(AddMonths(CivilDay(2024, 1, 31), 1), CivilDay(2024, 2, 29));
  EXPECT_EQ(AddMonths(CivilDay(2025, 3, 31), -1), CivilDay(2025, 2, 28));
  EXPECT_EQ(AddMonths(CivilDay(2025, 11, 15), 14), CivilDay(2027, 1, 15));
  EXPECT_EQ(AddMonths(CivilDay(2025, 3, 3), 0), CivilDay(2025, 3, 3));
}

// Completed months and added months are each other's measure, on every day of five years.
TEST(DatesTest, CompletedMonthsAreTheMostThatCanBeAdded) {
  const CivilDay from(2023, 1, 31);
  for (CivilDay to = from - 800; to < from + 1'200; ++to) {
    const int64_t months = MonthsBetween(from, to);
    EXPECT_LE(AddMonths(from, months), to);
    EXPECT_GT(AddMonths(from, months + 1), to);
  }
}

}  // namespace
}  // namespace hedui::base
