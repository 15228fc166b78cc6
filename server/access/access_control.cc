#include "server/access/access_control.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/access/defects.h"
#include "server/access/letter_rules.h"
#include "server/base/digest.h"
#include "server/base/limits.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

absl::Status Unauthenticated(absl::string_view reason, absl::string_view text) {
  return base::MakeError(absl::StatusCode::kUnauthenticated, reason, text);
}

// Why a letter does not help; the further down, the nearer it came.
enum class Miss { kNoLetter, kNameDiffers, kPurposeNotNamed, kGuardianNeeded, kRevoked };

absl::string_view MissName(Miss miss) {
  constexpr std::array<absl::string_view, 5> kNames = {
      "NO_LETTER", "NAME_DIFFERS", "PURPOSE_NOT_NAMED", "GUARDIAN_NEEDED", "LETTER_REVOKED"};
  return kNames[static_cast<size_t>(miss)];
}

// nullopt when the letter lets us ask about the person.
std::optional<Miss> WhyNot(const RegisteredLetter& registered, const base::Person& person,
                           const AccessRequest& request, const MatterSnapshot& matter) {
  const Letter& letter = registered.letter;
  if (letter.person.kind != person.identity.kind ||
      letter.person.number != person.identity.number || letter.signed_day > request.today) {
    return Miss::kNoLetter;
  }
  // Same number, other name: one of the two is not who we think, and asking would be about a
  // stranger.
  if (!base::SameName(letter.person.name, person.identity.name)) return Miss::kNameDiffers;
  if (!std::binary_search(letter.purposes.begin(), letter.purposes.end(), request.purpose)) {
    return Miss::kPurposeNotNamed;
  }
  // Registration knew the birth from the number only; here the declared one may be known. Where
  // neither tells the age, the person may be a child: then only a guardian's letter, or a declared
  // birth, will do.
  if (letter.capacity != SignerCapacity::kGuardian &&
      NeedsGuardian(person.identity, person.declared_birth, letter.signed_day).value_or(true)) {
    return Miss::kGuardianNeeded;
  }
  if (!matter.IsLetterLive(registered.id)) return Miss::kRevoked;
  return std::nullopt;
}

Authority LetterAuthority(const RegisteredLetter& registered, const std::string& digest_key) {
  Authority authority;
  authority.kind = Authority::Kind::kLetter;
  authority.letter_id = registered.id;
  authority.letter_number = registered.letter.number;
  authority.letter_digest = base::Hmac(base::HashAlgorithm::kSha256, digest_key,
                                       {registered.id.ToBytes(), registered.letter.scan_digest});
  return authority;
}

PersonGrant GrantPerson(const base::Person& person, const AccessRequest& request,
                        const Purpose& purpose, const MatterSnapshot& matter,
                        const std::string& digest_key) {
  PersonGrant grant;
  grant.person_id = person.id;
  const RegisteredLetter* best = nullptr;
  Miss nearest = Miss::kNoLetter;
  for (const RegisteredLetter& registered : matter.letters) {
    if (const auto miss = WhyNot(registered, person, request, matter)) {
      nearest = std::max(nearest, *miss);
    } else if (best == nullptr || registered.letter.signed_day >= best->letter.signed_day) {
      best = &registered;  // the newest: an older one may have been replaced by it
    }
  }
  if (best != nullptr) {
    grant.categories = purpose.categories;
    grant.authority = LetterAuthority(*best, digest_key);
    return grant;
  }
  if (purpose.legal_basis.has_value() && purpose.legal_basis->in_force.Contains(request.today)) {
    grant.categories = purpose.legal_basis->categories;
    grant.authority.kind = Authority::Kind::kLegalBasis;
    grant.authority.legal_basis = purpose.legal_basis->name;
    if (grant.categories == purpose.categories) return grant;
  }
  grant.reason = base::Reason::kNoAuthorization;
  grant.why = std::string(MissName(nearest));
  return grant;
}

