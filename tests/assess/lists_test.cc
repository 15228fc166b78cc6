// The least, greatest and mean of lists, what is known so far, rules of evidence for some persons
// and lists, presumptions, and programmes of persons: a small set of policies of its own.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/assess/list_fixtures.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {
namespace {

constexpr char kNational[] = R"yaml(
documents: {T: {title: 测试}}
codes:
  colour: {label: 颜色, values: {red: 红, blue: 蓝}}
categories: {tax: 纳税, employment: 就业, fund: 公积金, roll: 名册}
facts:
  wage:
    label: 工资
    by: month
    categories: [tax, employment]
    evidence_by: [county]
    fields:
      month: {label: 月份, type: month}
      amount: {label: 金额, type: money, min: 0}
      net: {label: 净额, type: bool, default: false}
      colour: {label: 颜色, type: code(colour)}
  thing:
    label: 物品
    by: state
    categories: [roll]
    evidence_by: [county]
    fields:
      amount: {label: 价值, type: money, min: 0}
      since: {label: 起, type: date}
      shape: {label: 种类, type: code(colour)}
      number: {label: 编号, type: count}
SPREAD_FACTS
parameters:
  standard:
    label: 标准
    type: money/month
    rows: [{from: 2020-01-01, value: 1000, clause: T 一, trust: verified}]
quantities:
  january:
    label: 期间
    type: period
    rows: [{from: 2020-01-01, value: "months_before(policy_day, months(2))", clause: T 一, trust: verified}]
  presumption:
    label: 推定收入
    of: person
    type: money/month
    rows: [{from: 2020-01-01, value: "p.sex == 'male' ? standard : standard / 2", clause: T 一, trust: verified}]
tests:
  is_male:
    label: 男
    of: person
    rows: [{from: 2020-01-01, value: "p.sex == 'male'", clause: T 一, trust: verified}]
EVIDENCE
)yaml";

constexpr char kPlainEvidence[] = R"yaml(evidence:
  wage:
    rows: [{from: 2020-01-01, complete_by: [tax], clause: T 一, trust: verified}]
  thing:
    rows: [{from: 2020-01-01, complete_by: [roll], clause: T 一, trust: verified}]
SPREAD_EVIDENCE
)yaml";

constexpr char kHousehold[] = R"yaml(
division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-03}
persons:
  - {id: a, relation: applicant, sex: male, birth: 1979-05-12}
  - {id: b, relation: spouse, sex: female, birth: 1981-03-04}
  - {id: c, relation: child}
answers:
  - person: a
    category: tax
    source: t
    kind: found
    covered: {from: 2025-01-01, to: 2025-03-01}
    facts:
      - {kind: wage, month: 2025-01, amount: 1000, colour: red}
      - {kind: wage, month: 2025-02, amount: 3000, colour: blue}
  - {person: b, category: tax, source: t, kind: TAX_OF_B, covered: {from: 2025-01-01, to: 2025-03-01}}
  - {person: c, category: tax, source: t, kind: confirmed_none, covered: {from: 2025-01-01, to: 2025-03-01}}
  - person: a
    category: roll
    source: r
    kind: found
    facts:
      - {kind: thing, amount: 50, since: 2020-05-01, kind_: red, number: 1}
      - {kind: thing, amount: 70, since: 2019-01-01, number: 1}
      - {kind: thing, amount: 90, since: 2021-01-01, number: 2}
  - {person: [b, c], category: roll, source: r, kind: confirmed_none}
)yaml";

std::string Household(const std::string& tax_of_b = "unavailable, reason: late") {
  return absl::StrReplaceAll(kHousehold, {{"TAX_OF_B", tax_of_b}, {", kind_: red", ""}});
}

std::string National(const std::string& evidence = kPlainEvidence) {
  return absl::StrReplaceAll(
      absl::StrReplaceAll(kNational, {{"EVIDENCE\n", evidence}}),
      {{"SPREAD_FACTS\n", kSpreadFacts}, {"SPREAD_EVIDENCE\n", kSpreadEvidence}});
}

std::string Number(const std::string& expression, const std::string& type, const std::string& of) {
  return absl::StrCat(type == "bool" ? "tests" : "quantities", ":\n",
                      RuleOf("x", of, type, expression));
}

