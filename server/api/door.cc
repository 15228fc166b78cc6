#include "server/api/door.h"

#include <utility>

#include "server/access/access_control.h"
#include "server/access/caller_trust.h"
#include "server/access/gateway_header.h"
#include "server/access/identify_caller.h"
#include "server/api/call_log.h"
#include "server/api/caller.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::api {

Door::Door(RegisterSource reg, TrustSource trust, const base::Clock* clock)
    : reg_(std::move(reg)),
      trust_(std::move(trust)),
      clock_(clock),
      headers_(std::make_unique<access::HeaderBook>(clock->WallNow())),
      rates_(std::make_unique<access::RateLimit>(clock)),
      watchers_(std::make_unique<access::InFlight>(access::InFlight::What::kWatchers)) {}

Door::~Door() = default;

absl::StatusOr<const access::Agency*> Door::Find(const access::Register& reg, CallContext& context,
                                                 absl::string_view officer, Call call) const {
  HEDUI_ASSIGN_OR_RETURN(const access::Agency* agency,
                         access::IdentifyCaller(reg, *trust_(), headers_.get(), CallerOf(context),
                                                context.method, clock_->WallNow()));
  context.note.agency = agency->code;
  // First: a call that is refused for another reason is a call too.
  HEDUI_RETURN_IF_ERROR(rates_->Take(*agency, call));
  HEDUI_RETURN_IF_ERROR(access::CheckOfficer(*agency, officer));
  return agency;
}

absl::StatusOr<std::string> Door::Enter(CallContext& context, absl::string_view officer,
                                        Call call) const {
  const std::shared_ptr<const access::Register> reg = reg_();
  HEDUI_ASSIGN_OR_RETURN(const access::Agency* agency, Find(*reg, context, officer, call));
  return agency->code;
}

absl::StatusOr<std::string> Door::EnterForPolicies(CallContext& context, absl::string_view officer,
                                                   Call call, access::PolicyUse use) const {
  const std::shared_ptr<const access::Register> reg = reg_();
  HEDUI_ASSIGN_OR_RETURN(const access::Agency* agency, Find(*reg, context, officer, call));
  HEDUI_RETURN_IF_ERROR(access::CheckPolicyUse(*agency, use));
  return agency->code;
}

absl::StatusOr<std::string> Door::EnterForSources(CallContext& context, absl::string_view officer,
                                                  Call call, access::SourceUse use) const {
  const std::shared_ptr<const access::Register> reg = reg_();
  HEDUI_ASSIGN_OR_RETURN(const access::Agency* agency, Find(*reg, context, officer, call));
  HEDUI_RETURN_IF_ERROR(access::CheckSourceUse(*agency, use));
  return agency->code;
}

absl::Status Door::CheckCertificate(const CallContext& context) const {
  const access::CallerIdentity caller = CallerOf(context);
  if (caller.certificate_sha256.empty()) {
    return base::MakeError(absl::StatusCode::kUnauthenticated, "NO_CLIENT_CERTIFICATE",
                           "connect with a certificate");
  }
  return trust_()->Check(caller.certificate_sha256, caller.certificate_pem, caller.chain_pem,
                         clock_->WallNow());
}

absl::StatusOr<access::InFlight::Place> Door::EnterWatch(const std::string& agency) const {
  const std::shared_ptr<const access::Register> reg = reg_();
  const access::Agency* const found = reg->FindAgency(agency);
  if (found == nullptr) {
    return base::MakeError(absl::StatusCode::kPermissionDenied, "AGENCY_UNKNOWN",
                           "the agency is not in the register");
  }
  return watchers_->Enter(*found);
}

absl::CivilDay Door::Today() const { return base::CivilDayOf(clock_->WallNow()); }

}  // namespace hedui::api
