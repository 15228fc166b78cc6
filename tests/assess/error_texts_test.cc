// What findings and unmet expectations say: not only that something is wrong, but what to write.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/policy_linter.h"
#include "tests/assess/expression_rows.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {
namespace {

using ::testing::HasSubstr;

// Of a national file alone: the text of all its findings.
std::string Findings(absl::string_view rest) {
  std::vector<std::string> texts;
  for (const LintFinding& finding :
       PolicyLinter::LintFiles({{"national/a.yaml", absl::StrCat("division: \"000000\"\n"
                                                                 "documents: {T: {title: 测试}}\n",
                                                                 rest)}})) {
    texts.push_back(finding.ToString());
  }
  return absl::StrJoin(texts, "\n");
}

std::string FindingsOf(absl::string_view type, absl::string_view expression) {
  return Findings(absl::StrCat(
      "quantities:\n"
      "  years_old: {label: 周岁, of: person, type: years, rows: [{from: 2021-01-01, value: "
      "\"age(p.birth, policy_day)\", clause: T 一, trust: assumed}]}\n"
      "  q: {label: 甲, type: ",
      type, ", rows: [{from: 2021-01-01, value: \"", expression,
      "\", clause: T 一, trust: assumed}]}\n"));
}

TEST(ErrorTextsTest, ACharacterWithoutPlaceIsNamedWithTheOneThatIsMeant) {
  EXPECT_THAT(FindingsOf("count", "max(1，2)"),
              HasSubstr("column 6: ， has no place in an expression; write ,"));
  EXPECT_THAT(FindingsOf("ratio", "20% * 2"), HasSubstr("% has no place in an expression; write / "
                                                        "100, as in 20 / 100"));
  EXPECT_THAT(FindingsOf("count", "persons.size() = 2 ? 1 : 0"),
              HasSubstr("= has no place in an expression; write =="));
  EXPECT_THAT(FindingsOf("count", "2 × 3"), HasSubstr("× has no place in an expression; write *"));
  EXPECT_THAT(FindingsOf("count", "2 # 3"), HasSubstr("column 3: # has no place in an expression"));
}

TEST(ErrorTextsTest, WhatIsAddedToADayIsSaidHow) {
  EXPECT_THAT(FindingsOf("date", "policy_day + 30"), HasSubstr("days are written days(30)"));
  EXPECT_THAT(FindingsOf("date", "policy_day + months(3)"),
              HasSubstr("add_months(day, months(…))"));
  EXPECT_THAT(FindingsOf("days", "policy_day - '2025-01-01'"),
              HasSubstr("a day is written date('2025-01-01')"));
}

TEST(ErrorTextsTest, APersonsValueInAHouseholdsRuleIsSaidToBeOne) {
  EXPECT_THAT(FindingsOf("years", "p.years_old"),
              HasSubstr("years_old is a person's, and p names nobody here: the rule is the "
                        "household's; write members.sum(m, m.years_old) or the like"));
  EXPECT_THAT(FindingsOf("years", "years_old"),
              HasSubstr("years_old is a person's; write members.sum(m, m.years_old) or the like"));
  EXPECT_THAT(FindingsOf("count", "1 * members.size"), HasSubstr("members is a list; write "
                                                                 "members.size()"));
}

TEST(ErrorTextsTest, ABreachOfABandNamesTheParameterTheBoundAndTheClause) {
  EXPECT_THAT(Findings(R"yaml(parameters:
  months_valid:
    label: 有效期
    type: months
    delegate: {to: [region], bands: [{from: 2021-01-01, max: 12, clause: T 有效, trust: assumed}]}
    rows: [{from: 2021-01-01, value: 13, clause: T 一, trust: assumed}]
)yaml"),
              HasSubstr("BAND_BREACH: months_valid: 13 lies outside the binding band of at most 12 "
                        "(T 有效)"));
}

TEST(ErrorTextsTest, KeysThatHaveNoRowAreWrittenAsDecimals) {
  EXPECT_THAT(Findings(R"yaml(parameters:
  tier:
    label: 档
    type: money
    keys: [{name: i, type: money}]
    rows:
      - {from: 2021-01-01, key: {i: {upto: 400}}, value: 2, clause: T 一, trust: assumed}
      - {from: 2021-01-01, key: {i: {from: 400.01}}, value: 1, clause: T 一, trust: assumed}
quantities:
  q: {label: 甲, type: money, rows: [{from: 2021-01-01, value: "tier(yuan(3))", clause: T 一, trust: assumed}]}
tests:
  t: {label: 甲, rows: [{from: 2021-01-01, value: "q > yuan(1)", clause: T 一, trust: assumed}]}
programmes:
  x: {label: 甲, rows: [{from: 2021-01-01, indication: t, clause: T 一, trust: assumed}]}
)yaml"),
              HasSubstr("tier[i=(400, 400.01)]"));
}

// Rounded it would name a row that there is.
TEST(ErrorTextsTest, AMissingRowIsNamedByItsExactKey) {
  Overlay files;
  files.Write("000000", R"yaml(documents: {T: {title: 测试}}
parameters:
  tier:
    label: 档
    type: money
    keys: [{name: i, type: money}]
    rows:
      - {from: 2021-01-01, key: {i: {upto: 400}}, value: 2, clause: T 一, trust: assumed}
      - {from: 2021-01-01, key: {i: {from: 400.01}}, value: 1, clause: T 一, trust: assumed}
quantities:
  half: {label: 甲, type: money, rows: [{from: 2021-01-01, value: "tier(yuan(400.005))", clause: T 一, trust: assumed}]}
  third: {label: 乙, type: money, rows: [{from: 2021-01-01, value: "tier(yuan(120001) / 300)", clause: T 一, trust: assumed}]}
)yaml");
  const Assessment result = AssessAlone(files, R"(division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: a, relation: applicant}]
)");
  ASSERT_NE(result.Find("half"), nullptr);
  EXPECT_EQ(PolicyRowsOf(result.Find("half")->blame), "tier[i=400.005]");
  EXPECT_EQ(PolicyRowsOf(result.Find("third")->blame), "tier[i=120001/300]");
}

}  // namespace
}  // namespace hedui::assess
