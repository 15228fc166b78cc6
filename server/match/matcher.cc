#include "server/match/matcher.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/match/deduplicate.h"
#include "server/match/discrepancies.h"
#include "server/match/same_person.h"
#include "server/match/vocabulary.h"

namespace hedui::match {
namespace {

using base::AnswerKind;
using base::Reason;

bool SaysSomething(AnswerKind kind) {
  return kind == AnswerKind::kFound || kind == AnswerKind::kConfirmedNone ||
         kind == AnswerKind::kStale || kind == AnswerKind::kAmbiguous;
}

bool IsUsable(AnswerKind kind) {
  return kind == AnswerKind::kFound || kind == AnswerKind::kConfirmedNone;
}

bool SameContent(const base::Answer& a, const base::Answer& b) {
  return std::tie(a.kind, a.reason, a.data_day, a.covered, a.complete, a.subject, a.records,
                  a.digest) == std::tie(b.kind, b.reason, b.data_day, b.covered, b.complete,
                                        b.subject, b.records, b.digest);
}

class Matching {
 public:
  Matching(const MatchInput& input, const base::DiscrepancyRules& rules)
      : input_(input), rules_(rules) {
    for (size_t i = 0; i < input.household.persons.size(); ++i) {
      persons_.emplace(input.household.persons[i].id, i);
    }
  }

  MatchResult Run() {
    OrderOutcomes();
    result_.facts.answers.reserve(outcomes_.size());
    chosen_.reserve(outcomes_.size());
    for (const auto& [place, outcomes] : outcomes_) Judge(outcomes);
    MarkSuperseded();
    CollectFacts();
    AddDeclared();
    MarkExplained(CompareWithDeclaration(input_, rules_, result_.facts, &result_.discrepancies));
    OrderDiscrepancies();
    return std::move(result_);
  }

 private:
  // Where an answer stands: the person's place in the household, category, source.
  using Place = std::tuple<size_t, absl::string_view, absl::string_view>;

  void OrderOutcomes() {
    std::vector<Quarantined> about_nobody;
    for (const SourceOutcome& outcome : input_.outcomes) {
      const base::Answer& answer = outcome.answer;
      const auto person = persons_.find(answer.person_id);
      if (person != persons_.end()) {
        outcomes_[Place(person->second, answer.category, outcome.source_id)].push_back(&outcome);
        continue;
      }
      about_nobody.push_back(Quarantined{answer.person_id, answer.category, outcome.source_id});
    }
    const auto key = [](const Quarantined& q) {
      return std::tie(q.person_id, q.category, q.source_id);
    };
    std::sort(about_nobody.begin(), about_nobody.end(),
              [&key](const Quarantined& a, const Quarantined& b) { return key(a) < key(b); });
    result_.quarantined = std::move(about_nobody);
  }

  // Of several outcomes in one place the one that says something; among those that say nothing the
  // first by kind and reason. Two that say different things contradict each other.
  static const SourceOutcome* Choose(const std::vector<const SourceOutcome*>& outcomes,
                                     bool* contradiction) {
    const SourceOutcome* chosen = outcomes.front();
    // Mostly there is no other.
    for (size_t i = 1; i < outcomes.size(); ++i) {
      const SourceOutcome* const outcome = outcomes[i];
      const base::Answer& best = chosen->answer;
      const base::Answer& answer = outcome->answer;
      if (SaysSomething(best.kind) && SaysSomething(answer.kind)) {
        *contradiction = *contradiction || !SameContent(best, answer);
        if (std::tie(answer.digest, outcome->authorization) <
            std::tie(best.digest, chosen->authorization)) {
          chosen = outcome;
        }
      } else if (SaysSomething(answer.kind) ||
                 (!SaysSomething(best.kind) &&
                  std::tie(answer.kind, answer.reason) < std::tie(best.kind, best.reason))) {
        chosen = outcome;
      }
    }
    return chosen;
  }