std::string MarksOf(const Marks& marks) {
  std::vector<std::string> names;
  if (marks.declared) names.push_back("declared");
  if (marks.presumed) names.push_back("presumed");
  if (marks.unproven) names.push_back("unproven");
  if (marks.preliminary) names.push_back("preliminary");
  return absl::StrJoin(names, " ");
}

std::string BlameOf(const std::vector<Blame>& blames) {
  std::vector<std::string> names;
  for (const Blame& blame : blames)
    names.push_back(blame.kind == BlameKind::kArithmetic
                        ? "ARITHMETIC"
                        : absl::StrCat(blame.person_id, ":", blame.category));
  return absl::StrJoin(names, " ");
}

// "value | marks | blame" of one expression for person `who` (empty: the household).
std::string Gives(const std::string& expression, const std::string& type,
                  const std::string& who = "", const std::string& evidence = kPlainEvidence,
                  const std::string& household = Household()) {
  Overlay overlay;
  overlay.Write("000000", National(evidence));
  overlay.Write("640104", Number(expression, type, who.empty() ? "household" : "person"));
  const auto result = overlay.AssessAlone(household);
  if (!result.ok()) return std::string(result.status().message());
  const TraceEntry* entry = result->Find("x", who);
  if (entry == nullptr) return "no entry";
  return absl::StrCat(entry->value.text, " | ", MarksOf(entry->marks), " | ",
                      BlameOf(entry->blame));
}

constexpr char kWage[] = "p.wage.during(january)";

TEST(ExtremesTest, AreOfWhatIsThere) {
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".min(w, w.amount)"), "money", "a"), "1000.00 |  | ");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".max(w, w.amount)"), "money", "a"), "3000.00 |  | ");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".mean(w, w.amount)"), "money", "a"), "2000.00 |  | ");
  EXPECT_EQ(Gives("p.thing.min(t, t.since)", "date", "a"), "2019-01-01 |  | ");
  EXPECT_EQ(Gives("p.thing.filter(t, t.number == 1).mean(t, t.amount)", "money", "a"),
            "60.00 |  | ");
  EXPECT_EQ(Gives("persons.max(q, age(q.birth, policy_day))", "years"), "[45, +∞) |  | c:");
}

TEST(ExtremesTest, OfAnOpenListHoldWhatMayBeMissing) {
  const std::string household = absl::StrReplaceAll(
      Household(), {{"category: tax\n    source: t\n    kind: found",
                     "category: tax\n    source: t\n    complete: false\n    kind: found"}});
  EXPECT_EQ(
      Gives(absl::StrCat(kWage, ".min(w, w.amount)"), "money", "a", kPlainEvidence, household),
      "[0.00, 1000.00] |  | a:tax");
  EXPECT_EQ(
      Gives(absl::StrCat(kWage, ".max(w, w.amount)"), "money", "a", kPlainEvidence, household),
      "[3000.00, +∞) |  | a:tax");
  EXPECT_EQ(
      Gives(absl::StrCat(kWage, ".mean(w, w.amount)"), "money", "a", kPlainEvidence, household),
      "[0.00, +∞) |  | a:tax");
  // What a filter surely drops is not missing.
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".filter(w, 1 > 2).max(w, w.amount, yuan(5))"), "money", "a",
                  kPlainEvidence, household),
            "5.00 |  | ");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".filter(w, 1 > 2).months()"), "months", "a", kPlainEvidence,
                  household),
            "0 |  | ");
}

TEST(ExtremesTest, OfAnEmptyListAreTheDefaultOrHaveNoValue) {
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".max(w, w.amount, yuan(7))"), "money", "c"), "7.00 |  | ");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".mean(w, w.amount)"), "money", "c"),
            "(-∞, +∞) UNDEFINED |  | ARITHMETIC");
  EXPECT_EQ(Gives(absl::StrCat("defined(", kWage, ".mean(w, w.amount))"), "bool", "c"),
            "FALSE |  | ");
  // Perhaps empty: the default is one of what it may be.
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".max(w, w.amount, yuan(-7))"), "money", "b"),
            "[-7.00, +∞) |  | b:tax");
  EXPECT_EQ(Gives(absl::StrCat("defined(", kWage, ".mean(w, w.amount))"), "bool", "b"),
            "UNDETERMINED |  | b:tax ARITHMETIC");
}

