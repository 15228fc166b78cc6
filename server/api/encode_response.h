// From domain values to the wire's messages, and from the wire's authorization messages to access's
// drafts. Pure.
#ifndef HEDUI_SERVER_API_ENCODE_RESPONSE_H_
#define HEDUI_SERVER_API_ENCODE_RESPONSE_H_

#include "hedui/v1/authorization.pb.h"
#include "hedui/v1/reports.pb.h"
#include "hedui/v1/verification.pb.h"
#include "server/access/matter.h"
#include "server/report_chain.h"
#include "server/verify_flow.h"

namespace hedui::api {

v1::SourceOutcome EncodeOutcome(SourceOutcomeView view);
v1::Verification EncodeVerification(const VerificationView& view);
v1::VerifyHouseholdResponse EncodeVerifyResponse(VerifyResult result);
v1::GetReportResponse EncodeReportResponse(VerifyResult result);
v1::ReportStatus EncodeStatus(const ReportStatus& status);

v1::Matter EncodeMatter(const access::MatterView& view);

// Nothing is judged here: what is missing or unknown stays so, and access lists it with the rest.
access::RegisterRequest DraftOf(const v1::RegisterAuthorizationsRequest& request);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_ENCODE_RESPONSE_H_
