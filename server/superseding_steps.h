// The report that stands in place of a verification's current one: the current one's case, and what
// a changed case makes. What is changed in between is each flow's own: a correction, an answer that
// came later, a recall. Functions over the rooms; thread-safe; for the compute pool.
#ifndef HEDUI_SERVER_SUPERSEDING_STEPS_H_
#define HEDUI_SERVER_SUPERSEDING_STEPS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/access/matter_book.h"
#include "server/base/row.h"
#include "server/report/case_bundle.h"
#include "server/report_chain.h"
#include "server/report_steps.h"
#include "server/rooms.h"
#include "server/verify_flow.h"

namespace hedui {

// What the current report was made from.
struct CurrentCase {
  report::CaseBundle bundle;
  std::vector<SourceOutcomeView> outcomes;
  std::vector<UsedSource> used;
  access::MatterHandle matter;  // live; never null

  // Nothing is added to the reports of such a matter.
  bool IsClosed() const;
};

// Of a chain that has its current report's row. Reads the store where the matter is not in memory.
// DATA_LOSS when the row is damaged; the store's errors.
absl::StatusOr<CurrentCase> ReadCurrentCase(const Rooms& rooms, const std::string& agency,
                                            const ReportChain& chain);

struct SupersedingReport {
  MadeReport made;
  std::vector<SourceOutcomeView> outcomes;
  base::Row row;
};

// `reason`: why, as the report says it. `request_digest`: of the request that asks for it; empty:
// no request does. Errors as MakeReport.
absl::StatusOr<SupersedingReport> Supersede(const Rooms& rooms, const Setup& setup,
                                            const std::string& agency, const ReportChain& chain,
                                            CurrentCase changed, absl::string_view reason,
                                            const std::string& request_digest, absl::Time now);

}  // namespace hedui

#endif  // HEDUI_SERVER_SUPERSEDING_STEPS_H_
