// People whom the application may leave out: a list of obligors says nothing of those not on it.
#include <string>

#include "gtest/gtest.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {
namespace {

constexpr char kRules[] = R"yaml(
documents: {T: {title: 测试}}
tests:
  young:
    label: 未满六十周岁
    of: person
    rows: [{from: 2021-10-01, value: "age(p.birth, policy_day) < years(60)", clause: T 一, trust: assumed}]
  everyone_old:
    label: 义务人均已满六十周岁
    rows: [{from: 2021-10-01, value: "obligors.all(x, !x.young)", clause: T 一, trust: assumed}]
  somebody_young:
    label: 有未满六十周岁的义务人
    rows: [{from: 2021-10-01, value: "obligors.exists(x, x.young)", clause: T 一, trust: assumed}]
  parents_listed:
    label: 列为成员的均非义务人
    rows: [{from: 2021-10-01, value: "persons.all(x, x.role == 'member')", clause: T 一, trust: assumed}]
  somebody_listed:
    label: 有人列为成员
    rows: [{from: 2021-10-01, value: "persons.exists(x, x.role == 'member')", clause: T 一, trust: assumed}]
  unlisted_role:
    label: 未列出的义务人不是成员
    rows: [{from: 2021-10-01, value: "obligors.all(x, x.role == 'obligor')", clause: T 一, trust: assumed}]
quantities:
  number:
    label: 义务人数
    type: count
    rows: [{from: 2021-10-01, value: "obligors.size()", clause: T 一, trust: assumed}]
)yaml";

std::string WithCompleteness(const std::string& expression) {
  std::string text = kRules;
  const std::string tests = "tests:\n";
  const std::string rule =
      "  obligors_complete:\n    label: 义务人已列全\n    rows: [{from: 2021-10-01, value: \"" +
      expression + "\", clause: T 一, trust: assumed}]\n";
  return text.insert(text.find(tests) + tests.size(), rule);
}

std::string Household(const std::string& obligors) {
  return R"yaml(
division: "649993"
scope: urban
dates: {application: 2025-03-03, policy: 2025-03-03}
persons:
  - {id: applicant, relation: applicant, sex: male, birth: 1949-05-12}
)yaml" + obligors +
         R"yaml(
answers:
  - {person: applicant, category: hukou, source: h, kind: unavailable, reason: late}
)yaml";
}

constexpr char kOldObligor[] =
    "  - {id: brother, role: obligor, relation: sibling, birth: 1950-01-01}";
constexpr char kYoungObligor[] = "  - {id: son, role: obligor, relation: child, birth: 1980-01-01}";

void Expect(const Assessment& result, const std::string& id, const std::string& text) {
  const TraceEntry* entry = result.Find(id);
  ASSERT_NE(entry, nullptr) << id;
  EXPECT_EQ(entry->value.text, text) << id;
  EXPECT_EQ(entry->value.exact, entry->blame.empty()) << id;
}

TEST(UnlistedObligorsTest, AnEmptyListSaysNothingWhereNoRuleSaysThatItIsComplete) {
  Overlay overlay;
  overlay.Write("649993", kRules);
  const Assessment result = overlay.Assess(Household(""));
  Expect(result, "everyone_old", "UNDETERMINED");
  Expect(result, "somebody_young", "UNDETERMINED");
  Expect(result, "number", "[0, +∞)");
  ASSERT_EQ(result.Find("everyone_old")->blame.size(), 1u);
  EXPECT_EQ(result.Find("everyone_old")->blame[0].kind, BlameKind::kPolicyRow);
  EXPECT_EQ(result.Find("everyone_old")->blame[0].policy, "obligors_complete");
  // Members are another list, of which the register of residence has yet to say whether it is
  // whole.
  EXPECT_EQ(result.Find("parents_listed")->value.text, "TRUE");
  EXPECT_TRUE(result.Find("parents_listed")->marks.unproven);
  EXPECT_TRUE(result.Find("somebody_listed")->blame.empty());
  // An obligor is one whoever they are.
  Expect(result, "unlisted_role", "TRUE");
}

TEST(UnlistedObligorsTest, WhatAListedOneSettlesStands) {
  Overlay overlay;
  overlay.Write("649993", kRules);
  const Assessment result = overlay.Assess(Household(kYoungObligor));
  Expect(result, "everyone_old", "FALSE");
  Expect(result, "somebody_young", "TRUE");
  Expect(result, "number", "[1, +∞)");
}

