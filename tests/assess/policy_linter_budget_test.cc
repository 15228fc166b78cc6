// What the linter may take is bounded by steps, whatever the files say.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/policy_linter.h"
#include "tests/assess/test_packs.h"

namespace hedui::assess {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Months within months within months of everybody's: millions of steps for each household.
constexpr char kSlow[] = R"yaml(division: "649999"
documents: {T: {title: 测试}}
quantities:
  long:
    label: 久
    type: count
    rows:
      - from: 2025-01-01
        value: "each_month(months_before(policy_day, months(12))).sum(a, each_month(months_before(policy_day, months(12))).sum(b, each_month(months_before(policy_day, months(12))).sum(c, each_month(months_before(policy_day, months(12))).sum(d, each_month(months_before(policy_day, months(12))).sum(e, members.sum(m, m.wage.during(months_before(policy_day, months(12))).count(w, w.amount > yuan(1))))))))"
        clause: T 一
        trust: assumed
tests:
  slow:
    label: 慢
    rows: [{from: 2025-01-01, value: "per_capita_income < dibao_standard && long >= 0", clause: T 一, trust: assumed}]
  never:
    label: 不能
    rows: [{from: 2025-01-01, value: "slow && per_capita_income > 2 * dibao_standard", clause: T 一, trust: assumed}]
programmes:
  relief:
    label: 救助
    rows: [{from: 2025-01-01, indication: slow, clause: T 一, trust: assumed}]
  more:
    label: 另助
    rows: [{from: 2025-01-01, indication: never, clause: T 一, trust: assumed}]
)yaml";

std::vector<std::string> LintSlow(size_t steps_max) {
  std::vector<PolicyText> files;
  const auto& pack = PolicyPack::Load(Folder("policies"));
  EXPECT_TRUE(pack.ok());
  for (size_t i = 0; i < (*pack)->files().size(); ++i)
    files.push_back({(*pack)->files()[i].path, (*pack)->texts()[i]});
  files.push_back({"649999/slow.yaml", kSlow});
  LintBounds bounds;
  bounds.steps_max = steps_max;
  std::vector<std::string> found;
  for (const LintFinding& finding : PolicyLinter::LintFiles(files, {"649999/slow.yaml"}, bounds)) {
    EXPECT_EQ(finding.file, "649999/slow.yaml");
    found.push_back(finding.ToString());
  }
  return found;
}

TEST(PolicyLinterBudgetTest, FilesWrittenToTakeLongAreLookedAtForSoManySteps) {
  const std::vector<std::string> found = LintSlow(3'000'000);
  // What came before is found all the same.
  EXPECT_THAT(found, Contains(HasSubstr("CONTRADICTION")));
  EXPECT_THAT(found, Contains(AllOf(StartsWith("649999/slow.yaml:1: note: LINT_BUDGET: "),
                                    HasSubstr("3000000 steps"),
                                    HasSubstr("to the end: what households with more income get "
                                              "of 649999"))));
}

TEST(PolicyLinterBudgetTest, WhatWasNotLookedAtIsSaid) {
  const std::vector<std::string> found = LintSlow(1);
  EXPECT_THAT(found, Not(Contains(HasSubstr("CONTRADICTION"))));
  EXPECT_THAT(found, Contains(HasSubstr("to the end: gaps of 649999, conditions of 649999, "
                                        "contradictions of 649999, what counts twice of 649999, "
                                        "what households")));
}

// Branches of branches: without a bound on each question it would take 2 to the 40th steps.
TEST(PolicyLinterBudgetTest, ChoicesWithoutEndAreLeftOpen) {
  std::string text = "division: \"000000\"\ndocuments: {T: {title: 测试}}\ntests:\n";
  const auto test = [&text](const std::string& name, const std::string& value) {
    absl::StrAppend(&text, "  ", name, ":\n    label: 甲\n    rows: [{from: 2025-01-01, value: \"",
                    value, "\", clause: T 一, trust: assumed}]\n");
  };
  test("t0", "scope == 'urban' || scope == 'rural'");
  for (int i = 1; i < 40; ++i) {
    const std::string before = absl::StrCat("t", i - 1);
    test(absl::StrCat("t", i),
         absl::StrCat("(", before, " || !", before, ") && (!", before, " || ", before, ")"));
  }
  absl::StrAppend(&text,
                  "programmes:\n  x:\n    label: 甲\n    rows: [{from: 2025-01-01, "
                  "indication: t39, clause: T 一, trust: assumed}]\n");
  for (const LintFinding& finding : PolicyLinter::LintFiles({{"national/a.yaml", text}}))
    EXPECT_NE(finding.code, "CONTRADICTION") << finding.ToString();
}

