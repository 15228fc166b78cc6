// Days as they go by: when a result may change next, and dates that are none.
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {
namespace {

constexpr char kNation[] = R"yaml(
documents: {T: {title: 测试}}
categories: {register: 登记}
facts:
  certificate:
    label: 证书
    by: state
    categories: [register]
    fields:
      since: {label: 起始日期, type: date}
evidence:
  certificate:
    rows: [{from: 2021-10-01, complete_by: [register], clause: T 一, trust: assumed}]
)yaml";

std::string Rule(const std::string& type, const std::string& expression) {
  return absl::StrCat(R"yaml(
parameters:
  limit_day:
    label: 期限
    type: date
    rows: [{from: 2021-10-01, value: 2026-06-15, clause: T 一, trust: assumed}]
  some_days:
    label: 天数
    type: days
    rows: [{from: 2021-10-01, value: 1.5, clause: T 一, trust: assumed}]
  some_months:
    label: 月数
    type: months
    rows: [{from: 2021-10-01, value: 1.5, clause: T 一, trust: assumed}]
  many_days:
    label: 天数
    type: days
    rows: [{from: 2021-10-01, value: 9000000, clause: T 一, trust: assumed}]
quantities:
  q:
    label: 测试
    of: person
    type: )yaml",
                      type, R"yaml(
    rows: [{from: 2021-10-01, value: ")yaml",
                      expression, R"yaml(", clause: T 一, trust: assumed}]
)yaml");
}

// Born on 12 May 1979, with a certificate since 1 June 2022 which the register tells up to August.
std::string Household(absl::CivilDay policy) {
  return absl::StrCat(R"yaml(
division: "649994"
scope: urban
dates: {application: 2025-03-01, policy: )yaml",
                      base::FormatDay(policy), R"yaml(}
persons:
  - {id: father, relation: applicant, sex: male, birth: 1979-05-12}
answers:
  - person: father
    category: register
    source: r
    kind: found
    covered: {from: 2020-01-01, to: 2025-08-01}
    facts: [{kind: certificate, since: 2022-06-01}]
)yaml");
}

constexpr absl::CivilDay kPolicyDay(2025, 3, 3);

class DaysTest : public ::testing::Test {
 protected:
  void SetRule(const std::string& type, const std::string& expression) {
    overlay_.Write("000000", kNation, "nation");
    overlay_.Write("649994", Rule(type, expression));
  }
  absl::StatusOr<Assessment> On(absl::CivilDay policy) {
    return overlay_.AssessAlone(Household(policy));
  }
  // The day said on the policy day; the value must stay until then.
  std::string Announced(const std::string& type, const std::string& expression) {
    SetRule(type, expression);
    const auto today = On(kPolicyDay);
    if (!today.ok()) return std::string(today.status().message());
    const absl::CivilDay end = today->next_change.value_or(kPolicyDay + 800);
    for (absl::CivilDay day = kPolicyDay + 1; day < end; day += day + 40 < end ? 13 : 1) {
      const auto later = On(day);
      EXPECT_EQ(later->Find("q", "father")->value.text, today->Find("q", "father")->value.text)
          << expression << " on " << day;
    }
    return base::FormatDay(today->next_change);
  }

  // The value on the policy day, and what is to blame for it.
  std::string Shown(const std::string& type, const std::string& expression) {
    SetRule(type, expression);
    const auto result = On(kPolicyDay);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return "";
    const TraceEntry* entry = result->Find("q", "father");
    std::string text = entry->value.text;
    for (const Blame& blame : entry->blame) {
      absl::StrAppend(&text, " ",
                      blame.kind == BlameKind::kArithmetic ? "ARITHMETIC" : blame.policy);
    }
    return text;
  }

  Overlay overlay_;
};

TEST_F(DaysTest, YearsSinceADayOfAFactChangeOnItsAnniversaries) {
  EXPECT_EQ(Announced("count", "p.certificate.count(c, age(c.since, policy_day) >= years(3))"),
            "2025-06-01");
}

TEST_F(DaysTest, YearsOfLifeChangeOnBirthdays) {
  EXPECT_EQ(Announced("years", "age(p.birth, policy_day)"), "2025-05-12");
}

