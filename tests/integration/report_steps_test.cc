// What a report says of a policy set that is not ours: its kinds, fields and codes have the names
// that its files give them.
#include "server/report_steps.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/report/v1/report.pb.h"
#include "server/assess/policy_pack.h"
#include "server/base/dates.h"
#include "server/base/ids.h"
#include "server/rooms.h"

namespace hedui::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr char kPolicies[] = R"yaml(
division: "000000"
documents: {T: {title: 测试办法}}
categories: {machinery: 农机登记}
codes:
  machine: {label: 农机, values: {harvester: 收割机, seeder: 播种机}}
  tier: {label: 档次, values: {upper: 一档, lower: 二档}}
facts:
  farm_machine:
    label: 大型农机
    by: state
    categories: [machinery]
    fields:
      make: {label: 机型, type: code(machine)}
      blades: {label: 刀片数, type: count}
evidence:
  farm_machine:
    rows: [{from: 2020-01-01, complete_by: [machinery], clause: T 一, trust: verified}]
quantities:
  support_tier:
    label: 补助档次
    of: household
    type: code(tier)
    rows:
      - {from: 2020-01-01, value: "members.exists(m, m.farm_machine.exists(f, f.make == 'harvester' && f.blades > 3)) ? 'lower' : 'upper'", clause: T 二, trust: verified}
tests:
  any_tier:
    label: 有档次
    of: household
    rows: [{from: 2020-01-01, value: "support_tier in ['upper', 'lower']", clause: T 二, trust: verified}]
programmes:
  aid:
    label: 补助
    rows: [{from: 2020-01-01, indication: any_tier, clause: T 三, trust: verified}]
)yaml";

std::vector<std::string> TextsOf(const report::Draft& draft) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < draft.lines.size(); ++i) {
    report::v1::Line line;
    EXPECT_TRUE(line.ParseFromString(std::string(draft.lines[i])));
    texts.push_back(line.label() + "：" + line.text());
  }
  return texts;
}

TEST(ReportStepsTest, WhatPoliciesNameStandsInReportsByTheirWords) {
  const auto pack = assess::PolicyPack::LoadFiles({{"national/aid.yaml", kPolicies}});
  ASSERT_TRUE(pack.ok()) << pack.status();
  hedui::Setup setup;
  setup.policies = *pack;
  base::SecureIdSource ids;
  Rooms rooms;
  rooms.ids = &ids;
  report::CaseBundle bundle;
  bundle.frame.programmes = {"aid"};
  bundle.frame.verification_id = ids.NextId(absl::UnixEpoch());
  bundle.frame.authorizations = {{"m1", true, "", "SQ-1", ""}};
  bundle.frame.sources = {{"nx-machinery", "农机监理站", "county"}};
  bundle.input.household.division = "640104";
  bundle.input.household.persons.resize(1);
  bundle.input.household.persons[0].id = "m1";
  bundle.input.household.persons[0].relation = base::Relation::kApplicant;
  bundle.input.dates.application = bundle.input.dates.policy = absl::CivilDay(2025, 3, 3);
  match::SourceOutcome found;
  found.source_id = "nx-machinery";
  found.answer.person_id = "m1";
  found.answer.category = "machinery";
  found.answer.kind = base::AnswerKind::kFound;
  found.answer.complete = true;
  found.answer.covered = {absl::CivilDay(2020, 1, 1), absl::CivilDay(2026, 1, 1)};
  // How many blades it has is not told.
  found.answer.records = {{"farm_machine", {{"make", std::string("harvester")}}}};
  bundle.input.outcomes = {found};
  const auto made = MakeReport(rooms, setup, bundle, base::StartOfDay(absl::CivilDay(2025, 3, 3)));
  ASSERT_TRUE(made.ok()) << made.status();
  const std::vector<std::string> texts = TextsOf(made->draft);
  EXPECT_THAT(texts, Contains(AllOf(HasSubstr("大型农机"), HasSubstr("机型 收割机"))));
  EXPECT_THAT(texts, Contains(AllOf(HasSubstr("补助档次"), HasSubstr("一档 或 二档"))));
}

}  // namespace
}  // namespace hedui::testing
