#include "server/report/display_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/report/json_writer.h"
#include "server/report/text_table.h"

namespace hedui::report {
namespace {

using ::testing::ElementsAre;

TEST(DisplayTextTest, ChineseTakesTwoColumns) {
  EXPECT_EQ(DisplayWidth("工资 3000"), 9u);
  EXPECT_EQ(DisplayWidth("（）：，"), 8u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
  EXPECT_EQ(DisplayWidth("\U00020000"), 2u);
  EXPECT_EQ(DisplayWidth(""), 0u);
}

TEST(DisplayTextTest, ControlCharactersAreShownNotObeyed) {
  EXPECT_EQ(EscapeForDisplay("a\x1b[31m\n\tb"), "a\\u{001B}[31m\\u{000A}\\u{0009}b");
  EXPECT_EQ(EscapeForDisplay("\u202e马"), "\\u{202E}马");
  EXPECT_EQ(EscapeForDisplay("\u200b\ufeff\u2066"), "\\u{200B}\\u{FEFF}\\u{2066}");
  EXPECT_EQ(EscapeForDisplay("\xff马"), "\\x{FF}马");
  EXPECT_EQ(EscapeForDisplay("阿依古丽·买买提"), "阿依古丽·买买提");
}

TEST(DisplayTextTest, WhatIsNoUtf8IsReplaced) {
  EXPECT_EQ(CleanUtf8("\xffmA\xc0"), "\uFFFDmA\uFFFD");
  EXPECT_EQ(CleanUtf8("马"), "马");
}

TEST(DisplayTextTest, LongTextIsBroken) {
  EXPECT_THAT(WrapText("一二三四五", 4), ElementsAre("一二", "三四", "五"));
  EXPECT_THAT(WrapText("abc defg", 6), ElementsAre("abc", "defg"));
  EXPECT_THAT(WrapText("abcdefgh", 3), ElementsAre("abc", "def", "gh"));
  EXPECT_THAT(WrapText("a一", 2), ElementsAre("a", "一"));
  EXPECT_THAT(WrapText("", 5), ElementsAre(""));
}

TEST(DisplayTextTest, ALineDoesNotBeginWithClosingPunctuation) {
  EXPECT_THAT(WrapText("一二三。四", 6), ElementsAre("一二", "三。四"));
  EXPECT_THAT(WrapText("。。。", 2), ElementsAre("。", "。", "。"));
}

TEST(TextTableTest, ColumnsStandUnderTheirTitles) {
  TextTable table({"项目", "金额"}, 40);
  table.AddRow({"工资", "3000.00"});
  table.AddRow({"a", "b\nc"});
  EXPECT_EQ(table.ToString(),
            "项目  金额\n"
            "----------------\n"
            "工资  3000.00\n"
            "a     b\\u{000A}c\n");
}

TEST(TextTableTest, WideCellsGoOnBelowThemselves) {
  TextTable table({"行", "内容"}, 14);
  table.AddRow({"1", "一二三四五六七八"});
  EXPECT_EQ(table.ToString(),
            "行  内容\n"
            "--------------\n"
            "1   一二三四五\n"
            "    六七八\n");
}

TEST(JsonWriterTest, WritesInOrderAndEscapes) {
  JsonWriter json;
  json.BeginObject().Pair("a", "x\"\\\n\u202e马").PairIfAny("b", "").Key("c").BeginArray();
  json.Integer(-1).Bool(true).Null().EndArray().Key("d").BeginArray().EndArray().EndObject();
  EXPECT_EQ(
      json.Take(),
      "{\n  \"a\": \"x\\\"\\\\\\u000a\\u202e马\",\n  \"c\": [\n    -1,\n    true,\n    null\n  "
      "],\n  \"d\": []\n}\n");
}

}  // namespace
}  // namespace hedui::report
