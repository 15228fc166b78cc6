// Every file in cases/ says what comes out of it; each is a test of its own.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/assess/policy_pack.h"

namespace hedui::assess {
namespace {

namespace fs = std::filesystem;

std::string Folder(const std::string& name) { return std::string(HEDUI_SOURCE_DIR) + "/" + name; }

std::vector<std::string> CaseFiles() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder("tests/assess/cases"))) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

const PolicyPack& Pack() {
  static const PolicyPack::Ptr* const kPack = [] {
    auto pack = PolicyPack::Load({Folder("policies"), Folder("tests/assess/policies")});
    if (!pack.ok()) {
      std::cerr << pack.status().message() << "\n";
      std::abort();
    }
    return new PolicyPack::Ptr(*pack);
  }();
  return **kPack;
}

class CaseTest : public testing::TestWithParam<std::string> {};

TEST_P(CaseTest, ComesOutAsItSays) {
  const auto file = ReadCaseFile(Folder("tests/assess/cases/") + GetParam() + ".yaml", Pack());
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_FALSE(file->expectations.empty()) << "a case without expectations proves nothing";
  const auto result = Assess(Pack(), file->value);
  EXPECT_EQ(absl::StrJoin(UnmetExpectations(*file, result), "\n"), "");
}

INSTANTIATE_TEST_SUITE_P(Files, CaseTest, testing::ValuesIn(CaseFiles()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace hedui::assess
