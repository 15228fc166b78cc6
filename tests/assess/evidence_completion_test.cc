// What rules of evidence take for all there is: whatever is still to come, be it that a rule does
// not wait for it, nothing that is not marked may turn. Every answer and statement is taken away in
// turn, and every way in which it may come is held against what was said without it.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/assess/list_fixtures.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kVocabulary[] = R"yaml(
documents: {T: {title: 测试}}
categories: {employment: 社保, tax: 纳税}
facts:
  wage:
    label: 工资
    by: month
    categories: [employment, tax]
    fields: {month: {label: 月份, type: month}, amount: {label: 金额, type: money, min: 0}}
  farm:
    label: 务农
    by: month
    fields: {month: {label: 月份, type: month}, amount: {label: 金额, type: money, min: 0}}
  bill:
    label: 账单
    by: day
    fields: {day: {label: 日, type: date}, amount: {label: 金额, type: money, min: 0}}
  annual:
    label: 年收入
    by: year
    fields: {year: {label: 年份, type: count}, amount: {label: 金额, type: money, min: 0}}
  spell:
    label: 一段收入
    by: period
    fields: {from: {label: 起, type: date}, until: {label: 止, type: date}, amount: {label: 金额, type: money, min: 0}}
  word:
    label: 情况
    by: state
    fields: {amount: {label: 金额, type: money, min: 0}}
)yaml";

std::string Folds(const std::string& name, const std::string& list, bool months,
                  std::string* tests) {
  std::string quantities;
  const auto add = [&](const char* fold, const char* type, const std::string& text) {
    absl::StrAppend(std::string(type) == "bool" ? tests : &quantities,
                    RuleOf(absl::StrCat(name, "_", fold), "person", type, text));
  };
  add("sum", "money", list + ".sum(w, w.amount)");
  add("net", "money", list + ".sum(w, w.amount - yuan(800))");
  add("spent", "money", list + ".sum(w, -w.amount)");
  add("size", "count", list + ".size()");
  add("low", "bool", list + ".sum(w, w.amount) < yuan(1000)");
  add("exists", "bool", list + ".exists(w, w.amount > yuan(50))");
  add("all", "bool", list + ".all(w, w.amount > yuan(50))");
  add("min", "money", list + ".min(w, w.amount, yuan(7))");
  add("max", "money", list + ".max(w, w.amount, yuan(7))");
  add("mean", "money", list + ".mean(w, w.amount, yuan(7))");
  add("distinct", "count", list + ".distinct(w, w.amount)");
  add("defined", "bool", absl::StrCat("defined(", list, ".max(w, w.amount))"));
  if (months) add("months", "months", list + ".months()");
  return quantities;
}

constexpr char kDuring[] = ".during(months_before(policy_day, months(2)))";

// Said of the first fact of a case.
constexpr char kPerhaps[] = "# it is perhaps there";

// Each entry that is not marked holds what the other assessment says.
void ExpectHolds(const Assessment& known, const Assessment& so, const std::string& what) {
  const auto no_lower = [](const std::optional<base::Rational>& low,
                           const std::optional<base::Rational>& other) {
    return !low || (other && base::Rational::Compare(*low, *other) <= 0);
  };
  for (const TraceEntry& entry : known.entries) {
    if (entry.marks.unproven || entry.marks.preliminary) continue;
    const TraceEntry* other = so.Find(entry.id, entry.person_id);
    ASSERT_NE(other, nullptr);
    bool holds = true;
    if (entry.value.kind == ValueKind::kNumber) {
      holds = no_lower(entry.value.low, other->value.low) &&
              (!entry.value.high || no_lower(other->value.high, entry.value.high)) &&
              (!entry.value.high || other->value.high);
    } else if (entry.value.kind == ValueKind::kTruth) {
      holds = entry.value.truth == Truth::kUndetermined || entry.value.truth == other->value.truth;
    }
    EXPECT_TRUE(holds) << what << ": " << entry.id << " is " << entry.value.text << " and becomes "
                       << other->value.text;
  }
}

// In what ways a part of a case may be told, and what may come of each.
struct Told {
  std::string text;
  std::vector<int> becomes;  // empty: it stays as it is
};

class Cases {
 public:
  Cases(const PolicyPack& pack, std::vector<std::vector<Told>> parts,
        std::string (*text)(const std::vector<std::string>&))
      : pack_(pack), parts_(std::move(parts)), text_(text) {}

