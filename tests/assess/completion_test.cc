// The promise of abstract values: whatever the missing answers turn out to be, the exact result
// lies within the abstract one and agrees with every decided test. Households with every answer are
// made at random, then part of what is known is taken away.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/base/yaml.h"
#include "tests/assess/test_packs.h"

namespace hedui::assess {
namespace {

using base::AnswerKind;
using base::AnswerState;
using base::Fact;
using base::Money;
using base::Rational;

constexpr absl::CivilMonth kMonth(2025, 2);

class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }
  bool OneIn(int n) { return Below(n) == 0; }

  // A household of one to five whose every answer is there.
  Case Complete() {
    Case c;
    c.dates.application = c.dates.policy = absl::CivilDay(2025, 3, 3);
    static constexpr const char* kDivisions[] = {"640104", "649901", "649902", "649903", "649908"};
    c.division = kDivisions[Below(5)];
    c.scope = "urban";
    const int persons = 1 + Below(5);
    for (int i = 0; i < persons; ++i) AddPerson(i, &c);
    for (int i = 0; i < persons; ++i) AddAnswers(i, &c);
    for (int i = 0; i < persons; ++i) AddDeclarations(i, &c);
    // Registers and application agree on who has died.
    for (Fact& death : deaths_) {
      death.declared = true;
      c.facts.facts.push_back(std::move(death));
    }
    deaths_.clear();
    return c;
  }

  // The same household with less known about it.
  Case Hide(const Case& complete) {
    Case c = complete;
    if (OneIn(8)) c.scope.clear();
    // Without an area class any minimum wage may be meant.
    if ((c.division == "640104" || c.division == "649908") && OneIn(8)) c.division = "649907";
    const int share = 2 + Below(20);
    for (AnswerState& answer : c.facts.answers) {
      if (OneIn(share)) HideAnswer(&answer);
    }
    for (Person& person : c.persons) {
      if (OneIn(12)) person.birth.reset();
      if (OneIn(20)) person.sex = base::Sex::kUnknown;
    }
    for (Fact& fact : c.facts.facts) {
      if (!fact.record.fields.empty() && OneIn(25)) HideField(&fact);
    }
    CastDoubt(&c);
    DropFactsOfHidden(&c);
    if (c.persons.size() > 1 && OneIn(6)) DropPerson(&c);
    return c;
  }

 private:
  // The year of incomes and the day of the application, as sources are asked.
  static base::Period Covered() {
    return {absl::CivilDay(kMonth - 11), absl::CivilDay(2025, 3, 4)};
  }

  void AddPerson(int i, Case* c) {
    static constexpr base::Relation kOthers[] = {
        base::Relation::kChild,   base::Relation::kChild,      base::Relation::kParent,
        base::Relation::kSibling, base::Relation::kGrandchild, base::Relation::kOther};
    Person person;
    person.id = absl::StrCat("p", i);
    person.number = absl::StrCat("number", i);
    person.relation = i == 0   ? base::Relation::kApplicant
                      : i == 1 ? base::Relation::kSpouse
                               : kOthers[Below(6)];
    person.birth = absl::CivilDay(1940 + Below(85), 1 + Below(12), 1 + Below(28));
    person.sex = OneIn(2) ? base::Sex::kMale : base::Sex::kFemale;
    c->persons.push_back(std::move(person));
  }

  Fact MakeFact(const std::string& person, const std::string& kind,
                std::vector<base::Field> fields) {
    Fact fact;
    fact.person_id = person;
    fact.record.kind = kind;
    fact.record.fields = std::move(fields);
    return fact;
  }

  Money Amount(int yuan_max) {
    return Money::FromFen(int64_t{100} * Below(yuan_max) + (OneIn(3) ? Below(100) : 0));
  }

  Fact Income(const std::string& person, const std::string& kind, int yuan_max) {
    Fact fact = MakeFact(person, kind, {{"month", kMonth}, {"amount", Amount(yuan_max)}});
    if (kind == "wage" && OneIn(6)) fact.record.fields.push_back({"net", true});
    if (kind == "operating_income" && OneIn(3))
      fact.record.fields[1].value = Money::FromFen(-Amount(500).fen());
    if (kind == "transfer_income") {
      static constexpr const char* kNatures[] = {"pension", "scholarship", "social_assistance",
                                                 "resident_pension", "other"};
      fact.record.fields.push_back({"nature", std::string(kNatures[Below(5)])});
    }
    return fact;
  }

