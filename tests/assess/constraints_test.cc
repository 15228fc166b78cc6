// What a policy demands of its own constants, and what each level leaves to those below it.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "server/base/yaml.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {
namespace {

// A region (640000), a city in it (649900) and a county in that (649901).
constexpr char kRegion[] = R"(
documents: {T: {title: 测试}}
codes: {level: {label: 档, values: {a: 一, b: 二}}}
parameters:
  level: {label: 档, type: code(level), delegate: {to: [county]}}
  standard:
    label: 标准
    type: money/month
    keys: [scope]
    delegate: {to: [city, county]}
    rows:
      - {from: 2023-01-01, key: {scope: urban}, value: 900, clause: T 一, trust: verified}
      - {from: 2023-01-01, to: 2025-01-01, key: {scope: rural}, value: 800, clause: T 一, trust: verified}
      - {from: 2025-01-01, key: {scope: rural}, value: 700, clause: T 一, trust: verified}
  exit:
    label: 渐退期
    type: months
    keys: [scope]
    delegate:
      to: [city, county]
      bands: [{from: 2023-01-01, min: 3, max: 18, clause: T 一, trust: verified}]
)";

constexpr char kDestitute[] = R"(
parameters:
  destitute:
    label: 特困标准
    type: money/month
    keys: [scope]
    delegate:
      to: [city, county]
      bands: [{from: 2023-01-01, min: "1.3 * standard", clause: T 一, trust: verified}]
    rows: [{from: 2023-01-01, value: 1170, clause: T 一, trust: verified}]
)";

struct Result {
  std::vector<std::string> defects;
  std::vector<std::string> warnings;
};

class ConstraintsTest : public ::testing::Test {
 protected:
  void SetUp() override { files_.Write("640000", kRegion); }

  // "649901/test.yaml:3 BAND_BREACH", in the order of files.
  Result Check() {
    Result result;
    for (const PolicyFinding& finding : PolicyPack::Check({files_.path()})) {
      const std::string name = finding.file.substr(files_.path().size() + 1);
      (finding.warning ? result.warnings : result.defects)
          .push_back(absl::StrCat(name, ":", finding.line, " ", finding.code));
      texts_.push_back(finding.text);
    }
    return result;
  }
  std::string Defects() { return absl::StrJoin(Check().defects, "; "); }
  std::string Warnings() { return absl::StrJoin(Check().warnings, "; "); }

  void Constrain(absl::string_view holds, const std::string& division = "640000") {
    files_.Write(
        division,
        absl::StrCat("constraints:\n  rule:\n    label: 要求\n    rows: [{from: 2023-06-01, "
                     "holds: \"",
                     holds, "\", clause: T 一, trust: verified}]\n"),
        "constraint");
  }
  void County(absl::string_view rows, absl::string_view name = "standard") {
    files_.Write("649901", absl::StrCat("parameters:\n  ", name, ":\n", rows));
  }

  Overlay files_;
  std::vector<std::string> texts_;
};

TEST_F(ConstraintsTest, HoldsOnEveryDayAndForEveryCode) {
  Constrain("standard <= yuan(900) / months(1)");
  EXPECT_EQ(Defects(), "");
  EXPECT_EQ(Warnings(), "");
}

TEST_F(ConstraintsTest, IsBrokenByARowThatComesLater) {
  Constrain("standard >= yuan(800) / months(1)");
  EXPECT_EQ(Defects(), "640000/constraint.yaml:5 CONSTRAINT_BROKEN");
  EXPECT_NE(texts_[0].find("on 2025-01-01 in 640000 with scope=rural"), std::string::npos)
      << texts_[0];
}

// Before the constraint's own first day anything may be.
TEST_F(ConstraintsTest, DoesNotSpeakOfDaysBeforeIt) {
  County(
      "    rows: [{from: 2022-01-01, to: 2023-06-01, value: 2000, clause: T 一, trust: "
      "verified}]\n");
  Constrain("standard <= yuan(900) / months(1)");
  EXPECT_EQ(Defects(), "");
  County(
      "    rows: [{from: 2022-01-01, to: 2023-06-02, value: 2000, clause: T 一, trust: "
      "verified}]\n");
  EXPECT_EQ(Defects(), "649901/test.yaml:4 CONSTRAINT_BROKEN");
}