  void Judge(const std::vector<const SourceOutcome*>& outcomes) {
    bool contradiction = false;
    const SourceOutcome& outcome = *Choose(outcomes, &contradiction);
    const base::Answer& answer = outcome.answer;
    const int32_t index = static_cast<int32_t>(result_.facts.answers.size());

    base::AnswerState state;
    state.person_id = answer.person_id;
    state.category = answer.category;
    state.source_id = outcome.source_id;
    state.kind = answer.kind;
    state.reason = answer.reason;
    state.data_day = answer.data_day;
    state.covered = answer.covered;
    state.complete = answer.complete && answer.kind == AnswerKind::kFound;
    state.manual = outcome.manual;
    state.finding = outcome.finding;
    state.reused = outcome.reused;
    state.digest = answer.digest;
    state.authorization = outcome.authorization;

    // "Nothing there" with records is no statement either way.
    contradiction =
        contradiction || (answer.kind == AnswerKind::kConfirmedNone && !answer.records.empty());
    if (SaysSomething(answer.kind)) {
      const base::Person& person = input_.household.persons[persons_.at(answer.person_id)];
      if (contradiction) {
        Quarantine(Reason::kContradiction, &state);
        state.data_day.reset();
        state.covered = base::Period();
      }
      if (answer.subject.has_value() && !SamePerson(person.identity, *answer.subject)) {
        Quarantine(Reason::kWrongPerson, &state);
      }
    }
    if (state.kind == AnswerKind::kAmbiguous) {
      result_.quarantined.push_back(
          Quarantined{state.person_id, state.category, state.source_id, state.reason, index});
    }
    result_.facts.answers.push_back(std::move(state));
    chosen_.push_back(&outcome);
  }

  static void Quarantine(Reason reason, base::AnswerState* state) {
    state->kind = AnswerKind::kAmbiguous;
    state->reason = reason;
    state->complete = false;
  }

  // What is ambiguous stays beside its stand-in: a register has something that may be this
  // person's, and another's "nothing there" does not take that away.
  void MarkSuperseded() {
    std::vector<base::AnswerState>& answers = result_.facts.answers;
    for (size_t i = 0; i < answers.size(); ++i) {
      const std::vector<std::string>& stand_ins = chosen_[i]->stand_ins;
      if (stand_ins.empty() || IsUsable(answers[i].kind)) continue;
      if (answers[i].kind == AnswerKind::kAmbiguous) continue;
      answers[i].superseded =
          std::any_of(answers.begin(), answers.end(), [&](const base::AnswerState& other) {
            return IsUsable(other.kind) && other.person_id == answers[i].person_id &&
                   other.category == answers[i].category &&
                   other.source_id != answers[i].source_id &&
                   std::find(stand_ins.begin(), stand_ins.end(), other.source_id) !=
                       stand_ins.end();
          });
    }
  }

  // The answers are in the order of persons, so each person's are together.
  void CollectFacts() {
    const std::vector<base::AnswerState>& answers = result_.facts.answers;
    std::vector<std::vector<Candidate>> persons;
    for (size_t begin = 0; begin < answers.size();) {
      size_t end = begin;
      while (end < answers.size() && answers[end].person_id == answers[begin].person_id) ++end;
      persons.push_back(CandidatesOf(static_cast<int32_t>(begin), static_cast<int32_t>(end)));
      begin = end;
    }
    std::vector<Candidate*> of_members;
    for (std::vector<Candidate>& candidates : persons) {
      Deduplicate(answers, &candidates, &result_.discrepancies);
      if (candidates.empty() || !IsMember(answers[candidates.front().answer].person_id)) continue;
      for (Candidate& candidate : candidates) of_members.push_back(&candidate);
    }
    FindHeldTogether(answers, of_members, &result_.discrepancies);

    std::vector<Candidate*> candidates;
    for (std::vector<Candidate>& own : persons) {
      for (Candidate& candidate : own) candidates.push_back(&candidate);
    }
    size_t declared = 0;
    for (const base::Person& person : input_.household.persons) declared += person.declared.size();
    result_.facts.facts.reserve(candidates.size() + declared);
    AddFoundOf(candidates);
  }

  bool IsMember(const std::string& person) const {
    return input_.household.persons[persons_.at(person)].role == base::PersonRole::kMember;
  }

