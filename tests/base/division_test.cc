#include "server/base/division.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "absl/strings/str_format.h"
#include "server/base/division_table.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

using absl::CivilDay;

const CivilDay kDemoDay(2025, 3, 3);

TEST(DivisionTest, LevelIsToldByTheZeros) {
  EXPECT_EQ(DivisionLevel("000000"), Level::kMinistry);
  EXPECT_EQ(DivisionLevel("640000"), Level::kRegion);
  EXPECT_EQ(DivisionLevel("640100"), Level::kCity);
  EXPECT_EQ(DivisionLevel("640104"), Level::kCounty);
  EXPECT_EQ(DivisionLevel("999999"), Level::kCounty) << "shape only";
  for (const char* code :
       {"", "64", "64010", "6401040", "64010a", "000100", "640004", "６４０１０４"}) {
    EXPECT_EQ(DivisionLevel(code), std::nullopt) << code;
  }
}

TEST(DivisionTest, ParentsLeadToTheNation) {
  EXPECT_EQ(DivisionParent("640104"), "640100");
  EXPECT_EQ(DivisionParent("640100"), "640000");
  EXPECT_EQ(DivisionParent("640000"), "000000");
  EXPECT_EQ(DivisionParent("000000"), std::nullopt);
  EXPECT_EQ(DivisionParent("64x104"), std::nullopt);
}

TEST(DivisionTest, ContainsIsReflexiveAndFollowsParents) {
  EXPECT_TRUE(DivisionContains("640100", "640104"));
  EXPECT_TRUE(DivisionContains("640000", "640422"));
  EXPECT_TRUE(DivisionContains("000000", "110101"));
  EXPECT_TRUE(DivisionContains("640104", "640104"));
  EXPECT_FALSE(DivisionContains("640100", "640422"));
  EXPECT_FALSE(DivisionContains("640104", "640100"));
  EXPECT_FALSE(DivisionContains("640000", "000000"));
  EXPECT_FALSE(DivisionContains("000000", "nonsense"));
  EXPECT_FALSE(DivisionContains("", "640104"));
}

TEST(DivisionTableTest, HoldsTheCodesOfNingxia) {
  const std::map<std::string, std::string> expected{
      {"640000", "宁夏回族自治区"}, {"640100", "银川市"},   {"640104", "兴庆区"},
      {"640105", "西夏区"},         {"640106", "金凤区"},   {"640121", "永宁县"},
      {"640122", "贺兰县"},         {"640181", "灵武市"},   {"640200", "石嘴山市"},
      {"640202", "大武口区"},       {"640205", "惠农区"},   {"640221", "平罗县"},
      {"640300", "吴忠市"},         {"640302", "利通区"},   {"640303", "红寺堡区"},
      {"640323", "盐池县"},         {"640324", "同心县"},   {"640381", "青铜峡市"},
      {"640400", "固原市"},         {"640402", "原州区"},   {"640422", "西吉县"},
      {"640423", "隆德县"},         {"640424", "泾源县"},   {"640425", "彭阳县"},
      {"640500", "中卫市"},         {"640502", "沙坡头区"}, {"640521", "中宁县"},
      {"640522", "海原县"},
  };
  for (const auto& [code, name] : expected) EXPECT_EQ(DivisionName(code, kDemoDay), name) << code;
}

TEST(DivisionTableTest, NamesAreThoseOfTheDay) {
  EXPECT_EQ(DivisionName("640303", CivilDay(2009, 11, 30)), std::nullopt) << "not founded yet";
  EXPECT_EQ(DivisionName("640303", CivilDay(2009, 12, 1)), "红寺堡区");
  EXPECT_EQ(DivisionName("640421", CivilDay(2003, 11, 30)), "海原县");
  EXPECT_EQ(DivisionName("640421", CivilDay(2003, 12, 1)), std::nullopt) << "moved to 640522";
  EXPECT_EQ(DivisionName("420600", CivilDay(2011, 9, 30)), "襄樊市");
  EXPECT_EQ(DivisionName("420600", CivilDay(2011, 10, 1)), "襄阳市");
  EXPECT_EQ(DivisionName("110103", kDemoDay), std::nullopt) << "崇文区 was merged in 2010";
  EXPECT_EQ(DivisionName("640104", CivilDay(1990, 1, 1)), std::nullopt) << "before the table";
  EXPECT_EQ(DivisionName("640199", kDemoDay), std::nullopt);
  EXPECT_EQ(DivisionName("", kDemoDay), std::nullopt);
}

TEST(DivisionTableTest, ChangesAreTakenFromTheMinistrysTable) {
  EXPECT_EQ(DivisionFullName("630106", kDemoDay), "青海省西宁市湟中区");
  EXPECT_EQ(DivisionName("630122", kDemoDay), std::nullopt) << "湟中县 became 630106";
  // The day of the change is not known: until the ministry's table both are taken.
  EXPECT_EQ(DivisionName("630106", CivilDay(2016, 7, 1)), "湟中区");
  EXPECT_EQ(DivisionName("630122", CivilDay(2020, 11, 19)), "湟中县");
  EXPECT_EQ(DivisionName("130502", CivilDay(2020, 11, 19)), "桥东区");
  EXPECT_EQ(DivisionName("130502", CivilDay(2020, 11, 20)), "襄都区");
  EXPECT_EQ(DivisionFullName("540602", kDemoDay), "西藏自治区那曲市色尼区");
  EXPECT_EQ(DivisionName("371200", kDemoDay), std::nullopt) << "莱芜 became part of 济南";
  EXPECT_EQ(DivisionName("139002", kDemoDay), "辛集市") << "the statistics bureau's number";
  EXPECT_EQ(DivisionName("130181", kDemoDay), "辛集市") << "the ministry's";
}

