// Every file in cases/ says what comes out of it; each is a test of its own. Those directly in it
// are assessed by the shipped policies with the tests' counties, those in a folder by the policies
// of packs/ of the same name.
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "tests/assess/test_packs.h"

namespace hedui::assess {
namespace {

namespace fs = std::filesystem;

constexpr char kCases[] = "tests/assess/cases";
constexpr char kPacks[] = "tests/assess/packs";

// Relative to cases/, without the extension: "case11_700", "zhongshan/published".
std::vector<std::string> CaseFiles() {
  const fs::path cases = Folder(kCases);
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(cases)) {
    if (entry.path().extension() != ".yaml") continue;
    names.push_back(entry.path().lexically_relative(cases).replace_extension("").string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string PlaceOf(const std::string& name) {
  const size_t slash = name.find('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

// Null where the place has no pack or one that does not load; `why` says which.
const PolicyPack* PackOf(const std::string& place, std::string* why) {
  if (place.empty()) return &TestPack();
  static auto& packs = *new std::map<std::string, PolicyPack::Ptr>;
  const auto known = packs.find(place);
  if (known != packs.end()) return known->second.get();
  auto pack = PolicyPack::Load((fs::path(Folder(kPacks)) / place).string());
  if (!pack.ok()) {
    *why = std::string(pack.status().message());
    return nullptr;
  }
  return (packs[place] = *pack).get();
}

class CaseTest : public testing::TestWithParam<std::string> {};

TEST_P(CaseTest, ComesOutAsItSays) {
  std::string why;
  const PolicyPack* pack = PackOf(PlaceOf(GetParam()), &why);
  ASSERT_NE(pack, nullptr) << why;
  const auto file = ReadCaseFile(fs::path(Folder(kCases)) / (GetParam() + ".yaml"), *pack);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_FALSE(file->expectations.empty()) << "a case without expectations proves nothing";
  const auto result = Assess(*pack, file->value);
  EXPECT_EQ(absl::StrJoin(UnmetExpectations(*file, result), "\n"), "");
}

// Differences of more than a year ahead are left to rows and years that other cases have nearer.
constexpr int kDaysAhead = 400;

// Whether the case comes out alike on every day before the one that it says.
void ExpectNoEarlierChange(const PolicyPack& pack, Case c) {
  const absl::CivilDay first = c.dates.policy;
  const auto start = Assess(pack, c);
  if (!start.ok()) return;  // refused: the case says so, and nothing is said of a day
  const absl::CivilDay end =
      std::min(start->next_change.value_or(first + kDaysAhead + 1), first + kDaysAhead + 1);
  for (c.dates.policy = first + 1; c.dates.policy < end; ++c.dates.policy) {
    auto later = Assess(pack, c);
    ASSERT_TRUE(later.ok()) << later.status();
    later->policy_day = start->policy_day;
    later->next_change = start->next_change;
    ASSERT_TRUE(*later == *start) << c.dates.policy << " differs, but nothing was to change before "
                                  << end;
  }
}

TEST_P(CaseTest, ChangesOnNoEarlierDayThanItSays) {
  std::string why;
  const PolicyPack* pack = PackOf(PlaceOf(GetParam()), &why);
  ASSERT_NE(pack, nullptr) << why;
  const auto file = ReadCaseFile(fs::path(Folder(kCases)) / (GetParam() + ".yaml"), *pack);
  ASSERT_TRUE(file.ok()) << file.status().message();
  Case c = file->value;
  ExpectNoEarlierChange(*pack, c);
  // Most answers end with the policy day. Where they went on, the rules alone would say when.
  for (base::AnswerState& answer : c.facts.answers) {
    if (answer.covered.to > c.dates.policy) answer.covered.to.reset();
  }
  ExpectNoEarlierChange(*pack, c);
}

INSTANTIATE_TEST_SUITE_P(Files, CaseTest, testing::ValuesIn(CaseFiles()), [](const auto& tested) {
  return absl::StrReplaceAll(tested.param, {{"/", "_in_"}});
});

TEST(CasePacksTest, EveryPackHasCases) {
  const std::vector<std::string> cases = CaseFiles();
  int packs = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder(kPacks))) {
    const std::string place = entry.path().filename().string();
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(),
                            [&](const std::string& name) { return PlaceOf(name) == place; }))
        << "no case is assessed by " << place;
    ++packs;
  }
  EXPECT_GT(packs, 0);
}

}  // namespace
}  // namespace hedui::assess
