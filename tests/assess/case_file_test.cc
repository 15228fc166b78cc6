#include "server/assess/case_file.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/base/status.h"
#include "tests/assess/test_packs.h"

namespace hedui::assess {
namespace {

using ::testing::HasSubstr;

constexpr char kBroken[] = R"(division: "6401"
scope: suburban
dates: {application: 2025-02-30, policy: 2025-03-03}
persons:
  - {id: a, relation: uncle}
  - {id: a, relation: child, colour: red}
  - id: b
    relation: child
    sex: m
    declared:
      - {kind: lottery, amount: 5}
      - {kind: wage, month: 2025-2, amount: 1.234, bonus: 3}
answers:
  - {person: c, category: tax, source: s, kind: found}
  - {person: a, category: lottery, source: s, kind: found}
  - {person: a, category: tax, source: s, kind: perhaps, reason: rain, digest: xyz}
  - {person: a, category: tax, kind: found, complete: maybe}
expect:
  - {value: "1"}
)";

TEST(CaseFileTest, EveryDefectIsListedWithLineAndField) {
  const auto file = ParseCaseFile("case.yaml", kBroken, TestPack());
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(base::ReasonOf(file.status()), "CASE_FILE");
  std::vector<std::string> starts;
  for (absl::string_view line : absl::StrSplit(file.status().message(), '\n')) {
    // "case.yaml:line: CODE: field: …"
    const std::vector<absl::string_view> parts = absl::StrSplit(line, ": ");
    ASSERT_GE(parts.size(), 4u) << line;
    starts.push_back(absl::StrCat(parts[0], " ", parts[1], " ", parts[2]));
  }
  EXPECT_EQ(starts, (std::vector<std::string>{
                        "case.yaml:1 BAD_VALUE division",
                        "case.yaml:2 BAD_VALUE scope",
                        "case.yaml:3 BAD_DATE dates.application",
                        "case.yaml:5 UNKNOWN_CODE persons[0].relation",
                        "case.yaml:6 UNKNOWN_KEY persons[1]",
                        "case.yaml:6 DUPLICATE_PERSON persons[1].id",
                        "case.yaml:9 UNKNOWN_CODE persons[2].sex",
                        "case.yaml:11 UNKNOWN_KIND persons[2].declared[0].kind",
                        "case.yaml:12 BAD_VALUE persons[2].declared[1].month",
                        "case.yaml:12 BAD_VALUE persons[2].declared[1].amount",
                        "case.yaml:12 UNKNOWN_FIELD persons[2].declared[1].bonus",
                        "case.yaml:14 UNKNOWN_PERSON answers[0].person",
                        "case.yaml:15 UNKNOWN_CATEGORY answers[1].category",
                        "case.yaml:16 UNKNOWN_CODE answers[2].kind",
                        "case.yaml:16 UNKNOWN_CODE answers[2].reason",
                        "case.yaml:16 BAD_VALUE answers[2].digest",
                        "case.yaml:17 MISSING_KEY answers[3]",
                        "case.yaml:17 BAD_VALUE answers[3].complete",
                        "case.yaml:19 MISSING_KEY expect[0]",
                    }));
}

TEST(CaseFileTest, WhatCannotBeIsADefect) {
  std::vector<CaseDefect> defects;
  EXPECT_FALSE(ParseCase(R"(division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: "", relation: applicant}]
answers:
  - {person: "", category: tax, source: s, kind: confirmed_none, covered: {from: 2025-03-01, to: 2025-02-01}}
)",
                         TestPack(), &defects)
                   .has_value());
  std::vector<std::string> fields;
  for (const CaseDefect& defect : defects) fields.push_back(defect.field);
  EXPECT_EQ(fields, (std::vector<std::string>{"persons[0].id", "answers[0].covered"}));
}

