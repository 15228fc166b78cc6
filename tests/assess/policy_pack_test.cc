// Loading from directories and from bytes. What is wrong with files: policy_linter_test.cc.
#include "server/assess/policy_pack.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "tests/assess/test_packs.h"
#include "tests/support/temporary_directory.h"

namespace hedui::assess {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A policy directory with one file.
class Overlay {
 public:
  Overlay(const std::string& name, const std::string& folder, const std::string& text)
      : file_(root_.Write(folder + "/" + name + ".yaml", text)) {}
  std::string directory() const { return root_.path(); }
  const std::string& file() const { return file_; }

 private:
  const hedui::testing::TemporaryDirectory root_;
  const std::string file_;
};

TEST(PolicyPackTest, ShippedPoliciesLoadWithoutFindings) {
  EXPECT_THAT(PolicyPack::Check({Folder("policies")}), IsEmpty());
}

TEST(PolicyPackTest, DiscrepancyRulesNameKindsAndFieldsInChinese) {
  const auto pack = PolicyPack::Load(Folder("policies"));
  ASSERT_TRUE(pack.ok()) << pack.status();
  const base::DiscrepancyRule* aid = nullptr;
  const base::DiscrepancyRule* work = nullptr;
  for (const base::DiscrepancyRule& rule : (*pack)->discrepancy_rules()) {
    if (rule.code == base::DiscrepancyCode::kAlreadyAssisted) aid = &rule;
    if (rule.code == base::DiscrepancyCode::kEmploymentFound) work = &rule;
  }
  ASSERT_NE(aid, nullptr);
  EXPECT_EQ(aid->check, base::DiscrepancyCheck::kUndeclared);
  EXPECT_TRUE(aid->declared_by_household);
  ASSERT_EQ(aid->found.size(), 1u);
  EXPECT_EQ(aid->found[0].label, "在册救助");
  ASSERT_EQ(aid->found[0].except.size(), 1u);
  EXPECT_EQ(aid->found[0].except[0].field.label, "是否已停止");
  EXPECT_THAT(aid->found[0].except[0].values, ElementsAre("true"));
  EXPECT_EQ(aid->matter.name, "matter");
  ASSERT_NE(work, nullptr);
  EXPECT_EQ(work->statement_kind, "work_status");
  EXPECT_THAT(work->statement.values, ElementsAre("unemployed"));
  EXPECT_EQ(work->since.name, "since");
  EXPECT_EQ(work->months_back, 1);
}

// Twelve of anything else would be taken for as many days.
TEST(PolicyPackTest, HowLongReportsAreValidIsInDays) {
  const auto codes = [](const std::string& declared) {
    std::string found;
    for (const PolicyFinding& finding : PolicyPack::CheckFiles(
             {{"national/a.yaml",
               absl::StrCat("division: \"000000\"\ndocuments: {T: {title: 测试}}\n", declared)}})) {
      absl::StrAppend(&found, finding.line, " ", finding.code);
    }
    return found;
  };
  const std::string row =
      "\n    rows: [{from: 2025-01-01, value: 12, clause: T 一, trust: assumed}]\n";
  EXPECT_EQ(codes("parameters:\n  report_validity:\n    label: 有效期\n    type: days" + row), "");
  EXPECT_EQ(codes("parameters:\n  report_validity:\n    label: 有效期\n    type: months" + row),
            "4 TYPE_MISMATCH");
  EXPECT_EQ(
      codes(
          "parameters:\n  report_validity:\n    label: 有效期\n    type: days\n    keys: [scope]" +
          row),
      "4 TYPE_MISMATCH");
}

TEST(PolicyPackTest, LoadNamesEveryDefectOnALineOfItsOwn) {
  const std::string text = *base::ReadFile(Folder("tests/assess/broken/several.yaml"));
  const Overlay overlay("all_at_once", "649999", text);
  const auto pack = PolicyPack::Load({Folder("policies"), overlay.directory()});
  ASSERT_FALSE(pack.ok());
  EXPECT_EQ(pack.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(base::ReasonOf(pack.status()), "POLICY");
  const std::vector<std::string> lines = absl::StrSplit(pack.status().message(), '\n');
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], HasSubstr(overlay.file() + ":7: BAD_DATE: "));
}

TEST(PolicyPackTest, UnknownFoldersAndMissingDirectoriesAreRefused) {
  const Overlay overlay("folder", "ningxia", "division: \"640000\"\n");
  const auto findings = PolicyPack::Check({Folder("policies"), overlay.directory()});
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].code, "NO_POLICY");
  EXPECT_EQ(findings[1].code, "UNKNOWN_FOLDER");
  const auto pack = PolicyPack::Load("/nowhere/at/all");
  EXPECT_EQ(pack.status().code(), absl::StatusCode::kNotFound);
}

