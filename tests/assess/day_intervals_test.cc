// Functions of days on days that are not known: whatever a rule gives for a day lies in what it
// gives for an interval that holds the day.
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "server/base/dates.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {
namespace {

struct Rule {
  const char* type;
  const char* expression;  // of the day X, a fixed day C and a number N
};

constexpr Rule kRules[] = {
    {"date", "working_days_after(X, days(N))"},
    {"date", "working_days_after(C, working_days_between(C, X))"},
    {"days", "working_days_between(X, C)"},
    {"days", "working_days_between(C, X)"},
    {"days", "working_days_between(X, working_days_after(X, days(N)))"},
    {"bool", "in_period(X, period(C, C + days(N)))"},
    {"bool", "in_period(C, period(X, X + days(N)))"},
    {"date", "month_first(month_containing(X))"},
    {"date", "month_last(month_containing(X))"},
    {"bool", "month_containing(X) < month_containing(C)"},
    {"bool", "month_containing(X) == month_containing(C)"},
    {"date", "add_months(X, months(N))"},
    {"date", "period_start(period(X, C))"},
    {"date", "period_end(months_through(X, months(N + 1)))"},
    {"count", "each_month(period(C, X)).size()"},
    {"count", "each_month(months_before(X, months(N + 1))).count(m, month_first(m) >= C)"},
    {"date", "each_month(months_through(X, months(N + 1))).max(m, month_last(m))"},
};
constexpr int kRounds = 60;

std::string DateOf(absl::CivilDay day) {
  return absl::StrCat("date('", base::FormatDay(day), "')");
}

void ExpectHeld(const AbstractValue& exact, const AbstractValue& wide, const std::string& rule) {
  SCOPED_TRACE(rule + " gives " + exact.text + ", not in " + wide.text);
  switch (exact.kind) {
    case ValueKind::kTruth:
      EXPECT_TRUE(wide.truth == Truth::kUndetermined || wide.truth == exact.truth);
      return;
    case ValueKind::kDate:
      EXPECT_TRUE(!wide.from || (exact.from && *wide.from <= *exact.from));
      EXPECT_TRUE(!wide.to || (exact.to && *exact.to <= *wide.to));
      return;
    default:
      EXPECT_TRUE(!wide.low || (exact.low && base::Rational::Compare(*wide.low, *exact.low) <= 0));
      EXPECT_TRUE(!wide.high ||
                  (exact.high && base::Rational::Compare(*exact.high, *wide.high) <= 0));
      return;
  }
}

TEST(DayIntervalsTest, HoldWhatEachOfTheirDaysGives) {
  std::mt19937 random(20251126);
  // Beyond the two years that the shipped calendar knows, on both sides.
  std::uniform_int_distribution<int> start(0, 900), length(0, 70), number(0, 40);
  const absl::CivilDay origin(2024, 11, 1);
  std::string text =
      "documents: {T: {title: 测试}}\nparameters:\n  unknown: {label: 未知, type: "
      "bool}\nquantities:\n  none: {label: 测试, type: count, rows: [{from: "
      "2021-10-01, value: \"persons.size()\", clause: T 一, trust: verified}]}\n";
  std::string tests = "tests:\n";
  std::vector<std::vector<std::string>> expressions;  // the interval's, then its days'
  for (int round = 0; round < kRounds; ++round) {
    const absl::CivilDay first = origin + start(random), last = first + length(random);
    const absl::CivilDay fixed = origin + start(random);
    const int n = number(random);
    for (const Rule& rule : kRules) {
      std::vector<std::string>& group = expressions.emplace_back();
      const absl::CivilDay between = first + (last - first) / 3;
      for (const std::string& day :
           {absl::StrCat("(unknown ? ", DateOf(first), " : ", DateOf(last), ")"), DateOf(first),
            DateOf(between), DateOf(last)}) {
        group.push_back(absl::StrReplaceAll(
            rule.expression, {{"X", day}, {"C", DateOf(fixed)}, {"N", absl::StrCat(n)}}));
        const std::string name = absl::StrCat("q", expressions.size() - 1, "_", group.size() - 1);
        const bool truth = std::string(rule.type) == "bool";
        absl::StrAppend(truth ? &tests : &text, "  ", name, ":\n    label: 测试\n",
                        truth ? "" : absl::StrCat("    type: ", rule.type, "\n"),
                        "    rows: [{from: 2021-10-01, value: \"", group.back(),
                        "\", clause: T 一, trust: verified}]\n");
      }
    }
  }
  Overlay overlay;
  overlay.Write("649995", text + tests);
  const Assessment result = overlay.Assess(R"yaml(
division: "649995"
scope: urban
dates: {application: 2025-03-03, policy: 2025-03-03}
persons:
  - {id: father, relation: applicant, sex: male, birth: 1979-05-12}
)yaml");
  int narrow = 0, unknown = 0;
  for (size_t i = 0; i < expressions.size(); ++i) {
    const TraceEntry* wide = result.Find(absl::StrCat("q", i, "_0"));
    ASSERT_NE(wide, nullptr);
    narrow += wide->value.exact || (wide->value.from && wide->value.to) ||
              (wide->value.low && wide->value.high);
    for (size_t day = 1; day < expressions[i].size(); ++day) {
      const TraceEntry* exact = result.Find(absl::StrCat("q", i, "_", day));
      ASSERT_NE(exact, nullptr);
      // Without a calendar it is not exact either, and the calendar is to blame.
      if (!exact->value.exact) {
        ++unknown;
        ASSERT_FALSE(exact->blame.empty()) << expressions[i][day];
        EXPECT_TRUE(exact->blame[0].policy == "calendar" ||
                    exact->blame[0].kind == BlameKind::kArithmetic)
            << expressions[i][day];
        continue;
      }
      ExpectHeld(exact->value, wide->value, expressions[i][0]);
    }
  }
  EXPECT_GT(narrow, kRounds) << "everything is unbounded, so nothing is shown";
  EXPECT_GT(unknown, 0) << "no walk left the calendar";
}

}  // namespace
}  // namespace hedui::assess
