#include "server/plan/planner.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/plan/reach.h"
#include "server/plan/routes.h"

namespace hedui::plan {
namespace {

std::vector<std::string> SortedUnique(std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

bool Contains(const std::vector<std::string>& sorted, const std::string& value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

// What a source will be asked, wave by wave.
struct Asking {
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
      : catalogue_(catalogue),
        input_(input),
        reach_(catalogue, input.platform_level, input.platform_division),
        needed_(SortedUnique(input.needed)) {}

  absl::StatusOr<Plan> Make();

 private:
  // A person's category that may be asked about.
  struct Pair {
    size_t person;
    const std::string* category;
    Routes routes;
  };

  void RoutePerson(size_t person);
  const Place& PlaceOf(const std::string& division);
  std::vector<std::string> MinimisedAt(const std::vector<const Place*>& places) const;
  // Keeps the plan to base::kSourcesPerPlanMax: whoever holds something where the household lives
  // goes first, of the others the catalogue's first. What does not go in is passed over.
  absl::Status Admit();
  void AddPair(const Pair& pair);
  void AddStandings(const base::Person& person, const Pair& pair);
  void AddWaves();
  // Households larger than a source takes at once are asked about in several calls.
  void AddQueries(const Source& source, std::vector<PersonQuery> people, Wave* wave) const;

  void Leave(size_t person, const std::string& category, base::Reason reason,
             const std::string& source_id = "") {
    unasked_[person].push_back({input_.household->persons[person].id, category,
                                base::AnswerKind::kNotAsked, reason, source_id});
  }

  const Catalogue& catalogue_;
  const PlanInput& input_;
  const Reach reach_;
  const std::vector<std::string> needed_;
  std::map<std::string, Place> places_;  // by division
  std::vector<Pair> pairs_;
  std::vector<std::vector<Unasked>> unasked_;  // by person
  std::map<const Source*, Asking> askings_;    // the pointers' order is the catalogue's
  Plan plan_;
};

absl::StatusOr<Plan> PlanMaker::Make() {
  const std::vector<base::Person>& persons = input_.household->persons;
  unasked_.resize(persons.size());
  for (size_t person = 0; person < persons.size(); ++person) RoutePerson(person);
  HEDUI_RETURN_IF_ERROR(Admit());
  for (const Pair& pair : pairs_) AddPair(pair);
  std::sort(plan_.standings.begin(), plan_.standings.end(),
            [](const Standing& a, const Standing& b) {
              return std::tie(a.person_id, a.category, a.source_id) <
                     std::tie(b.person_id, b.category, b.source_id);
            });
  for (std::vector<Unasked>& own : unasked_) {
    std::stable_sort(own.begin(), own.end(),
                     [](const Unasked& a, const Unasked& b) { return a.category < b.category; });
    std::move(own.begin(), own.end(), std::back_inserter(plan_.unasked));
  }
  AddWaves();
  return std::move(plan_);
}

void PlanMaker::RoutePerson(size_t index) {
  const base::Person& person = input_.household->persons[index];
  const auto scope =
      std::find_if(input_.scopes.begin(), input_.scopes.end(),
                   [&person](const PersonScope& s) { return s.person_id == person.id; });
  const std::vector<std::string> allowed =
      scope == input_.scopes.end() ? std::vector<std::string>() : SortedUnique(scope->allowed);
  const PersonPlaces own = PlacesOf(*input_.household, person);
  std::vector<const Place*> places;
  for (const std::string& division : own.divisions) places.push_back(&PlaceOf(division));
  for (const std::string& category : needed_) {
    if (!Contains(allowed, category)) {
      Leave(index, category,
            scope == input_.scopes.end() ? base::Reason::kNoAuthorization : scope->reason);
      continue;
    }
    Pair pair{index, &category, RoutesOf(places, reach_, person.identity.kind, category)};
    pair.routes.nobody = pair.routes.nobody || own.elsewhere;
    pairs_.push_back(std::move(pair));
  }
  for (const std::string& category : MinimisedAt(places)) {
    Leave(index, category, base::Reason::kMinimised);
  }
}

const Place& PlanMaker::PlaceOf(const std::string& division) {
  const auto found = places_.find(division);
  if (found != places_.end()) return found->second;
  return places_.emplace(division, PlaceAt(catalogue_, reach_, division)).first->second;
}

std::vector<std::string> PlanMaker::MinimisedAt(const std::vector<const Place*>& places) const {
  std::set<std::string> minimised;
  for (const Place* place : places) {
    for (const std::string& category : place->offered) {
      if (!Contains(needed_, category)) minimised.insert(category);
    }
  }
  return {minimised.begin(), minimised.end()};
}

absl::Status PlanMaker::Admit() {
  std::map<const Source*, bool> asked;  // whether at the residence
  for (const Pair& pair : pairs_) {
    for (const Route& route : pair.routes.routes) {
      if (route.reason != base::Reason::kNone) continue;
      bool& at_residence = asked[route.source];
      at_residence = at_residence || (route.places & kResidence) != 0;
    }
  }
  if (asked.size() <= base::kSourcesPerPlanMax) return absl::OkStatus();
  size_t admitted = 0;
  for (const auto& [source, at_residence] : asked) admitted += at_residence ? 1 : 0;
  if (admitted > base::kSourcesPerPlanMax) {
    return base::MakeError(absl::StatusCode::kResourceExhausted, "PLAN_TOO_WIDE",
                           absl::StrCat(admitted, " sources would be asked; at most ",
                                        base::kSourcesPerPlanMax, " may"));
  }
  std::set<const Source*> left_out;
  for (const auto& [source, at_residence] : asked) {
    if (at_residence) continue;
    if (admitted == base::kSourcesPerPlanMax) {
      left_out.insert(source);
    } else {
      ++admitted;
    }
  }
  for (Pair& pair : pairs_) {
    for (Route& route : pair.routes.routes) {
      if (left_out.count(route.source) > 0) route.reason = base::Reason::kNotRoutable;
    }
  }
  return absl::OkStatus();
}

void PlanMaker::AddPair(const Pair& pair) {
  const base::Person& person = input_.household->persons[pair.person];
  bool stood_in_for = false;
  for (const Route& route : pair.routes.routes) {
    if (route.reason != base::Reason::kNone) {
      Leave(pair.person, *pair.category, route.reason, route.source->id);
      continue;
    }
    stood_in_for = stood_in_for || route.step > 0;
    const int wave = route.step == 0 ? route.source->wave : kWavesMax + route.step;
    Asking& asking = askings_[route.source];
    AddCategory(person, *pair.category, &asking.by_wave[wave]);
    AddCategory(person, *pair.category, &asking.all);
  }
  if (pair.routes.nobody) Leave(pair.person, *pair.category, base::Reason::kNotRoutable);
  if (stood_in_for) AddStandings(person, pair);
}

void PlanMaker::AddStandings(const base::Person& person, const Pair& pair) {
  for (const Route& route : pair.routes.routes) {
    const int step = route.reason == base::Reason::kNone ? route.step : 0;
    plan_.standings.push_back({person.id, *pair.category, route.source->id, route.places, step});
  }
}

void PlanMaker::AddWaves() {
  std::map<int, Wave> waves;
  for (auto& [source, asking] : askings_) {
    plan_.everything.push_back({source->id, std::move(asking.all), input_.period});
    for (auto& [number, people] : asking.by_wave) {
      AddQueries(*source, std::move(people), &waves[number]);
    }
  }
  for (auto& [number, wave] : waves) {
    if (number <= kWavesMax) ++plan_.first_fallback;
    plan_.waves.push_back(std::move(wave));
  }
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

}  // namespace

absl::StatusOr<Plan> MakePlan(const Catalogue& catalogue, const PlanInput& input) {
  return PlanMaker(catalogue, input).Make();
}

}  // namespace hedui::plan