std::vector<std::string> FilesAndCodes(const std::vector<PolicyFinding>& findings) {
  std::vector<std::string> found;
  for (const PolicyFinding& finding : findings) {
    found.push_back(absl::StrCat(finding.file, " ", finding.code));
  }
  return found;
}

TEST(PolicyPackTest, WhateverIsNotReadIsAFinding) {
  const Overlay overlay("stray", "649999", "division: \"649999\"\n");
  const fs::path root = overlay.directory();
  std::ofstream(root / "README.md") << "about these policies\n";
  std::ofstream(root / "beside.yaml") << "division: \"649999\"\n";
  std::ofstream(root / "649999" / "dibao.yml") << "division: \"649999\"\n";
  std::ofstream(root / "649999" / "README.md") << "about these\n";
  fs::create_directory(root / "649999" / "older.yaml");
  const std::vector<std::string> directories = {Folder("policies"), root.string()};
  EXPECT_THAT(FilesAndCodes(PolicyPack::Check(directories)),
              ElementsAre((root / "649999/README.md").string() + " NOT_A_POLICY",
                          (root / "649999/dibao.yml").string() + " NOT_A_POLICY",
                          (root / "649999/older.yaml").string() + " NOT_A_POLICY",
                          (root / "beside.yaml").string() + " NOT_A_POLICY"));
  EXPECT_FALSE(PolicyPack::Load(directories).ok());
}

TEST(PolicyPackTest, ADirectoryWithoutAnyPolicyIsAFinding) {
  const Overlay overlay("none", "649999", "division: \"649999\"\n");
  fs::remove(overlay.file());
  const std::vector<PolicyFinding> findings = PolicyPack::Check({overlay.directory()});
  EXPECT_THAT(FilesAndCodes(findings), ElementsAre(overlay.directory() + " NO_POLICY"));
  const auto pack = PolicyPack::Load(overlay.directory());
  ASSERT_FALSE(pack.ok());
  EXPECT_THAT(std::string(pack.status().message()), HasSubstr("NO_POLICY"));
}

// Whom a list of the nation's takes in, a region may be the first to say: that its rule must not
// come from the list is known only where both stand in one chain.
TEST(PolicyPackTest, ARuleOfWhoBelongsBelowMayNotRestOnAListAboveThatRestsOnIt) {
  const Overlay nation("list_above", "national", R"yaml(division: "000000"
documents: {T: {title: 测试}}
quantities:
  heads:
    label: 人数
    type: count
    rows: [{from: 2021-01-01, value: "members.size()", clause: T 一, trust: assumed}]
)yaml");
  const Overlay region("rule_below", "640000", R"yaml(division: "640000"
documents: {R: {title: 测试}}
tests:
  is_member:
    label: 家庭成员
    of: person
    rows: [{from: 2021-01-01, value: "heads > 1", clause: R 一, trust: assumed}]
)yaml");
  EXPECT_THAT(PolicyPack::Check({nation.directory()}), IsEmpty());
  std::vector<std::string> codes;
  for (const PolicyFinding& finding : PolicyPack::Check({nation.directory(), region.directory()})) {
    codes.push_back(finding.code);
  }
  EXPECT_THAT(codes, ElementsAre("CYCLE"));
}

TEST(PolicyPackTest, ProgrammesHaveASetOnlyWhereAndWhenTheirRegionSaysSo) {
  const PolicyPack& pack = TestPack();
  const absl::CivilDay day(2025, 3, 3);
  EXPECT_TRUE(pack.HasProgramme("640104", "dibao", day));
  EXPECT_TRUE(pack.HasProgramme("640104", "marginal", day));
  EXPECT_FALSE(pack.HasProgramme("640104", "destitute", day));
  EXPECT_FALSE(pack.HasProgramme("110101", "dibao", day));
  EXPECT_FALSE(pack.HasProgramme("640104", "dibao", absl::CivilDay(2021, 9, 30)));
  EXPECT_THAT(pack.Programmes("640104", day), ElementsAre("dibao", "marginal"));
  EXPECT_THAT(pack.Programmes("000000", day), IsEmpty());
}

TEST(PolicyPackTest, AWholeNumberIsThatOfTheLowestLevelWithARowInForce) {
  const PolicyPack& pack = TestPack();
  const absl::CivilDay day(2025, 3, 3);
  const auto validity = pack.WholeNumberOn("640104", "report_validity", day);
  ASSERT_TRUE(validity.has_value());
  EXPECT_EQ(validity->value, 90);
  EXPECT_EQ(validity->citation.document, "NXEX");
  EXPECT_FALSE(validity->citation.verified);
  // No row yet, no row here, chosen by a key, no number, and no such name.
  EXPECT_FALSE(pack.WholeNumberOn("640104", "report_validity", absl::CivilDay(2021, 9, 30)));
  EXPECT_FALSE(pack.WholeNumberOn("110101", "report_validity", day));
  EXPECT_FALSE(pack.WholeNumberOn("640104", "dibao_standard", day));
  EXPECT_FALSE(pack.WholeNumberOn("640104", "exempt_vehicles", day));
  EXPECT_FALSE(pack.WholeNumberOn("640104", "employment_cost_rate", day));  // 20 %
  EXPECT_FALSE(pack.WholeNumberOn("640104", "nothing", day));
}