// One defect of an answer hides none of the others, and they stand by line.
TEST(CaseFileTest, WhatIsNobodysIsReadAllTheSame) {
  std::vector<CaseDefect> defects;
  EXPECT_FALSE(ParseCase(R"(division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: a, relation: applicant}]
answers:
  - person: b
    category: [tax, nothing]
    source: s
    kind: found
    facts:
      - {kind: wage, month: [2025-02], amount: 12}
      - {kind: wage, bonus: 3}
  - source: s
    kind: found
    facts: [{kind: wage, amount: {a: b}}]
)",
                         TestPack(), &defects)
                   .has_value());
  std::vector<std::string> told;
  for (const CaseDefect& defect : defects)
    told.push_back(absl::StrCat(defect.line, " ", defect.code, " ", defect.field));
  EXPECT_EQ(told,
            (std::vector<std::string>{
                "5 UNKNOWN_PERSON answers[0].person", "6 UNKNOWN_CATEGORY answers[0].category",
                "10 WRONG_SHAPE answers[0].facts[0].month",
                "11 UNKNOWN_FIELD answers[0].facts[1].bonus", "12 MISSING_KEY answers[1]",
                "12 MISSING_KEY answers[1]", "14 WRONG_SHAPE answers[1].facts[0].amount"}));
}

TEST(CaseFileTest, DefectsRepeatNothingOfTheCaseButInWhatWasSaid) {
  std::vector<CaseDefect> defects;
  EXPECT_FALSE(ParseCase(R"(division: "张三"
scope: 张三
scope: 张三
张三: 张三
dates: {application: 张三, policy: 张三}
persons:
  - {id: 张三, relation: 张三, role: 张三, birth: 张三, sex: 张三, 张三: 张三}
  - {id: 张三, relation: child, declared: [{kind: wage, 张三: 1, amount: 张三}, {kind: 张三}]}
answers:
  - {person: 李四, category: tax, source: s, kind: found}
  - {person: 张三, category: 张三, source: s, kind: 张三, digest: 张三, complete: 张三}
  - {person: 张三, category: tax, source: s, kind: found, facts: [{kind: wage, doubtful: [张三]}]}
)",
                         TestPack(), &defects)
                   .has_value());
  size_t said = 0;
  for (const CaseDefect& defect : defects) {
    EXPECT_GT(defect.line, 0);
    for (const std::string& part : {defect.code, defect.field, defect.text}) {
      EXPECT_EQ(part.find("张三"), std::string::npos) << defect.ToString("case.yaml");
      EXPECT_EQ(part.find("李四"), std::string::npos) << defect.ToString("case.yaml");
    }
    said += defect.said.empty() ? 0 : 1;
  }
  EXPECT_GE(defects.size(), 15u);
  EXPECT_GE(said, 7u);
}

TEST(CaseFileTest, ListsThatMultiplyEndAtALimit) {
  const std::string start = R"(division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: a, relation: applicant}, {id: b, relation: spouse}]
answers:
)";
  auto last = [&](const std::string& answers) {
    std::vector<CaseDefect> defects;
    EXPECT_FALSE(ParseCase(start + answers, TestPack(), &defects).has_value());
    return defects.empty() ? CaseDefect() : defects.back();
  };
  std::string many, facts, unknown;
  for (int i = 0; i < 20'000; ++i) {
    absl::StrAppend(&many, "tax,");
    absl::StrAppend(&unknown, "x,");
    absl::StrAppend(&facts, "{kind: wage},");
  }
  EXPECT_EQ(last(absl::StrCat("  - {person: all, category: [", many,
                              "], source: s, kind: confirmed_none}\n"))
                .code,
            "LIMIT");
  EXPECT_EQ(last(absl::StrCat("  - {person: all, category: tax, source: s, kind: found, facts: [",
                              facts, "]}\n"))
                .code,
            "LIMIT");
  std::vector<CaseDefect> defects;
  EXPECT_FALSE(ParseCase(absl::StrCat(start, "  - {person: [", unknown, "], category: [", unknown,
                                      "], source: s, kind: found}\n"),
                         TestPack(), &defects)
                   .has_value());
  EXPECT_EQ(defects.size(), kCaseDefectsMax);
  std::string persons = "division: \"640104\"\npersons:\n";
  for (int i = 0; i < 41; ++i) {
    absl::StrAppend(&persons, "  - {id: p", i, ", relation: other}\n");
  }
  defects.clear();
  EXPECT_FALSE(ParseCase(persons, TestPack(), &defects).has_value());
  EXPECT_EQ(defects.back().ToString("c"), "c:43: LIMIT: persons[40]: more than 40 persons");
}

