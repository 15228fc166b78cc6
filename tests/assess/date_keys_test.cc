// Parameters chosen by days and months: what is looked up of a date, what is given to a table, and
// what is refused. Each expression is put into a small policy and evaluated for one household.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/policy_listing.h"
#include "server/base/dates.h"
#include "tests/assess/expression_rows.h"

namespace hedui::assess {
namespace {

using ::testing::HasSubstr;

constexpr char kNation[] = R"POLICY(
documents: {T: {title: 测试}}
parameters:
  # By the day of a decision, whatever the policy day.
  exit:
    label: 渐退期
    type: months
    delegate: {to: [county]}
    keys: [{name: decided, type: date}]
    rows:
      - {from: 2021-01-01, key: {decided: {from: 2021-10-01, to: 2022-10-20}}, value: 12, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {decided: {over: 2022-10-19}}, value: 6, clause: T 一, trust: assumed}
  holiday:
    label: 一日
    type: money
    min: 0
    keys: [{name: on, type: date}]
    rows:
      - {from: 2021-01-01, key: {on: 2025-03-03}, value: 9, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {on: {over: 2025-03-03, upto: 2025-03-04}}, value: 8, clause: T 一, trust: verified}
  wage:
    label: 按月
    type: money
    min: 0
    keys: [{name: month, type: month}]
    rows:
      - {from: 2021-01-01, key: {month: {from: 2024-01, to: 2024-03}}, value: 10, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {month: 2024-03}, value: 15, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {month: {over: 2024-03}}, value: 20, clause: T 一, trust: verified}
  by_application:
    label: 按申请日
    type: money
    keys: [application_day]
    rows:
      - {from: 2021-01-01, key: {application_day: {upto: 2025-03-02}}, value: 700, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {application_day: {over: 2025-03-02}}, value: 800, clause: T 一, trust: verified}
  by_birth:
    label: 按出生
    type: money
    keys: [birth]
    rows:
      - {from: 2021-01-01, key: {birth: {to: 1975-01-01}}, value: 1, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {birth: {from: 1975-01-01}}, value: 2, clause: T 一, trust: assumed}
  start: {label: 起始日, type: date, rows: [{from: 2021-01-01, value: 2022-10-19, clause: T 一, trust: verified}]}
  by_start:
    label: 按起始日
    type: money
    keys: [start]
    rows: [{from: 2021-01-01, key: {start: {upto: 2022-10-19}}, value: 3, clause: T 一, trust: verified}]
  by_size:
    label: 按日按人数
    type: money
    keys: [{name: d, type: date}, {name: n, type: count}]
    rows:
      - {from: 2021-01-01, key: {d: {to: 2022-01-01}, n: {upto: 2}}, value: 1, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {d: {to: 2022-01-01}, n: {over: 2}}, value: 2, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {d: {from: 2022-01-01}, n: {upto: 2}}, value: 5, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {d: {from: 2022-01-01}, n: {over: 2}}, value: 6, clause: T 一, trust: verified}
  ended:
    label: 已废止
    type: money
    keys: [{name: d, type: date}, {name: m, type: month}]
    rows: [{from: 2021-01-01, to: 2022-01-01, value: 1, clause: T 一, trust: verified}]
quantities:
  some_day: {label: 未知, type: date}
)POLICY";

constexpr char kCase[] = R"(
division: "649992"
dates: {application: 2025-03-02, policy: 2025-03-10}
persons:
  - {id: man, relation: applicant, birth: 1974-12-31, number: "1"}
  - {id: woman, relation: spouse, number: "2"}
)";

// `some_day` brought between two days.
#define BETWEEN(from, to) "max(min(some_day, date('" to "')), date('" from "'))"