  // Of every case and everything that may become of it.
  void Check() {
    std::vector<int> at(parts_.size(), 0);
    do {
      Become(at, at, 0);
      if (::testing::Test::HasFailure()) return;
    } while (Next(&at));
  }
  const Assessment& Of(const std::vector<int>& at) {
    const auto found = known_.find(at);
    if (found != known_.end()) return found->second;
    auto result = Assess(TextOf(at));
    EXPECT_TRUE(result.ok()) << result.status() << TextOf(at);
    return known_.emplace(at, result.ok() ? *std::move(result) : Assessment()).first->second;
  }
  int compared() const { return compared_; }

 private:
  // A case file cannot say that what is stated is perhaps there; matching can.
  absl::StatusOr<Assessment> Assess(const std::string& text) const {
    auto file = ParseCaseFile("case", text, pack_);
    if (!file.ok()) return file.status();
    if (absl::StrContains(text, kPerhaps)) file->value.facts.facts[0].possible = true;
    return assess::Assess(pack_, file->value);
  }
  std::string TextOf(const std::vector<int>& at) const {
    std::vector<std::string> told;
    for (size_t i = 0; i < at.size(); ++i)
      told.push_back(parts_[i][static_cast<size_t>(at[i])].text);
    return text_(told);
  }
  void Become(const std::vector<int>& before, std::vector<int> after, size_t part) {
    if (part == parts_.size()) {
      ++compared_;
      ExpectHolds(Of(before), Of(after), TextOf(before) + "\n" + TextOf(after));
      return;
    }
    const std::vector<int>& becomes = parts_[part][static_cast<size_t>(before[part])].becomes;
    if (becomes.empty()) Become(before, after, part + 1);
    for (const int one : becomes) {
      after[part] = one;
      Become(before, after, part + 1);
    }
  }
  bool Next(std::vector<int>* at) const {
    for (size_t i = 0; i < at->size(); ++i) {
      if (++(*at)[i] < static_cast<int>(parts_[i].size())) return true;
      (*at)[i] = 0;
    }
    return false;
  }

  const PolicyPack& pack_;
  const std::vector<std::vector<Told>> parts_;
  std::string (*const text_)(const std::vector<std::string>&);
  std::map<std::vector<int>, Assessment> known_;
  int compared_ = 0;
};

constexpr char kHead[] = R"yaml(division: "640104"
dates: {application: 2025-03-10, policy: 2025-03-10}
)yaml";

// Of an answer of a register: 0 nobody was asked, 1 nothing, 2 found, 3 not held, 4 and 5 nobody's
// to give, and then what is to come.
std::vector<Told> Answers(const std::string& category, const std::string& source) {
  const std::string head =
      absl::StrCat("  - {person: a, category: ", category, ", source: ", source, ", ");
  const std::string none = "covered: {}, kind: confirmed_none";
  const std::string wage = "facts: [{kind: wage, month: 2025-02, amount: 5000}]";
  const std::vector<int> anything = {1, 2, 3};
  std::vector<Told> told = {{"", {}},
                            {none, {}},
                            {"covered: {}, kind: found, " + wage, {}},
                            {"kind: not_covered", {}},
                            {"kind: not_asked, reason: not_routable", {}},
                            {"kind: not_asked, reason: minimised", {}},
                            {"kind: pending", anything},
                            {"kind: not_asked, reason: no_authorization", anything},
                            {"kind: stale, reason: too_old, " + wage, anything},
                            {"covered: {}, kind: found, complete: false, " + wage, {2}},
                            {"covered: {}, kind: found, complete: false", {2}},
                            {"covered: {to: 2025-02-10}, kind: confirmed_none", anything},
                            {none + ", data_day: 2025-02-10", {1, 2}}};
  for (Told& one : told) {
    if (!one.text.empty()) one.text = absl::StrCat(head, one.text, "}\n");
  }
  return told;
}

// Of what people are to find out: what has come from them is all that will, proof of all or not.
std::vector<Told> Findings(const std::string& category) {
  std::vector<Told> told = {
      {"", {}},
      {"covered: {}, kind: confirmed_none", {}},
      {"covered: {}, kind: found, facts: [{kind: wage, month: 2025-02, amount: 700}]", {}},
      {"kind: found, facts: [{kind: wage, month: 2025-02, amount: 700}]", {}},
      {"kind: not_asked, reason: not_routable", {}},
      {"kind: pending", {1, 2, 3}},
      {"kind: unavailable, reason: late", {1, 2, 3}}};
  for (Told& one : told) {
    if (one.text.empty()) continue;
    one.text =
        absl::StrCat("  - {person: a, category: ", category, ", source: manual, ", one.text, "}\n");
  }
  return told;
}

