// The parts of a flow that block or compute, and so run on pools: before the intent, and after the
// answers. Functions over the rooms; thread-safe.
#ifndef HEDUI_SERVER_VERIFY_STEPS_H_
#define HEDUI_SERVER_VERIFY_STEPS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/access/access_control.h"
#include "server/access/day_quota.h"
#include "server/gather/gatherer.h"
#include "server/ledger/warrant.h"
#include "server/match/match_result.h"
#include "server/pending_rows.h"
#include "server/plan/catalogue.h"
#include "server/plan/planner.h"
#include "server/plan/waves.h"
#include "server/report/report_builder.h"
#include "server/rooms.h"
#include "server/stored_report.h"
#include "server/verify_flow.h"

namespace hedui {

// Sources are asked about this many whole months before the month of application, and the time
// since: the longest look-back in the domain (rigid spending, farm income).
inline constexpr int kLookBackMonths = 12;

// What sources are asked about of a case.
base::Period AskedPeriod(const base::CaseDates& dates);

// Sources' promises to answer later, to be kept with the report that says PENDING. `common`: what
// they have in common; ids, sources, tokens and pairs are theirs.
std::vector<Promise> PromisesIn(const Rooms& rooms, const Promise& common,
                                const std::vector<gather::Outcome>& outcomes);

// What stands before the first query.
struct Prepared {
  std::optional<StoredReport> stored;  // the request was answered before: nothing else is set but
  size_t promises = 0;                 // promises of sources that are waited for still
  base::Uuid verification_id;
  absl::Time begun;            // when its first intent was made
  base::Uuid intent_id;        // new each time, also when a verification is resumed
  access::Grant grant;         // after LetGoOfPlan without categories
  std::string request_digest;  // of the request's bytes, under the grant's key
  // Until LetGoOfPlan: what a verification holds that waits for one slow source of many is what
  // limits how many can wait.
  plan::Plan plan;
  // The sources that lines name: those that could be asked, then those that were passed over. Of
  // the setup's catalogue.
  std::vector<const plan::Source*> sources;
  // Nobody may be asked anything: no intent, no waves, straight to the report. Until LetGoOfPlan.
  std::optional<ledger::IntentParts> parts;
  // The annulled verification in whose place this one stands.
  std::optional<base::Uuid> replaces;
  std::vector<base::Row> rows;
  std::string entry;
  // Of the agency's day, where this begins the verification; to be kept once the intent is durable.
  access::DayQuota::Place day_place;
};

// Looks the request up, authorizes, plans and builds the intent. Blocks on the store. Errors as
// Verifier::Verify.
absl::StatusOr<Prepared> Prepare(const Rooms& rooms, const Setup& setup,
                                 const VerifyRequest& request);

// Frees what no later step needs once the last wave has begun.
void LetGoOfPlan(Prepared* prepared);

// One source's outcome and what it was asked under.
struct Concluded {
  report::Draft draft;
  std::string report_number;
  std::vector<SourceOutcomeView> outcomes;
  std::vector<base::Row> rows;
  std::vector<Promise> promises;  // to answer later; their rows are among the others
};

// Within which answers may be used again: the matter (digests of answers are keyed by it, and an
// erased matter takes them along), its agency, and the purpose.
std::string ShareScope(const VerifyRequest& request, const access::Grant& grant);
// Whether a person may still be asked about, beyond the flow's end. Thread-safe.
gather::Sharing::StillAuthorized KeepAuthority(const access::Grant& grant);

// Whom to ask about what, of what is granted.
absl::StatusOr<plan::Plan> PlanRequest(const Setup& setup, const VerifyRequest& request,
                                       const access::Grant& grant);
// An answer as matching takes it, without the authority it was obtained under.
match::SourceOutcome MatchOutcome(const Setup& setup, const plan::Plan& plan,
                                  const std::string& source_id, base::Answer answer);

// What is not asked about, the same. A source that was passed over is one that may be stood in for,
// as one that did not answer.
match::SourceOutcome MatchUnasked(const Setup& setup, const plan::Plan& plan,
                                  const plan::Unasked& pair);

// How the answers of one source, or several, are shown.
std::vector<SourceOutcomeView> ViewsOf(const gather::Outcome& outcome);
SourceOutcomeView ViewOf(const plan::Unasked& pair);

// The row that says that there will be no report.
base::Row EndedRow(const VerifyRequest& request, const Prepared& prepared,
                   const std::string& officer, const base::Uuid& id, absl::Time now);

// Matches, assesses and drafts the report. Computes.
absl::StatusOr<Concluded> Conclude(const Rooms& rooms, const Setup& setup,
                                   const VerifyRequest& request, const Prepared& prepared,
                                   std::vector<gather::Outcome> outcomes,
                                   const std::vector<plan::Unasked>& unasked);

}  // namespace hedui

#endif  // HEDUI_SERVER_VERIFY_STEPS_H_
