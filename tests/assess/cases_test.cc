// Every file in cases/ says what comes out of it; each is a test of its own. Those directly in it
// are assessed by the shipped policies with the tests' counties, those in a folder by the policies
// of packs/ of the same name.
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/evaluator.h"
#include "server/assess/policy_archive.h"
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

// The case's file is read, and the policies that it is assessed by are loaded.
class CaseTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::string why;
    pack_ = PackOf(PlaceOf(GetParam()), &why);
    ASSERT_NE(pack_, nullptr) << why;
    auto file = ReadCaseFile(fs::path(Folder(kCases)) / (GetParam() + ".yaml"), *pack_);
    ASSERT_TRUE(file.ok()) << file.status().message();
    file_ = *std::move(file);
  }

  const PolicyPack* pack_ = nullptr;
  CaseFile file_;
};

TEST_P(CaseTest, ComesOutAsItSays) {
  ASSERT_FALSE(file_.expectations.empty()) << "a case without expectations proves nothing";
  const auto result = Assess(*pack_, file_.value);
  EXPECT_EQ(absl::StrJoin(UnmetExpectations(file_, result), "\n"), "");
}

// The set of the case's division, loaded by itself as a replay does from an archive.
PolicyPack::Ptr SetAlone(const PolicyPack& pack, const std::string& division) {
  static auto& loaded = *new std::map<std::string, PolicyPack::Ptr>;
  PolicyPack::Ptr& alone = loaded[pack.SetDigest(division)];
  if (alone != nullptr) return alone;
  const PolicySets sets = SetsOf(pack);
  std::vector<PolicyText> files;
  for (const PolicySet& set : sets.sets) {
    if (set.digest != pack.SetDigest(division)) continue;
    for (const PolicyFile& file : set.files) {
      for (const PolicyText& text : sets.texts) {
        if (text.path == file.path && base::Sha256(text.text) == file.digest) files.push_back(text);
      }
    }
  }
  auto made = PolicyPack::LoadFiles(files);
  EXPECT_TRUE(made.ok()) << made.status();
  return alone = made.ok() ? *made : nullptr;
}

// What an archive of sets rests on: no file of another division has a part in a case.
TEST_P(CaseTest, ComesOutTheSameByItsDivisionsSetAlone) {
  const PolicyPack::Ptr alone = SetAlone(*pack_, file_.value.division);
  ASSERT_NE(alone, nullptr);
  const auto by_all = Assess(*pack_, file_.value);
  const auto by_set = Assess(*alone, file_.value);
  ASSERT_EQ(by_set.status(), by_all.status());
  EXPECT_TRUE(!by_all.ok() || *by_set == *by_all);
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
  Case c = file_.value;
  ExpectNoEarlierChange(*pack_, c);
  // Most answers end with the policy day. Where they went on, the rules alone would say when.
  for (base::AnswerState& answer : c.facts.answers) {
    if (answer.covered.to > c.dates.policy) answer.covered.to.reset();
  }
  ExpectNoEarlierChange(*pack_, c);
}

// A value with what is to blame, whatever numbers the two evaluators gave it.
std::string Written(const Evaluator& evaluator, const Value& value) {
  std::set<std::string> blame;
  for (uint32_t i : evaluator.blames().Leaves(value.blame)) {
    const BlameLeaf& leaf = evaluator.leaf(i);
    blame.insert(absl::StrJoin(
        {static_cast<int>(leaf.kind), static_cast<int>(leaf.detail), static_cast<int>(leaf.person),
         leaf.answer, leaf.category, leaf.symbol, leaf.kind_of_fact, leaf.field},
        ","));
  }
  return absl::StrCat(value.lo_infinite ? "-inf" : value.lo.ToString(), " ",
                      value.hi_infinite ? "inf" : value.hi.ToString(), " ", value.mask, " ",
                      value.undefined, " ", value.marks, " ", absl::StrJoin(blame, ";"));
}

// Everything that is computed, or why not.
std::vector<std::string> Computed(const CompiledPack& pack, const Case& c,
                                  Evaluator::FastPath fast_path, bool trace) {
  const Division* division = pack.FindDivision(c.division);
  if (division == nullptr) return {};
  Evaluator evaluator(pack, fast_path);
  const absl::Status status = evaluator.Run(*division, c, trace);
  std::vector<std::string> computed = {status.ToString()};
  if (!status.ok()) return computed;
  for (const Division::Step& step : division->order) {
    const Symbol& symbol = pack.symbols[static_cast<size_t>(step.symbol)];
    if (symbol.is_table) continue;
    for (int who = 0; who < (symbol.per_person ? evaluator.person_count() : 1); ++who) {
      const Value& value =
          symbol.per_person ? evaluator.person(step.symbol, who) : evaluator.household(step.symbol);
      computed.push_back(absl::StrCat(symbol.name, " ", who, ": ", Written(evaluator, value)));
    }
  }
  computed.push_back(absl::StrCat("next ", evaluator.next_day()));
  return computed;
}

void ExpectSameWithoutFastPath(const PolicyPack& pack, const Case& c, const std::string& what) {
  const CompiledPack& compiled = pack.compiled();
  const auto whole = Computed(compiled, c, Evaluator::FastPath::kLeftOut, true);
  ASSERT_EQ(Computed(compiled, c, Evaluator::FastPath::kUsed, true), whole) << what;
  ASSERT_EQ(Computed(compiled, c, Evaluator::FastPath::kUsed, false), whole) << what;
}

TEST_P(CaseTest, ComesOutAlikeWithoutTheFastPath) {
  Case c = file_.value;
  ExpectSameWithoutFastPath(*pack_, c, "as written");
  // What each answer holds may be missing, or what the application says.
  for (size_t i = 0; i < c.facts.answers.size(); ++i) {
    const base::AnswerState kept = c.facts.answers[i];
    c.facts.answers[i].kind = base::AnswerKind::kUnavailable;
    ExpectSameWithoutFastPath(*pack_, c, absl::StrCat("without answer ", i));
    c.facts.answers[i] = kept;
  }
  for (size_t i = 0; i < c.facts.facts.size(); ++i) {
    const base::Fact kept = c.facts.facts[i];
    c.facts.facts[i].possible = true;
    ExpectSameWithoutFastPath(*pack_, c, absl::StrCat("with fact ", i, " in doubt"));
    c.facts.facts[i] = kept;
    c.facts.facts[i].record.fields.clear();
    ExpectSameWithoutFastPath(*pack_, c, absl::StrCat("with fact ", i, " empty"));
    c.facts.facts[i] = kept;
  }
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