std::string CaseOfAnswers(const std::vector<std::string>& told) {
  const std::string answers = absl::StrCat(told[1], told[2], told[3]);
  return absl::StrCat(kHead, "persons:\n  - {id: a, relation: applicant", told[0], "}\n",
                      answers.empty() ? "" : "answers:\n", answers);
}

struct Needs {
  const char* name;
  const char* complete_by;
  bool manual_suffices = false;
};

// Each in every way of weighing what is stated.
std::string RulesOfWages(const std::vector<Needs>& needs) {
  std::string rows, tests = "tests:\n", quantities = "quantities:\n";
  for (const Needs& need : needs) {
    for (const char* use : {"found", "declared", "higher", "agreed"}) {
      const std::string variant = absl::StrCat(need.name, "_", use);
      absl::StrAppend(&rows, "      - {from: 2020-01-01, variant: ", variant, ", complete_by: [",
                      need.complete_by, "], use: ", use,
                      need.manual_suffices ? ", manual: suffices" : "",
                      ", clause: T 一, trust: verified}\n");
      const std::string list = absl::StrCat("p.wage", kDuring, ".by('", variant, "')");
      absl::StrAppend(&quantities, Folds(variant, list, true, &tests));
      absl::StrAppend(&tests, RuleOf(variant + "_closed", "person", "bool",
                                     absl::StrCat("closed(", list, ") && ", list, ".size() == 0")));
    }
  }
  return absl::StrCat(kVocabulary, "evidence:\n  wage:\n    rows:\n", rows, tests, quantities);
}

// They leave out categories of which wages come.
const std::vector<Needs> kNeeds = {{"employment", "employment"},
                                   {"silence", "declaration"},
                                   {"stated", "statement"},
                                   {"one", "tax@s1"}};

// Whatever may become of the parts, by rules with these needs.
void CheckWages(const std::vector<Needs>& needs, std::vector<std::vector<Told>> parts, int least) {
  Overlay overlay;
  overlay.Write("000000", RulesOfWages(needs));
  const auto pack = overlay.LoadAlone();
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  Cases cases(**pack, std::move(parts), CaseOfAnswers);
  cases.Check();
  EXPECT_GT(cases.compared(), least);
}

const std::vector<Told> kStatedOrNot = {
    {"", {}}, {", declared: [{kind: wage, month: 2025-02, amount: 600}]", {}}};

// Those that came, or are nobody's, and one that is to come.
std::vector<Told> FewAnswers(const std::string& category, const std::string& source) {
  std::vector<Told> answers = Answers(category, source);
  answers.erase(answers.begin() + 7, answers.end());
  return answers;
}

TEST(EvidenceCompletionTest, AnAnswerThatNoNeedNamesTurnsNothingThatIsNotMarked) {
  CheckWages(
      kNeeds,
      {kStatedOrNot, FewAnswers("employment", "s0"), Answers("tax", "s1"), Answers("tax", "s2")},
      3000);
}

TEST(EvidenceCompletionTest, AnAnswerThatAnotherStandsInForTurnsNothingThatIsNotMarked) {
  CheckWages(
      {{"either", "{any: [employment, tax]}"},
       {"either_source", "{any: [tax@s1, employment]}"},
       {"or_silence", "{any: [employment, declaration]}"},
       {"both", "employment, {any: [tax, statement]}"}},
      {kStatedOrNot, Answers("employment", "s0"), Answers("tax", "s1"), FewAnswers("tax", "s2")},
      3000);
}

TEST(EvidenceCompletionTest, WhatPeopleFoundStandsInForNoAnswerThatIsStillToCome) {
  Overlay overlay;
  overlay.Write("000000", RulesOfWages({{"adds", "employment"},
                                        {"suffices", "employment", true},
                                        {"of_source", "employment@s0", true},
                                        {"either", "{any: [employment, tax]}", true}}));
  const auto pack = overlay.LoadAlone();
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  Cases cases(
      **pack,
      {{{"", {}}}, Answers("employment", "s0"), Findings("employment"), FewAnswers("tax", "s1")},
      CaseOfAnswers);
  cases.Check();
  EXPECT_GT(cases.compared(), 1000);
  // Where no register is asked, people's word is proof as it was.
  const auto alone = AssessText(**pack, CaseOfAnswers({"", Answers("employment", "s0")[4].text,
                                                       Findings("employment")[2].text, ""}));
  ASSERT_TRUE(alone.ok()) << alone.status();
  for (const char* name : {"suffices_found_sum", "either_found_sum"}) {
    const TraceEntry* sum = alone->Find(name, "a");
    EXPECT_EQ(sum->value.text, "700.00") << name;
    EXPECT_FALSE(sum->marks.unproven) << name;
  }
}