TEST_F(ConstraintsTest, BindsLevelsBelowAtTheirRows) {
  County(
      "    rows: [{from: 2024-01-01, key: {scope: rural}, value: 901, clause: T 一, trust: "
      "verified}]\n");
  Constrain("standard <= yuan(900) / months(1)");
  EXPECT_EQ(Defects(), "649901/test.yaml:4 CONSTRAINT_BROKEN");
  Constrain("standard <= yuan(901) / months(1)");
  EXPECT_EQ(Defects(), "");
}

TEST_F(ConstraintsTest, OfALowerLevelBindsOnlyThere) {
  files_.Write("649900", "documents: {U: {title: 测试}}\n");
  Constrain("standard > yuan(800) / months(1)", "649900");
  EXPECT_EQ(Defects(), "649900/constraint.yaml:5 CONSTRAINT_BROKEN");
}

TEST_F(ConstraintsTest, WarnsWhereARowIsMissing) {
  Constrain("exit >= months(3)");
  EXPECT_EQ(Defects(), "");
  EXPECT_EQ(Warnings(), "640000/constraint.yaml:5 CONSTRAINT_UNDETERMINED");
  County("    rows: [{from: 2023-01-01, value: 6, clause: T 一, trust: verified}]\n", "exit");
  Constrain("exit >= months(3)", "649901");
  files_.Write("640000", "", "constraint");
  EXPECT_EQ(Warnings(), "");
}

TEST_F(ConstraintsTest, SpeaksOfConstantsOnly) {
  for (const char* holds : {"scope == 'urban'", "members.size() > 0", "persons.all(p, true)",
                            "policy_day > date('2020-01-01')", "unknown_name > 0", "standard",
                            "standard > 1", "standard > yuan(1) / months(1) &&"}) {
    Constrain(holds);
    const Result result = Check();
    EXPECT_EQ(result.defects.size(), 1u) << holds;
  }
}

TEST_F(ConstraintsTest, NamesAreTakenOnceInAChain) {
  Constrain("standard > yuan(1) / months(1)");
  Constrain("standard > yuan(1) / months(1)", "649901");
  EXPECT_EQ(Defects(), "649901/constraint.yaml:3 DUPLICATE_NAME");
  files_.Write("649901", "", "constraint");
  files_.Write("640000",
               "constraints:\n  rule:\n    label: 要求\n    rows:\n"
               "      - {from: 2023-01-01, to: 2024-01-02, holds: \"1 < 2\", clause: T 一, trust: "
               "verified}\n"
               "      - {from: 2024-01-01, holds: \"1 < 2\", clause: T 一, trust: verified}\n",
               "constraint");
  EXPECT_EQ(Defects(), "640000/constraint.yaml:7 PERIOD_OVERLAP");
}

// 1170 is 1.3 times 900, and more of what the countryside has.
TEST_F(ConstraintsTest, ABandMayFollowAnotherParameter) {
  files_.Write("640000", kDestitute, "destitute");
  EXPECT_EQ(Defects(), "");
  // A standard of the county that leaves the region's amount below its band.
  County(
      "    rows: [{from: 2024-01-01, key: {scope: rural}, value: 901, clause: T 一, trust: "
      "verified}]\n");
  EXPECT_EQ(Defects(), "640000/destitute.yaml:11 BAND_BREACH");
  // Its own amount within the band mends that.
  files_.Write(
      "649901",
      "parameters:\n  destitute:\n    rows: [{from: 2024-01-01, key: {scope: rural}, value: "
      "1171.30, clause: T 一, trust: verified}]\n",
      "more");
  EXPECT_EQ(Defects(), "");
  files_.Write(
      "649901",
      "parameters:\n  destitute:\n    rows: [{from: 2024-01-01, key: {scope: rural}, value: "
      "1171.29, clause: T 一, trust: verified}]\n",
      "more");
  EXPECT_EQ(Defects(), "649901/more.yaml:4 BAND_BREACH");
}