TEST(PolicyPackTest, DigestsNameTheFilesBytes) {
  const auto pack = PolicyPack::Load(Folder("policies"));
  ASSERT_TRUE(pack.ok());
  bool seen = false;
  for (const PolicyFile& file : (*pack)->files()) {
    if (file.path != "640104/standard.yaml") continue;
    seen = true;
    EXPECT_EQ(file.digest, base::Sha256(*base::ReadFile(Folder("policies/640104/standard.yaml"))));
  }
  EXPECT_TRUE(seen);
  // Another county's file changes the whole, and not what a household elsewhere is assessed by.
  EXPECT_NE((*pack)->digest(), TestPack().digest());
}

std::vector<PolicyText> TextsOf(const PolicyPack& pack) {
  std::vector<PolicyText> files;
  for (size_t i = 0; i < pack.files().size(); ++i) {
    files.push_back({pack.files()[i].path, pack.texts()[i]});
  }
  return files;
}

TEST(PolicyPackTest, FilesKeptAsBytesGiveTheSamePackInAnyOrder) {
  const PolicyPack& pack = TestPack();
  std::vector<PolicyText> files = TextsOf(pack);
  ASSERT_GT(files.size(), 5u);
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(base::Sha256(files[i].text), pack.files()[i].digest) << files[i].path;
  }
  std::reverse(files.begin(), files.end());
  const auto again = PolicyPack::LoadFiles(files);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->digest(), pack.digest());
  EXPECT_EQ((*again)->files(), pack.files());
  EXPECT_EQ((*again)->texts(), pack.texts());
  EXPECT_EQ((*again)->Programmes("640104", absl::CivilDay(2025, 3, 3)),
            pack.Programmes("640104", absl::CivilDay(2025, 3, 3)));
}

TEST(PolicyPackTest, FilesKeptAsBytesAreHeldToTheSameShape) {
  const std::string good = "division: \"649999\"\n";
  std::vector<PolicyText> files = TextsOf(TestPack());
  files.push_back({"649999/good.yaml", good});
  EXPECT_THAT(PolicyPack::CheckFiles(files), IsEmpty());
  files.push_back({"649999/broken.yaml", "division: \"640000\"\nprogrammes: 7\n"});
  for (const char* path :
       {"", "good.yaml", "ningxia/good.yaml", "000000/good.yaml", "../good.yaml", "/etc/good.yaml",
        "649999/good.yml", "649999/.yaml", "649999/a/good.yaml", "649999/"}) {
    files.push_back({path, good});
  }
  EXPECT_THAT(FilesAndCodes(PolicyPack::CheckFiles(files)),
              ElementsAre(" UNKNOWN_FOLDER", "../good.yaml UNKNOWN_FOLDER",
                          "/etc/good.yaml UNKNOWN_FOLDER", "000000/good.yaml UNKNOWN_FOLDER",
                          "649999/ NOT_A_POLICY", "649999/.yaml NOT_A_POLICY",
                          "649999/a/good.yaml NOT_A_POLICY", "649999/broken.yaml DIVISION_MISMATCH",
                          "649999/broken.yaml WRONG_SHAPE", "649999/good.yml NOT_A_POLICY",
                          "good.yaml UNKNOWN_FOLDER", "ningxia/good.yaml UNKNOWN_FOLDER"));
  const auto pack = PolicyPack::LoadFiles(files);
  EXPECT_EQ(pack.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(base::ReasonOf(pack.status()), "POLICY");
  EXPECT_THAT(FilesAndCodes(PolicyPack::CheckFiles({})), ElementsAre(" NO_POLICY"));
  EXPECT_FALSE(PolicyPack::LoadFiles({}).ok());
}

TEST(PolicyPackTest, VocabularyHasLabels) {
  EXPECT_EQ(TestPack().LabelOf("wage"), "工资性收入");
  EXPECT_EQ(TestPack().LabelOf("deposit"), "银行存款");
  EXPECT_EQ(TestPack().LabelOf("nothing"), "nothing");
  EXPECT_THAT(TestPack().Categories(), ::testing::Contains("employment"));
  EXPECT_THAT(TestPack().FactKinds(), ::testing::Contains("wage"));
}

}  // namespace
}  // namespace hedui::assess
