// Every file in cases/ says what comes out of it; each is a test of its own.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "tests/assess/test_packs.h"

namespace hedui::assess {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> CaseFiles() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder("tests/assess/cases"))) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class CaseTest : public testing::TestWithParam<std::string> {};

TEST_P(CaseTest, ComesOutAsItSays) {
  const auto file = ReadCaseFile(Folder("tests/assess/cases/") + GetParam() + ".yaml", TestPack());
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_FALSE(file->expectations.empty()) << "a case without expectations proves nothing";
  const auto result = Assess(TestPack(), file->value);
  EXPECT_EQ(absl::StrJoin(UnmetExpectations(*file, result), "\n"), "");
}

INSTANTIATE_TEST_SUITE_P(Files, CaseTest, testing::ValuesIn(CaseFiles()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace hedui::assess