TEST_F(DaysTest, YearsLeftUpToADayChangeOnTheDayAfterItsAnniversaryAtTheLatest) {
  EXPECT_EQ(Announced("years", "age(policy_day, limit_day)"), "2025-06-15");
  EXPECT_EQ(On(absl::CivilDay(2025, 6, 15))->Find("q", "father")->value.text, "1");
  EXPECT_EQ(On(absl::CivilDay(2025, 6, 16))->Find("q", "father")->value.text, "0");
  EXPECT_EQ(base::FormatDay(On(absl::CivilDay(2025, 6, 15))->next_change), "2025-06-16");
}

TEST_F(DaysTest, ADayOfAParameterComparedWithThePolicyDayIsOne) {
  EXPECT_EQ(Announced("ratio", "policy_day >= limit_day ? 1 : 2"), "2026-06-15");
  EXPECT_EQ(Announced("ratio", "limit_day < policy_day ? 1 : 2"), "2026-06-15");
  EXPECT_EQ(Announced("ratio", "policy_day == limit_day ? 1 : 2"), "2026-06-15");
  EXPECT_EQ(Announced("ratio", "max(policy_day, limit_day) > limit_day ? 1 : 2"), "2026-06-15");
}

TEST_F(DaysTest, AQuantityThatIsThePolicyDayChangesTomorrow) {
  EXPECT_EQ(Announced("date", "policy_day"), "2025-03-04");
  EXPECT_EQ(Announced("date", "min(policy_day, limit_day)"), "2025-03-04");
  EXPECT_EQ(Announced("date", "max(policy_day, limit_day)"), "2026-06-15");
}

TEST_F(DaysTest, ANextChangeIsNoneWhereNothingMindsDays) {
  EXPECT_EQ(Announced("count", "1"), "");
  EXPECT_EQ(Announced("date", "application_day"), "");
}

TEST_F(DaysTest, WhatIsSoIsKnownAsLongAsTheAnswerSpeaksOfTheDay) {
  EXPECT_EQ(Announced("count", "p.certificate.size()"), "2025-08-01");
  EXPECT_EQ(On(absl::CivilDay(2025, 7, 31))->Find("q", "father")->value.text, "1");
  EXPECT_EQ(On(absl::CivilDay(2025, 8, 1))->Find("q", "father")->value.text, "[1, +∞)");
  EXPECT_EQ(Announced("ratio", "answered(p, 'register') ? 1 : 2"), "2025-08-01");
}

// A mistake of the rule, or of who told the number: it lies between two days, and stops nothing.
TEST_F(DaysTest, PartsOfDaysAndMonthsLieBetweenTwoDays) {
  EXPECT_EQ(Shown("date", "policy_day + some_days"), "2025-03-04/2025-03-05 ARITHMETIC");
  EXPECT_EQ(Shown("date", "policy_day - some_days"), "2025-03-01/2025-03-02 ARITHMETIC");
  EXPECT_EQ(Shown("date", "policy_day - some_days * 2"), "2025-02-28");
  EXPECT_EQ(Shown("date", "add_months(policy_day, some_months)"),
            "2025-04-03/2025-05-03 ARITHMETIC");
  EXPECT_EQ(Shown("date", "add_months(policy_day, -some_months)"),
            "2025-01-03/2025-02-03 ARITHMETIC");
  EXPECT_EQ(Shown("date", "add_months(policy_day, some_months * 2)"), "2025-06-03");
  EXPECT_EQ(Shown("ratio", "add_months(policy_day, some_months) > policy_day ? 1 : 0"), "1");
}

TEST_F(DaysTest, PartsOfWorkingDaysAndFewerThanNoneAreBounded) {
  const auto shown = [&](const std::string& days) {
    return Shown("date", absl::StrCat("working_days_after(policy_day, ", days, ")"));
  };
  // Nobody has told the calendar, so that each day may be one.
  EXPECT_EQ(shown("some_days"), "2025-03-04/.. calendar ARITHMETIC");
  EXPECT_EQ(shown("-some_days"), "../2025-03-03 ARITHMETIC");
  EXPECT_EQ(shown("-days(1)"), "../2025-03-03 ARITHMETIC");
}

