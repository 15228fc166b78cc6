// A household whose declaration registers contradict (households/discrepant.yaml), through the
// whole platform: each discrepancy is a line of the signed report, with who tells it and the
// answers that show it.
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/yaml.h"
#include "server/base/yaml_message.h"
#include "server/report/render.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using report::v1::Line;
using report::v1::LINE_KIND_DISCREPANCY;
using report::v1::LINE_KIND_OUTCOME;
using report::v1::LINE_KIND_TEST;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

template <typename Message>
void ReadHousehold(const std::string& name, Message* message) {
  const auto text =
      base::ReadFile(absl::StrCat(HEDUI_SOURCE_DIR, "/tests/integration/households/", name));
  ASSERT_TRUE(text.ok()) << text.status();
  message->Clear();
  const absl::Status read = base::ReadYamlMessage(name, *text, message);
  ASSERT_TRUE(read.ok()) << read;
}

class DiscrepanciesTest : public ::testing::Test {
 protected:
  DiscrepanciesTest() {
    Scenario::Replace(&scenario_.catalogue_yaml, "deadline: 2s", "deadline: 300ms");
    Scenario::Replace(&scenario_.register_yaml, "disability, assistance]\n",
                      "disability, assistance, public_payroll]\n");
    AddFinance();
    ReadHousehold("discrepant.yaml", &scenario_.household);
    ReadHousehold("discrepant_letters.yaml", &scenario_.letters);
  }

  // The finance department, which the demo has not, pays the applicant's brother.
  void AddFinance() {
    absl::StrAppend(&scenario_.catalogue_yaml, R"(
  - id: nx-finance
    name: 财政供养人员信息系统
    department: 自治区财政厅
    level: region
    divisions: ["640000"]
    categories: [{code: public_payroll}]
    simulated: {file: simulation.yaml}
)");
    Scenario::Replace(&scenario_.simulation_yaml, "\nsources:\n", R"(
sources:
  - id: nx-finance
    categories: [public_payroll]
    divisions: ["640000"]
)");
    absl::StrAppend(&scenario_.simulation_yaml, R"(
  - identity: {kind: resident_id, number: "640104198401217152", name: 王建军}
    holdings:
      - source: nx-finance
        category: public_payroll
        records:
          - kind: public_payroll
            fields:
              - {name: employer, text: 演示县水务局}
              - {name: class, text: civil_servant}
              - {name: from, day: "2010-07-01"}
)");
  }

  void Verify() {
    platform_ = std::make_unique<RunningPlatform>(&scenario_);
    platform_->Register();
    auto response = platform_->Verify();
    ASSERT_TRUE(response.ok()) << response.status();
    response_ = *std::move(response);
    ASSERT_EQ(CheckOffline(scenario_, response_.envelope()).verdict, report::Verdict::kValid);
  }

  // By person and code. There may be several of one code.
  std::multimap<std::string, Line> Discrepancies() const {
    std::multimap<std::string, Line> found;
    for (const Line& line : LinesOf(response_.envelope())) {
      if (line.kind() != LINE_KIND_DISCREPANCY) continue;
      found.emplace(absl::StrCat(line.person_id(), " ", line.code()), line);
    }
    return found;
  }

  std::multiset<std::string> Codes() const {
    std::multiset<std::string> codes;
    for (const auto& [code, line] : Discrepancies()) codes.insert(code);
    return codes;
  }

  Scenario scenario_;
  std::unique_ptr<RunningPlatform> platform_;
  v1::VerifyHouseholdResponse response_;
};

TEST_F(DiscrepanciesTest, EachIsALineWithItsSourceAndTheDigestsThatShowIt) {
  Verify();
  EXPECT_THAT(Codes(), UnorderedElementsAre("m1 EMPLOYMENT_FOUND", "m1 EMPLOYMENT_FOUND",
                                            "m1 UNDECLARED_SHAREHOLDING", "m1 UNDECLARED_OFFICE",
                                            "m1 UNDECLARED_SPOUSE", "m1 UNDECLARED_INSURANCE",
                                            "m2 DEATH_FOUND", "m2 DEATH_CONTRADICTED",
                                            "m3 ALREADY_ASSISTED", "o1 PUBLIC_PAYROLL"));
  std::set<std::string> digests;
  for (const Line& line : LinesOf(response_.envelope())) {
    if (line.kind() != LINE_KIND_OUTCOME) continue;
    digests.insert(line.answer_digests().begin(), line.answer_digests().end());
  }
  for (const auto& [code, line] : Discrepancies()) {
    EXPECT_FALSE(line.answer_digests().empty()) << code;
    EXPECT_THAT(digests, IsSupersetOf(line.answer_digests())) << code;
    EXPECT_FALSE(line.outcome().source_id().empty()) << code;
    EXPECT_THAT(line.text(), HasSubstr("（数据日 20")) << code;
    EXPECT_THAT(line.text(), HasSubstr(line.outcome().source_name())) << code;
    EXPECT_NE(line.label(), "") << code;
  }
  EXPECT_EQ(Discrepancies().find("m2 DEATH_CONTRADICTED")->second.answer_digests_size(), 2);
}

