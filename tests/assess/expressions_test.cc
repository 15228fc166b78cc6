// What expressions give: each is put into a county's policy file and evaluated for one household.
// The father earns 3000, the mother's wage did not come, the child's birth is not known.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/base/status.h"
#include "tests/assess/test_packs.h"
#include "tests/support/temporary_directory.h"

namespace hedui::assess {
namespace {

constexpr char kCase[] = R"(
division: "649991"
scope: urban
dates: {application: 2025-03-03, policy: 2025-03-03}
persons:
  - {id: father, relation: applicant, sex: male, birth: 1979-05-12, number: "1"}
  - {id: mother, relation: spouse, sex: female, birth: 1981-03-04, number: "2"}
  - {id: child, relation: child}
  - {id: uncle, role: obligor, relation: sibling, birth: 1950-01-01}
answers:
  - person: father
    category: employment
    source: s
    kind: found
    covered: {from: 2024-01-01, to: 2025-03-01}
    facts:
      - {kind: wage, month: 2025-02, amount: 2000.50, payer: a}
      - {kind: wage, month: 2025-02, amount: 999.50, payer: b}
      - {kind: wage, month: 2025-01, amount: 100}
      - {kind: wage, month: 2024-10, amount: 60}
  - {person: mother, category: employment, source: s, kind: unavailable, reason: late}
  - {person: child, category: employment, source: s, kind: confirmed_none, covered: {from: 2025-01-01, to: 2025-03-01}}
  - person: father
    category: vehicle
    source: t
    kind: found
    facts:
      - {kind: vehicle, class: motorcycle}
      - {kind: vehicle, class: spaceship}
  - {person: mother, category: vehicle, source: t, kind: confirmed_none}
  - {person: [father, mother, child], category: death, source: d, kind: confirmed_none}
  - {person: [father, mother, child], category: hukou, source: h, kind: confirmed_none}
  - {person: [father, mother, child], category: enrolment, source: e, kind: confirmed_none}
  - person: father
    category: marriage
    source: m
    kind: found
    facts: [{kind: marriage, status: married, spouse_number: "2"}]
  - {person: [mother, child], category: marriage, source: m, kind: confirmed_none}
)";

struct Row {
  const char* expression;
  const char* type;
  const char* text;
};

constexpr Row kRows[] = {
    // Arithmetic is exact and units travel.
    {"yuan(10) / 3", "money", "3.33"},
    {"yuan(10) / 3 * 3", "money", "10.00"},
    {"1 / 3 + 1 / 6", "ratio", "0.5000"},
    {"-yuan(0.5) - yuan(1)", "money", "-1.50"},
    {"dibao_standard * months(12)", "money", "13200.00"},
    {"yuan(2200) / dibao_standard", "months", "2"},
    {"2 * members.size()", "count", "[4, 6]"},
    {"ratio(persons.size()) / 2", "ratio", "1.5000"},
    {"yuan(1) / 0", "money", "(-∞, +∞) UNDEFINED"},
    // Roundings by name.
    {"round(yuan(10) / 3, 'half_up', 'fen')", "money", "3.33"},
    {"round(yuan(10) / 3, 'ceiling', 'fen')", "money", "3.34"},
    {"round(yuan(10) / 3, 'ceiling', 'jiao')", "money", "3.40"},
    {"round(yuan(10) / 3, 'ceiling', 'yuan')", "money", "4.00"},
    {"round(yuan(10.5), 'half_up', 'yuan')", "money", "11.00"},
    {"round(yuan(10.5), 'floor', 'yuan')", "money", "10.00"},
    {"round(persons.sum(x, x.wage.during(income_period).sum(w, w.amount)), 'floor', 'yuan')",
     "money", "[3000.00, +∞)"},
    // Choice and comparison.
    {"scope == 'urban' ? yuan(1) : yuan(2)", "money", "1.00"},
    {"'rural' == scope ? yuan(1) : yuan(2)", "money", "2.00"},
    {"scope in ['urban', 'rural']", "bool", "TRUE"},
    {"!(scope != 'urban') && true", "bool", "TRUE"},
    {"unknown > 0 ? yuan(1) : yuan(2)", "money", "[1.00, 2.00]"},
    {"unknown > 0 ? yuan(2) : yuan(2)", "money", "2.00"},
    {"unknown > 0 && 1 > 2", "bool", "FALSE"},
    {"unknown > 0 || 1 < 2", "bool", "TRUE"},
    {"unknown > 0 && 1 < 2", "bool", "UNDETERMINED"},
    {"unknown == 0", "bool", "UNDETERMINED"},
    {"unknown < 0", "bool", "FALSE"},
    {"unknown >= 0", "bool", "TRUE"},
    {"max(unknown, yuan(5))", "money", "[5.00, +∞)"},
    {"min(unknown, yuan(5))", "money", "[0.00, 5.00]"},
    {"min(-unknown, yuan(5), yuan(7))", "money", "(-∞, 0.00]"},
    {"unknown * 0", "money", "0.00"},
    {"yuan(10) / (ratio(1) + unknown / yuan(1))", "money", "[0.00, 10.00]"},
    {"unknown - unknown", "money", "(-∞, +∞)"},
    // A choice does not compute the branch that cannot be taken.
    {"1 < 2 ? yuan(1) : yuan(1) / 0", "money", "1.00"},
    {"1 > 2 ? yuan(1) / 0 : yuan(1)", "money", "1.00"},
    // Days, ages, periods.
    {"policy_day - application_day", "days", "0"},
    {"policy_day + days(28)", "date", "2025-03-31"},
    {"age(policy_day - days(366), policy_day)", "years", "1"},
    {"age(policy_day - days(364), policy_day)", "years", "0"},
    {"age(policy_day + days(1 / 0), policy_day) >= years(0)", "bool", "UNDETERMINED"},
    {"months_before(policy_day, months(2))", "period", "2025-01-01/2025-03-01"},
    {"months_before(policy_day, months(14))", "period", "2024-01-01/2025-03-01"},
    {"months_before(date('1800-02-01'), months(1))", "period", "1800-01-01/1800-02-01"},
    {"months_before(date('1800-02-01'), months(2))", "period", "../.."},
    {"months_before(policy_day, months(1) * persons.size() / 7)", "period", "../.."},
    {"months_through(policy_day, months(1))", "period", "2025-03-01/2025-04-01"},
    {"months_through(policy_day, months(6))", "period", "2024-10-01/2025-04-01"},
    {"months_through(policy_day, months(0))", "period", "../.."},
    {"months_through(date('9999-12-01'), months(1))", "period", "../.."},
    {"period(date('2025-01-15'), date('2025-03-03'))", "period", "2025-01-15/2025-03-03"},
    {"period(policy_day, date('2025-03-01'))", "period", "2025-03-03/2025-03-03"},
    {"period_start(months_before(policy_day, months(2)))", "date", "2025-01-01"},
    {"period_end(months_before(policy_day, months(2)))", "date", "2025-02-28"},
    {"period_end(period(policy_day, policy_day))", "date", "2025-03-02"},
    {"period_end(months_before(policy_day, months(0)))", "date", "../.."},
    {"in_period(policy_day, period(date('2025-03-03'), date('2025-03-04')))", "bool", "TRUE"},
    {"in_period(policy_day, period(date('2025-03-01'), date('2025-03-03')))", "bool", "FALSE"},
    {"in_period(policy_day, period(date('2025-03-04'), date('2025-03-09')))", "bool", "FALSE"},
    {"in_period(policy_day, months_before(policy_day, months(0)))", "bool", "UNDETERMINED"},
    {"month_first(month_containing(policy_day))", "date", "2025-03-01"},
    {"month_last(month_containing(policy_day))", "date", "2025-03-31"},
    {"month_containing(policy_day) == month_containing(date('2025-03-31'))", "bool", "TRUE"},
    {"month_containing(policy_day) < month_containing(date('2025-03-31'))", "bool", "FALSE"},
    {"persons.exists(x, x.wage.during(months_before(policy_day, months(2))).exists(w, "
     "month_last(w.month) == date('2025-02-28')))",
     "bool", "TRUE"},
    // What the case says of itself: it says nothing of acceptance, request, reason and relatives.
    {"acceptance_day", "date", "../.."},
    {"request_day", "date", "../.."},
    {"check_kind == 'urgent'", "bool", "UNDETERMINED"},
    {"check_kind in ['new', 'review', 'complaint', 'spot_check', 'objection', 'assistance', "
     "'urgent']",
     "bool", "TRUE"},
    {"staff_relative", "bool", "UNDETERMINED"},
    {"within(division, '640000')", "bool", "TRUE"},
    {"within(division, '649900')", "bool", "TRUE"},
    {"within(division, '649991')", "bool", "TRUE"},
    {"within(division, '649990')", "bool", "FALSE"},
    {"within(division, '650000')", "bool", "FALSE"},
    {"division == division", "bool", "TRUE"},
    {"same_division(division, division, 'county')", "bool", "TRUE"},
    {"date('2025-01-31')", "date", "2025-01-31"},
    {"policy_day < date('2025-03-04') && policy_day >= date('2025-03-03')", "bool", "TRUE"},
    {"add_months(date('2025-01-31'), months(1))", "date", "2025-02-28"},
    {"add_months(date('2024-02-29'), months(12))", "date", "2025-02-28"},
    {"add_months(date('2025-03-31'), -months(1))", "date", "2025-02-28"},
    {"add_months(policy_day, months(0))", "date", "2025-03-03"},
    {"months_between(date('2025-01-31'), date('2025-02-28'))", "months", "1"},
    {"months_between(date('2025-01-30'), date('2025-02-27'))", "months", "0"},
    {"months_between(date('2024-03-04'), policy_day)", "months", "11"},
    {"months_between(date('2024-03-03'), policy_day)", "months", "12"},
    {"months_between(policy_day, date('2024-03-03'))", "months", "0"},
    {"month_start(policy_day)", "date", "2025-03-01"},
    {"month_end(date('2024-02-03'))", "date", "2024-02-29"},
    {"year_of(policy_day)", "count", "2025"},
    {"month_of(policy_day)", "count", "3"},
    // The child's day of birth is not known.
    {"persons.all(x, x.relation != 'child' || months_between(x.birth, policy_day) >= months(0))",
     "bool", "TRUE"},
    {"persons.exists(x, x.relation == 'child' && add_months(x.birth, months(1)) > policy_day)",
     "bool", "UNDETERMINED"},
    {"persons.exists(x, x.relation == 'child' && month_of(x.birth) > 12)", "bool", "FALSE"},
    {"persons.exists(x, x.relation == 'child' && month_of(x.birth) > 6)", "bool", "UNDETERMINED"},
    {"persons.exists(x, x.relation == 'child' && year_of(x.birth) > 1800)", "bool", "UNDETERMINED"},
    // Lists of people.
    {"persons.size()", "count", "3"},
    {"obligors.size()", "count", "1"},
    {"members.size()", "count", "[2, 3]"},
    {"persons.count(x, x.age >= years(43))", "count", "[2, 3]"},
    {"persons.count(x, x.sex == 'female')", "count", "[1, 2]"},
    {"persons.filter(x, x.relation == 'child').exists(x, x.age < years(18))", "bool",
     "UNDETERMINED"},
    {"persons.all(x, x.age < years(200) || x.relation == 'child')", "bool", "TRUE"},
    {"persons.exists(x, x.role == 'obligor')", "bool", "FALSE"},
    // Lists of facts: by period, filtered, open where an answer is missing.
    {"persons.sum(x, x.wage.during(income_period).sum(w, w.amount))", "money", "[3000.00, +∞)"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.wage.during(income_period).sum(w, "
     "w.amount))",
     "money", "3000.00"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.wage.during(months_before(policy_day, "
     "months(6))).sum(w, w.amount)) / 6",
     "money", "526.67"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.wage.during(months_before(policy_day, "
     "months(6))).months())",
     "months", "3"},
    {"persons.filter(x, x.relation == 'spouse').sum(x, x.wage.during(months_before(policy_day, "
     "months(6))).months())",
     "months", "[0, 6]"},
    // The child's answer covers two months only.
    {"persons.filter(x, x.relation == 'child').sum(x, x.wage.during(months_before(policy_day, "
     "months(2))).sum(w, w.amount))",
     "money", "0.00"},
    {"persons.filter(x, x.relation == 'child').sum(x, x.wage.during(months_before(policy_day, "
     "months(3))).sum(w, w.amount))",
     "money", "[0.00, +∞)"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.wage.during(income_period).filter(w, "
     "w.amount > yuan(1000)).size())",
     "count", "1"},
    {"persons.sum(x, x.vehicle.size())", "count", "[2, +∞)"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.vehicle.filter(v, v.class == "
     "'car').size())",
     "count", "[0, 1]"},
    {"persons.filter(x, x.relation == 'applicant').exists(x, x.vehicle.exists(v, v.class == "
     "'motorcycle'))",
     "bool", "TRUE"},
    {"persons.all(x, x.vehicle.all(v, v.class != 'motorcycle'))", "bool", "FALSE"},
    {"persons.exists(x, x.vehicle.exists(v, v.class == 'vessel'))", "bool", "UNDETERMINED"},
    {"persons.filter(x, x.relation == 'spouse').exists(x, x.vehicle.exists(v, v.class == "
     "'vessel'))",
     "bool", "FALSE"},
    // What a register sends and no list has is in no set, and need not be another than itself.
    {"persons.filter(x, x.relation == 'applicant').all(x, x.vehicle.all(v, v.class in "
     "['motorcycle', "
     "'disability_scooter', 'small_commercial', 'car', 'passenger_car', 'small_truck', 'truck', "
     "'large', 'vessel', 'machinery']))",
     "bool", "UNDETERMINED"},
    {"persons.filter(x, x.relation == 'applicant').sum(x, x.wage.during(income_period).filter(w, "
     "x.wage.during(income_period)"
     ".filter(v, v.amount == w.amount).months() == months(1)).months())",
     "months", "1"},
    {"persons.all(x, answered(x, 'death'))", "bool", "TRUE"},
    {"persons.all(x, answered(x, 'vehicle'))", "bool", "UNDETERMINED"},
    // What is false, but not ruled out by these answers, is not known; all else stays.
    {"persons.exists(x, not_ruled_out(1 > 2, x, 'death'))", "bool", "UNDETERMINED"},
    {"persons.exists(x, not_ruled_out(1 > 2, x, 'tax'))", "bool", "UNDETERMINED"},
    {"persons.all(x, not_ruled_out(1 < 2, x, 'death'))", "bool", "TRUE"},
    {"'scholarship' in excluded_transfers", "bool", "TRUE"},
    {"'pension' in excluded_transfers - ['scholarship']", "bool", "FALSE"},
    {"persons.filter(x, x.relation == 'spouse').all(x, persons.exists(y, y.marriage.exists(r, "
     "is_person(r.spouse_number, x))))",
     "bool", "TRUE"},
    {"persons.filter(x, x.relation == 'child').exists(x, persons.exists(y, y.marriage.exists(r, "
     "is_person(r.spouse_number, x))))",
     "bool", "FALSE"},
    {"presumed(yuan(3))", "money", "3.00"},
};

// A county whose file holds every row as a quantity q0, q1, …
class ExpressionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const hedui::testing::TemporaryDirectory root;
    std::string text =
        "division: \"649991\"\ndocuments: {T: {title: 测试}}\nparameters:\n  area_class:\n    "
        "rows: [{from: 2021-10-01, value: I, "
        "clause: T 一, trust: assumed}]\n  dibao_standard:\n    rows: [{from: 2021-10-01, value: "
        "1100, clause: T 一, trust: "
        "assumed}]\n  unknown: {label: 未知, type: money, min: 0}\ntests:\n  obligors_complete:\n  "
        "  label: 测试\n    "
        "rows: [{from: 2021-10-01, value: \"true\", clause: T 一, trust: assumed}]\nquantities:\n";
    int i = 0;
    for (const Row& row : kRows) {
      absl::StrAppend(&text, "  q", i++, ":\n    label: 测试\n    type: ", row.type,
                      "\n    rows:\n      - {from: 2021-10-01, value: \"", row.expression,
                      "\", clause: T 一, trust: verified}\n");
    }
    root.Write("649991/test.yaml", text);
    const auto pack = PolicyPack::Load({Folder("policies"), root.path()});
    ASSERT_TRUE(pack.ok()) << pack.status().message();
    const auto file = ParseCaseFile("case", kCase, **pack);
    ASSERT_TRUE(file.ok()) << file.status().message();
    const auto result = Assess(**pack, file->value);
    ASSERT_TRUE(result.ok()) << result.status();
    result_ = *result;
  }

  Assessment result_;
};

TEST_F(ExpressionsTest, GiveWhatTheyShould) {
  int i = 0;
  for (const Row& row : kRows) {
    const TraceEntry* entry = result_.Find(absl::StrCat("q", i++));
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->value.text, row.text) << row.expression;
    EXPECT_EQ(entry->value.exact, entry->blame.empty()) << row.expression;
    EXPECT_EQ(entry->rule->value, row.expression);
  }
}

TEST_F(ExpressionsTest, PresumedIsMarked) {
  int i = 0;
  for (const Row& row : kRows) {
    const bool presumed = std::string(row.expression).find("presumed") == 0;
    EXPECT_EQ(result_.Find(absl::StrCat("q", i++))->marks.presumed, presumed) << row.expression;
  }
}

TEST_F(ExpressionsTest, PedigreeNamesInputsOnly) {
  const TraceEntry* income = result_.Find("household_income");
  ASSERT_NE(income, nullptr);
  for (int32_t index : income->entries) {
    const std::string& id = result_.entries[static_cast<size_t>(index)].id;
    EXPECT_TRUE(id == "counted_income" || id == "is_member" || id == "members_complete") << id;
  }
  const TraceEntry* wage = result_.Find("wage_total", "father");
  ASSERT_NE(wage, nullptr);
  EXPECT_EQ(wage->facts, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(wage->answers, (std::vector<int32_t>{0}));
  // Every entry stands behind what it was computed from.
  for (size_t i = 0; i < result_.entries.size(); ++i) {
    for (int32_t input : result_.entries[i].entries) EXPECT_LT(input, static_cast<int32_t>(i));
  }
}

// Assesses one applicant by a county's quantity of one expression.
absl::StatusOr<Assessment> AssessTest(const std::string& expression) {
  const hedui::testing::TemporaryDirectory root;
  root.Write("649992/test.yaml",
             absl::StrCat("division: \"649992\"\ndocuments: {T: {title: 测试}}\ntests:\n  q:\n"
                          "    label: 测试\n    rows: [{from: 2021-10-01, value: \"",
                          expression, "\", clause: T 一, trust: verified}]\n"));
  const auto pack = PolicyPack::Load({Folder("policies"), root.path()});
  if (!pack.ok()) return pack.status();
  Case c;
  c.division = "649992";
  c.dates.policy = c.dates.application = absl::CivilDay(2025, 3, 3);
  c.persons.push_back(
      {"a", base::PersonRole::kMember, base::Relation::kApplicant, "", {}, base::Sex::kUnknown});
  return Assess(**pack, c);
}

constexpr char kTooLarge[] =
    "123456789012345678 * 123456789012345678 * 123456789012345678 * 123456789012345678 > 0";

// "already means …" of the one test q of a county.
std::string MeaningOf(const std::string& expression) {
  const hedui::testing::TemporaryDirectory root;
  root.Write("649992/test.yaml",
             absl::StrCat("division: \"649992\"\ndocuments: {T: {title: 测试}}\ntests:\n  q:\n    "
                          "label: 测试\n    of: person\n    rows: [{from: 2021-10-01, value: \"",
                          expression, "\", clause: T 一, trust: assumed}]\n"));
  const auto pack = PolicyPack::Load({Folder("policies"), root.path()});
  const std::string message(pack.status().message());
  const size_t at = message.find("column ");
  return at == std::string::npos ? message : message.substr(at);
}

TEST(TakenNameTest, SaysWhatItMeansAndWhere) {
  EXPECT_EQ(MeaningOf("persons.exists(p, true)"),
            "column 16: p already means the person whom the rule is of; a list's element needs "
            "another name");
  EXPECT_EQ(MeaningOf("persons.exists(x, persons.exists(x, true))"),
            "column 34: x already means the element of the list around this one (column 16); a "
            "list's element needs another name");
  EXPECT_EQ(MeaningOf("persons.exists(members, true)"),
            "column 16: members already means a list of people; a list's element needs another "
            "name");
  EXPECT_EQ(MeaningOf("persons.exists(scope, true)"),
            "column 16: scope already means what every case has, 城乡; a list's element needs "
            "another name");
  EXPECT_EQ(
      MeaningOf("persons.exists(q, true)"),
      "column 16: q already means the test 测试 of 649992/test.yaml:4; a list's element needs "
      "another name");
}

TEST(OverflowTest, IsAnErrorAndNoNumber) {
  const auto result = AssessTest(kTooLarge);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(base::ReasonOf(result.status()), "ARITHMETIC_OVERFLOW");
}

TEST(OverflowTest, IsNoneWhereTheOtherSideHasDecided) {
  for (const char* side : {"1 > 2 && ", "1 < 2 || ", "1 < 2 && 1 > 2 && "}) {
    const auto result = AssessTest(absl::StrCat(side, kTooLarge));
    EXPECT_TRUE(result.ok()) << side << result.status();
  }
  for (const char* side : {"1 < 2 && ", "1 > 2 || ", "persons.all(x, answered(x, 'tax')) && "}) {
    EXPECT_FALSE(AssessTest(absl::StrCat(side, kTooLarge)).ok()) << side;
  }
}

}  // namespace
}  // namespace hedui::assess
