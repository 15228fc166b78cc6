// Every file in broken/ is laid over the shipped policies and must be found out, at the lines that
// carry "# expect CODE" and nowhere else; docs/linter.md must name the codes and no others.
#include "server/assess/policy_linter.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/case_file.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/evaluator.h"
#include "server/base/yaml.h"
#include "tests/assess/test_packs.h"
#include "tests/support/temporary_directory.h"

namespace hedui::assess {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> BrokenFiles() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder("tests/assess/broken"))) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct BrokenFile {
  std::string folder;
  std::string text;
  std::vector<std::string> expected;  // "7 BAD_DATE"
};

BrokenFile ReadBroken(const std::string& name) {
  BrokenFile file;
  file.text = *base::ReadFile(absl::StrCat(Folder("tests/assess/broken/"), name, ".yaml"));
  int number = 0;
  for (absl::string_view line : absl::StrSplit(file.text, '\n')) {
    ++number;
    if (absl::ConsumePrefix(&line, "# folder: ")) file.folder = std::string(line);
    const size_t at = line.find("# expect ");
    if (at == absl::string_view::npos) continue;
    for (absl::string_view code : absl::StrSplit(line.substr(at + 9), ' '))
      file.expected.push_back(absl::StrCat(number, " ", code));
  }
  return file;
}

std::vector<std::string> LinesAndCodes(const std::vector<LintFinding>& findings) {
  std::vector<std::string> found;
  for (const LintFinding& finding : findings)
    found.push_back(absl::StrCat(finding.line, " ", finding.code));
  return found;
}

class BrokenPolicyTest : public ::testing::TestWithParam<std::string> {};

TEST_P(BrokenPolicyTest, IsFoundOutAtItsLine) {
  const BrokenFile broken = ReadBroken(GetParam());
  ASSERT_FALSE(broken.expected.empty());
  const hedui::testing::TemporaryDirectory root;
  const std::string path =
      root.Write(absl::StrCat(broken.folder, "/", GetParam(), ".yaml"), broken.text);
  const auto findings = PolicyLinter::Lint({Folder("policies")}, {root.path()});
  bool loads = true;
  for (const LintFinding& finding : findings) {
    EXPECT_EQ(finding.file, path) << finding.ToString();
    EXPECT_FALSE(finding.text.empty());
    loads &= finding.severity < LintSeverity::kError;
  }
  EXPECT_EQ(absl::StrJoin(LinesAndCodes(findings), "\n"), absl::StrJoin(broken.expected, "\n"));
  // Warnings and notes load, errors do not, and are in no other file.
  EXPECT_EQ(PolicyPack::Load({Folder("policies"), root.path()}).ok(), loads);
  if (!loads) {
    EXPECT_EQ(LinesAndCodes(PolicyLinter::Lint({Folder("policies"), root.path()})),
              LinesAndCodes(findings));
  }
}

INSTANTIATE_TEST_SUITE_P(Files, BrokenPolicyTest, ::testing::ValuesIn(BrokenFiles()),
                         [](const auto& tested) { return tested.param; });

// Of directories, or of files too large to keep, which policy_pack_test.cc, yaml_test.cc,
// constraints_test.cc and policy_flow_test.cc try; an alias stands behind its anchor, which is
// found first.
const std::set<std::string>& CodesWithoutFile() {
  static const auto& codes = *new std::set<std::string>{
      "UNKNOWN_FOLDER", "NOT_A_POLICY", "NO_POLICY",   "UNREADABLE",      "YAML_SIZE",
      "YAML_ALIAS",     "LINT_LIMIT",   "LINT_BUDGET", "CONSTRAINT_LIMIT"};
  return codes;
}

TEST(PolicyLinterTest, ThePageNamesEveryCodeThatAFileHasAndNoOther) {
  std::set<std::string> written;
  const std::string page = *base::ReadFile(Folder("docs/linter.md"));
  for (absl::string_view line : absl::StrSplit(page, '\n')) {
    if (!absl::ConsumePrefix(&line, "| `")) continue;
    const std::string code(line.substr(0, line.find('`')));
    EXPECT_TRUE(written.insert(code).second) << code << " stands there twice";
  }
  std::set<std::string> had = CodesWithoutFile();
  for (const std::string& name : BrokenFiles()) {
    for (const std::string& expected : ReadBroken(name).expected)
      had.insert(expected.substr(expected.find(' ') + 1));
  }
  EXPECT_EQ(written, had);
}