TEST_F(ConstraintsTest, ABandThatCannotBeComputedWarns) {
  files_.Write("640000", kDestitute, "destitute");
  files_.Write("649900",
               "parameters:\n  destitute:\n    delegate:\n      guides: [{from: 2022-01-01, max: "
               "\"2 * standard\", clause: T 一, trust: verified}]\n"
               "    rows: [{from: 2022-01-01, value: 1170, clause: T 一, trust: verified}]\n");
  EXPECT_EQ(Warnings(), "649900/test.yaml:6 CONSTRAINT_UNDETERMINED");
}

TEST_F(ConstraintsTest, ABandThatCannotBeComputedAtFirstMayBeBrokenLater) {
  files_.Write("640000", kDestitute, "destitute");
  // No row of the standard is in force before 2023; then twice the rural one is 1600.
  for (const auto& [what, defects] :
       {std::pair("guides", ""), {"bands", "649900/test.yaml:6 BAND_BREACH"}}) {
    files_.Write(
        "649900",
        absl::StrCat("parameters:\n  destitute:\n    delegate:\n      ", what,
                     ": [{from: 2022-01-01, max: \"2 * standard\", clause: T 一, trust: "
                     "verified}]\n    rows: [{from: 2022-01-01, value: 1900, clause: T 一, "
                     "trust: verified}]\n"));
    EXPECT_EQ(Defects(), defects);
    EXPECT_EQ(Warnings(), *defects == 0 ? "649900/test.yaml:6 GUIDANCE_LEFT" : "");
  }
}

// In towns households are of ten, and help is the first row's: the second is not held against twice
// of that. How large they are elsewhere is not known.
TEST_F(ConstraintsTest, ARowIsJudgedWhereItCounts) {
  const std::string large =
      "      - {from: 2022-01-01, key: {scope: rural}, value: 30, clause: T 一, trust: verified}\n";
  for (const std::string& rural : {std::string(), large}) {
    files_.Write("649900", absl::StrCat(R"(
parameters:
  size_of:
    label: 人数
    type: count
    keys: [scope]
    rows:
      - {from: 2022-01-01, key: {scope: urban}, value: 10, clause: T 一, trust: verified}
)",
                                        rural, R"(
  help:
    label: 补助
    type: money/month
    keys: [size_of]
    delegate:
      to: [county]
      bands: [{from: 2022-01-01, max: "2 * help", clause: T 一, trust: verified}]
    rows:
      - {from: 2022-01-01, key: {size_of: {to: 20}}, value: 100, clause: T 一, trust: verified}
      - {from: 2022-01-01, key: {size_of: {from: 20}}, value: 300, clause: T 一, trust: verified}
)"));
    EXPECT_EQ(Defects(), "");
    EXPECT_EQ(Warnings(), rural.empty() ? "649900/test.yaml:20 CONSTRAINT_UNDETERMINED" : "");
  }
}

// The city's row of b leaves the numbers of a whole: one stretch, which rises.
TEST_F(ConstraintsTest, ARowBelowCutsTheNumbersOfItsOwnCodesOnly) {
  const std::string table = R"(
documents: {T: {title: 测试}}
codes: {level: {label: 档, values: {a: 一, b: 二}}}
parameters:
  help:
    label: 补助
    type: money/month
    keys: [{name: people, type: count}, {name: level, type: code(level)}]
    delegate: {to: [city]}
    rows: [{from: 2023-01-01, key: {level: [a, b]}, value: 772, clause: T 一, trust: verified}]
constraints:
  rising: {label: 递增, rows: [{from: 2023-01-01, holds: 'rising(help)', clause: T 一, trust: verified}]
}
)";
  files_.Write("640000", table);
  for (const auto& [value, defects] :
       {std::pair("575", ""), {"800", "649900/test.yaml:4 CONSTRAINT_BROKEN"}}) {
    files_.Write("649900", absl::StrCat("parameters:\n  help:\n    rows: [{from: 2023-01-01, key: "
                                        "{people: {to: 1}, level: b}, value: ",
                                        value, ", clause: T 一, trust: verified}]\n"));
    EXPECT_EQ(Defects(), defects);
  }
}