TEST(ExtremesTest, OfTwoAccountsTheHigherCountsAndAnEmptyOneNever) {
  const std::string declares = absl::StrReplaceAll(
      Household(), {{"id: a, relation: applicant,",
                     "id: a, relation: applicant, declared: [{kind: wage, month: 2025-01, amount: "
                     "1500}],"},
                    {"{id: c, relation: child}",
                     "{id: c, relation: child, declared: [{kind: wage, month: 2025-01, amount: "
                     "800}]}"}});
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".min(w, w.amount)"), "money", "a", kPlainEvidence, declares),
            "1500.00 | declared | ");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".max(w, w.amount)"), "money", "a", kPlainEvidence, declares),
            "3000.00 |  | ");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".min(w, w.amount)"), "money", "c", kPlainEvidence, declares),
            "800.00 | declared | ");
}

TEST(DistinctTest, CountsDifferentValuesOnce) {
  EXPECT_EQ(Gives("p.thing.distinct(t, t.number)", "count", "a"), "2 |  | ");
  EXPECT_EQ(Gives("p.thing.distinct(t, t.shape)", "count", "a"), "[1, 3] |  | a:roll");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".distinct(w, w.colour)"), "count", "a"), "2 |  | ");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".distinct(w, w.colour)"), "count", "b"),
            "[0, +∞) |  | b:tax");
  EXPECT_EQ(Gives("persons.distinct(q, q.sex)", "count"), "[2, 3] |  | c:");
}

TEST(KnowledgeTest, SaysWhatIsKnownSoFarAndThatItIsPreliminary) {
  const std::string rich = absl::StrCat(kWage, ".sum(w, w.amount) > yuan(10)");
  EXPECT_EQ(Gives(absl::StrCat("surely(", rich, ")"), "bool", "b"), "FALSE | preliminary | b:tax");
  EXPECT_EQ(Gives(absl::StrCat("possibly(", rich, ")"), "bool", "b"), "TRUE | preliminary | b:tax");
  EXPECT_EQ(Gives(absl::StrCat("surely(", rich, ")"), "bool", "a"), "TRUE |  | ");
  EXPECT_EQ(Gives(absl::StrCat("possibly(", rich, ")"), "bool", "c"), "FALSE |  | ");
  EXPECT_EQ(Gives(absl::StrCat("closed(", kWage, ")"), "bool", "b"), "FALSE | preliminary | b:tax");
  EXPECT_EQ(Gives(absl::StrCat("closed(", kWage, ")"), "bool", "c"), "TRUE |  | ");
  EXPECT_EQ(Gives("closed(members)", "bool"), "TRUE |  | ");
  EXPECT_EQ(Gives("closed(obligors)", "bool"), "FALSE | preliminary | :");
  // What rests on it keeps mark and blame, and what decides without it does not.
  const std::string surely = absl::StrCat("surely(", rich, ")");
  EXPECT_EQ(Gives(absl::StrCat(surely, " ? yuan(1) : yuan(2)"), "money", "b"),
            "2.00 | preliminary | b:tax");
  EXPECT_EQ(Gives(absl::StrCat(surely, " && 1 > 2"), "bool", "b"), "FALSE |  | ");
  EXPECT_EQ(Gives(absl::StrCat("!", surely, " || 1 < 2"), "bool", "b"), "TRUE |  | ");
}

TEST(KnowledgeTest, DefinedTellsARatioOverNothing) {
  EXPECT_EQ(Gives(absl::StrCat("defined(yuan(1) / ", kWage, ".sum(w, w.amount))"), "bool", "c"),
            "FALSE |  | ");
  EXPECT_EQ(Gives(absl::StrCat("defined(yuan(1) / ", kWage, ".sum(w, w.amount))"), "bool", "a"),
            "TRUE |  | ");
  EXPECT_EQ(Gives(absl::StrCat("defined(yuan(1) / ", kWage, ".sum(w, w.amount))"), "bool", "b"),
            "UNDETERMINED |  | b:tax ARITHMETIC");
  EXPECT_EQ(Gives("defined(-(1 + 1 / 0) * 2)", "bool"), "FALSE |  | ");
  EXPECT_EQ(Gives("defined(1 > 2 ? 1 / 0 : 1)", "bool"), "TRUE |  | ");
  EXPECT_EQ(Gives("defined(age(p.thing.min(t, t.since), policy_day))", "bool", "c"), "FALSE |  | ");
}