TEST(PolicyLinterTest, ShippedPoliciesHaveNothingToWarnOf) {
  for (const LintFinding& finding : PolicyLinter::Lint({Folder("policies")}))
    EXPECT_EQ(finding.severity, LintSeverity::kNote) << finding.ToString();
}

constexpr char kHole[] = R"yaml(division: "640104"
documents: {T: {title: 测试}}
parameters:
  line:
    label: 线
    type: money/month
    rows:
      - {from: 2022-01-01, to: 2023-01-01, value: 900, clause: T 一, trust: assumed}
tests:
  poor:
    label: 低
    rows: [{from: 2022-01-01, value: "per_capita_income < line", clause: T 一, trust: assumed}]
programmes:
  relief:
    label: 救助
    rows: [{from: 2022-01-01, indication: poor, clause: T 一, trust: assumed}]
)yaml";

TEST(PolicyLinterTest, AFindingSaysWhereWhatAndOfWhom) {
  const hedui::testing::TemporaryDirectory root;
  const std::string path = root.Write("640104/hole.yaml", kHole);
  const auto findings = PolicyLinter::Lint({Folder("policies")}, {root.path()});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].ToString(),
            path +
                ":8: warning: GAP: line ends on 2023-01-01 and nothing follows, while a "
                "programme that leads to it goes on (640104)");
}

TEST(PolicyLinterTest, FilesByThemselvesAreLookedAtAsDirectoriesAre) {
  const auto pack = PolicyPack::Load(Folder("policies"));
  ASSERT_TRUE(pack.ok());
  std::vector<PolicyText> files;
  for (size_t i = 0; i < (*pack)->files().size(); ++i)
    files.push_back({(*pack)->files()[i].path, (*pack)->texts()[i]});
  files.push_back({"640104/hole.yaml", kHole});
  const auto findings = PolicyLinter::LintFiles(files, {"640104/hole.yaml"});
  EXPECT_THAT(LinesAndCodes(findings), ElementsAre("8 GAP"));
  files.back().text = "division: \"640104\"\nparameters: 7\n";
  EXPECT_THAT(LinesAndCodes(PolicyLinter::LintFiles(files)), ElementsAre("2 WRONG_SHAPE"));
  EXPECT_THAT(LinesAndCodes(PolicyLinter::LintFiles({})), ElementsAre("1 NO_POLICY"));
}

TEST(PolicyLinterTest, EveryPackOfTheTestsIsReadWithoutErrors) {
  int packs = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder("tests/assess/packs"))) {
    ++packs;
    for (const LintFinding& finding : PolicyLinter::Lint({entry.path().string()}))
      EXPECT_LT(finding.severity, LintSeverity::kError) << finding.ToString();
  }
  EXPECT_GE(packs, 12);
}

TEST(PolicyLinterTest, WhatACliffCostsIsSaidWithTheIncome) {
  const hedui::testing::TemporaryDirectory root;
  root.Write("649999/cliff.yaml", ReadBroken("cliff").text);
  const auto findings = PolicyLinter::Lint({Folder("policies")}, {root.path()});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, LintSeverity::kNote);
  // The help of 12.35, and the fen less that dibao pays for the fen more; 410 are employment cost.
  EXPECT_EQ(
      findings[0].text,
      "programme.relief: 12.35 yuan a month are lost at an income of 1110.00 (wage, household "
      "of 1, urban, in 649999 on 2025-01-01)");
}

// Whether all that `value` can be `anything` can be too.
bool IsWithin(const Value& value, const Value& anything, const Type& type) {
  if (type.masked()) {
    return type.kind == TypeKind::kCodeSet || (value.mask & ~anything.mask) == 0;
  }
  if (!type.ordered() || value.undefined) return true;
  const bool low = anything.lo_infinite ||
                   (!value.lo_infinite && base::Rational::Compare(anything.lo, value.lo) <= 0);
  const bool high = anything.hi_infinite ||
                    (!value.hi_infinite && base::Rational::Compare(value.hi, anything.hi) <= 0);
  return low && high;
}