TEST_F(DiscrepanciesTest, WhatTheyMeanIsSaidToPeople) {
  Verify();
  const auto lines = Discrepancies();
  EXPECT_THAT(lines.find("m3 ALREADY_ASSISTED")->second.text(),
              AllOf(HasSubstr("属另一救助事项"), HasSubstr("与本次申请的救助类别相同"),
                    HasSubstr("登记地不是本次申请地"), HasSubstr("救助事项编号 XJ-2024-000077")));
  EXPECT_THAT(lines.find("m1 UNDECLARED_SPOUSE")->second.text(),
              AllOf(HasSubstr("未查询其信息"), Not(HasSubstr("640104198207024226"))));
  EXPECT_THAT(lines.find("m1 EMPLOYMENT_FOUND")->second.text(), HasSubstr("；申报：状态 失业"));
  EXPECT_THAT(lines.find("m2 DEATH_CONTRADICTED")->second.text(), HasSubstr("2024-12-20"));
  EXPECT_THAT(lines.find("o1 PUBLIC_PAYROLL")->second.text(), HasSubstr("机关公务员"));
  const auto text = report::RenderText(response_.envelope());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("近亲属备案"));
}

// Neither a stranger's marriage nor a register's death takes anybody in or out.
TEST_F(DiscrepanciesTest, TheSpouseIsNeverAskedAboutAndWhoBelongsStaysOpen) {
  Verify();
  for (const v1::SourceOutcome& outcome : response_.outcomes()) {
    EXPECT_THAT(outcome.person_id(), ::testing::AnyOf("m1", "m2", "m3", "o1"));
  }
  EXPECT_EQ(LineOf(response_.envelope(), LINE_KIND_TEST, "dead", "m2").value().truth(),
            report::v1::TRUTH_UNDETERMINED);
  EXPECT_EQ(LineOf(response_.envelope(), LINE_KIND_TEST, "members_complete").value().truth(),
            report::v1::TRUTH_UNDETERMINED);
}

TEST_F(DiscrepanciesTest, OfTheMatterItselfNoAidIsReceivedElsewhere) {
  Scenario::Replace(&scenario_.simulation_yaml, "XJ-2024-000077", "XQ-2025-000402");
  Verify();
  EXPECT_EQ(Codes().count("m3 ALREADY_ASSISTED"), 0u);
}

// What a silent source would have shown is not said, and what others show is.
TEST_F(DiscrepanciesTest, ASilentSourceMakesNoneAndHidesNone) {
  Scenario::AddToSource(&scenario_.simulation_yaml, "nx-social-security",
                        "faults: [{kind: unavailable}]");
  Verify();
  const auto codes = Codes();
  EXPECT_EQ(codes.count("m1 EMPLOYMENT_FOUND"), 0u);
  EXPECT_EQ(codes.count("m2 DEATH_CONTRADICTED"), 0u);
  EXPECT_EQ(codes.count("m2 DEATH_FOUND"), 1u);
  EXPECT_EQ(codes.count("o1 PUBLIC_PAYROLL"), 1u);
}

TEST_F(DiscrepanciesTest, WhatIsDeclaredIsNone) {
  hedui::v1::Person& applicant = *scenario_.household.mutable_persons(0);
  ASSERT_EQ(applicant.person_id(), "m1");
  applicant.clear_declared();
  hedui::v1::Record& share = *applicant.add_declared();
  share.set_kind("shareholding");
  hedui::v1::Field& code = *share.add_fields();
  code.set_name("credit_code");
  code.set_text("91350100M000100Y43");
  Verify();
  const auto codes = Codes();
  EXPECT_EQ(codes.count("m1 EMPLOYMENT_FOUND"), 0u);
  EXPECT_EQ(codes.count("m1 UNDECLARED_SHAREHOLDING"), 0u);
  EXPECT_EQ(codes.count("m1 UNDECLARED_OFFICE"), 0u);
  EXPECT_EQ(codes.count("m1 UNDECLARED_INSURANCE"), 1u);
}

}  // namespace
}  // namespace hedui::testing
