// Which agency calls: from what the connection proved and, where a listed gateway stands in front,
// from the header it signed. The one way in; nothing falls open.
//
// Function, thread-safe, never blocks.
#ifndef HEDUI_SERVER_ACCESS_IDENTIFY_CALLER_H_
#define HEDUI_SERVER_ACCESS_IDENTIFY_CALLER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/access/access_control.h"
#include "server/access/caller_trust.h"
#include "server/access/gateway_header.h"
#include "server/access/register.h"

namespace hedui::access {

// In this order: the certificate still holds (errors as CallerTrust::Check); it is a gateway's, and
// then its one header names the agency (errors as HeaderBook::Use, IDENTITY_HEADER_MISSING,
// GATEWAY_UNKNOWN); or it is an agency's (errors as IdentifyAgency), and then there is no header:
// PERMISSION_DENIED (IDENTITY_HEADER_NOT_ALLOWED). Pointers live as long as the register.
absl::StatusOr<const Agency*> IdentifyCaller(const Register& reg, const CallerTrust& trust,
                                             HeaderBook* headers, const CallerIdentity& caller,
                                             absl::string_view method, absl::Time now);

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_IDENTIFY_CALLER_H_