  void Answer(Case* c, const std::string& person, const std::string& category,
              std::vector<Fact> facts) {
    AnswerState state;
    state.person_id = person;
    state.category = category;
    state.source_id = "source-" + category;
    state.kind = facts.empty() ? AnswerKind::kConfirmedNone : AnswerKind::kFound;
    state.complete = !facts.empty();
    state.covered = Covered();
    for (Fact& fact : facts) {
      fact.answer = static_cast<int32_t>(c->facts.answers.size());
      c->facts.facts.push_back(std::move(fact));
    }
    c->facts.answers.push_back(std::move(state));
  }

  void AddAnswers(int i, Case* c) {
    const std::string& id = c->persons[static_cast<size_t>(i)].id;
    auto maybe = [this](int n, Fact fact) {
      return OneIn(n) ? std::vector<Fact>{std::move(fact)} : std::vector<Fact>{};
    };
    std::vector<Fact> work = maybe(2, Income(id, "wage", 3500));
    if (OneIn(4)) work.push_back(Income(id, "wage", 2000));
    if (OneIn(5)) work.push_back(Income(id, "transfer_income", 1500));
    Answer(c, id, "employment", std::move(work));
    std::vector<Fact> tax = maybe(6, Income(id, "property_income", 800));
    if (OneIn(6)) tax.push_back(Income(id, "operating_income", 2000));
    Answer(c, id, "tax", std::move(tax));
    Answer(c, id, "business", {});
    Answer(c, id, "assistance", maybe(6, Income(id, "transfer_income", 600)));
    Answer(c, id, "deposit", maybe(2, MakeFact(id, "deposit", {{"amount", Amount(60000)}})));
    Answer(c, id, "securities", maybe(8, MakeFact(id, "security", {{"amount", Amount(60000)}})));
    Answer(c, id, "insurance", maybe(8, MakeFact(id, "insurance", {{"amount", Amount(30000)}})));
    Answer(c, id, "vehicle",
           maybe(5, MakeFact(id, "vehicle",
                             {{"class", std::string(OneIn(2) ? "motorcycle" : "car")}})));
    Answer(c, id, "real_estate",
           maybe(3, MakeFact(id, "real_estate",
                             {{"use", std::string(OneIn(4) ? "garage" : "residence")}})));
    Answer(c, id, "hukou", {MakeFact(id, "hukou", {{"division", std::string("640104")}})});
    std::vector<Fact> marriage;
    if (i < 2 && c->persons.size() > 1) {
      marriage.push_back(MakeFact(
          id, "marriage",
          {{"status", std::string("married")}, {"spouse_number", absl::StrCat("number", 1 - i)}}));
    }
    Answer(c, id, "marriage", std::move(marriage));
    std::vector<Fact> death =
        maybe(15, MakeFact(id, "death", {{"day", absl::CivilDay(2025, 2, 20) + Below(20)}}));
    deaths_.insert(deaths_.end(), death.begin(), death.end());
    Answer(c, id, "death", std::move(death));
    Answer(c, id, "enrolment",
           maybe(3, MakeFact(id, "enrolment",
                             {{"stage", std::string(OneIn(4) ? "master" : "bachelor")},
                              {"full_time", !OneIn(5)}})));
    static constexpr const char* kCategories[] = {"limb", "mental", "intellectual"};
    const int grade = 1 + Below(4);
    const std::string category = kCategories[Below(3)];
    const bool disabled = OneIn(4);
    severe_[id] = disabled && (grade <= 2 || (grade == 3 && category != "limb"));
    std::vector<Fact> certificate;
    if (disabled) {
      certificate.push_back(
          MakeFact(id, "disability", {{"grade", int64_t{grade}}, {"category", category}}));
    }
    Answer(c, id, "disability", std::move(certificate));
  }