constexpr ExpressionRow kRows[] = {
    {"exit(date('2022-09-15'))", "months", "12"},
    {"exit(date('2021-10-01'))", "months", "12"},
    {"exit(date('2022-10-19'))", "months", "12"},
    {"exit(date('2022-10-20'))", "months", "6", "", "a"},
    {"exit(policy_day)", "months", "6", "", "a"},
    {"exit(date('2021-09-30'))", "months", "(-∞, +∞)", "exit[decided=2021-09-30]"},
    // Between two days that touch nothing is missing.
    {"exit(" BETWEEN("2022-10-19", "2022-10-20") ")", "months", "[6, 12]", "some_day", "a"},
    {"exit(" BETWEEN("2021-10-01", "2022-10-19") ")", "months", "12"},
    {"exit(" BETWEEN("2021-09-30", "2022-10-19") ")", "months", "(-∞, +∞)",
     "exit[decided=2021-09-30/2022-10-19];some_day"},
    {"exit(some_day)", "months", "(-∞, +∞)", "exit[decided=../..];some_day", "a"},
    {"exit(persons.filter(x, 1 > 2).max(x, x.birth))", "months", "(-∞, +∞) UNDEFINED"},
    {"holiday(date('2025-03-03'))", "money", "9.00"},
    {"holiday(date('2025-03-04'))", "money", "8.00"},
    {"holiday(date('2025-03-05'))", "money", "[0.00, +∞)", "holiday[on=2025-03-05]"},
    {"holiday(" BETWEEN("2025-03-03", "2025-03-04") ")", "money", "[8.00, 9.00]", "some_day"},
    {"wage(month_containing(date('2024-02-29')))", "money", "10.00"},
    {"wage(month_containing(date('2024-03-01')))", "money", "15.00"},
    {"wage(month_containing(date('2024-04-01')))", "money", "20.00"},
    {"wage(month_containing(date('2023-12-31')))", "money", "[0.00, +∞)", "wage[month=2023-12]"},
    {"wage(month_containing(" BETWEEN("2024-02-29", "2024-03-01") "))", "money", "[10.00, 15.00]",
     "some_day"},
    {"wage(month_containing(" BETWEEN("2023-12-31", "2024-02-01") "))", "money", "[0.00, +∞)",
     "some_day;wage[month=2023-12/2024-02]"},
    {"wage(month_containing(some_day))", "money", "[0.00, +∞)", "some_day;wage[month=../..]"},
    {"each_month(period(date('2024-01-01'), date('2024-06-01'))).sum(m, wage(m))", "money",
     "75.00"},
    {"by_application", "money", "700.00"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.by_birth)", "money", "1.00"},
    {"persons.filter(x, x.relation == 'spouse').sum(x, x.by_birth)", "money", "[1.00, 2.00]", "",
     "a"},
    {"by_start", "money", "3.00"},
    {"size(exit)", "count", "2", "", "a"},
    {"highest(exit)", "months", "12", "", "a"},
    {"lowest(wage)", "money", "10.00"},
    // What the rows of a date that is looked up say does not hang on what it is.
    {"size(by_application)", "count", "2"},
    {"lowest(ended)", "money", "(-∞, +∞)", "ended[d=../..,m=../..]"},
    // Rows of days that have none in common are not held against each other.
    {"rising(by_size)", "bool", "TRUE"},
    {"falling(by_size)", "bool", "FALSE"},
};

TEST(DateKeysTest, GiveWhatTheyShould) {
  ExpectRows(kNation, "", kCase, {std::begin(kRows), std::end(kRows)});
}

// What lies between the two days of the county's row is taken whole, and no day beside it.
TEST(DateKeysTest, ALowerLevelTakesTheDaysThatItsRowsAreFor) {
  ExpectRows(kNation, R"(parameters:
  exit:
    rows: [{from: 2021-01-01, key: {decided: {over: 2021-12-31, to: 2022-02-01}}, value: 3, clause: T 一, trust: verified}]
)",
             kCase,
             {
                 {"exit(date('2021-12-31'))", "months", "12"},
                 {"exit(date('2022-01-01'))", "months", "3"},
                 {"exit(date('2022-01-31'))", "months", "3"},
                 {"exit(date('2022-02-01'))", "months", "12"},
                 {"exit(" BETWEEN("2022-01-01", "2022-01-31") ")", "months", "3"},
                 {"exit(" BETWEEN("2021-12-31", "2022-01-31") ")", "months", "[3, 12]", "some_day"},
                 {"size(exit)", "count", "3", "", "a"},
                 {"lowest(exit)", "months", "3", "", "a"},
             });
}