TEST(CaseFileTest, ListsOfPersonsAndCategoriesStandForEveryCombination) {
  const auto file = ParseCaseFile("case.yaml", R"(division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: a, relation: applicant}, {id: b, relation: spouse}]
answers:
  - {person: all, category: [tax, business], source: s, kind: confirmed_none}
  - {person: b, category: deposit, source: bank, kind: found, facts: [{kind: deposit, amount: 12.5}]}
)",
                                  TestPack());
  ASSERT_TRUE(file.ok()) << file.status().message();
  const base::Facts& facts = file->value.facts;
  ASSERT_EQ(facts.answers.size(), 5u);
  EXPECT_EQ(facts.answers[1].person_id, "a");
  EXPECT_EQ(facts.answers[1].category, "business");
  ASSERT_EQ(facts.facts.size(), 1u);
  EXPECT_EQ(facts.facts[0].answer, 4);
  EXPECT_EQ(std::get<base::Money>(*facts.facts[0].record.Find("amount")).fen(), 1250);
  EXPECT_TRUE(facts.answers[4].complete);
}

TEST(CaseFileTest, UnmetExpectationsSayWhatIs) {
  const auto file = ParseCaseFile("case.yaml", R"(division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: a, relation: applicant}]
expect:
  - {id: dibao_income_test, value: "TRUE", blame: []}
  - {id: no_such_thing, value: "1"}
  - {programme: dibao, result: "TRUE", robust: true, amount: "1.00"}
  - {programme: housing, result: "TRUE"}
  - {error: NO_POLICY_SET}
  - {next_change: never}
)",
                                  TestPack());
  ASSERT_TRUE(file.ok()) << file.status().message();
  const std::vector<std::string> unmet = UnmetExpectations(*file, Assess(TestPack(), file->value));
  ASSERT_EQ(unmet.size(), 9u) << absl::StrJoin(unmet, "\n");
  EXPECT_EQ(unmet[0], "line 5: dibao_income_test value: expected TRUE, is UNDETERMINED");
}

TEST(CaseFileTest, AnExpectationOfNothingSaysWhatThereIs) {
  const auto file = ParseCaseFile("case.yaml", R"(division: "640104"
scope: urban
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: a, relation: applicant, birth: 1980-01-01}]
expect:
  - {id: dibao_standard, value: "1100"}
  - {id: adult_age, value: "18"}
  - {id: age, value: "45"}
  - {id: age, person: b, value: "45"}
  - {id: member_count, person: a, value: "1"}
  - {id: no_such_thing, value: "1"}
  - {programme: dibao, person: a, result: "TRUE"}
  - {programme: dibao, amount_blame: []}
)",
                                  TestPack());
  ASSERT_TRUE(file.ok()) << file.status().message();
  const std::vector<std::string> unmet = UnmetExpectations(*file, Assess(TestPack(), file->value));
  ASSERT_EQ(unmet.size(), 8u) << absl::StrJoin(unmet, "\n");
  const char* const parts[] = {
      "is none: a parameter, whose row says 1100; only quantities and tests can be expected",
      "is none: a parameter, whose row says 18",
      "is none of the household: it is a person's, add person: a",
      "is none: it is of a",
      "is none of a person: it is the household's, leave out person",
      "is none: nothing of this name is computed here on this day",
      "is none of a person: it is the household's, leave out person",
      "dibao amount_blame: expected , is /"};
  for (size_t i = 0; i < 8; ++i) EXPECT_THAT(unmet[i], HasSubstr(parts[i]));
}

