// Soundness of what lists come to: a household of which everything is told, and the same one with
// answers missing, incomplete or without a field. What is computed of the second must hold what is
// computed of the first; what is decided and robust must not turn; and every answer that is exact
// and settled must be that of the first.
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/assess/list_fixtures.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {
namespace {

constexpr char kRules[] = R"yaml(
documents: {T: {title: 测试}}
codes:
  colour: {label: 颜色, values: {red: 红, blue: 蓝}}
categories: {tax: 纳税, roll: 名册}
facts:
  wage:
    label: 工资
    by: month
    categories: [tax]
    evidence_by: [county]
    fields:
      month: {label: 月份, type: month}
      amount: {label: 金额, type: money}
      colour: {label: 颜色, type: code(colour)}
SPREAD_FACTS
evidence:
  wage:
    rows:
      - {from: 2020-01-01, when: grown, complete_by: [tax], clause: T 一, trust: verified}
      - {from: 2020-01-01, variant: taken, complete_by: [tax], otherwise: found, clause: T 一, trust: verified}
      - {from: 2020-01-01, variant: presuming, complete_by: [tax], otherwise: presumed, presume: so_much, clause: T 一, trust: verified}
      - {from: 2020-01-01, complete_by: [tax, {any: [roll, tax]}], clause: T 一, trust: verified}
SPREAD_EVIDENCE
)yaml";

struct Expression {
  const char* type;
  const char* text;
};

constexpr Expression kExpressions[] = {
    {"money", "p.wage.during(m).min(w, w.amount)"},
    {"money", "p.wage.during(m).max(w, w.amount)"},
    {"money", "p.wage.during(m).mean(w, w.amount)"},
    {"money", "p.wage.during(m).min(w, w.amount, yuan(3))"},
    {"money", "p.wage.during(m).max(w, w.amount, yuan(3))"},
    {"money", "p.wage.during(m).mean(w, w.amount, yuan(3))"},
    {"money", "p.wage.during(m).filter(w, w.colour == 'red').min(w, w.amount, yuan(-2))"},
    {"money", "p.wage.during(m).filter(w, w.colour == 'red').max(w, w.amount)"},
    {"money", "p.wage.during(m).filter(w, w.amount > yuan(2)).mean(w, w.amount, yuan(9))"},
    {"count", "p.wage.during(m).distinct(w, w.amount)"},
    {"count", "p.wage.during(m).distinct(w, w.colour)"},
    {"count", "p.wage.during(m).filter(w, w.amount > yuan(1)).distinct(w, w.month)"},
    {"months", "p.wage.during(m).filter(w, w.colour == 'blue').months()"},
    {"bool", "defined(p.wage.during(m).mean(w, w.amount))"},
    {"bool", "defined(yuan(1) / p.wage.during(m).sum(w, w.amount))"},
    {"bool", "surely(p.wage.during(m).sum(w, w.amount) > yuan(2))"},
    {"bool", "possibly(p.wage.during(m).exists(w, w.colour == 'red'))"},
    {"bool", "closed(p.wage.during(m))"},
    {"money", "p.wage.during(m).by('taken').max(w, w.amount, yuan(0))"},
    {"money", "p.wage.during(m).by('presuming').sum(w, w.amount)"},
    {"money", "p.wage.during(m).by('presuming').min(w, w.amount, yuan(0))"},
    {"money", "p.bonus.during(m).sum(b, b.amount * b.within / b.span)"},
    {"months", "p.bonus.during(m).max(b, b.within, months(0))"},
    {"money", "p.annual.during(m).sum(b, b.amount * b.within / b.span)"},
    {"date", "p.bonus.during(m).min(b, b.from)"},
    {"count", "round(p.wage.during(m).sum(w, w.amount) / yuan(2), 'half_even', 1)"},
    {"count", "round(p.wage.during(m).sum(w, w.amount) / yuan(3), 'toward_zero', 1)"},
    {"count", "round(p.wage.during(m).sum(w, w.amount) / yuan(3), 'away_from_zero', 1)"},
    {"money", "persons.max(q, q.x0, yuan(0))"},
    {"money", "members.mean(q, q.x5)"},
    {"count", "members.distinct(q, q.x5)"},
};

std::string Rules() {
  std::string text = absl::StrCat(
      absl::StrReplaceAll(
          kRules, {{"SPREAD_FACTS\n", kSpreadFacts}, {"SPREAD_EVIDENCE\n", kSpreadEvidence}}),
      R"yaml(
tests:
  grown:
    label: 成年
    of: person
    rows: [{from: 2020-01-01, value: "age(p.birth, policy_day) >= years(18)", clause: T 一, trust: verified}]
  is_member:
    label: 成员
    of: person
    rows: [{from: 2020-01-01, value: "p.relation == 'applicant' || p.grown || p.wage.during(m).by('taken').exists(w, w.colour == 'red')", clause: T 一, trust: verified}]
)yaml");
  std::string quantities = R"yaml(quantities:
  m:
    label: 期间
    type: period
    rows: [{from: 2020-01-01, value: "months_before(policy_day, months(3))", clause: T 一, trust: verified}]
  so_much:
    label: 推定
    of: person
    type: money/month
    rows: [{from: 2020-01-01, value: "yuan(2) / months(1)", clause: T 一, trust: verified}]
)yaml";
  int i = 0;
  for (const Expression& expression : kExpressions) {
    const bool test = std::string(expression.type) == "bool";
    const bool person = std::string(expression.text).find("p.") != std::string::npos &&
                        std::string(expression.text).find("q.") == std::string::npos;
    absl::StrAppend(test ? &text : &quantities,
                    RuleOf(absl::StrCat("x", i++), person ? "person" : "household", expression.type,
                           expression.text));
  }
  return text + quantities;
}

