// From the wire's findings, decisions and annulments to what the corrector takes, every defect
// listed at once. Pure. INVALID_ARGUMENT (INVALID_REQUEST).
#ifndef HEDUI_SERVER_API_DECODE_FINDING_H_
#define HEDUI_SERVER_API_DECODE_FINDING_H_

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "hedui/v1/finding.pb.h"
#include "hedui/v1/reports.pb.h"
#include "server/correction_flow.h"

namespace hedui::api {

// Everything but the agency. `today` bounds the day of the finding and what it speaks about.
absl::StatusOr<CorrectionRequest> DecodeFinding(const v1::RecordFindingRequest& request,
                                                absl::CivilDay today);
absl::StatusOr<CorrectionRequest> DecodeDecision(const v1::ResolveAmbiguousRequest& request,
                                                 absl::CivilDay today);
absl::StatusOr<AnnulRequest> DecodeAnnulment(const v1::AnnulReportRequest& request);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_DECODE_FINDING_H_