TEST(RoundTest, RoundsAnyUnitToAnyGrain) {
  EXPECT_EQ(Gives("round(yuan(1234.56), 'floor', yuan(10))", "money"), "1230.00 |  | ");
  EXPECT_EQ(Gives("round(persons.size() / 2, 'ceiling', 1)", "count"), "2 |  | ");
  EXPECT_EQ(Gives("round(2 / 3, 'half_up', 0.01)", "ratio"), "0.6700 |  | ");
  EXPECT_EQ(Gives("round(months(7) / 2, 'floor', months(1))", "months"), "3 |  | ");
  EXPECT_EQ(Gives("round(2.5, 'half_even', 1) + round(3.5, 'half_even', 1)", "count"), "6 |  | ");
  EXPECT_EQ(Gives("round(-1.5, 'half_even', 1)", "count"), "-2 |  | ");
  EXPECT_EQ(Gives("round(-1.5, 'toward_zero', 1)", "count"), "-1 |  | ");
  EXPECT_EQ(Gives("round(1.5, 'toward_zero', 1)", "count"), "1 |  | ");
  EXPECT_EQ(Gives("round(-1.2, 'away_from_zero', 1)", "count"), "-2 |  | ");
  EXPECT_EQ(Gives("round(1.2, 'away_from_zero', 1)", "count"), "2 |  | ");
  EXPECT_EQ(Gives("square_metres(12.5) / square_metres(5)", "ratio"), "2.5000 |  | ");
  EXPECT_EQ(Gives("square_metres(12.5)", "area"), "12.5000 |  | ");
  EXPECT_EQ(Gives("yuan(5000) / square_metres(2) * square_metres(1)", "money"), "2500.00 |  | ");
}

std::string WithRoll(const std::string& facts) {
  return absl::StrReplaceAll(
      Household(), {{"{person: [b, c], category: roll, source: r, kind: confirmed_none}",
                     absl::StrCat("{person: [b, c], category: roll, source: r, covered: {from: "
                                  "2024-01-01, to: 2025-03-04}, kind: found, facts: [",
                                  facts, "]}")}});
}

TEST(PeriodTest, WhatIsPaidForSomeMonthsIsSpreadOverThem) {
  const std::string spread = "p.bonus.during(january).sum(f, f.amount * f.within / f.span)";
  const auto gives = [&spread](const std::string& facts) {
    return Gives(spread, "money", "c", kPlainEvidence, WithRoll(facts));
  };
  // Twelve months from a day in March: April to March next year would be thirteen.
  EXPECT_EQ(gives("{kind: bonus, from: 2024-03-15, until: 2025-03-01, amount: 1200}"),
            "200.00 |  | ");
  EXPECT_EQ(gives("{kind: bonus, from: 2024-03-15, until: 2025-03-02, amount: 1300}"),
            "200.00 |  | ");
  EXPECT_EQ(gives("{kind: bonus, from: 2024-03-15, until: 2025-02-01, amount: 1100}"),
            "100.00 |  | ");
  EXPECT_EQ(gives("{kind: bonus, from: 2024-03-15, until: 2025-01-01, amount: 1100}"),
            "0.00 |  | ");
  EXPECT_EQ(gives("{kind: bonus, from: 2025-02-15, until: 2025-02-16, amount: 70}"), "70.00 |  | ");
  // Which months is not told: at most all of it lies within.
  EXPECT_EQ(gives("{kind: bonus, from: 2024-03-15, amount: 1200}"), "[0.00, 2400.00] |  | c:roll");
  EXPECT_EQ(gives("{kind: bonus, from: 2024-03-15, until: 2024-03-15, amount: 1200}"),
            "[0.00, 2400.00] |  | c:roll");
}

TEST(PeriodTest, AYearsIncomeIsOfTwelveMonths) {
  const std::string spread = "p.annual.during(january).sum(f, f.amount * f.within / f.span)";
  const auto gives = [&spread](const std::string& facts) {
    return Gives(spread, "money", "c", kPlainEvidence, WithRoll(facts));
  };
  EXPECT_EQ(gives("{kind: annual, year: 2025, amount: 1200}"), "200.00 |  | ");
  EXPECT_EQ(gives("{kind: annual, year: 2024, amount: 1200}"), "0.00 |  | ");
  EXPECT_EQ(gives("{kind: annual, amount: 1200}"), "[0.00, 200.00] |  | c:roll");
  EXPECT_EQ(gives("{kind: annual, year: 99999, amount: 1200}"), "[0.00, 200.00] |  | c:roll");
}