// One household, twice: as it is, and as it is known.
struct Twice {
  std::string whole;
  std::string known;
};

class Household {
 public:
  explicit Household(unsigned seed) : random_(seed) {}

  Twice Make() {
    Twice text;
    Both(&text, R"yaml(
division: "640104"
dates: {application: 2025-03-03, policy: 2025-03-03}
persons:
  - {id: a, relation: applicant, sex: male, birth: 1979-05-12}
  - {id: b, relation: spouse, sex: female, birth: 1981-03-04}
)yaml");
    text.whole += "  - {id: c, relation: child, birth: 2006-01-01}\nanswers:\n";
    text.known += One(3) ? "  - {id: c, relation: child}\nanswers:\n"
                         : "  - {id: c, relation: child, birth: 2006-01-01}\nanswers:\n";
    for (const char* person : {"a", "b", "c"}) {
      for (const char* category : {"tax", "roll"}) AddAnswer(person, category, &text);
    }
    return text;
  }

 private:
  int Draw(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool One(int of) { return Draw(of) == 0; }
  static void Both(Twice* text, const std::string& part) {
    text->whole += part;
    text->known += part;
  }

  std::string Amount(bool negative) { return absl::StrCat(Draw(6) - (negative ? 2 : 0)); }

  // Of the second, a field may be missing.
  std::string Field(const std::string& name, const std::string& value, bool hide) {
    return hide && One(4) ? "" : absl::StrCat(", ", name, ": ", value);
  }

  std::vector<std::string> FactOf(const std::string& category, bool hides) {
    const auto seed = random_();
    std::vector<std::string> both;
    for (const bool hide : {false, hides}) {
      std::mt19937 again(seed);
      std::swap(again, random_);
      std::string text;
      if (category == "tax") {
        const std::string month = absl::StrCat("2025-0", 1 + Draw(3)), amount = Amount(true),
                          colour = One(2) ? "red" : "blue";
        text = absl::StrCat("{kind: wage", Field("month", month, hide),
                            Field("amount", amount, hide), Field("colour", colour, hide), "}");
      } else if (One(2)) {
        const int from = 1 + Draw(12), until = from + 1 + Draw(9);
        const std::string amount = Amount(false);
        text = absl::StrCat(
            "{kind: bonus", Field("from", absl::StrFormat("2024-%02d-15", from), hide),
            Field("until",
                  absl::StrFormat("%d-%02d-10", 2024 + (until - 1) / 12, (until - 1) % 12 + 1),
                  hide),
            Field("amount", amount, hide), "}");
      } else {
        const std::string year = absl::StrCat(2024 + Draw(2)), amount = Amount(false);
        text = absl::StrCat("{kind: annual", Field("year", year, hide),
                            Field("amount", amount, hide), "}");
      }
      both.push_back(text);
      std::swap(again, random_);
    }
    return both;
  }

  void AddAnswer(const std::string& person, const std::string& category, Twice* text) {
    const std::string head =
        absl::StrCat("  - {person: ", person, ", category: ", category,
                     ", source: s, covered: {from: 2024-01-01, to: 2025-03-04}, ");
    std::vector<std::string> whole, known;
    const int how = Draw(5);  // 0: missing, 1: incomplete, 2: fields missing, else as it is
    for (int n = Draw(4); n > 0; --n) {
      const std::vector<std::string> fact = FactOf(category, how == 2);
      whole.push_back(fact[0]);
      if (how != 1 || One(2)) known.push_back(fact[1]);
    }
    const auto told = [](const std::vector<std::string>& facts) {
      return facts.empty() ? std::string("kind: confirmed_none")
                           : absl::StrCat("kind: found, facts: [", absl::StrJoin(facts, ", "), "]");
    };
    absl::StrAppend(&text->whole, head, told(whole), "}\n");
    if (how == 0) {
      absl::StrAppend(&text->known, head, "kind: unavailable, reason: late}\n");
    } else if (how == 1) {
      absl::StrAppend(&text->known, head, "complete: false, kind: found, facts: [",
                      absl::StrJoin(known, ", "), "]}\n");
    } else {
      absl::StrAppend(&text->known, head, told(known), "}\n");
    }
  }

  std::mt19937 random_;
};

bool Holds(const AbstractValue& abstract, const AbstractValue& exact) {
  switch (exact.kind) {
    case ValueKind::kNumber:
      // Whether it has a value must be in question where it has none.
      if (exact.undefined) return abstract.undefined;
      return (!abstract.low || base::Rational::Compare(*abstract.low, *exact.low) <= 0) &&
             (!abstract.high || base::Rational::Compare(*exact.high, *abstract.high) <= 0);
    case ValueKind::kTruth:
      return abstract.truth == Truth::kUndetermined || abstract.truth == exact.truth;
    case ValueKind::kDate:
      if (exact.undefined) return abstract.undefined;
      return (!abstract.from || !exact.from || *abstract.from <= *exact.from) &&
             (!abstract.to || !exact.to || *exact.to <= *abstract.to);
    default:
      return true;
  }
}

TEST(ListsCompletionTest, WhatIsKnownHoldsWhatIsSo) {
  Overlay overlay;
  overlay.Write("000000", Rules());
  const auto pack = overlay.LoadAlone();
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  int exact_values = 0, wide = 0, preliminary = 0, unproven = 0, undefined = 0;
  for (unsigned seed = 0; seed < 1500; ++seed) {
    const Twice twice = Household(seed).Make();
    const auto whole = AssessText(**pack, twice.whole);
    const auto known = AssessText(**pack, twice.known);
    ASSERT_TRUE(whole.ok()) << whole.status() << twice.whole;
    ASSERT_TRUE(known.ok()) << known.status() << twice.known;
    for (const TraceEntry& entry : known->entries) {
      const TraceEntry* so = whole->Find(entry.id, entry.person_id);
      ASSERT_NE(so, nullptr) << entry.id;
      const bool unsettled = entry.marks.unproven || entry.marks.preliminary;
      ASSERT_TRUE(so->value.exact || so->value.undefined) << entry.id << " " << so->value.text;
      ASSERT_TRUE(unsettled || Holds(entry.value, so->value))
          << "seed " << seed << ": " << entry.id << " of " << entry.person_id << ": "
          << entry.value.text << " does not hold " << so->value.text << twice.whole << twice.known;
      ASSERT_EQ(entry.value.exact && !unsettled, entry.blame.empty())
          << "seed " << seed << ": " << entry.id << " of " << entry.person_id << twice.known;
      exact_values += entry.value.exact;
      wide += !entry.value.exact;
      preliminary += entry.marks.preliminary;
      unproven += entry.marks.unproven;
      undefined += so->value.undefined;
    }
  }
  // The test is of something.
  EXPECT_GT(exact_values, 10'000);
  EXPECT_GT(wide, 10'000);
  EXPECT_GT(preliminary, 1'000);
  EXPECT_GT(unproven, 1'000);
  EXPECT_GT(undefined, 1'000);
}

}  // namespace
}  // namespace hedui::assess
