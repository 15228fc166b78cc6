#include "server/plan/waves.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::plan {
namespace {

using PairRef = std::pair<absl::string_view, absl::string_view>;

struct PairBefore {
  bool operator()(const Standing& a, const PairRef& b) const {
    return PairRef(a.person_id, a.category) < b;
  }
  bool operator()(const PairRef& a, const Standing& b) const {
    return a < PairRef(b.person_id, b.category);
  }
};

using Standings = std::vector<Standing>::const_iterator;

std::pair<Standings, Standings> StandingsOf(const Plan& plan, absl::string_view person_id,
                                            absl::string_view category) {
  return std::equal_range(plan.standings.begin(), plan.standings.end(),
                          PairRef(person_id, category), PairBefore());
}

// nullptr: nobody stands in for anybody in this pair.
const Standing* StandingOf(const Plan& plan, absl::string_view person_id,
                           absl::string_view category, absl::string_view source_id) {
  const auto [begin, end] = StandingsOf(plan, person_id, category);
  const auto found = std::find_if(
      begin, end, [source_id](const Standing& one) { return one.source_id == source_id; });
  return found == end ? nullptr : &*found;
}

const base::Identity* IdentityOf(const Plan& plan, absl::string_view person_id) {
  for (const SourceQuery& query : plan.everything) {
    for (const PersonQuery& person : query.people) {
      if (person.person_id == person_id) return &person.identity;
    }
  }
  return nullptr;
}

// What all of a wave may take, attempts included.
absl::Duration NeedOf(const Wave& wave, const Catalogue& catalogue) {
  absl::Duration need = absl::ZeroDuration();
  for (const SourceQuery& query : wave) {
    const Source* const source = catalogue.Find(query.source_id);
    if (source != nullptr) need = std::max(need, source->deadline);
  }
  return need;
}

// The most that each may have so that all fit into `left`, those that need less giving the rest to
// the others; infinite where all have what they need.
absl::Duration FairShare(std::vector<absl::Duration> needs, absl::Duration left) {
  std::sort(needs.begin(), needs.end());
  for (size_t i = 0; i < needs.size(); ++i) {
    const absl::Duration share = left / static_cast<int64_t>(needs.size() - i);
    if (needs[i] > share) return share;
    left -= needs[i];
  }
  return absl::InfiniteDuration();
}

}  // namespace

void Progress::Add(const Plan& plan, absl::string_view source_id,
                   const std::vector<base::Answer>& answers) {
  for (const base::Answer& answer : answers) {
    if (IsUsable(answer)) {
      const Standing* const standing =
          StandingOf(plan, answer.person_id, answer.category, source_id);
      if (standing != nullptr) {
        answered_[{answer.person_id, answer.category}].push_back(
            {standing->source_id, standing->step, standing->places});
      }
    }
    if (answer.kind != base::AnswerKind::kFound || answer.category != "death") continue;
    const base::Identity* const identity = IdentityOf(plan, answer.person_id);
    if (identity != nullptr && ReportsDeath(answer, *identity)) dead_.insert(answer.person_id);
  }
}

bool Progress::IsDead(const std::string& person_id) const { return dead_.count(person_id) > 0; }

PlaceSet Progress::AnsweredBefore(const Standing& standing) const {
  PlaceSet places = 0;
  const auto found = answered_.find({standing.person_id, standing.category});
  if (found == answered_.end()) return places;
  for (const Told& told : found->second) {
    if (told.step < standing.step || told.source_id == standing.source_id) places |= told.places;
  }
  return places;
}

bool IsSpared(const Plan& plan, const Progress& progress, absl::string_view source_id,
              const std::string& person_id, const std::string& category) {
  const Standing* const standing = StandingOf(plan, person_id, category, source_id);
  if (standing == nullptr || standing->step == 0) return false;
  return (standing->places & ~progress.AnsweredBefore(*standing)) == 0;
}

NextWaveResult NextWave(const Plan& plan, size_t index, const Progress& progress) {
  NextWaveResult result;
  if (index >= plan.waves.size()) return result;
  const bool fallback = index >= plan.first_fallback;
  result.queries.reserve(plan.waves[index].size());
  for (const SourceQuery& planned : plan.waves[index]) {
    SourceQuery query{planned.source_id, {}, planned.period};
    query.people.reserve(planned.people.size());
    for (const PersonQuery& person : planned.people) {
      PersonQuery left{person.person_id, person.identity, {}};
      left.categories.reserve(person.categories.size());
      for (const std::string& category : person.categories) {
        if (fallback && IsSpared(plan, progress, planned.source_id, person.person_id, category)) {
          continue;
        }
        if (!progress.IsDead(person.person_id)) {
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

std::vector<std::string> StandInsFor(const Plan& plan, absl::string_view source_id,
                                     absl::string_view person_id, absl::string_view category) {
  std::vector<std::string> result;
  const Standing* const own = StandingOf(plan, person_id, category, source_id);
  if (own == nullptr) return result;
  const auto [begin, end] = StandingsOf(plan, person_id, category);
  for (auto other = begin; other != end; ++other) {
    if (other->step == 0 || other->source_id == source_id) continue;
    if ((own->places & ~other->places) == 0) result.push_back(other->source_id);
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

absl::Duration WaveDeadline(const Plan& plan, const Catalogue& catalogue, size_t index,
                            absl::Duration now, absl::Duration end) {
  const absl::Duration left = end - now;
  if (left <= absl::ZeroDuration()) return end;
  std::vector<absl::Duration> needs;
  for (size_t wave = index; wave < plan.waves.size(); ++wave) {
    needs.push_back(NeedOf(plan.waves[wave], catalogue));
  }
  const absl::Duration share = FairShare(needs, left);
  absl::Duration kept = absl::ZeroDuration();
  for (size_t later = 1; later < needs.size(); ++later) kept += std::min(needs[later], share);
  return end - kept;
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
