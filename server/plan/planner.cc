#include "server/plan/planner.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "server/base/limits.h"
#include "server/base/status.h"

namespace hedui::plan {
namespace {

// After every wave the catalogue can name.
constexpr int kFallbackWave = kWavesMax + 1;

using PersonCategory = std::pair<absl::string_view, absl::string_view>;

std::vector<std::string> SortedUnique(std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

bool Contains(const std::vector<std::string>& sorted, const std::string& value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

// Only the provincial body connects to the ministry's centre (民办发〔2018〕32号).
bool Reaches(base::Level platform, base::Level source) {
  return source != base::Level::kMinistry || platform == base::Level::kRegion ||
         platform == base::Level::kMinistry;
}

// A source that covers the residence, and what it will be asked, wave by wave.
struct Asking {
  const Source* source;
  bool reachable;  // from this platform's level
  std::map<int, std::vector<PersonQuery>> by_wave;
  std::vector<PersonQuery> all;
};

void AddCategory(const base::Person& person, const std::string& category,
                 std::vector<PersonQuery>* people) {
  // Persons come one after another, so this one is the last or not there yet.
  if (people->empty() || people->back().person_id != person.id) {
    people->push_back({person.id, person.identity, {}});
  }
  people->back().categories.push_back(category);
}

class PlanMaker {
 public:
  PlanMaker(const Catalogue& catalogue, const PlanInput& input)
      : input_(input), needed_(SortedUnique(input.needed)) {
    std::set<std::string> offered;
    for (const Source& source : catalogue.sources()) {
      // What holds other places only is not concerned.
      if (!source.Covers(input.household->division)) continue;
      const bool reachable = Reaches(input.platform_level, source.level);
      askings_.push_back({&source, reachable, {}, {}});
      if (!reachable) continue;
      for (const CategoryOffer& offer : source.categories) offered.insert(offer.code);
    }
    std::set_difference(offered.begin(), offered.end(), needed_.begin(), needed_.end(),
                        std::back_inserter(minimised_));
  }

  absl::StatusOr<Plan> Make();

 private:
  void PlanPerson(const base::Person& person);
  void Route(const base::Person& person, const std::string& category);
  void Leave(const base::Person& person, const std::string& category, base::Reason reason,
             const std::string& source_id = "") {
    plan_.unasked.push_back({person.id, category, base::AnswerKind::kNotAsked, reason, source_id});
  }
  // Households larger than a source takes at once are asked about in several calls.
  void AddQueries(const Source& source, std::vector<PersonQuery> people, Wave* wave) const;

  const PlanInput& input_;
  const std::vector<std::string> needed_;
  std::vector<std::string> minimised_;
  std::vector<Asking> askings_;  // in the catalogue's order
  Plan plan_;
};

absl::StatusOr<Plan> PlanMaker::Make() {
  for (const base::Person& person : input_.household->persons) PlanPerson(person);
  std::map<int, Wave> waves;
  for (Asking& asking : askings_) {
    if (asking.all.empty()) continue;
    plan_.everything.push_back({asking.source->id, std::move(asking.all), input_.period});
    for (auto& [number, people] : asking.by_wave) {
      AddQueries(*asking.source, std::move(people), &waves[number]);
    }
  }
  if (plan_.everything.size() > base::kSourcesPerPlanMax) {
    return base::MakeError(
        absl::StatusCode::kResourceExhausted, "PLAN_TOO_WIDE",
        absl::StrCat(plan_.everything.size(), " sources would be asked; at most ",
                     base::kSourcesPerPlanMax, " may"));
  }
  plan_.last_is_fallback = waves.count(kFallbackWave) > 0;
  for (auto& [number, wave] : waves) plan_.waves.push_back(std::move(wave));
  return std::move(plan_);
}

void PlanMaker::PlanPerson(const base::Person& person) {
  const auto scope =
      std::find_if(input_.scopes.begin(), input_.scopes.end(),
                   [&person](const PersonScope& s) { return s.person_id == person.id; });
  const size_t first_unasked = plan_.unasked.size();
  const std::vector<std::string> allowed =
      scope == input_.scopes.end() ? std::vector<std::string>() : SortedUnique(scope->allowed);
  for (const std::string& category : needed_) {
    if (Contains(allowed, category)) {
      Route(person, category);
    } else {
      Leave(person, category,
            scope == input_.scopes.end() ? base::Reason::kNoAuthorization : scope->reason);
    }
  }
  for (const std::string& category : minimised_) Leave(person, category, base::Reason::kMinimised);
  std::stable_sort(plan_.unasked.begin() + static_cast<std::ptrdiff_t>(first_unasked),
                   plan_.unasked.end(),
                   [](const Unasked& a, const Unasked& b) { return a.category < b.category; });
}

void PlanMaker::Route(const base::Person& person, const std::string& category) {
  bool asked = false;
  std::vector<std::pair<const Asking*, const CategoryOffer*>> passed_over;
  for (Asking& asking : askings_) {
    const CategoryOffer* offer = asking.source->Offer(category);
    if (offer == nullptr) continue;
    if (!asking.reachable || !asking.source->Accepts(person.identity.kind)) {
      passed_over.emplace_back(&asking, offer);
      continue;
    }
    asked = true;
    const int wave = offer->fallback ? kFallbackWave : asking.source->wave;
    AddCategory(person, category, &asking.by_wave[wave]);
    AddCategory(person, category, &asking.all);
  }
  for (const auto& [asking, offer] : passed_over) {
    // Others were asked, for which this one only stands in.
    if (offer->fallback && asked) continue;
    Leave(person, category,
          asking->reachable ? base::Reason::kUnknownPerson : base::Reason::kNotRoutable,
          asking->source->id);
  }
  if (!asked && passed_over.empty()) Leave(person, category, base::Reason::kNotRoutable);
}

void PlanMaker::AddQueries(const Source& source, std::vector<PersonQuery> people,
                           Wave* wave) const {
  const auto size = static_cast<size_t>(source.people_per_call);
  for (size_t begin = 0; begin < people.size(); begin += size) {
    const auto first = people.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last =
        people.begin() + static_cast<std::ptrdiff_t>(std::min(begin + size, people.size()));
    wave->push_back({source.id,
                     {std::make_move_iterator(first), std::make_move_iterator(last)},
                     input_.period});
  }
}

// What the answers so far say about going on.
struct Progress {
  std::set<PersonCategory> usable;
  std::set<absl::string_view> dead;
};

Progress Summarise(const Plan& plan, const std::vector<base::Answer>& answers) {
  absl::flat_hash_map<absl::string_view, const base::Identity*> identities;
  for (const SourceQuery& query : plan.everything) {
    for (const PersonQuery& person : query.people) identities[person.person_id] = &person.identity;
  }
  Progress progress;
  for (const base::Answer& answer : answers) {
    if (IsUsable(answer)) progress.usable.emplace(answer.person_id, answer.category);
    const auto identity = identities.find(answer.person_id);
    if (identity != identities.end() && ReportsDeath(answer, *identity->second)) {
      progress.dead.insert(answer.person_id);
    }
  }
  return progress;
}

}  // namespace

absl::StatusOr<Plan> MakePlan(const Catalogue& catalogue, const PlanInput& input) {
  return PlanMaker(catalogue, input).Make();
}

NextWaveResult NextWave(const Plan& plan, size_t index, const std::vector<base::Answer>& answers) {
  NextWaveResult result;
  if (index >= plan.waves.size()) return result;
  if (answers.empty()) {  // nobody found dead, nothing answered: as planned
    result.queries = plan.waves[index];
    return result;
  }
  const Progress progress = Summarise(plan, answers);
  const bool fallback = plan.last_is_fallback && index + 1 == plan.waves.size();
  for (const SourceQuery& planned : plan.waves[index]) {
    SourceQuery query{planned.source_id, {}, planned.period};
    for (const PersonQuery& person : planned.people) {
      PersonQuery left{person.person_id, person.identity, {}};
      for (const std::string& category : person.categories) {
        const PersonCategory key(person.person_id, category);
        if (fallback && progress.usable.count(key) > 0) continue;
        if (progress.dead.count(person.person_id) == 0) {
          left.categories.push_back(category);
        } else {
          result.unasked.push_back({person.person_id, category, base::AnswerKind::kNotAsked,
                                    base::Reason::kDeceased, planned.source_id});
        }
      }
      if (!left.categories.empty()) query.people.push_back(std::move(left));
    }
    if (!query.people.empty()) result.queries.push_back(std::move(query));
  }
  return result;
}

bool IsUsable(const base::Answer& answer) {
  return answer.kind == base::AnswerKind::kFound || answer.kind == base::AnswerKind::kConfirmedNone;
}

bool ReportsDeath(const base::Answer& answer, const base::Identity& asked) {
  // Only a register of deaths ends queries: another source that says so is mistaken or forged.
  if (answer.kind != base::AnswerKind::kFound || answer.category != "death") return false;
  if (answer.subject.has_value()) {
    // Another person's death ends nothing; the comparison of persons will show the conflict.
    if (answer.subject->number != asked.number) return false;
    if (!base::SameName(answer.subject->name, asked.name)) return false;
  }
  return std::any_of(answer.records.begin(), answer.records.end(), [](const base::Record& record) {
    const base::FieldValue* day = record.kind == "death" ? record.Find("day") : nullptr;
    return day != nullptr && std::holds_alternative<absl::CivilDay>(*day);
  });
}

absl::StatusOr<absl::Duration> BudgetFor(absl::Time deadline, absl::Time now) {
  const absl::Duration budget = deadline - now - kDeadlineReserve;
  if (budget < kAskingTimeMin) {
    return base::MakeError(
        absl::StatusCode::kDeadlineExceeded, "DEADLINE_TOO_SHORT",
        absl::StrCat("the deadline leaves no time to ask anyone; allow at least ",
                     absl::FormatDuration(kDeadlineReserve + kAskingTimeMin)));
  }
  return std::min(budget, kAskingTimeMax);
}

}  // namespace hedui::plan
