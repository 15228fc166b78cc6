#include "server/superseding_steps.h"

#include <utility>

#include "hedui/stored/v1/verification.pb.h"
#include "server/base/status.h"
#include "server/stored_report.h"

namespace hedui {

bool CurrentCase::IsClosed() const {
  return matter->Snapshot()->state == access::MatterState::kClosed;
}

absl::StatusOr<CurrentCase> ReadCurrentCase(const Rooms& rooms, const std::string& agency,
                                            const ReportChain& chain) {
  stored::v1::Result stored;
  if (!stored.ParseFromString(chain.current().row.body)) return Damaged("report");
  CurrentCase current;
  HEDUI_ASSIGN_OR_RETURN(current.bundle, report::DecodeCaseBundle(stored.case_bundle()));
  current.outcomes = OutcomesOf(stored);
  current.used = UsesOf(stored);
  HEDUI_ASSIGN_OR_RETURN(current.matter,
                         rooms.matters->Load(agency, current.bundle.frame.matter_number));
  return current;
}

absl::StatusOr<SupersedingReport> Supersede(const Rooms& rooms, const Setup& setup,
                                            const std::string& agency, const ReportChain& chain,
                                            CurrentCase changed, absl::string_view reason,
                                            const std::string& request_digest, absl::Time now) {
  changed.bundle.frame.previous_report = chain.current().report_id;
  changed.bundle.frame.superseding_reason = std::string(reason);
  SupersedingReport report;
  HEDUI_ASSIGN_OR_RETURN(report.made, MakeReport(rooms, setup, std::move(changed.bundle), now));
  report.made.used = std::move(changed.used);
  report.outcomes = std::move(changed.outcomes);
  report.row = ReportRow(report.made, report.outcomes, agency, chain.matter, request_digest,
                         chain.reports.front().report_id);
  report.row.keys.push_back(ChainKey(chain.verification_id));
  return report;
}

}  // namespace hedui
