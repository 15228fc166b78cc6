// The planner: from who may be asked about what to the queries that ask it, in waves. The front
// door of plan.
//
// Pure functions over values: no clock, no I/O, no state; the same input gives the same plan.
// Thread-safe.
//
// Routing. A source is asked about a person's category when it covers the household's residence,
// holds the category, accepts the person's kind of identity, and can be reached from this platform:
// the ministry's sources only from a region's platform. Every such source is asked, since two
// registers of one kind of income need not hold the same; offers marked `fallback` only after all
// others, where none of them gave a usable answer.
//
// What is passed over is said. A source that covers the residence and holds the category, but
// cannot be asked about this person, stands in `unasked` by name: what it holds is not known, so
// that the others' answers do not close the category. A fallback that cannot be asked is named only
// where nobody else can be: while the others answer it would not have been asked anyway.
#ifndef HEDUI_SERVER_PLAN_PLANNER_H_
#define HEDUI_SERVER_PLAN_PLANNER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/household.h"
#include "server/plan/catalogue.h"
#include "server/plan/source_query.h"

namespace hedui::plan {

// What the authority allows to ask about one person of the household.
struct PersonScope {
  std::string person_id;
  std::vector<std::string> allowed;  // categories; may be empty
  // Why a needed category is not in `allowed`.
  base::Reason reason = base::Reason::kNoAuthorization;
};

struct PlanInput {
  // The persons in this order; `division` is where they live.
  const base::Household* household = nullptr;
  // One per person; a person without one may not be asked about at all.
  std::vector<PersonScope> scopes;
  // Categories that the purpose needs. What the catalogue offers beyond is listed as MINIMISED.
  std::vector<std::string> needed;
  base::Level platform_level = base::Level::kRegion;
  base::Period period;  // what the answers should cover
};

using Wave =
    std::vector<SourceQuery>;  // in the catalogue's order; a source with many people has several

struct Plan {
  // In the order they are sent; none is empty. No waves: there is nothing to ask.
  std::vector<Wave> waves;
  // When set, the last wave holds what is asked only where the earlier ones failed.
  bool last_is_fallback = false;
  // Known from the start not to be asked; in the household's order, categories sorted, sources in
  // the catalogue's order.
  std::vector<Unasked> unasked;

  // One query per source over all waves, fallbacks included: what the intent names and the warrants
  // are made of. In the catalogue's order; at most base::kSourcesPerPlanMax.
  std::vector<SourceQuery> everything;
};

// RESOURCE_EXHAUSTED (PLAN_TOO_WIDE) past base::kSourcesPerPlanMax sources, which a loaded
// catalogue excludes.
absl::StatusOr<Plan> MakePlan(const Catalogue& catalogue, const PlanInput& input);

struct NextWaveResult {
  Wave queries;  // empty: nothing left to ask in this wave
  // Dropped because the person was found dead (DECEASED): one for each source, person and category,
  // whoever else answered, since what this source holds was not learnt.
  std::vector<Unasked> unasked;
};

// What is left of `plan.waves[index]` after the answers so far: without people found dead, and, for
// a fallback wave, without what was answered usably (which leaves no trace: it was never needed).
// Call it for every wave; wave 0 comes back whole. Never adds anything.
NextWaveResult NextWave(const Plan& plan, size_t index, const std::vector<base::Answer>& answers);

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

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_PLANNER_H_