TEST(UnlistedObligorsTest, ARuleThatSaysSoClosesTheList) {
  Overlay overlay;
  overlay.Write("649993", WithCompleteness("true"));
  const Assessment none = overlay.Assess(Household(""));
  Expect(none, "everyone_old", "TRUE");
  Expect(none, "number", "0");
  const Assessment one = overlay.Assess(Household(kOldObligor));
  Expect(one, "somebody_young", "FALSE");
  Expect(one, "number", "1");
  // That nobody is missing is a premise that nobody has verified.
  EXPECT_TRUE(one.Find("number")->marks.assumed);
}

TEST(UnlistedObligorsTest, ARuleThatWaitsForAnAnswerPassesItsBlameOn) {
  Overlay overlay;
  overlay.Write("649993", WithCompleteness("persons.all(x, answered(x, 'hukou'))"));
  const Assessment result = overlay.Assess(Household(kOldObligor));
  Expect(result, "everyone_old", "UNDETERMINED");
  ASSERT_EQ(result.Find("everyone_old")->blame.size(), 1u);
  EXPECT_EQ(result.Find("everyone_old")->blame[0].category, "hukou");
}

TEST(UnlistedObligorsTest, WhereOneIsSurelyMissingTheTestItselfIsToBlame) {
  Overlay overlay;
  overlay.Write("649993", WithCompleteness("1 > 2"));
  const Assessment result = overlay.Assess(Household(kOldObligor));
  Expect(result, "everyone_old", "UNDETERMINED");
  ASSERT_EQ(result.Find("everyone_old")->blame.size(), 1u);
  EXPECT_EQ(result.Find("everyone_old")->blame[0].kind, BlameKind::kIdentity);
}

// What is held together counts once who belongs is known. For one who is missing everything is
// computed later than for those listed, in the same order: they are to know no more.
TEST(UnlistedObligorsTest, TheMissingDoNotKnowEarlierThanTheListedWhoBelongs) {
  Overlay overlay;
  overlay.Write("000000", R"yaml(
documents: {T: {title: 测试}}
categories: {vehicle: 车辆}
facts:
  vehicle: {label: 车辆, by: state, categories: [vehicle], fields: {plate: {label: 号牌, type: text}}}
evidence:
  vehicle: {rows: [{from: 2021-10-01, complete_by: [vehicle], clause: T 一, trust: assumed}]}
quantities:
  cars:
    label: 户内车辆数
    type: count
    of: person
    rows: [{from: 2021-10-01, value: "persons.sum(x, x.vehicle.size())", clause: T 一, trust: assumed}]
tests:
  is_member:
    label: 成员
    of: person
    rows: [{from: 2021-10-01, value: "p.cars >= 1", clause: T 一, trust: assumed}]
  obligors_complete:
    label: 义务人已列全
    rows: [{from: 2021-10-01, value: "members.size() > 9", clause: T 一, trust: assumed}]
  one_car:
    label: 义务人处均为一辆
    rows: [{from: 2021-10-01, value: "obligors.all(x, x.cars == 1)", clause: T 一, trust: assumed}]
  one_or_two_cars:
    label: 义务人处均为一至两辆
    rows: [{from: 2021-10-01, value: "obligors.all(x, x.cars >= 1 && x.cars <= 2)", clause: T 一, trust: assumed}]
)yaml");
  const auto pack = overlay.LoadAlone();
  ASSERT_TRUE(pack.ok()) << pack.status();
  auto file = ParseCaseFile("case", R"yaml(
division: "649993"
scope: urban
dates: {application: 2025-03-03, policy: 2025-03-03}
persons:
  - {id: applicant, relation: applicant, sex: male, birth: 1949-05-12}
  - {id: spouse, relation: spouse, sex: female, birth: 1950-01-01}
answers:
  - person: [applicant, spouse]
    category: vehicle
    source: v
    kind: found
    facts: [{kind: vehicle, plate: 宁A00001}]
)yaml",
                            **pack);
  ASSERT_TRUE(file.ok()) << file.status();
  Case& household = file->value;
  ASSERT_EQ(household.facts.facts.size(), 2u);
  household.facts.facts[1].held_with = 0;
  const auto result = assess::Assess(**pack, household);
  ASSERT_TRUE(result.ok()) << result.status();
  Expect(*result, "one_car", "UNDETERMINED");
  Expect(*result, "one_or_two_cars", "TRUE");
}

TEST(UnlistedObligorsTest, ThePolicyMustMeanAHouseholdsTest) {
  Overlay overlay;
  overlay.Write("649993", R"yaml(
documents: {T: {title: 测试}}
tests:
  obligors_complete:
    label: 测试
    of: person
    rows: [{from: 2021-10-01, value: "true", clause: T 一, trust: assumed}]
)yaml");
  const auto pack = overlay.Load();
  ASSERT_FALSE(pack.ok());
  EXPECT_NE(pack.status().message().find("TYPE_MISMATCH"), absl::string_view::npos);
}

}  // namespace
}  // namespace hedui::assess