// Each name put in for another would be a step deeper into the stack.
TEST(PolicyLinterBudgetTest, NamesOfNamesOfNamesAreRead) {
  std::string text = "division: \"000000\"\ndocuments: {T: {title: 测试}}\nquantities:\n";
  const auto rule = [&text](const std::string& name, const std::string& value) {
    absl::StrAppend(&text, "  ", name,
                    ":\n    label: 甲\n    type: count\n    of: person\n    rows: "
                    "[{from: 2025-01-01, value: \"",
                    value, "\", clause: T 一, trust: assumed}]\n");
  };
  rule("q0", "persons.size()");
  for (int i = 1; i < 2'000; ++i)
    rule(absl::StrCat("q", i), absl::StrCat("max(1, p.q", i - 1, ")"));
  absl::StrAppend(&text,
                  "tests:\n  t:\n    label: 甲\n    rows: [{from: 2025-01-01, value: "
                  "\"persons.exists(m, m.q1999 < 3 && m.q1999 > 5)\", clause: T 一, trust: "
                  "assumed}]\nprogrammes:\n  x:\n    label: 甲\n    rows: [{from: "
                  "2025-01-01, indication: t, clause: T 一, trust: assumed}]\n");
  std::vector<std::string> codes;
  for (const LintFinding& finding : PolicyLinter::LintFiles({{"national/a.yaml", text}}))
    codes.push_back(finding.code);
  EXPECT_THAT(codes, Contains("CONTRADICTION"));
}

// Branches of branches again, of amounts: each would double the conditions that spending comes
// under.
TEST(PolicyLinterBudgetTest, SpendingUnderConditionsWithoutEndIsFollowed) {
  std::string quantities = "quantities:\n", tests = "tests:\n";
  const auto rule = [](const std::string& name, const std::string& type, const std::string& value) {
    return absl::StrCat("  ", name, ": {label: 甲, ", type, "rows: [{from: 2025-01-01, value: \"",
                        value, "\", clause: T 一, trust: assumed}]}\n");
  };
  const std::string money = "type: money/month, ";
  quantities += rule("q0", money,
                     "members.sum(m, m.medical_expense.during(income_period).sum(e, e.amount)) / "
                     "income_lookback");
  tests += rule("t0", "", "household_income - q0 < yuan(900) / months(1) && q0 > household_income");
  for (int i = 1; i < 40; ++i) {
    const std::string name = std::to_string(i), before = std::to_string(i - 1);
    quantities += rule("q" + name, money,
                       absl::StrCat("member_count > ", i, " ? q", before, " : 2 * q", before));
    tests += rule("t" + name, "",
                  absl::StrCat("(t", before, " || q", name, " > household_income) && (!t", before,
                               " || household_income - q", name, " < dibao_standard)"));
  }
  const std::string text =
      absl::StrCat("division: \"649999\"\ndocuments: {T: {title: 测试}}\n", quantities, tests,
                   "programmes:\n  x: {label: 甲, rows: [{from: 2025-01-01, indication: t39, "
                   "clause: T 一, trust: "
                   "assumed}]}\n");
  const auto& pack = PolicyPack::Load(Folder("policies"));
  ASSERT_TRUE(pack.ok());
  std::vector<PolicyText> files;
  for (size_t i = 0; i < (*pack)->files().size(); ++i)
    files.push_back({(*pack)->files()[i].path, (*pack)->texts()[i]});
  files.push_back({"649999/a.yaml", text});
  std::vector<std::string> found;
  for (const LintFinding& finding : PolicyLinter::LintFiles(files, {"649999/a.yaml"}))
    found.push_back(finding.ToString());
  EXPECT_THAT(found, Contains(HasSubstr("BOTH_ROLES: medical_expense counts twice")));
}

}  // namespace
}  // namespace hedui::assess