constexpr char kPresuming[] = R"yaml(evidence:
  wage:
    rows: [{from: 2020-01-01, complete_by: [tax], otherwise: presumed, presume: presumption, clause: T 一, trust: verified}]
)yaml";

TEST(PresumedTest, StandsWhereNothingIsProvenAndSaysSo) {
  const std::string sum = absl::StrCat(kWage, ".sum(w, w.amount)");
  EXPECT_EQ(Gives(sum, "money", "b", kPresuming), "1000.00 | presumed unproven | b:tax");
  EXPECT_EQ(
      Gives(absl::StrCat(kWage, ".sum(w, w.net ? w.amount : yuan(0))"), "money", "b", kPresuming),
      "0.00 | presumed unproven | b:tax");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".months()"), "months", "b", kPresuming),
            "2 | presumed unproven | b:tax");
  EXPECT_EQ(Gives(absl::StrCat(kWage, ".max(w, w.amount)"), "money", "b", kPresuming),
            "500.00 | presumed unproven | b:tax");
  EXPECT_EQ(Gives(sum, "money", "c", kPresuming), "0.00 |  | ");
  EXPECT_EQ(Gives(sum, "money", "a", kPresuming), "4000.00 |  | ");
  // What was found and is more counts as it is.
  const std::string incomplete = absl::StrReplaceAll(
      Household(),
      {{"source: t\n    kind: found", "source: t\n    complete: false\n    kind: found"}});
  EXPECT_EQ(Gives(sum, "money", "a", kPresuming, incomplete), "4000.00 | unproven | a:tax");
}

constexpr char kWhen[] = R"yaml(evidence:
  wage:
    rows:
      - {from: 2020-01-01, when: is_male, complete_by: [tax], otherwise: found, clause: T 一, trust: verified}
      - {from: 2020-01-01, variant: strict, complete_by: [tax, employment], clause: T 一, trust: verified}
      - {from: 2020-01-01, complete_by: [{any: [tax, fund]}], clause: T 一, trust: verified}
)yaml";

TEST(EvidenceTest, ARowIsForThoseOfWhomItsTestIsTrue) {
  const std::string sum = absl::StrCat(kWage, ".sum(w, w.amount)");
  const std::string incomplete = absl::StrReplaceAll(
      Household(),
      {{"source: t\n    kind: found", "source: t\n    complete: false\n    kind: found"}});
  EXPECT_EQ(Gives(sum, "money", "a", kWhen, incomplete), "4000.00 | unproven | a:tax");
  EXPECT_EQ(Gives(sum, "money", "b", kWhen), "[0.00, +∞) |  | b:fund b:tax");
  // Of whom it is not known, what either row makes of it.
  const std::string late = absl::StrReplaceAll(
      Household(), {{"{person: c, category: tax, source: t, kind: confirmed_none,",
                     "{person: c, category: tax, source: t, kind: unavailable, reason: late,"}});
  EXPECT_EQ(Gives(sum, "money", "c", kWhen, late), "[0.00, +∞) | unproven | c:fund c:tax c:");
  EXPECT_EQ(Gives(sum, "money", "c", kWhen), "0.00 |  | ");
}

TEST(EvidenceTest, AVariantIsForListsThatAskForIt) {
  const std::string strict = absl::StrCat(kWage, ".by('strict').sum(w, w.amount)");
  EXPECT_EQ(Gives(strict, "money", "c", kWhen), "[0.00, +∞) |  | c:employment");
  EXPECT_EQ(Gives(absl::StrCat("closed(", kWage, ".by('strict'))"), "bool", "c", kWhen),
            "FALSE | preliminary | c:employment");
  EXPECT_EQ(Gives(absl::StrCat("closed(", kWage, ")"), "bool", "c", kWhen), "TRUE |  | ");
}

TEST(EvidenceTest, OneOfSeveralNeedsSuffices) {
  const std::string sum = absl::StrCat(kWage, ".sum(w, w.amount)");
  const auto fund = [](const std::string& tax_of_b) {
    return absl::StrCat(
        Household(tax_of_b),
        "  - {person: b, category: fund, source: f, kind: confirmed_none, covered: {from: "
        "2025-01-01, to: 2025-03-01}}\n");
  };
  EXPECT_EQ(Gives(sum, "money", "b", kWhen, fund("not_asked, reason: not_routable")), "0.00 |  | ");
  // The other one may yet say otherwise.
  EXPECT_EQ(Gives(sum, "money", "b", kWhen, fund("pending")), "0.00 | unproven | b:tax");
}

