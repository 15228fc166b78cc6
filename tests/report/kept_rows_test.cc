#include "server/report/kept_rows.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hedui::report {
namespace {

using Row = assess::Shared<assess::PolicyRow>;

// As of one policy set.
std::vector<Row> NewRows(int count) {
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) {
    assess::PolicyRow row;
    row.id = absl::StrCat("row", i);
    rows.emplace_back(std::move(row));
  }
  return rows;
}

TEST(KeptRowsTest, ALineIsKeptAsLongAsItsRow) {
  const std::vector<Row> rows = NewRows(2);
  EXPECT_TRUE(KeptRowLine(rows[0])->empty());
  *KeptRowLine(rows[0]) = "first";
  EXPECT_TRUE(KeptRowLine(rows[1])->empty());
  const Row same = rows[0];
  EXPECT_EQ(*KeptRowLine(same), "first");
}

TEST(KeptRowsTest, NothingIsFoundOfARowThatHasGoneWhereAnotherLiesNow) {
  for (int i = 0; i < 1'000; ++i) {
    const Row row = NewRows(1)[0];
    std::string* const line = KeptRowLine(row);
    ASSERT_TRUE(line->empty()) << "of another, at the same address";
    *line = "written";
  }
}

TEST(KeptRowsTest, PolicySetsThatWereReplacedGo) {
  constexpr int kRows = 300;
  for (int set = 0; set < 50; ++set) {
    std::vector<Row> rows = NewRows(kRows);
    for (const Row& row : rows) *KeptRowLine(row) = "line";
    ASSERT_LE(KeptRowsOfThisThread(), size_t{3} * kRows) << set;
    const std::weak_ptr<const assess::PolicyRow> one = rows[0].weak();
    rows.clear();
    EXPECT_TRUE(one.expired()) << "what is kept keeps no row";
  }
}

TEST(KeptRowsTest, HoweverManySetsAreInForceThereIsALimit) {
  std::vector<std::vector<Row>> sets;
  for (int set = 0; set < 30; ++set) {
    sets.push_back(NewRows(300));
    for (const Row& row : sets.back()) *KeptRowLine(row) = "line";
    ASSERT_LE(KeptRowsOfThisThread(), kKeptRowsMax);
  }
}

}  // namespace
}  // namespace hedui::report