TEST(CaseFileTest, WhatOnlyAProgrammeHasIsExpectedOfNothingElse) {
  for (const char* key :
       {"amount: \"1.00\"", "amount_blame: []", "robust: true", "validity: 12 months"}) {
    const auto file = ParseCaseFile("case.yaml",
                                    absl::StrCat(R"(division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: a, relation: applicant}]
expect:
  - {id: dibao_income_test, )",
                                                 key, "}\n"),
                                    TestPack());
    EXPECT_THAT(file.status().message(), HasSubstr("only a programme has it")) << key;
  }
}

TEST(AssessorTest, CasesThatAreNotWellFormedAreRefused) {
  Case c;
  c.division = "640104";
  c.dates.policy = c.dates.application = absl::CivilDay(2025, 3, 3);
  auto reason = [&c] { return base::ReasonOf(Assess(TestPack(), c).status()); };
  EXPECT_EQ(reason(), "CASE");  // nobody
  c.persons.resize(1);
  c.persons[0].id = "a";
  EXPECT_TRUE(Assess(TestPack(), c).ok());
  c.facts.facts.resize(1);
  c.facts.facts[0].person_id = "b";
  c.facts.facts[0].declared = true;
  EXPECT_EQ(reason(), "CASE");  // nobody listed
  c.facts.facts[0].person_id = "a";
  EXPECT_TRUE(Assess(TestPack(), c).ok());
  c.facts.facts[0].answer = 0;
  EXPECT_EQ(reason(), "CASE");  // declared and found at once
  c.facts.facts[0].declared = false;
  EXPECT_EQ(reason(), "CASE");  // no such answer
  c.facts.facts.clear();
  c.persons.resize(2);
  c.persons[1].id = "a";
  EXPECT_EQ(reason(), "CASE");  // one id twice
  c.persons.resize(41);
  EXPECT_EQ(reason(), "CASE");  // too many
}

TEST(CaseFileTest, SaysOfItselfWhyAndWhenItIsVerified) {
  constexpr char kSaid[] = R"(division: "640104"
check_kind: spot_check
staff_relative: false
dates: {application: 2025-03-03, acceptance: 2025-03-04, request: 2025-03-07, policy: 2025-03-10}
persons:
  - {id: a, relation: applicant}
)";
  const auto said = ParseCaseFile("case.yaml", kSaid, TestPack());
  ASSERT_TRUE(said.ok()) << said.status().message();
  EXPECT_EQ(said->value.check_kind, base::CheckKind::kSpotCheck);
  EXPECT_EQ(said->value.staff_relative, false);
  EXPECT_EQ(said->value.dates.acceptance, absl::CivilDay(2025, 3, 4));
  EXPECT_EQ(said->value.request_day, absl::CivilDay(2025, 3, 7));
  constexpr char kSilent[] = R"(division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-10}
persons:
  - {id: a, relation: applicant}
)";
  const auto silent = ParseCaseFile("case.yaml", kSilent, TestPack());
  ASSERT_TRUE(silent.ok()) << silent.status().message();
  EXPECT_EQ(silent->value.check_kind, std::nullopt);
  EXPECT_EQ(silent->value.staff_relative, std::nullopt);
  EXPECT_EQ(silent->value.request_day, std::nullopt);
  const auto wrong = ParseCaseFile(
      "case.yaml", absl::StrReplaceAll(kSaid, {{"spot_check", "curiosity"}}), TestPack());
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.status().message().find("case.yaml:2: UNKNOWN_CODE: case.check_kind"),
            absl::string_view::npos)
      << wrong.status().message();
}

}  // namespace
}  // namespace hedui::assess