  void AddDeclarations(int i, Case* c) {
    const std::string& id = c->persons[static_cast<size_t>(i)].id;
    auto declare = [&](Fact fact) {
      fact.declared = true;
      c->facts.facts.push_back(std::move(fact));
    };
    if (OneIn(4)) declare(Income(id, "wage", 3500));
    if (OneIn(6)) declare(Income(id, "other_income", 500));
    if (OneIn(8))
      declare(MakeFact(id, "vehicle", {{"class", std::string(OneIn(2) ? "motorcycle" : "car")}}));
    if (OneIn(6)) declare(Income(id, "transfer_outlay", 600));
    // All is known of a household only where it says how everybody lives. What nobody may say of
    // the severely disabled, that they are able, leaves them in doubt.
    if (i > 1) {
      declare(MakeFact(id, "co_residence",
                       {{"long_term", OneIn(2)},
                        {"support_duty", OneIn(2)},
                        {"independent", !severe_[id] && !OneIn(3)}}));
    }
  }

  void HideAnswer(AnswerState* answer) {
    // Data of a day in the month: what is paid later in it is not in them.
    if ((answer->category == "employment" || answer->category == "tax") && OneIn(3)) {
      answer->data_day = absl::CivilDay(kMonth) + Below(27);
      return;
    }
    switch (Below(6)) {
      case 0:
        answer->kind = AnswerKind::kUnavailable;
        answer->reason = base::Reason::kLate;
        return;
      case 1:
        answer->kind = AnswerKind::kStale;
        answer->reason = base::Reason::kTooOld;
        return;
      case 2:
        answer->kind = AnswerKind::kAmbiguous;
        answer->reason = base::Reason::kWrongPerson;
        return;
      case 3:
        answer->kind = AnswerKind::kNotAsked;
        answer->reason = base::Reason::kNoAuthorization;
        return;
      case 4:  // part of what there is
        answer->kind = AnswerKind::kFound;
        answer->complete = false;
        return;
      default:  // says nothing about the month asked for
        if (answer->category == "tax" || answer->category == "employment") {
          answer->kind = AnswerKind::kConfirmedNone;
          answer->covered = base::PeriodOfMonth(kMonth - 1);
        } else {
          answer->kind = AnswerKind::kPending;
        }
    }
  }

  void HideField(Fact* fact) {
    base::Field& field =
        fact->record
            .fields[static_cast<size_t>(Below(static_cast<int>(fact->record.fields.size())))];
    // A field with a default is known when absent; it becomes unreadable instead, as an absent
    // spouse would.
    if (field.name == "net" || OneIn(2)) {
      field.value = std::string("?");
      if (field.name == "spouse_number") field.value = int64_t{0};
    } else {
      field.name = "renamed";
    }
  }

  // What several sources told in ways that cannot be brought together.
  void CastDoubt(Case* c) {
    std::vector<Fact> told_again;
    for (Fact& fact : c->facts.facts) {
      if (fact.declared) continue;
      if (!fact.record.fields.empty() && OneIn(25)) {
        const int field = Below(static_cast<int>(fact.record.fields.size()));
        fact.doubtful = {fact.record.fields[static_cast<size_t>(field)].name};
      }
      if (OneIn(25)) fact.possible = true;
      if (OneIn(25)) {
        Fact again = fact;
        again.possible = true;
        for (base::Field& field : again.record.fields) {
          if (field.name == "amount") field.value = Amount(5000);
        }
        told_again.push_back(std::move(again));
      }
    }
    c->facts.facts.insert(c->facts.facts.end(), told_again.begin(), told_again.end());
  }

  void DropFactsOfHidden(Case* c) {
    std::vector<Fact> kept;
    for (Fact& fact : c->facts.facts) {
      // Nothing said of how somebody lives.
      if (fact.declared && fact.record.kind == "co_residence" && OneIn(4)) continue;
      // One side alone says that somebody has died.
      if (fact.declared && fact.record.kind == "death" && OneIn(3)) continue;
      if (fact.answer >= 0) {
        const AnswerState& answer = c->facts.answers[static_cast<size_t>(fact.answer)];
        // Stale and ambiguous answers keep their facts: nothing may count them.
        const bool shown = answer.kind == AnswerKind::kFound || answer.kind == AnswerKind::kStale ||
                           answer.kind == AnswerKind::kAmbiguous;
        const bool partial = !answer.complete || answer.data_day.has_value();
        if (!shown || (partial && OneIn(2))) continue;
      }
      kept.push_back(std::move(fact));
    }
    c->facts.facts = std::move(kept);
  }