// One statement, in place of Findings: within the time asked for, outside it, or of no month.
std::vector<Told> Statements(bool awaited) {
  const auto declared = [](const std::string& when) {
    return absl::StrCat(", declared: [{kind: wage, ", when, "amount: 900}]");
  };
  std::vector<Told> told = {{"", {}},
                            {declared("month: 2025-02, "), {}},
                            {declared("month: 2023-02, "), {}},
                            {declared(""), {1, 2}}};
  if (awaited) told[0].becomes = {0, 1, 2};
  return told;
}

std::vector<Told> FoundAndOpen() {
  const std::string head = "  - {person: a, category: employment, source: s0, covered: {}, kind: ";
  std::vector<Told> told;
  for (const char* amount : {"300", "900", "2000"}) {
    told.push_back({absl::StrCat(head, "found, facts: [{kind: wage, month: 2025-02, amount: ",
                                 amount, "}]}\n"),
                    {}});
  }
  told.push_back({absl::StrCat(head, "confirmed_none}\n"), {}});
  told.push_back({absl::StrCat(head, "pending}\n"), {0, 1, 2, 3}});
  return told;
}

// What is perhaps stated may not be, and what is yet to be stated may count in place of more that
// was found, or of less.
TEST(EvidenceCompletionTest, WhatMayBeStatedTurnsNothingThatIsNotMarked) {
  for (const bool awaited : {false, true}) {
    CheckWages(awaited ? std::vector<Needs>{{"both", "employment, statement"},
                                            {"stated", "statement"},
                                            {"any", "{any: [statement, tax]}"}}
                       : std::vector<Needs>{{"employment", "employment"}},
               {Statements(awaited), FoundAndOpen(), {{"", {}}}, {{"", {}}}}, 35);
  }
}

// Of the first fact how sure it is stands behind it.
std::string CaseOfStatements(const std::vector<std::string>& told) {
  std::string facts;
  for (const std::string& one : told) {
    if (!one.empty()) absl::StrAppend(&facts, "      - ", one, "\n");
  }
  return absl::StrCat(kHead, "persons:\n  - id: a\n    relation: applicant\n",
                      facts.empty() ? "" : absl::StrCat("    declared:\n", facts));
}

struct Stated {
  const char* kind;
  const char* within;   // its fields of time
  const char* outside;  // empty: it has none
};

constexpr Stated kStated[] = {
    {"farm", ", month: 2025-02", ", month: 2023-01"},
    {"bill", ", day: 2025-02-07", ", day: 2025-03-01"},
    {"annual", ", year: 2025", ", year: 2023"},
    {"spell", ", from: 2025-01-20, until: 2025-02-03", ", from: 2024-01-20, until: 2024-02-03"},
    {"word", "", ""}};

std::string RulesOfStatements() {
  std::string evidence = "evidence:\n", tests = "tests:\n", quantities = "quantities:\n";
  for (const Stated& stated : kStated) {
    const std::string kind = stated.kind;
    absl::StrAppend(&evidence, "  ", kind, ":\n    rows:\n");
    for (const char* use : {"declared", "higher"}) {
      absl::StrAppend(&evidence, "      - {from: 2020-01-01, variant: ", use,
                      ", complete_by: [statement], use: ", use,
                      ", clause: T 一, trust: verified}\n");
      const std::string list =
          absl::StrCat("p.", kind, kind == "word" ? "" : kDuring, ".by('", use, "')");
      absl::StrAppend(&quantities,
                      Folds(absl::StrCat(kind, "_", use), list, kind == "farm", &tests));
    }
  }
  return absl::StrCat(kVocabulary, evidence, tests, quantities);
}

