// Going through a plan: what is left of each wave after the answers so far, how long it may take,
// and who stands in for whom. Pure functions over values, as planner.h; thread-compatible.
#ifndef HEDUI_SERVER_PLAN_WAVES_H_
#define HEDUI_SERVER_PLAN_WAVES_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/base/identity.h"
#include "server/plan/catalogue.h"
#include "server/plan/places.h"
#include "server/plan/planner.h"

namespace hedui::plan {

// What the answers so far say about going on: who was found dead, and what need not be asked of
// fallbacks. Holds no answer.
class Progress {
 public:
  // `answers` came from `source_id`, in whatever order.
  void Add(const Plan& plan, absl::string_view source_id, const std::vector<base::Answer>& answers);

  bool IsDead(const std::string& person_id) const;
  // Of the person's places, those for which somebody answered usably who is asked before this
  // source, or it itself. Who is asked after it has answered only since it did not.
  PlaceSet AnsweredBefore(const Standing& standing) const;

 private:
  struct Told {
    std::string source_id;
    int step;
    PlaceSet places;
  };
  // Of pairs with fallbacks only.
  std::map<std::pair<std::string, std::string>, std::vector<Told>> answered_;
  std::set<std::string> dead_;
};

// Whether this source stands in for others in the pair and need not be asked: those who are asked
// before it have answered usably for all the places that it speaks for, or it has already. It
// leaves no trace then.
bool IsSpared(const Plan& plan, const Progress& progress, absl::string_view source_id,
              const std::string& person_id, const std::string& category);

struct NextWaveResult {
  Wave queries;  // empty: nothing left to ask in this wave
  // Dropped because the person was found dead (DECEASED): one for each source, person and category,
  // whoever else answered, since what this source holds was not learnt.
  std::vector<Unasked> unasked;
};

// What is left of `plan.waves[index]` after the answers so far: without people found dead, and, for
// a wave of fallbacks, without what was answered usably (which leaves no trace: it was never
// needed).
// Call it for every wave; wave 0 comes back whole. Never adds anything.
NextWaveResult NextWave(const Plan& plan, size_t index, const Progress& progress);

// The fallbacks whose usable answer makes up for what this source did not say: those of the pair
// that speak for all the places it speaks for. Sorted; empty for what is not in the plan.
std::vector<std::string> StandInsFor(const Plan& plan, absl::string_view source_id,
                                     absl::string_view person_id, absl::string_view category);

// Whether the answer spares asking a fallback: FOUND or CONFIRMED_NONE.
bool IsUsable(const base::Answer& answer);
// Whether the answer is a finding of death about the very person asked: FOUND, a record of kind
// "death" with a `day`, and no other subject named.
bool ReportsDeath(const base::Answer& answer, const base::Identity& asked);

// Kept back from the caller's deadline for everything but asking: two durable commits (each a few
// milliseconds, tens on a slow disk), comparing and computing, and the way back. Generous, for a
// loaded machine: a report that is finished after its caller has gone helps nobody.
inline constexpr absl::Duration kDeadlineReserve = absl::Milliseconds(250);
// With less than this for the sources no department could answer.
inline constexpr absl::Duration kAskingTimeMin = absl::Milliseconds(50);
// A caller without a deadline, or with a longer one, is not held longer than this.
inline constexpr absl::Duration kAskingTimeMax = absl::Minutes(2);

// How long all waves together may take from `now`. DEADLINE_EXCEEDED (DEADLINE_TOO_SHORT) when
// `deadline` leaves less than kDeadlineReserve + kAskingTimeMin.
absl::StatusOr<absl::Duration> BudgetFor(absl::Time deadline, absl::Time now);

// When wave `index` must end, begun at `now` with all waves to end by `end`: each later wave is
// kept the time that its slowest source may take, and where not all have that, none is kept more
// than a fair share. Thus no wave, however late, has less than the smaller of its need and an equal
// share of the whole. The last wave ends at `end`.
absl::Duration WaveDeadline(const Plan& plan, const Catalogue& catalogue, size_t index,
                            absl::Duration now, absl::Duration end);

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_WAVES_H_