  // Leaves somebody out of the application. The registers of residence then cannot all have
  // answered, or the marriage register names somebody who is not listed.
  void DropPerson(Case* c) {
    const std::string id = c->persons.back().id;
    c->persons.pop_back();
    std::vector<int32_t> moved(c->facts.answers.size(), -1);
    std::vector<AnswerState> answers;
    bool hidden = false;
    for (size_t i = 0; i < c->facts.answers.size(); ++i) {
      AnswerState& answer = c->facts.answers[i];
      if (answer.person_id == id) continue;
      // Of the applicant, who is alive as far as the family's register matters: see the death
      // below.
      if (answer.category == "hukou" && answer.person_id == c->persons[0].id) {
        answer.kind = AnswerKind::kUnavailable;
        hidden = true;
      }
      if (answer.category == "death" && answer.person_id == c->persons[0].id) {
        answer.kind = AnswerKind::kUnavailable;
      }
      moved[i] = static_cast<int32_t>(answers.size());
      answers.push_back(std::move(answer));
    }
    ASSERT_TRUE(hidden);
    c->facts.answers = std::move(answers);
    std::vector<Fact> facts;
    for (Fact& fact : c->facts.facts) {
      if (fact.person_id == id) continue;
      if (fact.answer >= 0) fact.answer = moved[static_cast<size_t>(fact.answer)];
      facts.push_back(std::move(fact));
    }
    c->facts.facts = std::move(facts);
  }

  std::mt19937 random_;
  std::vector<Fact> deaths_;  // of the household that is being made
  std::map<std::string, bool> severe_;
};

// Whether `exact` is among what `abstract` can be.
bool Holds(const AbstractValue& abstract, const AbstractValue& exact) {
  switch (abstract.kind) {
    case ValueKind::kNumber:
      if (exact.undefined) return abstract.undefined;
      return (!abstract.low || Rational::Compare(*abstract.low, *exact.low) <= 0) &&
             (!abstract.high || Rational::Compare(*exact.high, *abstract.high) <= 0);
    case ValueKind::kTruth:
      return abstract.truth == Truth::kUndetermined || abstract.truth == exact.truth;
    case ValueKind::kCode:
      return std::find(abstract.codes.begin(), abstract.codes.end(), exact.codes[0]) !=
             abstract.codes.end();
    case ValueKind::kDate:
    case ValueKind::kPeriod:
      return !abstract.exact || (abstract.from == exact.from && abstract.to == exact.to);
  }
  return false;
}

struct Seen {
  int decided = 0;
  int undetermined = 0;
  int intervals = 0;
  int robust = 0;
  int overturned = 0;  // decided, but otherwise once everything is known
};

void Compare(const Assessment& exact, const Assessment& abstract, Seen* seen) {
  for (const TraceEntry& entry : abstract.entries) {
    const TraceEntry* other = exact.Find(entry.id, entry.person_id);
    ASSERT_NE(other, nullptr) << entry.id;
    // What a rule takes for complete may turn out otherwise; it says so.
    const bool unsettled = entry.marks.unproven || entry.marks.preliminary;
    EXPECT_TRUE(unsettled || Holds(entry.value, other->value))
        << entry.id << " of " << entry.person_id << ": " << entry.value.text << " does not hold "
        << other->value.text;
    EXPECT_EQ(entry.value.exact && !unsettled, entry.blame.empty())
        << entry.id << " of " << entry.person_id;
    seen->intervals += !entry.value.exact && entry.value.kind == ValueKind::kNumber;
  }
  for (const Indication& indication : abstract.indications) {
    const Indication* other = exact.FindIndication(indication.programme, indication.person_id);
    ASSERT_NE(other, nullptr);
    if (indication.robust) {
      EXPECT_EQ(indication.result, other->result) << indication.programme;
    }
    const bool decided = indication.result != Truth::kUndetermined;
    const bool unsettled = indication.marks.unproven || indication.marks.preliminary;
    EXPECT_EQ(indication.robust, decided && !unsettled);
    EXPECT_TRUE(!unsettled || !indication.blame.empty());
    ++(decided ? seen->decided : seen->undetermined);
    if (indication.robust) ++seen->robust;
    seen->overturned += decided && indication.result != other->result;
  }
}

