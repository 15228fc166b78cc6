// A report made from a case, and the row it lies in: for a verification's first report and for
// those that supersede it. Functions over the rooms; thread-safe; they compute.
#ifndef HEDUI_SERVER_REPORT_STEPS_H_
#define HEDUI_SERVER_REPORT_STEPS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/report/case_bundle.h"
#include "server/report/report_builder.h"
#include "server/rooms.h"
#include "server/verify_flow.h"

namespace hedui {

namespace stored::v1 {
class Result;
}  // namespace stored::v1

namespace gather {
struct Outcome;
}  // namespace gather

struct MadeReport {
  report::Draft draft;
  std::string number;
  report::CaseBundle bundle;
  // For its row: by this it is found when a source is recalled. A report that supersedes holds what
  // the one before held of the sources that still speak in it.
  std::vector<UsedSource> used;
};

// Whether the answer says anything that a report then holds, if only to show it.
bool IsSaid(const base::Answer& answer);

// When each source's answers came, of one verification's outcomes.
std::vector<UsedSource> UsesOf(const std::vector<gather::Outcome>& outcomes);
// Those that a stored report holds.
std::vector<UsedSource> UsesOf(const stored::v1::Result& stored);
// Reports that hold what the source said on the civil day.
base::LookupKey UsedKey(absl::string_view source_id, absl::CivilDay day);

// Matches, assesses and drafts. `bundle` has its input and what only the request says of the frame;
// the report's own id, dates, words and validity are set here. Programmes without a policy set are
// the caller's to refuse before.
absl::StatusOr<MadeReport> MakeReport(const Rooms& rooms, const Setup& setup,
                                      report::CaseBundle bundle, absl::Time now);

// The row of a report, found by its own id and its verification's. `first`: the report of the same
// verification that everything goes back to; absent in that one.
base::Row ReportRow(const MadeReport& made, const std::vector<SourceOutcomeView>& outcomes,
                    const std::string& agency, const base::Uuid& matter,
                    const std::string& request_digest, std::optional<base::Uuid> first);

}  // namespace hedui

#endif  // HEDUI_SERVER_REPORT_STEPS_H_