// A calendar of one week off in April, long before and long after which everything is a weekday.
TEST_F(DaysTest, WorkingDaysAreCountedByTheCalendar) {
  overlay_.Write("649994", Rule("days", "working_days_between(date('2025-04-04'), policy_day)"));
  overlay_.Write("000000", absl::StrCat(kNation, R"yaml(
calendar:
  rows:
    - {from: 1990-01-01, to: 2040-01-01, off: [2025-04-07, 2025-04-08], work: [2025-04-12], clause: T 一, trust: verified}
)yaml"),
                 "nation");
  const auto text = [&](const std::string& type, const std::string& expression) {
    overlay_.Write("649994", Rule(type, expression));
    return On(kPolicyDay)->Find("q", "father")->value.text;
  };
  EXPECT_EQ(text("date", "working_days_after(date('2025-04-04'), days(0))"), "2025-04-04");
  EXPECT_EQ(text("date", "working_days_after(date('2025-04-04'), days(1))"), "2025-04-09");
  EXPECT_EQ(text("date", "working_days_after(date('2025-04-05'), days(4))"), "2025-04-12");
  EXPECT_EQ(text("days", "working_days_between(date('2025-04-04'), date('2025-04-13'))"), "4");
  EXPECT_EQ(text("days", "working_days_between(date('2025-04-13'), date('2025-04-04'))"), "0");
  // Of fourteen years, less two days off, and a Saturday.
  EXPECT_EQ(
      text("days", "working_days_between(date('2025-01-01'), date('2025-01-01') + days(5302))"),
      "3786");
  EXPECT_EQ(text("date", "working_days_after(date('2025-01-01'), days(3786))"), "2039-07-08");
  EXPECT_EQ(text("days", "working_days_between(date('2025-01-01'), date('2040-01-02'))"),
            "[3911, 3913]");
  EXPECT_EQ(text("date", "working_days_after(date('2025-01-01'), days(4000))"), "2040-03-29/..");
  EXPECT_EQ(text("date", "working_days_after(date('1989-12-30'), days(1))"),
            "1989-12-31/1990-01-01");
  EXPECT_EQ(text("date", "working_days_after(date('9999-12-30'), days(9))"), "9999-12-31/..");
}

// While the calendar of a month is not out, what is said holds whatever it will be.
TEST_F(DaysTest, WorkingDaysOfWhichNothingIsKnownAreWorkingDaysOrNot) {
  const std::string row =
      "    - {from: 2025-01-01, to: 2025-06-01, off: [2025-05-01], clause: T 一, trust: verified}\n"
      "    - {from: 2025-07-01, to: 2025-10-01, clause: T 一, trust: verified}\n";
  const auto calendar = [&](const std::string& june) {
    overlay_.Write("000000", absl::StrCat(kNation, "\ncalendar:\n  rows:\n", row, june), "nation");
  };
  const auto june = [](const std::string& other) {
    std::string days;
    for (int day = 1; day <= 30; ++day) {
      absl::StrAppendFormat(&days, "%s2025-06-%02d", day == 1 ? "" : ", ", day);
    }
    return absl::StrCat("    - {from: 2025-06-01, to: 2025-07-01, ", other, ": [", days,
                        "], clause: T 一, trust: verified}\n");
  };
  const auto text = [&](const std::string& type, const std::string& expression) {
    overlay_.Write("649994", Rule(type, expression));
    const auto result = On(kPolicyDay);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->Find("q", "father")->value.text : "";
  };
  struct Term {
    const char* type;
    const char* expression;
    const char *unknown, *all_working, *none_working;
  };
  for (const Term& term :
       std::vector<Term>{{"date", "working_days_after(date('2025-05-29'), days(1))", "2025-05-30",
                          "2025-05-30", "2025-05-30"},
                         {"date", "working_days_after(date('2025-05-29'), days(5))",
                          "2025-06-04/2025-07-04", "2025-06-04", "2025-07-04"},
                         {"date", "working_days_after(date('2025-05-29'), days(40))",
                          "2025-07-11/2025-08-22", "2025-07-11", "2025-08-22"},
                         {"date", "working_days_after(date('2025-06-20'), days(3))",
                          "2025-06-23/2025-07-03", "2025-06-23", "2025-07-03"},
                         {"days", "working_days_between(date('2025-05-29'), date('2025-07-02'))",
                          "[3, 33]", "33", "3"},
                         {"days", "working_days_between(date('2025-06-03'), date('2025-06-09'))",
                          "[0, 6]", "6", "0"}}) {
    calendar("");
    EXPECT_EQ(text(term.type, term.expression), term.unknown) << term.expression;
    calendar(june("work"));
    EXPECT_EQ(text(term.type, term.expression), term.all_working) << term.expression;
    calendar(june("off"));
    EXPECT_EQ(text(term.type, term.expression), term.none_working) << term.expression;
  }
  // Behind the last row nothing is known; what ends before it is.
  calendar("");
  EXPECT_EQ(text("date", "working_days_after(date('2025-09-29'), days(1))"), "2025-09-30");
  EXPECT_EQ(text("date", "working_days_after(date('2025-09-29'), days(9))"), "2025-10-08/..");
  EXPECT_EQ(text("days", "working_days_between(date('2025-09-29'), date('2025-10-09'))"),
            "[1, 10]");
}

