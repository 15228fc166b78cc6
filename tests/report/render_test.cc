#include "server/report/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/status.h"
#include "server/report/display_text.h"
#include "server/report/report_builder.h"
#include "tests/report/report_fixture.h"

namespace hedui::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RenderTest : public ::testing::Test {
 protected:
  std::string Envelope(const ReportInput& input) { return log_.Seal(*BuildReport(input)); }
  std::string Text(const ReportInput& input) {
    const auto text = RenderText(Envelope(input));
    EXPECT_TRUE(text.ok()) << text.status();
    return *text;
  }
  std::string Json(const ReportInput& input) {
    const auto json = RenderJson(Envelope(input));
    EXPECT_TRUE(json.ok()) << json.status();
    return *json;
  }

  SealingLog log_;
};

TEST_F(RenderTest, AnAnswerUsedAgainNamesTheQueryThatBroughtIt) {
  ReportInput input = SampleInput();
  EXPECT_THAT(Text(input), Not(HasSubstr("沿用本事项")));
  EXPECT_THAT(Json(input), Not(HasSubstr("reused_query")));
  input.match.facts.answers[0].reused =
      base::Reused{"0190/tax/1/1", absl::FromUnixSeconds(1'741'000'000)};
  EXPECT_THAT(Text(input),
              HasSubstr("沿用本事项 2025-03-03T19:06:40+08:00 已取得的答复，查询 0190/tax/1/1"));
  EXPECT_THAT(Json(input), HasSubstr("\"reused_query\": \"0190/tax/1/1\""));
  EXPECT_THAT(Json(input), HasSubstr("\"obtained\": \"2025-03-03T19:06:40+08:00\""));
}

TEST_F(RenderTest, ANearRelativeOfStaffIsShown) {
  ReportInput input = SampleInput();
  EXPECT_THAT(Text(input), Not(HasSubstr("近亲属备案")));
  EXPECT_THAT(Json(input), HasSubstr("\"staff_relative\": false"));
  input.household.staff_relative = true;
  EXPECT_THAT(Text(input), HasSubstr("近亲属备案：单独登记，须由县级入户调查"));
  EXPECT_THAT(Json(input), HasSubstr("\"staff_relative\": true"));
}

TEST_F(RenderTest, TextHasEverySectionInChinese) {
  const std::string text = Text(SampleInput());
  for (const char* part : {"家庭经济状况核对报告",
                           "HD-20250303-",
                           "兴庆区民政局",
                           "家庭成员与授权",
                           "未授权",
                           "提示性意见（只核对、不认定）",
                           "收入与财产计算",
                           "应发工资（月均）",
                           "3000.00 元/月",
                           "条件检验",
                           "无法确定",
                           "未申报机动车",
                           "信息来源答复情况",
                           "未答复 1",
                           "确认无记录 1",
                           "查得 3",
                           "超过时限",
                           "采用的政策值",
                           "依据文件",
                           "A57 第十三条",
                           "未核实",
                           "未经核实的政策值",
                           "最低生活保障标准",
                           "有效期至",
                           "未设定",
                           "异议途径",
                           "经办人：",
                           "复核人：",
                           "核对机构（盖章）："}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_F(RenderTest, NoLineIsWiderThanThePage) {
  const std::string text = Text(SampleInput());
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    EXPECT_LE(DisplayWidth(line), 100u) << line;
  }
}

TEST_F(RenderTest, IdentityNumbersAreMasked) {
  const std::string number = SampleMatchInput().household.persons[0].identity.number;
  EXPECT_THAT(Text(SampleInput()), Not(HasSubstr(number)));
  EXPECT_THAT(Json(SampleInput()), Not(HasSubstr(number)));
  EXPECT_THAT(Text(SampleInput()), HasSubstr(number.substr(0, 6) + "****"));
}

TEST_F(RenderTest, ForeignControlCharactersAreNotObeyed) {
  ReportInput input = SampleInput();
  input.match.facts.facts[0].record.fields[2].value = std::string("\x1b[2J\u202e坏公司");
  input.frame.officer = "x\nforged line";
  EXPECT_THAT(Text(input), Not(HasSubstr("\x1b")));
  EXPECT_THAT(Text(input), Not(HasSubstr("\u202e")));
  EXPECT_THAT(Text(input), HasSubstr("\\u{001B}[2J\\u{202E}坏公司"));
  EXPECT_THAT(Text(input), HasSubstr("x\\u{000A}forged line"));
  EXPECT_THAT(Json(input), Not(HasSubstr("\x1b")));
  EXPECT_THAT(Json(input), HasSubstr("\\u001b[2J\\u202e坏公司"));
}

TEST_F(RenderTest, JsonHasStableKeysAndNoFloatingPoint) {
  const std::string json = Json(SampleInput());
  for (const char* part :
       {"\"format\": 1", "\"report_number\": \"HD-", "\"kind\": \"INDICATION\"",
        "\"result\": \"UNDETERMINED\"", "\"robust\": false", "\"low\": \"3000\"", "\"high\": null",
        "\"value\": \"3000.00\"", "\"month\"", "\"valid_until\": null",
        "\"code\": \"WAGE_DIFFERS\"", "\"reason\": \"NO_AUTHORIZATION\"", "\"verified\": false",
        "\"lines_withheld\": 0", "\"issued_at\": \"2025-03-03T10:00:00+08:00\""}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
}

TEST_F(RenderTest, ValidityIsShownWithThePolicyThatSetsIt) {
  ReportInput input = SampleInput();
  EXPECT_THAT(Text(input), HasSubstr("未设定（政策未规定有效期）"));
  input.frame.valid_until = absl::CivilDay(2025, 5, 31);
  input.frame.validity_basis = "示例规定 有效期，未核实";
  EXPECT_THAT(Text(input), HasSubstr("2025-05-31（依据 示例规定 有效期，未核实）"));
  EXPECT_THAT(Json(input), HasSubstr("\"validity_basis\": \"示例规定 有效期，未核实\""));
}

TEST_F(RenderTest, WithheldLinesAreCounted) {
  const auto some = Disclose(Envelope(SampleInput()), {1, 2});
  EXPECT_THAT(*RenderText(*some), HasSubstr("未披露"));
  EXPECT_THAT(*RenderJson(*some), Not(HasSubstr("\"lines_withheld\": 0")));
}

TEST_F(RenderTest, ASinglePersonFilingNamesThePersonAndHowLongItHolds) {
  ReportInput input = SampleInput();
  assess::Indication alone = input.assessment->indications[0];
  alone.person_id = input.household.persons[1].id;
  alone.marks.preliminary = true;
  assess::AbstractValue validity;
  validity.unit = "months";
  validity.exact = true;
  validity.low = validity.high = base::Rational(12);
  validity.text = "12";
  alone.validity = validity;
  input.assessment->indications.push_back(alone);
  const std::string text = Text(input);
  EXPECT_THAT(text, HasSubstr(absl::StrCat(alone.label, "（",
                                           input.household.persons[1].identity.name, "）")));
  EXPECT_THAT(text, HasSubstr("初步"));
  // Text wraps; the line itself does not.
  const std::string json = Json(input);
  EXPECT_THAT(json, HasSubstr("有效期 12 个月"));
  EXPECT_THAT(json, HasSubstr("\"validity\": {"));
  EXPECT_THAT(json, HasSubstr("\"preliminary\""));
  input.assessment->indications.back().validity->unit = "years";
  EXPECT_THAT(Json(input), HasSubstr("有效期 12 年"));
}

// What the result waits for is not said twice; what only the amount waits for is.
TEST_F(RenderTest, AnOpenAmountOfACertainResultHasItsReason) {
  ReportInput input = SampleInput();
  assess::Indication& dibao = input.assessment->indications[0];
  const std::string cause = "135.00] 元/月，因：";
  dibao.amount->low = base::Rational(0);
  dibao.amount->high = base::Rational(135);
  dibao.amount->text = "[0.00, 135.00]";
  dibao.amount->exact = false;
  EXPECT_THAT(Json(input), Not(HasSubstr(cause)));
  dibao.result = assess::Truth::kTrue;
  dibao.robust = true;
  dibao.blame.clear();
  EXPECT_THAT(Json(input), HasSubstr(cause));
}

TEST_F(RenderTest, FindingsOnlyReportsHaveNoIndications) {
  ReportInput input = SampleInput();
  input.assessment.reset();
  input.frame.programmes.clear();
  const std::string text = Text(input);
  EXPECT_THAT(text, HasSubstr("仅核对，不作提示性意见"));
  EXPECT_THAT(text, Not(HasSubstr("收入与财产计算")));
}

TEST_F(RenderTest, WhatIsNoEnvelopeIsAnError) {
  EXPECT_EQ(base::ReasonOf(RenderText("x").status()), "REPORT_FORMAT");
  EXPECT_EQ(base::ReasonOf(RenderJson("").status()), "REPORT_FORMAT");
}

}  // namespace
}  // namespace hedui::report