constexpr char kProgrammes[] = R"yaml(
tests:
  poor:
    label: 困难
    of: person
    rows: [{from: 2020-01-01, value: "p.wage.during(january).sum(w, w.amount) < yuan(100)", clause: T 一, trust: verified}]
  perhaps_poor:
    label: 可能困难
    rows: [{from: 2020-01-01, value: "possibly(persons.exists(x, x.poor))", clause: T 一, trust: verified}]
quantities:
  aid:
    label: 金额
    of: person
    type: money/month
    rows: [{from: 2020-01-01, value: "p.poor ? standard : 0", clause: T 一, trust: verified}]
programmes:
  alone:
    label: 单人户
    of: person
    rows: [{from: 2020-01-01, indication: poor, amount: aid, validity: 12 months, clause: T 一, trust: verified}]
  urgent:
    label: 急难
    rows: [{from: 2020-01-01, indication: perhaps_poor, clause: T 一, trust: verified}]
)yaml";

TEST(ProgrammeTest, OfPersonsHasAnIndicationForEverybody) {
  Overlay overlay;
  overlay.Write("000000", National());
  overlay.Write("640104", kProgrammes);
  const auto result = overlay.AssessAlone(Household());
  ASSERT_TRUE(result.ok()) << result.status();
  std::vector<std::string> found;
  for (const Indication& indication : result->indications) {
    found.push_back(absl::StrCat(indication.programme, ":", indication.person_id, " ",
                                 TruthName(indication.result), " ", indication.robust, " ",
                                 indication.amount ? indication.amount->text : "-", " ",
                                 indication.validity ? indication.validity->text : "-"));
  }
  EXPECT_EQ(absl::StrJoin(found, "\n"),
            "alone:a FALSE 1 0.00 12\n"
            "alone:b UNDETERMINED 0 [0.00, 1000.00] 12\n"
            "alone:c TRUE 1 1000.00 12\n"
            "urgent: TRUE 1 - -");
  EXPECT_EQ(result->FindIndication("alone", "c")->validity->unit, "months");
}

TEST(ProgrammeTest, NoMissingAnswerBlocksWhatAsksForWhatIsPossible) {
  Overlay overlay;
  overlay.Write("000000", National());
  overlay.Write("640104", kProgrammes);
  const std::string nothing = absl::StrReplaceAll(
      Household(), {{"{person: c, category: tax, source: t, kind: confirmed_none,",
                     "{person: c, category: tax, source: t, kind: unavailable, reason: late,"}});
  const auto result = overlay.AssessAlone(nothing);
  ASSERT_TRUE(result.ok()) << result.status();
  const Indication* urgent = result->FindIndication("urgent");
  EXPECT_EQ(urgent->result, Truth::kTrue);
  EXPECT_FALSE(urgent->robust);
  EXPECT_TRUE(urgent->marks.preliminary);
  EXPECT_EQ(BlameOf(urgent->blame), "b:tax c:tax");
}

TEST(ListsTest, DefectsAreRefused) {
  const auto refused = [](const std::string& expression, const std::string& type) {
    return Gives(expression, type, "a", kWhen);
  };
  EXPECT_THAT(refused("p.wage.by('strict').during(january).size()", "count"),
              ::testing::HasSubstr("TYPE_MISMATCH"));
  EXPECT_THAT(refused("p.wage.during(january).by('other').size()", "count"),
              ::testing::HasSubstr("UNKNOWN_NAME"));
  EXPECT_THAT(refused("p.wage.during(january).mean(w, w.month)", "ratio"),
              ::testing::HasSubstr("TYPE_MISMATCH"));
  EXPECT_THAT(refused("closed(persons)", "bool"), ::testing::HasSubstr("TYPE_MISMATCH"));
  EXPECT_THAT(refused("round(yuan(5), 'floor', standard)", "money"),
              ::testing::HasSubstr("UNIT_MISMATCH"));
  EXPECT_THAT(refused("round(yuan(5), 'floor', yuan(0))", "money"),
              ::testing::HasSubstr("BAD_VALUE"));
  EXPECT_THAT(refused("round(2, 'floor', 'yuan')", "ratio"), ::testing::HasSubstr("UNIT_MISMATCH"));
}

}  // namespace
}  // namespace hedui::assess