// Where the household lives: within the agency's area, and within the matter's own division, which
// is what its letters were given for.
void CheckDivisions(const AccessRequest& request, const MatterSnapshot* matter,
                    DefectList* defects) {
  const std::string& division = request.household->division;
  if (!base::DivisionContains(request.agency->division, division)) {
    defects->Add(absl::StatusCode::kPermissionDenied, "division", "OUTSIDE_DIVISION",
                 absl::StrCat("lies outside this agency's area ", request.agency->division));
  } else if (matter != nullptr && matter->agency == request.agency->code &&
             !base::DivisionContains(matter->division, division)) {
    defects->Add(
        absl::StatusCode::kPermissionDenied, "division", "OUTSIDE_DIVISION",
        absl::StrCat("lies outside ", matter->division,
                     ", where the matter is registered; name the matter of this household"));
  }
}

void CheckPurpose(const AccessRequest& request, const Purpose* purpose, DefectList* defects) {
  if (purpose == nullptr || !request.agency->MayAskFor(request.purpose)) {
    // The same answer for both: an agency learns nothing about the purposes of others.
    defects->Add(absl::StatusCode::kPermissionDenied, "header.purpose", "PURPOSE_NOT_ALLOWED",
                 "is no purpose that this agency may ask for");
  } else if (!purpose->Allows(request.check_kind)) {
    defects->Add(absl::StatusCode::kPermissionDenied, "header.check_kind", "CHECK_KIND_NOT_ALLOWED",
                 absl::StrCat("is not allowed for the purpose ", purpose->code));
  }
}

void CheckMatter(const AccessRequest& request, const MatterSnapshot* matter, DefectList* defects) {
  if (request.matter == nullptr) {
    defects->Add(absl::StatusCode::kNotFound, "header.matter_number", "MATTER_UNKNOWN",
                 "this agency has registered no matter of this number");
  } else if (matter == nullptr || !request.matter->Trusted()) {
    defects->Add(absl::StatusCode::kUnavailable, "header.matter_number", "MATTER_IN_DOUBT",
                 "the matter is being changed; try again");
  } else if (matter->agency != request.agency->code) {
    defects->Add(absl::StatusCode::kNotFound, "header.matter_number", "MATTER_UNKNOWN",
                 "this agency has registered no matter of this number");
  } else if (matter->state == MatterState::kClosed) {
    defects->Add(absl::StatusCode::kPermissionDenied, "header.matter_number", "MATTER_CLOSED",
                 "the matter is closed; nothing is asked for it any more");
  }
}

}  // namespace

absl::StatusOr<const Agency*> IdentifyAgency(const Register& reg, const CallerIdentity& caller) {
  if (caller.certificate_sha256.empty() && caller.san_uris.empty()) {
    return Unauthenticated("NO_CLIENT_CERTIFICATE", "connect with the agency's certificate");
  }
  std::vector<absl::string_view> codes;
  for (const std::string& uri : caller.san_uris) {
    if (absl::StartsWith(uri, kAgencyUriPrefix)) {
      codes.push_back(absl::string_view(uri).substr(kAgencyUriPrefix.size()));
    }
  }
  if (codes.size() > 1) {
    return Unauthenticated("AMBIGUOUS_AGENCY_IDENTITY",
                           "the certificate names more than one agency");
  }
  const Agency* by_digest = caller.certificate_sha256.empty()
                                ? nullptr
                                : reg.FindAgencyByCertificate(caller.certificate_sha256);
  if (codes.empty()) {
    if (by_digest != nullptr) return by_digest;
    return Unauthenticated("NO_AGENCY_IDENTITY",
                           "the certificate has no SAN URI hedui://agency/<code> and is not in the "
                           "register");
  }
  const Agency* by_uri = reg.FindAgency(codes.front());
  if (by_uri == nullptr) {
    return base::MakeError(absl::StatusCode::kPermissionDenied, "AGENCY_UNKNOWN",
                           "the agency the certificate names is not in the register");
  }
  if (by_digest != nullptr && by_digest != by_uri) {
    return Unauthenticated("AMBIGUOUS_AGENCY_IDENTITY",
                           "the certificate names one agency, the register gives it to another");
  }
  return by_uri;
}

