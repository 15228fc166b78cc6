#include "clients/cli/assess_command.h"

#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/assess/test_packs.h"

namespace hedui::clients {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
  EXPECT_THAT(outcome.out, HasSubstr("待定原因：father：deposit@bank UNAVAILABLE/LATE"));
  EXPECT_THAT(outcome.out, HasSubstr("家庭人均月收入：1055.00 元/月"));
  EXPECT_THAT(outcome.out, HasSubstr("保障标准与收入的差额（家庭）：135.00 元/月"));
  EXPECT_THAT(outcome.out, HasSubstr("银川市兴庆区示例标准（未经核实） 城市低保标准〔假定〕"));
}

TEST(AssessCommandTest, JsonHoldsValueIntervalBlameCitationAndPedigree) {
  const Outcome outcome = AssessFile("tests/assess/cases/demo_bank_silent.yaml", "json");
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* part :
       {"\"engine\": \"assess/4\"", "\"result\": \"UNDETERMINED\"", "\"text\": \"[0.00, +∞)\"",
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
