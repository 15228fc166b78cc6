// Makes match's input from few words. For tests of match.
#ifndef HEDUI_TESTS_MATCH_MATCH_BUILDER_H_
#define HEDUI_TESTS_MATCH_MATCH_BUILDER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "server/assess/policy_pack.h"
#include "server/base/money.h"
#include "server/match/matcher.h"
#include "tests/support/synthetic_person.h"

namespace hedui::match {

inline base::Field Text(std::string name, std::string value) {
  return base::Field{std::move(name), std::move(value)};
}
inline base::Field Amount(int64_t yuan) {
  return base::Field{"amount", base::Money::FromFen(yuan * 100)};
}
inline base::Field Month(int month) { return base::Field{"month", absl::CivilMonth(2025, month)}; }
inline base::Record Record(std::string kind, std::vector<base::Field> fields) {
  return base::Record{std::move(kind), std::move(fields)};
}
inline base::Record Wage(int64_t yuan, int month, std::string payer) {
  return Record("wage", {Month(month), Amount(yuan), Text("payer", std::move(payer))});
}

// A couple: m1 (father) and m2 (mother).
inline base::Household Couple() {
  base::Household household;
  household.division = "640104";
  base::Person father;
  father.id = "m1";
  father.relation = base::Relation::kApplicant;
  father.identity = {base::IdentityKind::kResidentId,
                     testing::SyntheticCitizenNumber("640104", absl::CivilDay(1980, 5, 1), 11),
                     "马志强"};
  base::Person mother;
  mother.id = "m2";
  mother.relation = base::Relation::kSpouse;
  mother.identity = {base::IdentityKind::kResidentId,
                     testing::SyntheticCitizenNumber("640422", absl::CivilDay(1982, 7, 9), 24),
                     "阿依古丽·买买提"};
  household.persons = {father, mother};
  return household;
}

// Those of policies/national/vocabulary.yaml.
inline const base::DiscrepancyRules& ShippedRules() {
  static const auto* const kPack =
      new assess::PolicyPack::Ptr(*assess::PolicyPack::Load(HEDUI_SOURCE_DIR "/policies"));
  return (*kPack)->discrepancy_rules();
}

class MatchBuilder {
 public:
  MatchBuilder() {
    input_.household = Couple();
    input_.dates.application = absl::CivilDay(2025, 3, 3);
    input_.dates.policy = absl::CivilDay(2025, 3, 3);
  }

  base::Person& person(size_t index) { return input_.household.persons[index]; }

  // A complete FOUND answer.
  SourceOutcome& Found(std::string source, int rank, std::string person, std::string category,
                       std::vector<base::Record> records) {
    SourceOutcome& outcome = Answer(std::move(source), rank, std::move(person), std::move(category),
                                    base::AnswerKind::kFound);
    outcome.answer.complete = true;
    outcome.answer.records = std::move(records);
    return outcome;
  }

  SourceOutcome& Answer(std::string source, int rank, std::string person, std::string category,
                        base::AnswerKind kind, base::Reason reason = base::Reason::kNone) {
    SourceOutcome outcome;
    outcome.answer.digest = std::string(32, static_cast<char>('a' + input_.outcomes.size() % 26));
    outcome.source_id = std::move(source);
    outcome.rank = rank;
    outcome.authorization = "letter-" + person;
    outcome.answer.person_id = std::move(person);
    outcome.answer.category = std::move(category);
    outcome.answer.kind = kind;
    outcome.answer.reason = reason;
    input_.outcomes.push_back(std::move(outcome));
    return input_.outcomes.back();
  }

  MatchInput& input() { return input_; }
  MatchResult Run() const { return Match(input_, ShippedRules()); }

 private:
  MatchInput input_;
};

inline std::vector<DiscrepancyCode> CodesOf(const MatchResult& result) {
  std::vector<DiscrepancyCode> codes;
  for (const Discrepancy& discrepancy : result.discrepancies) codes.push_back(discrepancy.code);
  return codes;
}

}  // namespace hedui::match

#endif  // HEDUI_TESTS_MATCH_MATCH_BUILDER_H_
