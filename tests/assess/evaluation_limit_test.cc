// That an assessment ends, whatever the rules and the case.
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {
namespace {

TEST(EvaluationLimitTest, LoopsWithinLoopsOverEverybodyAreRefusedInTime) {
  Overlay overlay;
  overlay.Write("990000", R"(documents: {T: {title: 示例}}
quantities:
  within:
    label: 循环
    type: ratio
    rows:
      - from: 2020-01-01
        value: >-
          persons.sum(a, persons.sum(b, persons.sum(c, persons.sum(d, persons.sum(e,
          persons.sum(f, 1))))))
        clause: T 第一条
        trust: verified
)");
  const auto pack = overlay.Load();
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  Case c;
  c.division = "990000";
  c.dates.application = c.dates.policy = absl::CivilDay(2025, 3, 3);
  const auto assessed = [&](size_t persons) {
    c.persons.resize(persons);
    for (size_t i = 0; i < persons; ++i) c.persons[i].id = absl::StrCat("p", i);
    return Assess(**pack, c).status();
  };
  EXPECT_TRUE(assessed(8).ok());
  // 40 to the sixth is four thousand million.
  const absl::Status refused = assessed(40);
  EXPECT_EQ(refused.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(base::ReasonOf(refused), "EVALUATION_LIMIT");
}

TEST(EvaluationLimitTest, AnAssessmentThatWouldBlameEverythingForEverythingIsRefused) {
  Overlay overlay;
  std::string text = "documents: {T: {title: 示例}}\nquantities:\n";
  for (int i = 0; i < 400; ++i) {
    absl::StrAppend(
        &text, "  all_wages_", i, ":\n    label: 全部工资\n    type: money\n    rows:\n",
        "      - from: 2020-01-01\n",
        "        value: persons.sum(a, a.wage.during(months_before(policy_day, ",
        "months(1))).sum(w, w.amount))\n", "        clause: T 第一条\n        trust: verified\n");
  }
  overlay.Write("649999", text);
  const auto pack = overlay.Load();
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  // Nobody has answered, and of each person hundreds of sources were asked.
  const auto assessed = [&](int sources) {
    std::string household =
        "division: \"649999\"\ndates: {application: 2025-03-03, policy: 2025-03-03}\npersons:\n";
    for (int i = 0; i < 40; ++i) {
      absl::StrAppend(&household, "  - {id: p", i, ", relation: other}\n");
    }
    absl::StrAppend(&household, "answers:\n");
    for (int i = 0; i < sources; ++i) {
      absl::StrAppend(&household, "  - {person: all, category: [employment, tax], source: s", i,
                      ", kind: unavailable}\n");
    }
    const auto file = ParseCaseFile("case", household, **pack);
    EXPECT_TRUE(file.ok()) << file.status().message();
    return Assess(**pack, file->value).status();
  };
  EXPECT_TRUE(assessed(1).ok());
  const absl::Status refused = assessed(100);
  EXPECT_EQ(base::ReasonOf(refused), "EVALUATION_LIMIT") << refused;
}

}  // namespace
}  // namespace hedui::assess