absl::Status CheckPolicyUse(const Agency& agency, PolicyUse use) {
  if (agency.MayUsePolicies(use)) return absl::OkStatus();
  return base::MakeError(
      absl::StatusCode::kPermissionDenied, "POLICY_USE_NOT_ALLOWED",
      absl::StrCat("the register does not let this agency do this with policies; it takes ",
                   use == PolicyUse::kRead ? "\"read\"" : "\"try\"",
                   " among its policy_uses there"));
}

absl::Status CheckSourceUse(const Agency& agency, SourceUse use) {
  if (agency.MayUseSources(use)) return absl::OkStatus();
  const absl::string_view name = use == SourceUse::kRead   ? "\"read\""
                                 : use == SourceUse::kHold ? "\"hold\""
                                                           : "\"recall\"";
  return base::MakeError(
      absl::StatusCode::kPermissionDenied, "SOURCE_USE_NOT_ALLOWED",
      absl::StrCat("the register does not let this agency do this with sources; it takes ", name,
                   " among its source_uses there"));
}

absl::Status CheckOfficer(const Agency& agency, absl::string_view officer) {
  if (officer.empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "OFFICER_REQUIRED",
                           "name the acting officer");
  }
  DefectList defects;
  CheckIdentifier(officer, "", &defects);
  if (!defects.empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "OFFICER_MALFORMED",
                           defects.defects().front().text);
  }
  if (!agency.HasOfficer(officer)) {
    return base::MakeError(absl::StatusCode::kPermissionDenied, "OFFICER_UNKNOWN",
                           "this officer does not act for this agency");
  }
  return absl::OkStatus();
}

const PersonGrant* Grant::Find(absl::string_view person_id) const {
  const auto found = std::find_if(
      persons.begin(), persons.end(),
      [person_id](const PersonGrant& person) { return person.person_id == person_id; });
  return found == persons.end() ? nullptr : &*found;
}

absl::StatusOr<Grant> Authorize(const AccessRequest& request) {
  DefectList defects;
  const absl::Status officer = CheckOfficer(*request.agency, request.officer);
  if (!officer.ok()) defects.Add("header.officer", officer);
  const Purpose* purpose = request.reg->FindPurpose(request.purpose);
  CheckPurpose(request, purpose, &defects);
  const std::shared_ptr<const MatterSnapshot> matter =
      request.matter == nullptr ? nullptr : request.matter->Snapshot();
  CheckDivisions(request, matter.get(), &defects);
  CheckMatter(request, matter.get(), &defects);
  HEDUI_RETURN_IF_ERROR(defects.ToStatus());

  Grant grant;
  grant.agency = request.agency->code;
  grant.agency_name = request.agency->name;
  grant.officer = request.officer;
  grant.purpose = purpose->code;
  grant.purpose_label = purpose->label;
  grant.check_kind = request.check_kind;
  grant.matter_id = matter->id;
  grant.matter_number = matter->number;
  grant.matter_state = matter->state;
  grant.digest_key = request.matter->DigestKey();
  grant.needed = purpose->categories;
  grant.matter = request.matter;
  for (const base::Person& person : request.household->persons) {
    grant.persons.push_back(GrantPerson(person, request, *purpose, *matter, grant.digest_key));
  }
  return grant;
}

bool IsLive(const Grant& grant, absl::string_view person_id) {
  const PersonGrant* person = grant.Find(person_id);
  if (person == nullptr || grant.matter == nullptr || !grant.matter->Trusted()) return false;
  const std::shared_ptr<const MatterSnapshot> matter = grant.matter->Snapshot();
  switch (person->authority.kind) {
    case Authority::Kind::kLetter:
      return matter->IsLetterLive(person->authority.letter_id);
    case Authority::Kind::kLegalBasis:
      return matter->state != MatterState::kClosed;
    case Authority::Kind::kNone:
      break;
  }
  return false;
}

}  // namespace hedui::access