std::string NextChange(const std::string& type, const std::string& expression,
                       const std::string& application) {
  Overlay files;
  files.Write("000000", kNation);
  files.Write("649992", PolicyOf({{expression.c_str(), type.c_str(), ""}}));
  return base::FormatDay(
      AssessAlone(files, absl::StrCat("division: \"649992\"\ndates: {application: ", application,
                                      ", policy: 2025-03-10}\n"
                                      "persons: [{id: man, relation: applicant}]\n"))
          .next_change);
}

TEST(DateKeysTest, AKeyThatIsThePolicyDayIsAnotherTomorrow) {
  // Every policy of these looks up the day of application.
  EXPECT_EQ(NextChange("months", "exit(date('2022-10-20'))", "2025-03-02"), "");
  EXPECT_EQ(NextChange("months", "exit(date('2022-10-20'))", "2025-03-10"), "2025-03-11");
  EXPECT_EQ(NextChange("months", "exit(policy_day)", "2025-03-02"), "2025-03-11");
  EXPECT_EQ(NextChange("money", "wage(month_containing(policy_day))", "2025-03-02"), "2025-04-01");
}

TEST(DateKeysTest, AreListedWithTheirTypes) {
  Overlay files;
  files.Write("000000", kNation);
  const auto pack = files.LoadAlone();
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  const auto listing = ListingOf(**pack, "000000", absl::CivilDay(2025, 3, 10), false);
  ASSERT_TRUE(listing.has_value());
  std::string shown;
  for (const auto& name : listing->names) {
    if (name.name == "ended" || name.name == "by_birth")
      absl::StrAppend(&shown, name.name, "(", absl::StrJoin(name.keys, ", "), ")");
  }
  EXPECT_EQ(shown, "by_birth(birth)ended(d: date, m: month)");
}

struct Refused {
  const char* code;
  const char* type;  // of the key k of a table
  const char* rows;  // its keys, joined by ;
  const char* expression = "true";
};

std::string Table(const Refused& refused) {
  std::string text = absl::StrCat(
      "  t:\n    label: 表\n    type: months\n    keys: [{name: k, type: ", refused.type,
      "}]\n    rows:\n");
  for (absl::string_view key : absl::StrSplit(refused.rows, ';')) {
    absl::StrAppend(&text, "      - {from: 2021-01-01, key: {k: ", key,
                    "}, value: 1, clause: T 一, trust: verified}\n");
  }
  return text;
}

class DateKeysRefusedTest : public ::testing::TestWithParam<Refused> {};

TEST_P(DateKeysRefusedTest, NamesTheDefect) {
  const Refused& refused = GetParam();
  Overlay files;
  files.Write("000000", kNation);
  files.Write("649992",
              absl::StrCat("parameters:\n", Table(refused),
                           "tests:\n  q: {label: 测试, rows: [{from: 2021-01-01, value: \"",
                           refused.expression, "\", clause: T 一, trust: verified}]}\n"));
  const auto pack = files.LoadAlone();
  if (refused.code == std::string("")) {
    EXPECT_TRUE(pack.ok()) << pack.status().message();
    return;
  }
  ASSERT_FALSE(pack.ok()) << refused.rows << refused.expression;
  EXPECT_THAT(std::string(pack.status().message()),
              HasSubstr(absl::StrCat(": ", refused.code, ": ")));
}