TEST_F(ConstraintsTest, ALevelBelowNarrowsBandsAndLevels) {
  const std::string city =
      "parameters:\n  exit:\n    delegate:\n      to: [county]\n"
      "      bands: [{from: 2024-01-01, key: {scope: urban}, max: 6, clause: T 一, trust: "
      "verified}]\n      guides: [{from: 2023-01-01, max: 4, clause: T 一, trust: verified}]\n";
  files_.Write("649900", city);
  County(
      "    rows: [{from: 2023-01-01, key: {scope: rural}, value: 7, clause: T 一, trust: "
      "verified}]\n",
      "exit");
  EXPECT_EQ(Defects(), "");
  EXPECT_EQ(Warnings(), "649901/test.yaml:4 GUIDANCE_LEFT");
  County("    rows: [{from: 2023-01-01, value: 7, clause: T 一, trust: verified}]\n", "exit");
  EXPECT_EQ(Defects(), "649901/test.yaml:4 BAND_BREACH");
  // Before the city's band only the region's binds.
  County(
      "    rows: [{from: 2023-01-01, to: 2024-01-01, value: 7, clause: T 一, trust: verified}]\n",
      "exit");
  EXPECT_EQ(Defects(), "");
}

TEST_F(ConstraintsTest, ALevelBelowMayNotWiden) {
  files_.Write(
      "649900",
      "parameters:\n  exit:\n    delegate:\n      bands: [{from: 2023-01-01, min: 2, clause: "
      "T 一, trust: verified}]\n");
  EXPECT_EQ(Defects(), "649900/test.yaml:5 BAND_BREACH");
  files_.Write("649900", "parameters:\n  exit:\n    delegate:\n      to: [city]\n");
  EXPECT_EQ(Defects(), "649900/test.yaml:5 DELEGATION_BREACH");
  files_.Write("649900", "parameters:\n  level:\n    delegate: {to: [county]}\n");
  EXPECT_EQ(Defects(), "649900/test.yaml:3 DELEGATION_BREACH");
}

TEST_F(ConstraintsTest, ALevelBelowMayKeepANameToItself) {
  files_.Write("649900", "parameters:\n  standard:\n    delegate: {to: []}\n");
  EXPECT_EQ(Defects(), "");
  County("    rows: [{from: 2024-01-01, value: 901, clause: T 一, trust: verified}]\n");
  EXPECT_EQ(Defects(), "649901/test.yaml:3 DELEGATION_BREACH");
}

// Zibo's own demand (at least four tiers, the highest the whole standard) refuses three of them and
// another highest one; without it three load.
TEST(ZiboTest, TiersAreHeldToWhatTheCityDemands) {
  const std::string folder = Folder("tests/assess/packs/zibo");
  const std::string city = *base::ReadFile(folder + "/370300/zibo.yaml");
  const auto without = [](std::string text, const std::string& word) {
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word)) {
      const size_t begin = text.rfind('\n', at), end = text.find('\n', at);
      text.erase(begin, end - begin);
    }
    return text;
  };
  const auto codes = [&](const std::string& text) {
    const hedui::testing::TemporaryDirectory root;
    root.Write("national/national.yaml", *base::ReadFile(folder + "/national/national.yaml"));
    root.Write("370300/zibo.yaml", text);
    std::vector<std::string> found;
    for (const PolicyFinding& finding : PolicyPack::Check({root.path()}))
      found.push_back(finding.code);
    return absl::StrJoin(found, ",");
  };
  EXPECT_EQ(codes(city), "");
  const std::string three = without(city, "income: {over: 700}");
  ASSERT_NE(three, city);
  EXPECT_EQ(codes(three), "CONSTRAINT_BROKEN");
  EXPECT_EQ(codes(three.substr(0, three.find("\nconstraints:"))), "");
  std::string lower = city;
  lower.replace(lower.find("value: 924", lower.find("tier_amount")), 10, "value: 923");
  EXPECT_EQ(codes(lower), "CONSTRAINT_BROKEN");
  std::string level = city;
  level.replace(level.find("value: 450"), 10, "value: 700");
  EXPECT_EQ(codes(level), "CONSTRAINT_BROKEN");
}

}  // namespace
}  // namespace hedui::assess
