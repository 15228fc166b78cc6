// What counts twice, and what only looks like it: BOTH_ROLES over the shipped policies.
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/policy_linter.h"
#include "tests/assess/test_packs.h"

namespace hedui::assess {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kMedical[] = "p.medical_expense.during(income_period)";

// A policy file of rules by name, one a line from line 4 on.
class RolesFile {
 public:
  explicit RolesFile(const std::string& division)
      : text_(absl::StrCat("division: \"", division, "\"\ndocuments: {T", division,
                           ": {title: 测试}}\n")),
        clause_(absl::StrCat("clause: T", division, " 一, trust: assumed")) {}

  void Section(const std::string& name) { absl::StrAppend(&text_, name, ":\n"); }
  void Rule(const std::string& name, const std::string& heads, const std::string& value) {
    absl::StrAppend(&text_, "  ", name, ": {", heads, heads.empty() ? "" : ", ",
                    "rows: [{from: 2025-01-01, value: \"", value, "\", ", clause_, "}]}\n");
  }
  void Money(const std::string& name, const std::string& value) {
    Rule(name, "label: 甲, type: money/month", value);
  }
  void MoneyOfPerson(const std::string& name, const std::string& value) {
    Rule(name, "label: 甲, type: money/month, of: person", value);
  }
  void Test(const std::string& name, const std::string& value) { Rule(name, "label: 甲", value); }
  void Programme(const std::string& test) {
    absl::StrAppend(&text_, "programmes:\n  relief: {label: 甲, rows: [{from: 2025-01-01, ",
                    "indication: ", test, ", ", clause_, "}]}\n");
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  const std::string clause_;
};

std::vector<PolicyText> ShippedFiles() {
  const auto pack = PolicyPack::Load(Folder("policies"));
  EXPECT_TRUE(pack.ok());
  std::vector<PolicyText> files;
  for (size_t i = 0; i < (*pack)->files().size(); ++i)
    files.push_back({(*pack)->files()[i].path, (*pack)->texts()[i]});
  return files;
}

// BOTH_ROLES of files laid over the shipped ones, which must load.
std::vector<std::string> LintRolesOf(const std::vector<PolicyText>& over) {
  std::vector<PolicyText> files = ShippedFiles();
  std::vector<std::string> paths;
  for (const PolicyText& file : over) {
    files.push_back(file);
    paths.push_back(file.path);
  }
  std::vector<std::string> found;
  for (const LintFinding& finding : PolicyLinter::LintFiles(files, paths)) {
    EXPECT_LT(finding.severity, LintSeverity::kError) << finding.ToString();
    if (finding.code == "BOTH_ROLES") found.push_back(finding.ToString());
  }
  return found;
}

// Of a programme that asks for `low` and `high`: what is left of income is below 900, spending is
// more than a share of income. `off` and `spent` are one person's of the monthly mean.
std::vector<std::string> LintSpending(
    const std::string& off, const std::string& spent,
    const std::string& high = "household_spent / household_income > 40 / 100",
    const std::string& both = "low && high") {
  RolesFile file("649999");
  file.Section("parameters");
  file.Rule("deducting", "label: 甲, type: bool", "true");
  file.Rule("sparing", "label: 甲, type: bool", "false");
  file.Section("quantities");
  file.MoneyOfPerson("off", off);
  file.MoneyOfPerson("spent", spent);
  file.Money("household_spent", "members.sum(m, m.spent)");
  file.Money("household_left", "members.sum(m, max(m.counted_income - m.off, 0))");
  file.Section("tests");
  file.Test("low", "household_left / member_count < yuan(900) / months(1)");
  file.Test("high", high);
  file.Test("both", both);
  file.Programme("both");
  return LintRolesOf({{"649999/roles.yaml", file.text()}});
}

std::string Mean(const std::string& sum) { return absl::StrCat(sum, " / income_lookback"); }
std::string Medical(const std::string& filters = "") {
  return Mean(absl::StrCat(kMedical, filters, ".sum(e, e.amount)"));
}

TEST(LintRolesTest, AFindingNamesTheSpendingAndBothComparisons) {
  EXPECT_THAT(LintSpending(Medical(), Medical()),
              ElementsAre(AllOf(
                  StartsWith("649999/roles.yaml:14: warning: BOTH_ROLES: medical_expense counts "
                             "twice: (household_left / member_count) < "),
                  HasSubstr(" takes it off wage, and (household_spent / household_income) > "),
                  HasSubstr(" holds it against wage (649999)"))));
}

TEST(LintRolesTest, AShareIsOneHoweverItIsWritten) {
  for (const char* high : {
           "household_spent > 40 / 100 * household_income",
           "!(household_income * 40 / 100 >= household_spent)",
           "1 - household_spent / household_income < 60 / 100",
           "(household_income - household_spent) / household_income < 60 / 100",
           "deducting ? household_spent / household_income > 1 / 2 : scope == 'urban'",
           "members.exists(m, m.spent / m.counted_income > 1 / 2)",
           "members.filter(m, m.age >= adult_age && m.spent / m.counted_income > 1 / 2).exists(x, "
           "x.age < "
           "years(60))",
           "!members.all(m, m.spent / m.counted_income < 1 / 2)",
       }) {
    EXPECT_EQ(LintSpending(Medical(), Medical(), high).size(), 1u) << high;
  }
}

TEST(LintRolesTest, AShareOfWhatIsLeftCountsTwiceByItself) {
  EXPECT_THAT(LintSpending(Medical(), Medical(), "household_spent / household_left > 1 / 2",
                           "high && scope == 'urban'"),
              ElementsAre(HasSubstr("takes it off wage, and the same comparison holds it against "
                                    "wage")));
}

TEST(LintRolesTest, WhatOneConditionMustNotMeetOrOneSufficesIsNotCountedTwice) {
  for (const char* both :
       {"low || high", "!low && high", "low && !high", "scope == 'urban' ? low : high",
        "low && (sparing && high || scope == 'urban')", "asset_test && high"}) {
    EXPECT_THAT(
        LintSpending(Medical(), Medical(), "household_spent / household_income > 1 / 2", both),
        IsEmpty())
        << both;
  }
}

TEST(LintRolesTest, OtherSpendingIsNotTheSame) {
  const std::string education = Mean("p.education_expense.during(income_period).sum(e, e.amount)");
  EXPECT_THAT(LintSpending(education, Medical()), IsEmpty());
  EXPECT_THAT(LintSpending(absl::StrCat(education, " + ", Medical()), Medical()),
              ElementsAre(HasSubstr("medical_expense")));
  const std::string in = ".filter(e, e.compliant)", out = ".filter(x, !x.compliant)";
  EXPECT_THAT(LintSpending(Medical(out), Medical(in)), IsEmpty());
  EXPECT_EQ(LintSpending(Medical(in), Medical(in)).size(), 1u);
  EXPECT_EQ(LintSpending(Medical(), Medical(in)).size(), 1u);
  // As docs/policy-format.md says to write it.
  const std::string summand = Mean(absl::StrCat(kMedical, ".sum(x, x.compliant ? 0 : x.amount)"));
  EXPECT_THAT(LintSpending(summand, Medical(in)), IsEmpty());
  // Of other persons.
  const std::string disabled = absl::StrCat("p.disabled ? ", Medical(), " : 0");
  const std::string others = absl::StrCat("p.disabled ? 0 : ", Medical());
  EXPECT_THAT(LintSpending(disabled, others), IsEmpty());
  EXPECT_EQ(LintSpending(disabled, Medical()).size(), 1u);
}

TEST(LintRolesTest, SwitchesCountAsTheyStand) {
  const auto when = [](const char* is) { return absl::StrCat(is, " ? ", Medical(), " : 0"); };
  EXPECT_THAT(LintSpending(when("sparing"), Medical()), IsEmpty());
  EXPECT_EQ(LintSpending(when("deducting"), Medical()).size(), 1u);
  EXPECT_EQ(LintSpending(when("!sparing || scope == 'rural'"), Medical()).size(), 1u);
}

TEST(LintRolesTest, WhatIsTakenOffTheSpendingItselfIsNoDeductionFromIncome) {
  // What others bear of it lowers the share.
  EXPECT_THAT(LintSpending("0", absl::StrCat("max(", Medical(), " - ",
                                             Mean("p.rehabilitation_expense.during(income_period)"
                                                  ".sum(r, r.amount)"),
                                             ", 0)")),
              IsEmpty());
  // Counting is not spending: the cost of work is of wages, and no spending.
  EXPECT_THAT(
      LintSpending(absl::StrCat("yuan(100) / months(1) * ", kMedical, ".count(e, e.amount > 0)"),
                   Medical()),
      IsEmpty());
}

// Right until the county takes off what the region's programme holds against income: it stands in
// the county's file, and is found where that alone is looked at.
TEST(LintRolesTest, ItStandsWhereTheLowestLevelMakesItSo) {
  RolesFile region("649900");
  region.Section("quantities");
  region.Money("spent", absl::StrCat("members.sum(p, ", Medical(), ")"));
  region.Section("tests");
  region.Test("high", "spent / household_income > 40 / 100");
  region.Test("both", "dibao_income_test && high");
  region.Programme("both");
  const PolicyText above{"649900/roles.yaml", region.text()};
  EXPECT_THAT(LintRolesOf({above}), IsEmpty());
  RolesFile county("649901");
  county.Section("quantities");
  county.Rule("counted_other_income", "",
              absl::StrCat("max(p.spread_income - ", Medical(), ", 0)"));
  const auto findings = LintRolesOf({above, {"649901/roles.yaml", county.text()}});
  EXPECT_THAT(findings, ElementsAre(StartsWith("649901/roles.yaml:4: warning: BOTH_ROLES: "
                                               "medical_expense counts twice: ")));
}

TEST(LintRolesTest, PacksOfTheTestsCountNothingTwice) {
  namespace fs = std::filesystem;
  int packs = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder("tests/assess/packs"))) {
    ++packs;
    for (const LintFinding& finding : PolicyLinter::Lint({entry.path().string()}))
      EXPECT_NE(finding.code, "BOTH_ROLES") << finding.ToString();
  }
  EXPECT_GE(packs, 12);
}

}  // namespace
}  // namespace hedui::assess
