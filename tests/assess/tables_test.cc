// Parameters chosen by numbers and by what is given, what can be asked of their rows, and sets of
// codes: each expression is put into a small policy and evaluated for one household.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "tests/assess/expression_rows.h"

namespace hedui::assess {
namespace {

constexpr char kNation[] = R"POLICY(
documents: {T: {title: 测试}}
codes:
  stage: {label: 学段, values: {primary: 小学, senior: 高中, college: 大学}}
  nature: {label: 性质, values: {pension: 养老金, aid: 救助, prize: 奖金}}
categories: {school: 学籍}
facts:
  study:
    label: 就学
    by: state
    categories: [school]
    fields: {stage: {label: 学段, type: code(stage)}, fee: {label: 学费, type: money, min: 0}}
evidence:
  study: {rows: [{from: 2021-01-01, complete_by: [school], clause: T 一, trust: verified}]}
parameters:
  grade:
    label: 级
    type: count
    rows: [{from: 2021-01-01, value: 2, clause: T 一, trust: verified}]
  # By completed years, and by sex; men of 61 and more have no row.
  share:
    label: 比例
    type: ratio
    keys: [sex, years_old]
    rows:
      - {from: 2021-01-01, key: {sex: male, years_old: {from: 18, to: 51}}, value: 1, clause: T 一, trust: assumed}
      - {from: 2021-01-01, key: {sex: male, years_old: {from: 51, to: 61}}, value: 0.5, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {sex: male, years_old: {to: 18}}, value: 0, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {sex: female}, value: 0.25, clause: T 一, trust: verified}
  by_grade:
    label: 按级
    type: money
    keys: [grade]
    rows:
      - {from: 2021-01-01, key: {grade: 1}, value: 10, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {grade: 2}, value: 20, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {grade: {over: 2}}, value: 30, clause: T 一, trust: verified}
  cap:
    label: 学费限额
    type: money
    min: 0
    keys: [{name: stage, type: code(stage)}]
    rows:
      - {from: 2021-01-01, key: {stage: primary}, value: 0, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {stage: senior}, value: 800, clause: T 一, trust: assumed}
  support:
    label: 赡养比例
    type: ratio
    keys: [{name: children, type: count}]
    rows:
      - {from: 2021-01-01, key: {children: {upto: 2}}, value: 50 %, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {children: 3}, value: 40 %, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {children: {over: 3}}, value: 30 %, clause: T 一, trust: verified}
  tier:
    label: 档
    type: money
    delegate: {to: [county]}
    keys: [scope, {name: income, type: money}]
    rows:
      - {from: 2021-01-01, key: {scope: urban, income: {to: 100}}, value: 500, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {scope: urban, income: {from: 100, upto: 200}}, value: 400, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {scope: urban, income: {over: 200}}, value: 300, clause: T 一, trust: verified}
      - {from: 2021-01-01, to: 2023-01-01, key: {scope: rural}, value: 1, clause: T 一, trust: verified}
  mine:
    label: 个人的
    type: money
    keys: [sex, {name: n, type: ratio}]
    rows: [{from: 2021-01-01, key: {sex: male, n: {from: 1/2}}, value: 7, clause: T 一, trust: verified}]
  everywhere:
    label: 任何
    type: money
    keys: [{name: stage, type: code(stage)}]
    rows: [{from: 2021-01-01, value: 9, clause: T 一, trust: verified}]
  aid: {label: 救助, type: codes(nature), rows: [{from: 2021-01-01, value: [aid], clause: T 一, trust: assumed}]}
  prizes:
    label: 奖
    type: codes(nature)
    keys: [scope]
    rows: [{from: 2021-01-01, key: {scope: urban}, value: [prize], clause: T 一, trust: verified}]
quantities:
  years_old: {label: 年龄, of: person, type: years, rows: [{from: 2021-01-01, value: "age(p.birth, policy_day)", clause: T 一, trust: verified}]}
  c_aid: {label: 救助, type: code(nature), rows: [{from: 2021-01-01, value: "'aid'", clause: T 一, trust: verified}]}
  c_prize: {label: 奖金, type: code(nature), rows: [{from: 2021-01-01, value: "'prize'", clause: T 一, trust: verified}]}
  c_pension: {label: 养老金, type: code(nature), rows: [{from: 2021-01-01, value: "'pension'", clause: T 一, trust: verified}]}
  not_told: {label: 未知, type: count}
  unbounded: {label: 未知, type: money}
  open_code: {label: 未知, type: code(nature)}
  at_most_two: {label: 至多二, type: count, rows: [{from: 2021-01-01, value: "min(not_told, 2)", clause: T 一, trust: verified}]}
  excluded: {label: 不计, type: codes(nature), rows: [{from: 2021-01-01, value: "aid + prizes", clause: T 一, trust: verified}]}
)POLICY";

constexpr char kCase[] = R"(
division: "649992"
scope: urban
dates: {application: 2025-03-03, policy: 2025-03-03}
persons:
  - {id: man, relation: applicant, sex: male, birth: 1974-03-04, number: "1"}
  - {id: woman, relation: spouse, sex: female, number: "2"}
  - {id: son, relation: child, sex: male, number: "3"}
  - {id: kin, relation: child, number: "4"}
answers:
  - person: man
    category: school
    source: s
    kind: found
    facts:
      - {kind: study, stage: senior, fee: 900}
      - {kind: study, stage: kindergarten, fee: 10}
)";