// On the day on which both branches come to the same one, it is known which.
TEST_F(DaysTest, TheBranchesOfAChoiceThatIsOpenMeetOnSomeDay) {
  EXPECT_EQ(
      Announced("period",
                "months_through(staff_relative ? policy_day : date('2025-03-09'), months(1))"),
      "2025-03-09");
  EXPECT_EQ(Announced("date", "staff_relative ? policy_day : policy_day + days(3)"), "2025-03-04");
}

TEST_F(DaysTest, DaysReckonedFromOtherDaysThanThePolicyDayDoNotChangeTomorrow) {
  EXPECT_EQ(Announced("date", "limit_day + days(3)"), "");
  EXPECT_EQ(Announced("date", "add_months(limit_day, months(3))"), "");
  EXPECT_EQ(Announced("days", "limit_day - application_day"), "");
  EXPECT_EQ(Announced("days", "limit_day - policy_day"), "2025-03-04");
  EXPECT_EQ(Announced("months", "months_between(application_day, limit_day)"), "");
  EXPECT_EQ(Announced("months", "months_between(application_day, policy_day)"), "2025-03-04");
  EXPECT_EQ(Announced("ratio", "policy_day > application_day + days(9) ? 1 : 2"), "2025-03-10");
  EXPECT_EQ(Announced("ratio", "in_period(policy_day, period(application_day, limit_day)) ? 1 : 2"),
            "2026-06-15");
  EXPECT_EQ(Announced("date", "period_end(period(policy_day, limit_day))"), "2025-03-04");
  EXPECT_EQ(Announced("date", "month_last(month_containing(policy_day))"), "2025-04-01");
  EXPECT_EQ(Announced("months",
                      "each_month(months_through(policy_day, months(3))).sum(m, "
                      "month_first(m) < application_day ? months(1) : months(2))"),
            "2025-04-01");
}

// What lies behind a register's "9999-12-31" is no day, and later than all others.
TEST_F(DaysTest, DatesOutsideTheCalendarAreLaterOrEarlierThanAllOfIt) {
  EXPECT_EQ(Shown("date", "policy_day + days(2912746)"), "9999-12-31");
  EXPECT_EQ(Shown("date", "policy_day + days(2912747)"), "9999-12-31/.. ARITHMETIC");
  EXPECT_EQ(Shown("date", "policy_day + many_days"), "9999-12-31/.. ARITHMETIC");
  EXPECT_EQ(Shown("date", "policy_day - many_days"), "../1800-01-01 ARITHMETIC");
  EXPECT_EQ(Shown("date", "add_months(date('9999-12-01'), months(0))"), "9999-12-01");
  EXPECT_EQ(Shown("date", "add_months(date('9999-12-01'), months(1))"), "9999-12-31/.. ARITHMETIC");
  EXPECT_EQ(Shown("date", "add_months(policy_day, months(123456789012))"),
            "9999-12-31/.. ARITHMETIC");
  EXPECT_EQ(Shown("date", "add_months(policy_day, -months(123456789012))"),
            "../1800-01-01 ARITHMETIC");
  EXPECT_EQ(Shown("date", "add_months(date('1800-01-01'), -months(1))"),
            "../1800-01-01 ARITHMETIC");
  EXPECT_EQ(Shown("date", "period_end(period(date('1800-01-01'), date('1800-01-01')))"),
            "../1800-01-01 ARITHMETIC");
  EXPECT_EQ(Shown("ratio", "add_months(date('9999-12-31'), months(6)) > policy_day ? 1 : 0"), "1");
  EXPECT_EQ(Shown("ratio", "add_months(date('1800-01-31'), -months(6)) > policy_day ? 1 : 0"), "0");
  // Of a day that is not known either.
  EXPECT_EQ(Shown("date", "min(p.birth, p.certificate.max(c, c.since)) + days(2940000)"),
            "9999-12-31/.. ARITHMETIC");
}