constexpr Refused kRefused[] = {
    {"", "date", "2025-03-03;{over: 2025-03-03};{to: 2025-03-03}"},
    {"", "month", "2025-03;{over: 2025-03};{to: 2025-03}"},
    {"", "date", "{from: 1800-01-01, upto: 9999-12-31}"},
    {"", "date", "[2025-03-03]"},
    {"UNKNOWN_TYPE", "period", "2025-03-03"},
    {"UNKNOWN_TYPE", "text", "2025-03-03"},
    {"BAD_DATE", "date", "2025-02-30"},
    {"BAD_DATE", "date", "2025-03"},
    {"BAD_DATE", "date", "7"},
    {"BAD_DATE", "date", "{from: 2025-3-3}"},
    {"BAD_DATE", "date", "{upto: 10000-01-01}"},
    {"BAD_DATE", "date", "{over: 1799-12-31}"},
    {"BAD_DATE", "month", "2025-03-03"},
    {"BAD_DATE", "month", "{to: 2025-13}"},
    {"BAD_DATE", "month", "{from: 1799-12}"},
    {"BAD_VALUE", "date", "{}"},
    {"BAD_VALUE", "date", "[2025-03-03, 2025-03-04]"},
    {"BAD_VALUE", "date", "{from: 2025-03-03, over: 2025-03-03}"},
    {"BAD_VALUE", "date", "{over: 2025-03-03, to: 2025-03-04}"},
    {"BAD_VALUE", "date", "{from: 2025-03-04, upto: 2025-03-03}"},
    {"BAD_VALUE", "month", "{over: 2025-03, to: 2025-04}"},
    {"UNKNOWN_KEY", "date", "{since: 2025-03-03}"},
    {"PERIOD_OVERLAP", "date", "{upto: 2025-03-03};{from: 2025-03-03}"},
    {"PERIOD_OVERLAP", "date", "{over: 2025-03-02};2025-03-03"},
    {"PERIOD_OVERLAP", "month", "{over: 2025-02, to: 2025-04};2025-03"},
    {"TYPE_MISMATCH", "date", "2025-03-03", "t(month_containing(policy_day)) > months(0)"},
    {"TYPE_MISMATCH", "month", "2025-03", "t(policy_day) > months(0)"},
    {"TYPE_MISMATCH", "month", "2025-03", "t(3) > months(0)"},
    // Only a number is gone along.
    {"TYPE_MISMATCH", "date", "2025-03-03", "rising(t)"},
};

INSTANTIATE_TEST_SUITE_P(Defects, DateKeysRefusedTest, ::testing::ValuesIn(kRefused));

std::string Findings(absl::string_view county) {
  Overlay files;
  files.Write("000000", kNation);
  files.Write("649992", county);
  std::vector<std::string> found;
  for (const PolicyFinding& finding : PolicyPack::Check({files.path()}))
    found.push_back(absl::StrCat(finding.line, " ", finding.code));
  return absl::StrJoin(found, ";");
}

TEST(DateKeysTest, BandsBindTheDaysThatTheyAreFor) {
  EXPECT_EQ(Findings(R"YAML(parameters:
  t:
    label: 表
    type: months
    keys: [{name: k, type: date}]
    delegate:
      to: [county]
      bands:
        - {from: 2021-01-01, max: 6, key: {k: {from: 2022-10-20}}, clause: T 一, trust: verified}
        - {from: 2021-01-01, min: "lowest(exit)", key: {k: {to: 2022-10-20}}, clause: T 一, trust: verified}
    rows:
      - {from: 2021-01-01, key: {k: {to: 2022-01-01}}, value: 5, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {k: {from: 2022-01-01, to: 2022-10-20}}, value: 7, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {k: {from: 2022-10-20, to: 2023-01-01}}, value: 6, clause: T 一, trust: verified}
)YAML"),
            "13 BAND_BREACH");
  EXPECT_EQ(Findings(R"YAML(parameters:
  t:
    label: 表
    type: months
    keys: [{name: k, type: date}]
    delegate:
      to: [county]
      bands: [{from: 2021-01-01, max: 6, key: {k: {from: 2022-10-20}}, clause: T 一, trust: verified}]
    rows:
      - {from: 2021-01-01, key: {k: {to: 2022-10-20}}, value: 7, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {k: {from: 2022-10-20}}, value: 7, clause: T 一, trust: verified}
)YAML"),
            "12 BAND_BREACH");
}

TEST(DateKeysTest, AConstraintHoldsForEveryDayThatIsLookedUp) {
  const auto holds = [](absl::string_view demand) {
    return Findings(absl::StrCat(R"(constraints:
  demand:
    label: 要求
    rows: [{from: 2021-01-01, holds: ")",
                                 demand, "\", clause: T 一, trust: verified}]\n"));
  };
  EXPECT_EQ(holds("by_application >= yuan(700)"), "");
  EXPECT_EQ(holds("by_application >= yuan(800)"), "5 CONSTRAINT_UNDETERMINED");
  EXPECT_EQ(holds("by_application > yuan(800)"), "5 CONSTRAINT_BROKEN");
  EXPECT_EQ(holds("by_start == yuan(3)"), "");
  EXPECT_EQ(holds("exit(date('2022-10-20')) == lowest(exit)"), "");
}

}  // namespace
}  // namespace hedui::assess
