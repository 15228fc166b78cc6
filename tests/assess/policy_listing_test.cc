// What a set says on a day, listed for others to read.
#include "server/assess/policy_listing.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/digest.h"
#include "tests/assess/test_packs.h"

namespace hedui::assess {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::CivilDay kDay(2025, 3, 3);

const base::PolicyRowListed* RowOf(const base::PolicyListing& listing, const std::string& id) {
  const auto found = std::find_if(listing.rows.begin(), listing.rows.end(),
                                  [&](const auto& row) { return row.id == id; });
  return found == listing.rows.end() ? nullptr : &*found;
}

TEST(PolicyListingTest, EveryDivisionWithFilesHasASetNamedByItsChain) {
  const PolicyPack& pack = TestPack();
  const std::vector<std::string> divisions = DivisionsWithSets(pack);
  EXPECT_TRUE(std::is_sorted(divisions.begin(), divisions.end()));
  EXPECT_THAT(divisions, Contains("000000"));
  EXPECT_THAT(divisions, Contains("640104"));
  const auto county = SummaryOf(pack, "640104", kDay);
  ASSERT_TRUE(county.has_value());
  EXPECT_EQ(county->division, "640104");
  EXPECT_NE(county->name.find("兴庆区"), std::string::npos) << county->name;
  EXPECT_EQ(county->sha256.size(), base::kDigestBytes);
  std::vector<std::string> programmes;
  for (const base::PolicyCodeListed& programme : county->programmes) {
    programmes.push_back(programme.code);
    EXPECT_FALSE(programme.label.empty());
  }
  EXPECT_EQ(programmes, pack.Programmes("640104", kDay));
  // Its own files and those above, no other county's; no bytes unless asked for.
  std::vector<std::string> folders;
  for (const base::PolicyFileListed& file : county->files) {
    folders.push_back(file.path.substr(0, file.path.find('/')));
    EXPECT_EQ(file.sha256.size(), base::kDigestBytes);
    EXPECT_TRUE(file.text.empty());
  }
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  EXPECT_THAT(folders, ElementsAre("640000", "640104", "national"));
  EXPECT_NE(SummaryOf(pack, "640000", kDay)->sha256, county->sha256);
}

TEST(PolicyListingTest, ADivisionWithoutFilesIsSpokenForByTheNearestAbove) {
  const auto listed = SummaryOf(TestPack(), "640181", kDay);
  ASSERT_TRUE(listed.has_value());
  EXPECT_EQ(listed->division, "640000");
  EXPECT_THAT(SummaryOf(TestPack(), "110101", kDay)->programmes, IsEmpty());
}

TEST(PolicyListingTest, RowsAreThoseInForceWithClauseAndTrust) {
  const auto listing = ListingOf(TestPack(), "640104", kDay, /*texts=*/true);
  ASSERT_TRUE(listing.has_value());
  const base::PolicyRowListed* const validity = RowOf(*listing, "report_validity");
  ASSERT_NE(validity, nullptr);
  EXPECT_EQ(validity->kind, base::PolicyKind::kParameter);
  EXPECT_EQ(validity->value, "90");
  EXPECT_EQ(validity->citation.document, "NXEX");
  EXPECT_FALSE(validity->citation.verified);
  EXPECT_GT(validity->line, 0);
  for (const base::PolicyRowListed& row : listing->rows) {
    EXPECT_TRUE(row.in_force.Contains(kDay)) << row.id;
    EXPECT_FALSE(row.citation.document.empty()) << row.id;
    EXPECT_FALSE(row.file.empty()) << row.id;
  }
  EXPECT_NE(RowOf(*listing, "programme.dibao"), nullptr);
  EXPECT_NE(RowOf(*listing, "evidence.wage"), nullptr);
  // The same set years before it: nothing of the region is in force.
  const auto before = ListingOf(TestPack(), "640104", absl::CivilDay(2001, 1, 1), false);
  EXPECT_EQ(RowOf(*before, "report_validity"), nullptr);
  for (const base::PolicyFileListed& file : listing->set.files) {
    EXPECT_EQ(base::Sha256(file.text), file.sha256) << file.path;
  }
}

TEST(PolicyListingTest, ARowOfALowerLevelStandsInPlaceOfTheOneAbove) {
  const std::string national = R"(division: "000000"
documents: {L: {title: 示例}}
parameters:
  limit:
    label: 限额
    type: count
    delegate: {to: [region]}
    rows: [{from: 2020-01-01, value: 1, clause: L 第一条, trust: verified}]
  other:
    label: 其他
    type: count
    rows: [{from: 2020-01-01, value: 5, clause: L 第二条, trust: verified}]
)";
  const std::string region = R"(division: "640000"
parameters:
  limit:
    rows: [{from: 2024-01-01, value: 2, clause: L 第三条, trust: assumed}]
)";
  const auto pack =
      PolicyPack::LoadFiles({{"national/a.yaml", national}, {"640000/a.yaml", region}});
  ASSERT_TRUE(pack.ok()) << pack.status();
  auto limits = [&](absl::CivilDay day) {
    std::string text;
    const auto listing = ListingOf(**pack, "640104", day, false);
    for (const base::PolicyRowListed& row : listing->rows) {
      text += row.id + "=" + row.value + (row.overridden ? "(overridden) " : " ");
    }
    return text;
  };
  EXPECT_EQ(limits(kDay), "limit=2 limit=1(overridden) other=5 ");
  EXPECT_EQ(limits(absl::CivilDay(2023, 12, 31)), "limit=1 other=5 ");
}

TEST(PolicyListingTest, NamesAndVocabularyHaveChineseLabelsAndTypes) {
  const auto listing = ListingOf(TestPack(), "640104", kDay, false);
  ASSERT_TRUE(listing.has_value());
  bool wage = false;
  for (const base::PolicyNameListed& name : listing->names) {
    EXPECT_FALSE(name.type.empty()) << name.name;
    if (name.division.empty()) continue;
    EXPECT_FALSE(name.label.empty()) << name.name;
    if (name.name != "minimum_wage") continue;
    wage = true;
    EXPECT_EQ(name.type, "money/month");
    EXPECT_EQ(name.kind, base::PolicyKind::kParameter);
    EXPECT_THAT(name.keys, ElementsAre("area_class"));
  }
  EXPECT_TRUE(wage);
  std::vector<std::string> lists;
  for (const base::PolicyCodesListed& list : listing->code_lists) {
    lists.push_back(list.name);
    for (const base::PolicyCodeListed& code : list.codes) EXPECT_FALSE(code.label.empty());
  }
  EXPECT_THAT(lists, Contains("area_class"));
  const auto fact = std::find_if(listing->facts.begin(), listing->facts.end(),
                                 [](const auto& kind) { return kind.name == "wage"; });
  ASSERT_NE(fact, listing->facts.end());
  EXPECT_EQ(fact->by, "month");
  EXPECT_EQ(fact->label, "工资性收入");
  EXPECT_THAT(fact->categories, Contains("employment"));
  EXPECT_EQ(listing->categories.size(), TestPack().Categories().size());
}

}  // namespace
}  // namespace hedui::assess