TEST(PolicyLinterTest, WhatIsComputedWithNothingKnownHoldsWhatEveryCaseGives) {
  const CompiledPack& pack = TestPack().compiled();
  int values = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder("tests/assess/cases"))) {
    if (entry.path().extension() != ".yaml") continue;
    const auto file =
        ParseCaseFile(entry.path().string(), *base::ReadFile(entry.path().string()), TestPack());
    ASSERT_TRUE(file.ok()) << file.status();
    const Case& c = file->value;
    const Division* division = pack.FindDivision(c.division);
    if (division == nullptr) continue;
    Evaluator known(pack), nothing(pack, Evaluator::FastPath::kLeftOut);
    std::vector<uint8_t> observed;
    const int32_t day = DayNumber(c.dates.policy);
    if (!known.Run(*division, c, false).ok()) continue;
    ASSERT_TRUE(nothing.RunOnAnything(*division, c, {day, day + 1}, &observed).ok());
    for (const Division::Step& step : division->order) {
      const Symbol& symbol = pack.symbols[static_cast<size_t>(step.symbol)];
      for (int p = 0; p < (symbol.per_person ? known.person_count() : 1); ++p) {
        const Value& value =
            symbol.per_person ? known.person(step.symbol, p) : known.household(step.symbol);
        const Value& anything =
            symbol.per_person ? nothing.person(step.symbol, p) : nothing.household(step.symbol);
        EXPECT_TRUE(IsWithin(value, anything, symbol.type)) << entry.path() << " " << symbol.name;
        ++values;
      }
    }
  }
  EXPECT_GE(values, 5000);
}

TEST(PolicyLinterTest, WithoutAProgrammeNothingIsUnused) {
  EXPECT_THAT(PolicyLinter::LintFiles({{"national/a.yaml", R"yaml(division: "000000"
documents: {T: {title: 测试}}
parameters:
  line:
    label: 线
    type: money
    rows: [{from: 2022-01-01, to: 2023-01-01, value: 900, clause: T 一, trust: assumed}]
)yaml"}}),
              IsEmpty());
}

// Rows that a lower level gives a programme, codes that it adds, and constraints use what they
// name.
TEST(PolicyLinterTest, WhatOnlyALowerLevelOrAConstraintUsesIsUsed) {
  const std::string national = R"yaml(division: "000000"
documents: {T: {title: 测试}}
codes:
  grade: {label: 档次, open: [region], values: {upper: 高档}}
categories: {assets: 财产}
facts:
  boat:
    label: 船舶
    by: state
    categories: [assets]
    evidence_by: [region]
    fields: {number: {label: 船号, type: text}}
parameters:
  grade:
    label: 档次
    type: code(grade)
    delegate: {to: [region]}
    rows: [{from: 2022-01-01, value: upper, clause: T 一, trust: assumed}]
  bound:
    label: 界
    type: count
    rows: [{from: 2022-01-01, value: 3, clause: T 一, trust: assumed}]
  limit:
    label: 限
    type: count
    rows: [{from: 2022-01-01, value: 2, clause: T 一, trust: assumed}]
tests:
  few:
    label: 人少
    rows: [{from: 2022-01-01, value: "persons.size() < limit", clause: T 一, trust: assumed}]
constraints:
  bounded:
    label: 有界
    rows: [{from: 2022-01-01, holds: "bound <= 3", clause: T 一, trust: assumed}]
programmes:
  relief: {label: 救助, delegate: {to: [region]}, rows: []}
)yaml";
  const std::string region = R"yaml(division: "640000"
documents: {R: {title: 测试}}
codes: {grade: {add: {lower: 低档}}}
parameters:
  grade: {rows: [{from: 2022-01-01, value: lower, clause: R 一, trust: assumed}]}
tests:
  boats:
    label: 有船
    rows: [{from: 2022-01-01, value: "grade == 'lower' && few && persons.exists(p, p.boat.size() > 0)", clause: R 一, trust: assumed}]
programmes:
  relief: {rows: [{from: 2022-01-01, indication: boats, clause: R 一, trust: assumed}]}
)yaml";
  EXPECT_THAT(LinesAndCodes(PolicyLinter::LintFiles(
                  {{"national/a.yaml", national}, {"640000/a.yaml", region}})),
              IsEmpty());
}

}  // namespace
}  // namespace hedui::assess
