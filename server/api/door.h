// What every service needs: who calls, and the clock. Thread-safe; outlives the calls.
#ifndef HEDUI_SERVER_API_DOOR_H_
#define HEDUI_SERVER_API_DOOR_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/access/in_flight.h"
#include "server/access/rate_limit.h"
#include "server/access/register.h"
#include "server/base/clock.h"

namespace hedui::access {
class CallerTrust;
class HeaderBook;
}  // namespace hedui::access

namespace hedui::api {

struct CallContext;

// The register in force; the pointer keeps it alive for the call.
using RegisterSource = std::function<std::shared_ptr<const access::Register>()>;
// The authorities and revocation lists in force.
using TrustSource = std::function<std::shared_ptr<const access::CallerTrust>()>;

class Door {
 public:
  // `clock` outlives it. What gateways sign is taken from now on.
  Door(RegisterSource reg, TrustSource trust, const base::Clock* clock);
  ~Door();

  // What a call does, for its agency's rate.
  using Call = access::RateLimit::Call;

  // The caller's agency code, having checked that it is one, that its rate has room for the call
  // and that the officer may act for it. It is noted in `context`. Once for each call: a gateway's
  // header is used up. Errors as access::IdentifyCaller, access::RateLimit and
  // access::CheckOfficer.
  absl::StatusOr<std::string> Enter(CallContext& context, absl::string_view officer,
                                    Call call) const;
  // The same for who may do this with policies. Errors also as access::CheckPolicyUse.
  absl::StatusOr<std::string> EnterForPolicies(CallContext& context, absl::string_view officer,
                                               Call call, access::PolicyUse use) const;
  // The same for who may do this with sources. Errors also as access::CheckSourceUse.
  absl::StatusOr<std::string> EnterForSources(CallContext& context, absl::string_view officer,
                                              Call call, access::SourceUse use) const;
  // For what needs no agency: only that the certificate the call came with still holds, and counted
  // by no agency's rate. UNAUTHENTICATED as access::IdentifyCaller.
  absl::Status CheckCertificate(const CallContext& context) const;
  // A watcher's place of its agency's, to be kept while it watches; an agency that has left the
  // register meanwhile has none. Errors as access::InFlight.
  absl::StatusOr<access::InFlight::Place> EnterWatch(const std::string& agency) const;
  // The civil day.
  absl::CivilDay Today() const;

 private:
  // The caller, in `reg`.
  absl::StatusOr<const access::Agency*> Find(const access::Register& reg, CallContext& context,
                                             absl::string_view officer, Call call) const;

  const RegisterSource reg_;
  const TrustSource trust_;
  const base::Clock* const clock_;
  const std::unique_ptr<access::HeaderBook> headers_;
  const std::unique_ptr<access::RateLimit> rates_;
  const std::unique_ptr<access::InFlight> watchers_;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_DOOR_H_