TEST_F(DaysTest, OnlyWhatIsReckonedFromThePolicyDayMovesWithIt) {
  EXPECT_EQ(Announced("date", "add_months(policy_day, months(1))"), "2025-03-04");
  EXPECT_EQ(Announced("date", "add_months(limit_day, months(1))"), "");
  EXPECT_EQ(Announced("days", "limit_day - policy_day + days(1)"), "2025-03-04");
  EXPECT_EQ(Announced("days", "limit_day - p.birth"), "");
  EXPECT_EQ(Announced("months", "months_between(p.birth, limit_day)"), "");
  EXPECT_EQ(Announced("months", "months_between(p.birth, policy_day)"), "2025-03-04");
}

TEST_F(DaysTest, ConstantDaysAndMonthsThatAreNotWholeDoNotLoad) {
  const auto refused = [&](const std::string& expression) {
    SetRule("date", expression);
    return absl::StrContains(On(kPolicyDay).status().message(), "BAD_VALUE");
  };
  for (const char* days : {"days(1) / 2", "days(10001) / 3", "days(0.5)", "days(1) * 1.5"}) {
    EXPECT_TRUE(refused(absl::StrCat("policy_day + ", days))) << days;
    EXPECT_TRUE(refused(absl::StrCat("working_days_after(policy_day, ", days, ")"))) << days;
  }
  EXPECT_TRUE(refused("add_months(policy_day, months(1) / 2)"));
  EXPECT_TRUE(refused("period_end(months_before(policy_day, months(0.5)))"));
  EXPECT_TRUE(refused("period_end(months_through(policy_day, months(7) / 2))"));
  EXPECT_EQ(Shown("date", "policy_day + days(3) / 3"), "2025-03-04");
  EXPECT_EQ(Shown("date", "add_months(policy_day, months(4) / 2)"), "2025-05-03");
}

// Two regions that know nothing of one another.
TEST(SiblingsTest, MayDeclareDocumentsAndCodesOfTheSameName) {
  const auto region = [](const std::string& code, const std::string& title) {
    return absl::StrCat(R"yaml(
documents: {D: {title: )yaml",
                        title, R"yaml(}}
codes:
  tier: {label: 档次, values: {)yaml",
                        code, R"yaml(: 一档, b: 二档}}
parameters:
  own_tier:
    label: 档次
    type: code(tier)
    rows: [{from: 2021-10-01, value: )yaml",
                        code, R"yaml(, clause: D 一, trust: assumed}]
quantities:
  q:
    label: 测试
    type: ratio
    rows: [{from: 2021-10-01, value: "own_tier == ')yaml",
                        code, R"yaml(' ? 1 : 2", clause: D 一, trust: assumed}]
)yaml");
  };
  Overlay overlay;
  overlay.Write("650000", region("first", "甲"));
  overlay.Write("660000", region("second", "乙"));
  for (const auto& [division, title] : {std::pair("650000", "甲"), std::pair("660000", "乙")}) {
    const Assessment result = overlay.Assess(absl::StrCat("division: \"", division, R"yaml("
scope: urban
dates: {application: 2025-03-03, policy: 2025-03-03}
persons:
  - {id: father, relation: applicant, sex: male, birth: 1979-05-12}
)yaml"));
    ASSERT_NE(result.Find("q"), nullptr);
    EXPECT_EQ(result.Find("q")->value.text, "1");
    EXPECT_EQ(result.Find("q")->rule->citation.title, title);
  }
  // What a level above declares is taken.
  overlay.Write("650100",
                "documents: {D: {title: 丙}}\ncodes:\n  tier: {label: 档, values: {x: 一}}\n");
  const auto pack = overlay.Load();
  ASSERT_FALSE(pack.ok());
  const std::string text(pack.status().message());
  const size_t first = text.find("DUPLICATE_NAME");
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_NE(text.find("DUPLICATE_NAME", first + 1), std::string::npos) << text;
}

}  // namespace
}  // namespace hedui::assess