constexpr ExpressionRow kRows[] = {
    // A man of 50, a woman and a boy of no known age, one of whom neither is known.
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.share)", "ratio", "1", "", "a"},
    {"persons.filter(x, x.relation == 'spouse').sum(x, x.share)", "ratio", "0.2500"},
    {"persons.filter(x, x.relation == 'spouse' || x.sex == 'female').all(x, x.share > 0)", "bool",
     "UNDETERMINED", "share[sex=male|female,years_old=[0, +∞)]", "a"},
    // A number looked up: one, a range of which each end is or is not part.
    {"by_grade", "money", "20.00"},
    // What is given chooses; where it is not known, whatever may be meant.
    {"cap('senior')", "money", "800.00", "", "a"},
    {"cap('college')", "money", "[0.00, +∞)", "cap[stage=college]"},
    {"everywhere('college')", "money", "9.00"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.study.filter(s, s.fee > "
     "yuan(100)).sum(s, min(s.fee, cap(s.stage))))",
     "money", "800.00", "", "a"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.study.sum(s, min(s.fee, "
     "cap(s.stage))))",
     "money", "[800.00, 810.00]", "cap[stage=primary|senior|college|…]", "a"},
    {"support(0)", "ratio", "0.5000"},
    {"support(2)", "ratio", "0.5000"},
    {"support(3)", "ratio", "0.4000"},
    {"support(4)", "ratio", "0.3000"},
    // Of counts nothing lies between two and three.
    {"support(not_told)", "ratio", "[0.3000, 0.5000]", "not_told"},
    {"support(at_most_two)", "ratio", "0.5000"},
    {"support(at_most_two + 1)", "ratio", "[0.4000, 0.5000]", "not_told"},
    {"support(persons.size() - 1)", "ratio", "0.4000"},
    // Ends of ranges, to the fen.
    {"tier(yuan(99.99))", "money", "500.00"},
    {"tier(yuan(100))", "money", "400.00"},
    {"tier(yuan(200))", "money", "400.00"},
    {"tier(yuan(200.01))", "money", "300.00"},
    {"tier(-yuan(5))", "money", "500.00"},
    {"tier(0)", "money", "500.00"},
    {"tier(max(min(unbounded, yuan(150)), yuan(120)))", "money", "400.00"},
    {"tier(max(min(unbounded, yuan(150)), yuan(99)))", "money", "[400.00, 500.00]", "unbounded"},
    {"tier(unbounded)", "money", "[300.00, 500.00]", "unbounded"},
    {"tier(yuan(1) / 0)", "money", "(-∞, +∞) UNDEFINED"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.mine(1 / 2))", "money", "7.00"},
    // A variable of an argument's own list leaves whose table it is.
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.mine(ratio(persons.count(y, y.relation "
     "== 'child'))))",
     "money", "7.00"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.mine(0.49))", "money", "(-∞, +∞)",
     "mine[sex=male,n=0.4900]"},
    // A list in what is given does not change whose table it is.
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.mine(persons.filter(y, true)"
     ".filter(z, true).sum(y, ratio(0)) + 1 / 2))",
     "money", "7.00"},
    // What the rows in force say.
    {"size(tier)", "count", "3"},
    {"highest(tier)", "money", "500.00"},
    {"lowest(tier)", "money", "300.00"},
    {"falling(tier)", "bool", "TRUE"},
    {"rising(tier)", "bool", "FALSE"},
    {"rising(by_grade)", "bool", "TRUE"},
    {"falling(support)", "bool", "TRUE"},
    {"highest(by_grade) - lowest(by_grade)", "money", "20.00"},
    {"size(cap)", "count", "2", "", "a"},
    {"size(grade)", "count", "1"},
    // Sets of codes.
    {"c_aid in aid + prizes", "bool", "TRUE", "", "a"},
    {"c_prize in excluded", "bool", "TRUE", "", "a"},
    {"c_pension in excluded", "bool", "FALSE", "", "a"},
    {"c_prize in excluded - ['prize']", "bool", "FALSE", "", "a"},
    {"open_code in aid + prizes", "bool", "UNDETERMINED", "open_code", "a"},
    {"open_code in aid + ['prize', 'pension']", "bool", "TRUE", "", "a"},
    {"['prize', 'aid'] - aid", "codes(nature)", "prize", "", "a"},
    {"[] + ['aid']", "codes(nature)", "aid"},
    {"scope == 'urban' ? aid : prizes", "codes(nature)", "aid", "", "a"},
    {"not_told > 1 ? aid : ['aid']", "codes(nature)", "aid", "", "a"},
    {"not_told > 1 ? aid : prizes", "codes(nature)", "pension|aid|prize", "not_told", "a"},
    {"(not_told > 1 ? aid : prizes) + ['pension']", "codes(nature)", "pension|aid|prize",
     "not_told", "a"},
};

TEST(TablesTest, GiveWhatTheyShould) {
  ExpectRows(kNation, "", kCase, {std::begin(kRows), std::end(kRows)});
}

// Rows of two keys that are not known: only a combination without one is missing.
TEST(TablesTest, EveryCombinationOfWhatIsNotKnownCounts) {
  std::string text = kCase;
  text.replace(text.find("scope: urban\n"), 13, "");
  ExpectRows(kNation, R"(parameters:
  two_keys:
    label: 两键
    type: money
    keys: [scope, open_code]
    rows:
      - {from: 2021-01-01, key: {scope: urban, open_code: [pension, aid]}, value: 1, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {scope: rural, open_code: [pension, aid]}, value: 2, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {scope: urban, open_code: prize}, value: 3, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {scope: rural, open_code: prize}, value: 4, clause: T 一, trust: verified}
  with_hole:
    label: 缺行
    type: money
    keys: [scope, open_code]
    rows:
      - {from: 2021-01-01, key: {scope: urban}, value: 1, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {scope: rural, open_code: [pension, aid]}, value: 2, clause: T 一, trust: verified}
  kept:
    label: 全
    type: money
    keys: [scope]
    rows:
      - {from: 2021-01-01, key: {scope: urban}, value: 5, clause: T 一, trust: verified}
      - {from: 2021-01-01, key: {scope: rural}, value: 6, clause: T 一, trust: verified}
  sets:
    label: 集
    type: codes(nature)
    keys: [scope]
    rows:
      - {from: 2021-01-01, key: {scope: urban}, value: [aid], clause: T 一, trust: assumed}
      - {from: 2021-01-01, key: {scope: rural}, value: [prize], clause: T 一, trust: verified}
)",
             text,
             {
                 {"two_keys", "money", "[1.00, 4.00]", "open_code"},
                 {"with_hole", "money", "(-∞, +∞)",
                  "open_code;with_hole[scope=urban|rural,open_code="
                  "pension|aid|prize]"},
                 {"kept", "money", "[5.00, 6.00]"},
                 {"sets", "codes(nature)", "pension|aid|prize", "", "a"},
                 {"tier(yuan(1))", "money", "(-∞, +∞)", "tier[scope=urban|rural,income=1.00]"},
                 {"size(tier)", "count", "[0, +∞)"},
                 {"highest(tier)", "money", "(-∞, +∞)"},
                 {"rising(tier)", "bool", "UNDETERMINED"},
             });
}

// The county takes the middle of what the nation says, which is then in two stretches.
TEST(TablesTest, ALowerLevelTakesWhatItsRowsAreFor) {
  ExpectRows(
      kNation, R"(parameters:
  tier:
    rows: [{from: 2021-01-01, key: {income: {from: 50, to: 60}}, value: 1, clause: T 一, trust: verified}]
)",
      kCase,
      {
          {"tier(yuan(40))", "money", "500.00"},
          {"tier(yuan(50))", "money", "1.00"},
          {"tier(yuan(60))", "money", "500.00"},
          {"tier(max(min(unbounded, yuan(70)), yuan(40)))", "money", "[1.00, 500.00]", "unbounded"},
          {"tier(max(min(unbounded, yuan(59)), yuan(51)))", "money", "1.00"},
          {"size(tier)", "count", "4"},
          {"lowest(tier)", "money", "1.00"},
          {"falling(tier)", "bool", "FALSE"},
          {"rising(tier)", "bool", "FALSE"},
      });
}

struct Refused {
  const char* code;
  const char* parameters;  // rows of a county's file
  const char* expression = "true";
};

class TablesRefusedTest : public ::testing::TestWithParam<Refused> {};

TEST_P(TablesRefusedTest, NamesTheDefect) {
  Overlay files;
  files.Write("000000", kNation);
  files.Write(
      "649992",
      absl::StrCat("parameters:\n  other: {label: 其他, type: money}\n", GetParam().parameters,
                   "tests:\n  q: {label: 测试, rows: [{from: 2021-01-01, value: \"",
                   GetParam().expression, "\", clause: T 一, trust: verified}]}\n"));
  const auto pack = files.LoadAlone();
  ASSERT_FALSE(pack.ok()) << GetParam().expression;
  EXPECT_NE(pack.status().message().find(absl::StrCat(": ", GetParam().code, ": ")),
            absl::string_view::npos)
      << pack.status().message();
}

#define ROWS(key) \
  "    rows: [{from: 2021-01-01, key: " key ", value: 1, clause: T 一, trust: verified}]\n"
constexpr Refused kRefused[] = {
    {"TYPE_MISMATCH", "", "cap > 0"},
    {"TYPE_MISMATCH", "", "cap('primary', 'senior') > 0"},
    {"TYPE_MISMATCH", "", "support('primary') > 0"},
    {"UNIT_MISMATCH", "", "support(yuan(1)) > 0"},
    {"UNKNOWN_CODE", "", "cap('nursery') > 0"},
    {"UNKNOWN_FUNCTION", "", "grade(1) > 0"},
    {"TYPE_MISMATCH", "", "mine(1) > 0"},
    {"TYPE_MISMATCH", "", "persons.all(x, x.cap('primary') > 0)"},
    {"TYPE_MISMATCH", "", "persons.all(x, x.mine > 0)"},
    {"UNKNOWN_FUNCTION", "", "persons.mine(1) > 0"},
    {"TYPE_MISMATCH", "", "size(years_old) > 0"},
    {"TYPE_MISMATCH", "", "size(not_told) > 0"},
    {"TYPE_MISMATCH", "", "size(share) > 0"},
    {"TYPE_MISMATCH", "", "size(1) > 0"},
    {"UNKNOWN_NAME", "", "size(nothing) > 0"},
    {"TYPE_MISMATCH", "", "rising(cap)"},
    {"TYPE_MISMATCH", "", "highest(aid) > 0"},
    {"TYPE_MISMATCH", "", "open_code in aid + c_aid"},
    {"TYPE_MISMATCH", "", "aid + 1 == 2"},
    {"TYPE_MISMATCH", "", "aid == prizes"},
    {"UNKNOWN_CODE", "", "open_code in aid - ['primary']"},
    {"UNKNOWN_TYPE", "  t: {label: 表, type: money, keys: [{name: k, type: division}]}\n"},
    {"TYPE_MISMATCH", "  t: {label: 表, type: money, keys: [staff_relative]}\n"},
    {"DUPLICATE_NAME",
     "  t: {label: 表, type: money, keys: [scope, {name: scope, type: count}]}\n"},
    {"DUPLICATE_NAME", "  size: {label: 表, type: money, keys: [{name: k, type: count}]}\n"},
    {"DUPLICATE_NAME", "  filter: {label: 表, type: money, keys: [{name: k, type: count}]}\n"},
    {"BAD_NAME", "  t: {label: 表, type: money, keys: [{name: K, type: count}]}\n"},
    {"MISSING_KEY", "  t: {label: 表, type: money, keys: [{name: k}]}\n"},
    {"BAD_VALUE",
     "  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: count}]\n" ROWS("{k: {}}")},
    {"BAD_VALUE", "  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: count}]\n" ROWS(
                      "{k: {from: 1, over: 2}}")},
    {"BAD_VALUE", "  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: count}]\n" ROWS(
                      "{k: {over: 1, to: 2}}")},
    {"BAD_VALUE", "  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: ratio}]\n" ROWS(
                      "{k: {from: 2, to: 2}}")},
    {"BAD_VALUE", "  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: count}]\n" ROWS(
                      "{k: {from: 1.5}}")},
    {"BAD_VALUE", "  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: count}]\n" ROWS(
                      "{k: [1, 2]}")},
    {"BAD_VALUE",
     "  t:\n    label: 表\n    type: money\n    keys: [scope]\n" ROWS("{scope: {from: 1}}")},
    {"UNKNOWN_KEY",
     "  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: count}]\n" ROWS(
         "{k: {above: 1}}")},
    {"PERIOD_OVERLAP",
     "  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: ratio}]\n    rows:\n"
     "      - {from: 2021-01-01, key: {k: {upto: 1}}, value: 1, clause: T 一, trust: verified}\n"
     "      - {from: 2022-01-01, key: {k: {from: 1}}, value: 1, clause: T 一, trust: "
     "verified}\n"},
    {"PERIOD_OVERLAP",
     "  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: count}]\n    rows:\n"
     "      - {from: 2021-01-01, key: {k: {over: 1}}, value: 1, clause: T 一, trust: verified}\n"
     "      - {from: 2022-01-01, key: {k: 2}, value: 1, clause: T 一, trust: verified}\n"},
};

INSTANTIATE_TEST_SUITE_P(Defects, TablesRefusedTest, ::testing::ValuesIn(kRefused));

TEST(TablesTest, RangesThatOnlyTouchDoNotMeet) {
  Overlay files;
  files.Write("000000", kNation);
  files.Write(
      "649992",
      "parameters:\n  t:\n    label: 表\n    type: money\n    keys: [{name: k, type: count}, "
      "{name: r, type: ratio}]\n    rows:\n"
      "      - {from: 2021-01-01, key: {k: {over: 1, to: 3}, r: {to: 1}}, value: 1, clause: T "
      "一, trust: verified}\n"
      "      - {from: 2021-01-01, key: {k: {over: 1, to: 3}, r: {from: 1}}, value: 1, "
      "clause: T 一, trust: verified}\n"
      "      - {from: 2021-01-01, key: {k: {over: 2}}, value: 1, clause: T 一, trust: "
      "verified}\n");
  const auto pack = files.LoadAlone();
  EXPECT_TRUE(pack.ok()) << pack.status().message();
}

// A list that lower levels extend, and a programme whose row the county gives.
class OpenListTest : public ::testing::Test {
 protected:
  void SetUp() override {
    files_.Write("000000", R"POLICY(
documents: {T: {title: 测试}}
codes: {nature: {label: 性质, open: [region, county], values: {pension: 养老金, aid: 救助}}}
categories: {bank: 银行}
facts:
  income:
    label: 收入
    by: state
    categories: [bank]
    fields: {nature: {label: 性质, type: code(nature)}, amount: {label: 金额, type: money, min: 0}}
evidence: {income: {rows: [{from: 2021-01-01, complete_by: [bank], clause: T 一, trust: verified}]}}
parameters:
  excluded: {label: 不计, type: codes(nature), rows: [{from: 2021-01-01, value: [aid], clause: T 一, trust: verified}]}
  excluded_here: {label: 本地不计, type: codes(nature), delegate: {to: [region, city, county]}, rows: [{from: 2021-01-01, value: [], clause: T 一, trust: verified}]}
  some_nature: {label: 某, type: code(nature)}
quantities:
  all_excluded: {label: 不计, type: codes(nature), rows: [{from: 2021-01-01, value: "excluded + excluded_here", clause: T 一, trust: verified}]}
  counted:
    label: 计入
    type: money
    rows: [{from: 2021-01-01, value: "persons.sum(p, p.income.filter(i, !(i.nature in all_excluded)).sum(i, i.amount))", clause: T 一, trust: verified}]
  one: {label: 一, type: money, rows: [{from: 2021-01-01, value: "yuan(1)", clause: T 一, trust: verified}]}
tests:
  poor: {label: 困难, delegate: {to: [county]}, rows: [{from: 2021-01-01, value: "counted < yuan(5)", clause: T 一, trust: verified}]}
  always: {label: 总是, rows: [{from: 2021-01-01, value: "true", clause: T 一, trust: verified}]}
programmes:
  relief:
    label: 救助
    delegate: {to: [county]}
    rows: [{from: 2021-01-01, indication: poor, clause: T 一, trust: verified}]
)POLICY");
    files_.Write("649990", "documents: {C: {title: 市}}\n");
  }
  static std::string CaseIn(const std::string& division) {
    return absl::StrCat("division: \"", division, R"("
scope: urban
dates: {application: 2025-03-03, policy: 2025-03-03}
persons: [{id: man, relation: applicant, sex: male, birth: 1974-03-04, number: "1"}]
answers:
  - person: man
    category: bank
    source: s
    kind: found
    facts:
      - {kind: income, nature: aid, amount: 100}
      - {kind: income, nature: supplement, amount: 10}
      - {kind: income, nature: pension, amount: 1}
)");
  }
  std::string Text(const std::string& division, const std::string& name) {
    const Assessment result = AssessAlone(files_, CaseIn(division));
    const TraceEntry* entry = result.Find(name);
    return entry == nullptr ? "" : entry->value.text;
  }

  Overlay files_;
};

TEST_F(OpenListTest, WhatALevelAddsIsKnownThereAndBelowOnly) {
  files_.Write("649992", R"(
codes: {nature: {add: {supplement: 价格临时补贴}}}
parameters: {excluded_here: {rows: [{from: 2021-01-01, value: [supplement], clause: T 一, trust: verified}]}}
)");
  files_.Write("649993", R"(
codes: {nature: {add: {other_here: 别的, supplement: 价格临时补贴}}}
)");
  EXPECT_EQ(Text("649992", "counted"), "1.00");
  EXPECT_EQ(Text("649992", "all_excluded"), "aid|supplement");
  // Known, and counted.
  EXPECT_EQ(Text("649993", "counted"), "11.00");
  // Elsewhere it is a code that nobody knows.
  EXPECT_EQ(Text("649990", "counted"), "[1.00, 11.00]");
}

TEST_F(OpenListTest, WhatIsNotKnownMayBeWhatWasAdded) {
  files_.Write("649992", R"(
codes: {nature: {add: {supplement: 价格临时补贴}}}
quantities:
  q: {label: 某, type: code(nature), rows: [{from: 2021-01-01, value: "some_nature", clause: T 一, trust: verified}]}
tests:
  t: {label: 某, rows: [{from: 2021-01-01, value: "some_nature in ['aid', 'pension']", clause: T 一, trust: verified}]}
)");
  EXPECT_EQ(Text("649992", "q"), "pension|aid|supplement");
  EXPECT_EQ(Text("649992", "t"), "UNDETERMINED");
}

TEST_F(OpenListTest, OnlyWhoMayAddsWhatIsNew) {
  const auto code_of = [&](const std::string& division, const std::string& codes) {
    files_.Write(division, absl::StrCat("codes: ", codes, "\n"), "codes");
    const auto pack = files_.LoadAlone();
    files_.Write(division, "", "codes");
    return pack.ok() ? "" : std::string(pack.status().message());
  };
  EXPECT_EQ(code_of("649992", "{nature: {add: {x: 某}}}"), "");
  EXPECT_NE(code_of("649900", "{nature: {add: {x: 某}}}").find("DELEGATION_BREACH"),
            std::string::npos);
  EXPECT_NE(code_of("649992", "{nature: {add: {aid: 某}}}").find("DUPLICATE_NAME"),
            std::string::npos);
  EXPECT_NE(code_of("649992", "{none: {add: {x: 某}}}").find("UNKNOWN_NAME"), std::string::npos);
  EXPECT_NE(code_of("649992", "{sex: {add: {x: 某}}}").find("DELEGATION_BREACH"),
            std::string::npos);
  std::vector<std::string> many;
  for (int i = 0; i < 62; ++i) many.push_back(absl::StrCat("x", i, ": 某"));
  EXPECT_NE(code_of("649992", absl::StrCat("{nature: {add: {", absl::StrJoin(many, ", "), "}}}"))
                .find("CODE_LIST_SIZE"),
            std::string::npos);
  many.pop_back();
  EXPECT_EQ(code_of("649992", absl::StrCat("{nature: {add: {", absl::StrJoin(many, ", "), "}}}")),
            "");
}

TEST_F(OpenListTest, ALevelToWhichAProgrammeIsLeftGivesItsRows) {
  const auto relief = [&](const std::string& division) {
    const Assessment result = AssessAlone(files_, CaseIn(division));
    return result.indications.size() == 1 ? result.indications[0].result : Truth::kUndetermined;
  };
  files_.Write("649992", R"(
programmes: {relief: {rows: [{from: 2025-03-03, to: 2025-03-04, indication: always, amount: one, clause: T 一, trust: verified}]}}
)");
  EXPECT_EQ(relief("649992"), Truth::kTrue);
  EXPECT_EQ(relief("649990"), Truth::kUndetermined);
  const Assessment result = AssessAlone(files_, CaseIn("649992"));
  EXPECT_EQ(result.next_change, absl::CivilDay(2025, 3, 4));
  EXPECT_TRUE(result.indications[0].amount.has_value());
  files_.Write("649900", R"(
programmes: {relief: {rows: [{from: 2021-01-01, indication: always, clause: T 一, trust: verified}]}}
)");
  const auto pack = files_.LoadAlone();
  ASSERT_FALSE(pack.ok());
  EXPECT_NE(pack.status().message().find("DELEGATION_BREACH"), absl::string_view::npos);
}

}  // namespace
}  // namespace hedui::assess