TEST(EvidenceCompletionTest, WhenAStatementIsOfTurnsNothingThatIsNotMarked) {
  Overlay overlay;
  overlay.Write("000000", RulesOfStatements());
  const auto pack = overlay.LoadAlone();
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  for (const Stated& stated : kStated) {
    const auto fact = [&](const std::string& when, const char* amount, bool perhaps) {
      return absl::StrCat("{kind: ", stated.kind, when, ", amount: ", amount,
                          perhaps ? absl::StrCat("} ", kPerhaps) : "}");
    };
    std::vector<Told> one = {{"", {}},
                             {fact(stated.within, "500", false), {}},
                             {fact(stated.within, "500", true), {0, 1}}};
    std::vector<Told> other = {{"", {}}, {fact(stated.within, "30", false), {}}};
    if (*stated.outside != '\0') {
      one.push_back({fact(stated.outside, "500", false), {}});
      one.push_back({fact("", "500", false), {1, 3}});
      one.push_back({fact("", "500", true), {0, 1, 3}});
      other.push_back({fact(stated.outside, "30", false), {}});
    }
    Cases cases(**pack, {one, other}, CaseOfStatements);
    cases.Check();
    EXPECT_GE(cases.compared(), 8) << stated.kind;
  }
}

std::vector<std::string> BlameOf(const TraceEntry& entry) {
  std::vector<std::string> items;
  for (const Blame& blame : entry.blame) {
    items.push_back(absl::StrCat(blame.category, blame.detail));
  }
  return items;
}

TEST(EvidenceCompletionTest, WhatIsStillToComeIsToBlameAndTheValueStaysWhatTheRuleSays) {
  Overlay overlay;
  overlay.Write("000000", RulesOfWages(kNeeds));
  const auto pack = overlay.LoadAlone();
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  const std::string none =
      "  - {person: a, category: employment, source: s0, covered: {}, kind: "
      "confirmed_none}\n";
  const auto low = [&](const std::string& tax, const std::string& use) {
    const auto result = AssessText(**pack, CaseOfAnswers({"", none, tax, ""}));
    EXPECT_TRUE(result.ok()) << result.status();
    return *result->Find(absl::StrCat("employment_", use, "_low"), "a");
  };
  for (const char* use : {"found", "higher", "agreed"}) {
    for (const Told& one : Answers("tax", "s1")) {
      const TraceEntry entry = low(one.text, use);
      const bool found =
          absl::StrContains(one.text, "kind: found") && absl::StrContains(one.text, "wage");
      if (std::string(use) != "agreed") {
        EXPECT_EQ(entry.value.text, found ? "FALSE" : "TRUE") << one.text;
      }
      EXPECT_EQ(entry.marks.unproven, !one.becomes.empty()) << one.text;
      const std::vector<std::string> blame = BlameOf(entry);
      if (!one.becomes.empty()) {
        EXPECT_THAT(blame, Contains(StartsWith("tax"))) << one.text;
      }
    }
  }
  // Where nothing found counts, nothing found is awaited; nor where nobody was asked.
  const TraceEntry declared = low(Answers("tax", "s1")[6].text, "declared");
  EXPECT_FALSE(declared.marks.unproven);
  EXPECT_THAT(BlameOf(declared), IsEmpty());
  const TraceEntry unasked = low("", "higher");
  EXPECT_FALSE(unasked.marks.unproven);
  EXPECT_THAT(BlameOf(unasked), IsEmpty());
}

TEST(EvidenceCompletionTest, AStatementWithoutItsTimeIsNoneAndSaysWhatIsUnstated) {
  Overlay overlay;
  overlay.Write("000000", RulesOfStatements());
  const auto pack = overlay.LoadAlone();
  ASSERT_TRUE(pack.ok()) << pack.status().message();
  const std::map<std::string, std::string> unstated = {
      {"farm", "farm.month"}, {"bill", "bill.day"}, {"annual", "annual.year"}};
  for (const auto& [kind, field] : unstated) {
    const auto result =
        AssessText(**pack, CaseOfStatements({absl::StrCat("{kind: ", kind, ", amount: 500}")}));
    ASSERT_TRUE(result.ok()) << result.status();
    const TraceEntry* sum = result->Find(kind + "_declared_sum", "a");
    EXPECT_EQ(sum->value.text, "[0.00, +∞)") << kind;
    EXPECT_THAT(BlameOf(*sum), ElementsAre(field));
    EXPECT_EQ(result->Find(kind + "_declared_low", "a")->value.text, "UNDETERMINED") << kind;
  }
}

}  // namespace
}  // namespace hedui::assess
