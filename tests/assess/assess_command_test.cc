#include "clients/cli/assess_command.h"

#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/assess/overlay.h"
#include "tests/assess/test_packs.h"
#include "tests/support/temporary_directory.h"

namespace hedui::clients {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

Outcome AssessFile(const std::string& file, const std::string& format,
                   std::vector<std::string> policies = {assess::Folder("policies")}) {
  std::ostringstream out, err;
  const int exit_code = RunAssess(assess::Folder(file), policies, format, out, err);
  return {exit_code, out.str(), err.str()};
}

TEST(AssessCommandTest, TextSaysInChineseWhatIsKnownAndWhatIsWaitedFor) {
  const Outcome outcome = AssessFile("tests/assess/cases/demo_bank_silent.yaml", "text");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_THAT(outcome.out, HasSubstr("最低生活保障：无法判定〔含假定值〕"));
  EXPECT_THAT(outcome.out,
              HasSubstr("待定原因：father：银行存款（deposit@bank） 未答复（超过时限）"));
  EXPECT_THAT(outcome.out, HasSubstr("家庭人均月收入：1055.00 元/月"));
  EXPECT_THAT(outcome.out, HasSubstr("保障标准与收入的差额（家庭）：135.00 元/月"));
  EXPECT_THAT(outcome.out, HasSubstr("银川市兴庆区示例标准（未经核实） 城市低保标准〔假定〕"));
}

// That he is eligible waits for nothing; how much he gets does.
TEST(AssessCommandTest, AnOpenAmountHasItsReasonBesideACertainResult) {
  const Outcome outcome = AssessFile("tests/assess/cases/amount_open.yaml", "text");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("最低生活保障：是（资格确定：补齐缺失信息也不会改变是否符合）"));
  EXPECT_THAT(outcome.out,
              HasSubstr("元/月\n      金额待定原因：father：残疾人证（disability@s-disability） "
                        "未答复\n"));
}

TEST(AssessCommandTest, WhatHasNoValueIsSaidInWords) {
  const Outcome outcome = AssessFile("tests/assess/cases/perhaps_nobody_belongs.yaml", "text");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, Not(HasSubstr("UNDEFINED")));
  EXPECT_THAT(outcome.out,
              HasSubstr("家庭人均月收入：(-∞, +∞) 元/月（可能无法计算：除数为零或没有可计的项）"));
  EXPECT_THAT(
      outcome.out,
      HasSubstr(
          "待定原因：除数为零、没有可计的项（如空列表的最大值），或日期超出历法范围，无法计算"));
}

TEST(AssessCommandTest, CodesAndWhatIsNotStatedAreShownInChinese) {
  assess::Overlay files;
  files.Write("000000", R"yaml(documents: {T: {title: 测试}}
codes: {group: {label: 类别, values: {minor: 未成年人, ill: 重病, none: 无}}}
quantities:
  group_of: {label: 类别, type: code(group), rows: [{from: 2021-01-01, value: "persons.exists(x, x.birth < policy_day) ? 'minor' : 'ill'", clause: T 一, trust: assumed}]}
  where: {label: 居住, type: code(scope), rows: [{from: 2021-01-01, value: scope, clause: T 一, trust: assumed}]}
tests:
  urgent: {label: 急难, rows: [{from: 2021-01-01, value: "check_kind == 'urgent'", clause: T 一, trust: assumed}]}
programmes:
  help: {label: 救助, rows: [{from: 2021-01-01, indication: urgent, clause: T 一, trust: assumed}]}
)yaml");
  const hedui::testing::TemporaryDirectory root;
  const std::string file = root.Write("case.yaml", R"(division: "640104"
scope: urban
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: a, relation: applicant}]
)");
  std::ostringstream out, err;
  EXPECT_EQ(RunAssess(file, {files.path()}, "text", out, err), 0) << err.str();
  EXPECT_THAT(out.str(), HasSubstr("类别：未成年人 或 重病〔"));
  EXPECT_THAT(out.str(), HasSubstr("居住：城镇〔"));
  EXPECT_THAT(out.str(), HasSubstr("待定原因：申报缺项：核对事由\n"));
}

TEST(AssessCommandTest, JsonHoldsValueIntervalBlameCitationAndPedigree) {
  const Outcome outcome = AssessFile("tests/assess/cases/demo_bank_silent.yaml", "json");
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* part :
       {"\"engine\": \"assess/5\"", "\"result\": \"UNDETERMINED\"", "\"text\": \"[0.00, +∞)\"",
        "\"source\": \"bank\"", "\"reason\": \"LATE\"", "\"trust\": \"assumed\"",
        "\"file_sha256\": ", "\"expression\": \"household_income / member_count\"",
        "\"next_change\": \"2025-03-04\""}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
  // Fractions are exact beside what is rounded for people.
  EXPECT_THAT(AssessFile("tests/assess/cases/demo_bank_silent_wage_3200.yaml", "json").out,
              HasSubstr("\"exact_text\": \"3365/3\""));
}

TEST(AssessCommandTest, ExitCodesTellRefusedFromUnreadable) {
  const std::vector<std::string> both = {assess::Folder("policies"),
                                         assess::Folder("tests/assess/policies")};
  // Refused, but as the case expects.
  const Outcome refused = AssessFile("tests/assess/cases/no_set.yaml", "text", both);
  EXPECT_EQ(refused.exit_code, 0);
  EXPECT_THAT(refused.err, HasSubstr("NO_POLICY_SET"));
  // By the shipped policies alone this county has no standard: otherwise than expected.
  const Outcome different = AssessFile("tests/assess/cases/case10_i1000.yaml", "text");
  EXPECT_EQ(different.exit_code, 1);
  EXPECT_THAT(different.err, HasSubstr("dibao result: expected FALSE, is UNDETERMINED"));
  EXPECT_EQ(AssessFile("tests/assess/cases/nowhere.yaml", "text").exit_code, 2);
  EXPECT_EQ(AssessFile("tests/assess/cases/no_set.yaml", "text", {"/nowhere"}).exit_code, 2);
}

}  // namespace
}  // namespace hedui::clients
