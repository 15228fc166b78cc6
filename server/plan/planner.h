// The planner: from who may be asked about what to the queries that ask it, in waves. The front
// door of plan.
//
// Pure functions over values: no clock, no I/O, no state; the same input gives the same plan.
// Thread-safe.
//
// Routing. A source is asked about a person's category when it covers the household's residence or
// the person's declared place of hukou (places.h), holds the category, accepts the person's kind of
// identity, and may be asked by this platform (reach.h); where it may not, the body that relays for
// that place is asked in its stead, once however many it stands for. What no source of the
// catalogue holds at a place is asked of the body that relays for it. Every such source is asked,
// since two registers of one kind of income need not hold the same.
//
// Offers marked `fallback` are asked after all others, step by step in their declared order, then
// by authority rank, each about the pairs for which nobody has answered usably at all the places it
// covers: what is known of one place says nothing about another.
//
// What is passed over is said. A source that holds the category at one of the places, but cannot be
// asked about this person, stands in `unasked` by name: what it holds is not known, so that the
// others' answers do not close the category. A fallback that cannot be asked is named only where
// nobody else can be: while the others answer it would not have been asked anyway. Where nobody
// holds the category at one of the places, that stands there without a name.
#ifndef HEDUI_SERVER_PLAN_PLANNER_H_
#define HEDUI_SERVER_PLAN_PLANNER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/answer.h"
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/household.h"
#include "server/plan/catalogue.h"
#include "server/plan/places.h"
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
  // The persons in this order; `division` is where they live, their declared hukou another place.
  const base::Household* household = nullptr;
  // One per person; a person without one may not be asked about at all.
  std::vector<PersonScope> scopes;
  // Categories that the purpose needs. What the catalogue offers beyond is listed as MINIMISED.
  std::vector<std::string> needed;
  base::Level platform_level = base::Level::kRegion;
  std::string platform_division;  // six digits
  base::Period period;            // what the answers should cover
};

using Wave =
    std::vector<SourceQuery>;  // in the catalogue's order; a source with many people has several

// A source's part in a person's category, where somebody can stand in for somebody.
struct Standing {
  std::string person_id;
  std::string category;
  std::string source_id;  // asked, or passed over
  PlaceSet places = 0;    // of the person's places, those it speaks for
  // 0: asked with those whom nobody has to fail first, or passed over; else in this step of the
  // pair's fallbacks.
  int step = 0;
};

struct Plan {
  // In the order they are sent; none is empty. No waves: there is nothing to ask.
  std::vector<Wave> waves;
  // From this one on they hold what is asked only where the earlier ones failed; waves.size():
  // none does.
  size_t first_fallback = 0;
  // Of every person and category with a fallback all sources, by person, category, source.
  std::vector<Standing> standings;
  // Known from the start not to be asked; in the household's order, categories sorted, sources in
  // the catalogue's order.
  std::vector<Unasked> unasked;

  // One query per source over all waves, fallbacks included: what the intent names and the warrants
  // are made of. In the catalogue's order; at most base::kSourcesPerPlanMax.
  std::vector<SourceQuery> everything;
};

// RESOURCE_EXHAUSTED (PLAN_TOO_WIDE) past base::kSourcesPerPlanMax sources at the residence, which
// a loaded catalogue excludes. Those of other places that no longer go in are passed over.
absl::StatusOr<Plan> MakePlan(const Catalogue& catalogue, const PlanInput& input);

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_PLANNER_H_
