// May they ask? The front door of access: from a certificate to an agency, and from an agency, a
// purpose and a matter to a grant that says for each person what may be asked on which authority.
//
// Missing identity or register refuses; nothing falls open. Functions over immutable values and the
// matter's live record; thread-safe, never block (the matter is loaded before, see matter_book.h).
#ifndef HEDUI_SERVER_ACCESS_ACCESS_CONTROL_H_
#define HEDUI_SERVER_ACCESS_ACCESS_CONTROL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/access/matter.h"
#include "server/access/matter_book.h"
#include "server/access/register.h"
#include "server/base/answer.h"
#include "server/base/household.h"

namespace hedui::access {

// What begins an agency's SAN URI.
inline constexpr absl::string_view kAgencyUriPrefix = "hedui://agency/";

// What the connection proved. Empty when the client showed no certificate.
struct CallerIdentity {
  std::vector<std::string> san_uris;
  std::string certificate_sha256;  // of the DER form, 32 bytes
  // The certificate, and all that the client sent, in PEM: the connection's memory.
  absl::string_view certificate_pem;
  absl::string_view chain_pem;
  std::vector<std::string> identity_headers;  // of hedui-identity, as they came
};

// The agency of exactly one SAN URI hedui://agency/<code> (other URIs are ignored), or of the
// certificate's digest in the register; when both name one, the same. UNAUTHENTICATED:
// NO_CLIENT_CERTIFICATE, NO_AGENCY_IDENTITY, AMBIGUOUS_AGENCY_IDENTITY. PERMISSION_DENIED:
// AGENCY_UNKNOWN. Pointers live as long as the register.
absl::StatusOr<const Agency*> IdentifyAgency(const Register& reg, const CallerIdentity& caller);

// Every RPC names its officer: INVALID_ARGUMENT (OFFICER_REQUIRED, OFFICER_MALFORMED),
// PERMISSION_DENIED (OFFICER_UNKNOWN).
absl::Status CheckOfficer(const Agency& agency, absl::string_view officer);

// Nobody may use PolicyService of whom the register does not say so: PERMISSION_DENIED
// (POLICY_USE_NOT_ALLOWED).
absl::Status CheckPolicyUse(const Agency& agency, PolicyUse use);

// The same of SourceAdminService: PERMISSION_DENIED (SOURCE_USE_NOT_ALLOWED).
absl::Status CheckSourceUse(const Agency& agency, SourceUse use);

// Why a person may be asked about, as reports and warrants cite it.
struct Authority {
  enum class Kind : uint8_t { kNone, kLetter, kLegalBasis };
  Kind kind = Kind::kNone;
  // kLetter: its row, its number (the agency's own; not for sources) and a reference without
  // personal content: HMAC-SHA256 under the matter's digest key of the row id and the scan's
  // digest, 32 bytes.
  base::Uuid letter_id;
  std::string letter_number;
  std::string letter_digest;
  // kLegalBasis: the law, as the register cites it.
  std::string legal_basis;
};

struct PersonGrant {
  std::string person_id;
  std::vector<std::string> categories;  // sorted; may be empty
  Authority authority;
  // kNone when all that the purpose needs is granted; kNoAuthorization (未授权) for what is
  // missing.
  base::Reason reason = base::Reason::kNone;
  // Where something is missing, why no letter helps: NO_LETTER, LETTER_REVOKED, NAME_DIFFERS,
  // PURPOSE_NOT_NAMED, GUARDIAN_NEEDED. For officers and logs; no personal data.
  std::string why;
};

// A value: copies share the matter's live record.
struct Grant {
  std::string agency;
  std::string agency_name;
  std::string officer;
  std::string purpose;
  std::string purpose_label;
  base::CheckKind check_kind = base::CheckKind::kNew;
  base::Uuid matter_id;
  std::string matter_number;
  MatterState matter_state = MatterState::kOpen;
  std::string digest_key;            // the matter's, 32 bytes
  std::vector<std::string> needed;   // what the purpose needs, sorted
  std::vector<PersonGrant> persons;  // one per person, in the household's order
  MatterHandle matter;

  const PersonGrant* Find(absl::string_view person_id) const;
};

struct AccessRequest {
  const Register* reg = nullptr;
  const Agency* agency = nullptr;  // of `reg`
  std::string officer;
  std::string purpose;
  base::CheckKind check_kind = base::CheckKind::kNew;
  MatterHandle matter;  // null: the agency has no such matter
  std::string matter_number;
  const base::Household* household = nullptr;
  // The civil day of asking (not the policy day): authority must live when the data are asked for.
  absl::CivilDay today;
};

// Refuses with all defects at once (access/defects.h): PERMISSION_DENIED OUTSIDE_DIVISION (of the
// agency, or of the matter), PURPOSE_NOT_ALLOWED, CHECK_KIND_NOT_ALLOWED, OFFICER_UNKNOWN,
// MATTER_CLOSED; NOT_FOUND MATTER_UNKNOWN; UNAVAILABLE MATTER_IN_DOUBT (load the matter again). A
// person without a letter or legal basis is no refusal: the grant says so.
absl::StatusOr<Grant> Authorize(const AccessRequest& request);

// Whether the person's authority still stands: the matter not closed, the letter neither withdrawn
// since nor ruled out by the withdrawal of a later one. Ask it between intent and send. False for a
// person without authority.
bool IsLive(const Grant& grant, absl::string_view person_id);

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_ACCESS_CONTROL_H_
