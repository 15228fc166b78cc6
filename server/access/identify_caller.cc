#include "server/access/identify_caller.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

absl::Status Unauthenticated(absl::string_view reason, absl::string_view text) {
  return base::MakeError(absl::StatusCode::kUnauthenticated, reason, text);
}

// The gateway whose certificate this is; nullptr when it is none's.
absl::StatusOr<const Gateway*> FindGateway(const Register& reg, const CallerIdentity& caller) {
  std::vector<absl::string_view> codes;
  bool names_agency = reg.FindAgencyByCertificate(caller.certificate_sha256) != nullptr;
  for (const std::string& uri : caller.san_uris) {
    if (absl::StartsWith(uri, kGatewayUriPrefix)) {
      codes.push_back(absl::string_view(uri).substr(kGatewayUriPrefix.size()));
    }
    names_agency = names_agency || absl::StartsWith(uri, kAgencyUriPrefix);
  }
  const Gateway* const by_digest = reg.FindGatewayByCertificate(caller.certificate_sha256);
  if (codes.empty() && by_digest == nullptr) return nullptr;
  if (codes.size() > 1 || names_agency) {
    return Unauthenticated("AMBIGUOUS_AGENCY_IDENTITY",
                           "the certificate names more than one gateway or agency");
  }
  if (codes.empty()) return by_digest;
  const Gateway* const by_uri = reg.FindGateway(codes.front());
  if (by_uri == nullptr) {
    return base::MakeError(absl::StatusCode::kPermissionDenied, "GATEWAY_UNKNOWN",
                           "the gateway the certificate names is not in the register");
  }
  if (by_digest != nullptr && by_digest != by_uri) {
    return Unauthenticated("AMBIGUOUS_AGENCY_IDENTITY",
                           "the certificate names one gateway, the register gives it to another");
  }
  return by_uri;
}

}  // namespace

absl::StatusOr<const Agency*> IdentifyCaller(const Register& reg, const CallerTrust& trust,
                                             HeaderBook* headers, const CallerIdentity& caller,
                                             absl::string_view method, absl::Time now) {
  if (caller.certificate_sha256.empty()) {
    return Unauthenticated("NO_CLIENT_CERTIFICATE", "connect with the agency's certificate");
  }
  HEDUI_RETURN_IF_ERROR(
      trust.Check(caller.certificate_sha256, caller.certificate_pem, caller.chain_pem, now));
  HEDUI_ASSIGN_OR_RETURN(const Gateway* gateway, FindGateway(reg, caller));
  if (gateway == nullptr) {
    // Refused, not passed over: who sends it believes that it counts.
    if (!caller.identity_headers.empty()) {
      return base::MakeError(absl::StatusCode::kPermissionDenied, "IDENTITY_HEADER_NOT_ALLOWED",
                             "an identity header is taken from the register's gateways only; leave "
                             "it out");
    }
    return IdentifyAgency(reg, caller);
  }
  if (caller.identity_headers.empty()) {
    return Unauthenticated("IDENTITY_HEADER_MISSING",
                           "a gateway has to say in the header hedui-identity which agency calls");
  }
  if (caller.identity_headers.size() > 1) {
    return Unauthenticated("IDENTITY_HEADER_MALFORMED",
                           "there is more than one identity header; send one");
  }
  HEDUI_ASSIGN_OR_RETURN(const std::string code,
                         headers->Use(reg, *gateway, caller.identity_headers.front(), method, now));
  // The register has every agency of a gateway.
  const Agency* const agency = reg.FindAgency(code);
  if (agency == nullptr) {
    return base::MakeError(absl::StatusCode::kPermissionDenied, "AGENCY_UNKNOWN",
                           "the agency the header names is not in the register");
  }
  return agency;
}

}  // namespace hedui::access