TEST(CompletionTest, ExactResultsLieWithinAbstractOnesAndAgreeWithEveryDecidedTest) {
  Generator generator(20250303);
  Seen seen;
  for (int i = 0; i < 4000; ++i) {
    const Case complete = generator.Complete();
    const Case hidden = generator.Hide(complete);
    const auto exact = Assess(TestPack(), complete);
    const auto abstract = Assess(TestPack(), hidden);
    ASSERT_TRUE(exact.ok()) << exact.status();
    ASSERT_TRUE(abstract.ok()) << abstract.status();
    Compare(*exact, *abstract, &seen);
    if (HasFailure()) {
      FAIL() << "household " << i;
    }
  }
  // The generator must reach both sides, or the test proves nothing.
  EXPECT_GT(seen.decided, 800);
  EXPECT_GT(seen.undetermined, 800);
  EXPECT_GT(seen.intervals, 10000);
  EXPECT_EQ(seen.overturned, 0);
}

// The shipped policies and the tests' counties, but every second evidence rule takes what was
// found, and every third what was declared, for all there is.
PolicyPack::Ptr CreditingPack() {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / absl::StrCat("hedui_crediting_", getpid());
  fs::remove_all(root);
  int rule = 0;
  for (const char* folder : {"policies", "tests/assess/policies"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(Folder(folder))) {
      if (entry.path().extension() != ".yaml") continue;
      std::string text = *base::ReadFile(entry.path().string());
      const std::string key = "complete_by: [";
      for (size_t at = 0; (at = text.find(key, at)) != std::string::npos; at += 2 * key.size()) {
        const char* kinds[] = {"unknown", "found", "declared", "found", "unknown", "found"};
        text.insert(at, absl::StrCat("otherwise: ", kinds[rule++ % 6], ", "));
      }
      const fs::path copy = root / fs::relative(entry.path(), Folder(folder));
      fs::create_directories(copy.parent_path());
      std::ofstream(copy) << text;
    }
  }
  auto pack = PolicyPack::Load(root.string());
  fs::remove_all(root);
  EXPECT_GT(rule, 12);
  EXPECT_TRUE(pack.ok()) << pack.status().message();
  return pack.ok() ? *pack : nullptr;
}

TEST(CompletionTest, WhatIsDecidedByAListThatIsOnlyTakenForCompleteIsNeverRobust) {
  const PolicyPack::Ptr pack = CreditingPack();
  ASSERT_NE(pack, nullptr);
  Generator generator(20250304);
  Seen seen;
  for (int i = 0; i < 4000; ++i) {
    const Case complete = generator.Complete();
    const Case hidden = generator.Hide(complete);
    const auto exact = Assess(*pack, complete);
    const auto abstract = Assess(*pack, hidden);
    ASSERT_TRUE(exact.ok()) << exact.status();
    ASSERT_TRUE(abstract.ok()) << abstract.status();
    Compare(*exact, *abstract, &seen);
    if (HasFailure()) {
      FAIL() << "household " << i;
    }
  }
  // Some are robust, some decided but not robust, and some of these turn out otherwise.
  EXPECT_GT(seen.robust, 800);
  EXPECT_GT(seen.decided - seen.robust, 800);
  EXPECT_GT(seen.overturned, 10);
}

TEST(CompletionTest, CompleteHouseholdsGiveExactValuesOnly) {
  Generator generator(7);
  for (int i = 0; i < 500; ++i) {
    const auto result = Assess(TestPack(), generator.Complete());
    ASSERT_TRUE(result.ok());
    for (const TraceEntry& entry : result->entries) {
      // A household of which nobody lives has no income per head: that alone has no value.
      for (const Blame& blame : entry.blame) {
        EXPECT_EQ(blame.kind, BlameKind::kArithmetic) << "household " << i << ": " << entry.id;
      }
    }
  }
}

TEST(CompletionTest, TheSameCaseGivesTheSameAssessment) {
  Generator generator(11);
  for (int i = 0; i < 50; ++i) {
    const Case c = generator.Hide(generator.Complete());
    EXPECT_EQ(*Assess(TestPack(), c), *Assess(TestPack(), c));
  }
}

}  // namespace
}  // namespace hedui::assess