TEST(DivisionTableTest, FullNamesLeaveOutLevelsThatOnlyGroup) {
  EXPECT_EQ(DivisionFullName("640104", kDemoDay), "宁夏回族自治区银川市兴庆区");
  EXPECT_EQ(DivisionFullName("640000", kDemoDay), "宁夏回族自治区");
  EXPECT_EQ(DivisionFullName("110101", kDemoDay), "北京市东城区");
  EXPECT_EQ(DivisionFullName("500230", kDemoDay), "重庆市丰都县");
  EXPECT_EQ(DivisionFullName("429004", kDemoDay), "湖北省仙桃市");
  EXPECT_EQ(DivisionFullName("659001", kDemoDay), "新疆维吾尔自治区石河子市");
  EXPECT_EQ(DivisionFullName("640199", kDemoDay), std::nullopt);
}

TEST(DivisionTableTest, IsTheWholeNation) {
  EXPECT_GT(DivisionTable::National().size(), 3'900u);
  int regions = 0;
  for (int i = 1; i < 100; ++i) {
    if (DivisionName(absl::StrFormat("%02d0000", i), kDemoDay).has_value()) ++regions;
  }
  EXPECT_EQ(regions, 34);
}

TEST(DivisionTableTest, ManyThreadsMayUseItFirst) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] { EXPECT_EQ(DivisionName("640104", kDemoDay), "兴庆区"); });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(DivisionTableTest, ChangesEndRenameAndAddCodes) {
  const char* const table[] = {"# comment", "990101\t甲区\t2002-12-01\t",
                               "990102\t乙县\t2002-12-01\t"};
  const char* const changes[] = {
      "990101\t甲区\t2002-12-01\t2020-01-01\t国函〔2019〕0号",
      "990102\t乙县\t2002-12-01\t2021-01-01\t国函〔2020〕0号",
      "990102\t乙区\t2021-01-01\t\t国函〔2020〕0号",
      "990103\t丙区\t2020-01-01\t\t国函〔2019〕0号",
  };
  const auto parsed = DivisionTable::Parse(table, changes);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->NameOn("990101", CivilDay(2019, 12, 31)), "甲区");
  EXPECT_EQ(parsed->NameOn("990101", CivilDay(2020, 1, 1)), std::nullopt);
  EXPECT_EQ(parsed->NameOn("990102", CivilDay(2020, 12, 31)), "乙县");
  EXPECT_EQ(parsed->NameOn("990102", CivilDay(2021, 1, 1)), "乙区");
  EXPECT_EQ(parsed->NameOn("990103", CivilDay(2019, 12, 31)), std::nullopt);
  EXPECT_EQ(parsed->NameOn("990103", CivilDay(2020, 1, 1)), "丙区");
  EXPECT_EQ(parsed->size(), 4u);
}

TEST(DivisionTableTest, RefusesDefectiveRows) {
  const auto refuses = [](std::vector<const char*> table, std::vector<const char*> changes) {
    const auto parsed = DivisionTable::Parse(table, changes);
    return ReasonOf(parsed.status()) == "DIVISION_TABLE";
  };
  EXPECT_TRUE(refuses({"990101\t甲区\t2002-12-01"}, {}));
  EXPECT_TRUE(refuses({"990101\t甲区\t2002-12-01\t\tmore"}, {}));
  EXPECT_TRUE(refuses({"99010\t甲区\t2002-12-01\t"}, {}));
  EXPECT_TRUE(refuses({"990101\t\t2002-12-01\t"}, {}));
  EXPECT_TRUE(refuses({"990101\t甲区\t2002-12\t"}, {}));
  EXPECT_TRUE(refuses({"990101\t甲区\t2002-12-01\tnever"}, {}));
  EXPECT_TRUE(refuses({"990101\t甲区\t2002-12-01\t2002-12-01"}, {}));
  EXPECT_TRUE(refuses({"990101\t甲区\t2002-12-01\t", "990101\t乙区\t2010-01-01\t"}, {}));
  EXPECT_TRUE(refuses({"990101\t甲区\t2002-12-01\t", "990101\t甲区\t2002-12-01\t"}, {}));
  EXPECT_TRUE(refuses({}, {"990101\t甲区\t2020-01-01\t\t"})) << "no citation";
  EXPECT_TRUE(refuses({"990101\t甲区\t2002-12-01\t"}, {"990101\t乙区\t2020-01-01\t\t国函"}))
      << "the old name was not ended";
  EXPECT_FALSE(
      refuses({"990101\t甲区\t2002-12-01\t2020-01-01"}, {"990101\t乙区\t2020-01-01\t\t国函"}));
}

}  // namespace
}  // namespace hedui::base