  std::vector<Candidate> CandidatesOf(int32_t begin, int32_t end) const {
    std::vector<Candidate> candidates;
    for (int32_t i = begin; i < end; ++i) {
      if (result_.facts.answers[i].kind != AnswerKind::kFound) continue;
      for (const base::Record& record : chosen_[i]->answer.records) {
        candidates.push_back(Candidate{i, chosen_[i]->rank, &record});
      }
    }
    return candidates;
  }

  // In the order of the answers; records of STALE ones are added, to be shown.
  void AddFoundOf(const std::vector<Candidate*>& candidates) {
    const std::vector<base::AnswerState>& answers = result_.facts.answers;
    absl::flat_hash_map<const Candidate*, int32_t> places;
    auto next = candidates.begin();
    for (int32_t i = 0; i < static_cast<int32_t>(answers.size()); ++i) {
      for (; next != candidates.end() && (*next)->answer == i; ++next) {
        Candidate* candidate = *next;
        if (candidate->dropped) continue;
        const auto place = static_cast<int32_t>(result_.facts.facts.size());
        base::Fact& fact = AddFound(i, *candidate->record);
        fact.also_answers = std::move(candidate->also_answers);
        fact.otherwise = std::move(candidate->otherwise);
        fact.doubtful = std::move(candidate->doubtful);
        fact.possible = candidate->possible;
        if (candidate->held_with != nullptr) fact.held_with = places.at(candidate->held_with);
        if (IsHeldTogether(*candidate->record)) places.emplace(candidate, place);
      }
      if (answers[i].kind != AnswerKind::kStale) continue;
      for (const base::Record& record : chosen_[i]->answer.records) AddFound(i, record);
    }
  }

  static bool IsHeldTogether(const base::Record& record) {
    const ThingKind* kind = ThingKindOf(record.kind);
    return kind != nullptr && kind->held != Held::kAlone;
  }

  base::Fact& AddFound(int32_t answer, const base::Record& record) {
    base::Fact fact;
    fact.person_id = result_.facts.answers[answer].person_id;
    fact.record = record;
    fact.answer = answer;
    fact.manual = result_.facts.answers[answer].manual;
    result_.facts.facts.push_back(std::move(fact));
    return result_.facts.facts.back();
  }

  void AddDeclared() {
    for (const base::Person& person : input_.household.persons) {
      for (const base::Record& record : person.declared) {
        base::Fact fact;
        fact.person_id = person.id;
        fact.record = record;
        fact.declared = true;
        result_.facts.facts.push_back(std::move(fact));
      }
    }
  }

  // What one member declares and is found in the name of another is one thing where the numbers are
  // one, else perhaps one.
  void MarkExplained(const std::vector<Explained>& explained) {
    for (const Explained& pair : explained) {
      base::Fact& declared = result_.facts.facts[pair.declared];
      const base::Fact& found = result_.facts.facts[pair.found];
      if (declared.person_id == found.person_id || !IsMember(declared.person_id) ||
          !IsMember(found.person_id)) {
        continue;
      }
      // Of what is held together the first counts.
      if (pair.by_number && IsHeldTogether(declared.record)) {
        declared.held_with = found.held_with >= 0 ? found.held_with : pair.found;
        const base::Fact& first = result_.facts.facts[declared.held_with];
        if (first.person_id == declared.person_id) declared.held_with = -1;
      } else {
        declared.possible = true;
      }
    }
  }

  void OrderDiscrepancies() {
    std::stable_sort(result_.discrepancies.begin(), result_.discrepancies.end(),
                     [this](const Discrepancy& a, const Discrepancy& b) {
                       return std::make_tuple(persons_.at(a.person_id), a.code, a.answer) <
                              std::make_tuple(persons_.at(b.person_id), b.code, b.answer);
                     });
  }

  const MatchInput& input_;
  const base::DiscrepancyRules& rules_;
  absl::flat_hash_map<std::string, size_t> persons_;
  std::map<Place, std::vector<const SourceOutcome*>> outcomes_;
  std::vector<const SourceOutcome*> chosen_;  // one for each of the answers
  MatchResult result_;
};

}  // namespace

MatchResult Match(const MatchInput& input, const base::DiscrepancyRules& rules) {
  return Matching(input, rules).Run();
}

}  // namespace hedui::match
