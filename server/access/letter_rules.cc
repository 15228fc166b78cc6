#include "server/access/letter_rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/base/utf8.h"

namespace hedui::access {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

std::optional<base::Identity> CheckPerson(std::optional<base::IdentityKind> kind,
                                          const std::string& number, const std::string& name,
                                          const std::string& path, DefectList* defects) {
  bool ok = true;
  const auto refuse = [&](absl::string_view field, absl::string_view reason,
                          absl::string_view text) {
    defects->Add(kInvalid, absl::StrCat(path, field), reason, text);
    ok = false;
  };
  if (!kind.has_value()) refuse(".kind", "IDENTITY_KIND", "give the kind of identity document");
  if (number.size() > kNumberBytesMax) {
    refuse(".number", "ID_LENGTH", absl::StrCat("at most ", kNumberBytesMax, " bytes"));
  }
  if (name.empty() || name.size() > base::kNameBytesMax) {
    refuse(".name", "NAME_LENGTH", absl::StrCat("1 to ", base::kNameBytesMax, " bytes"));
  } else if (!base::IsUtf8(name)) {
    refuse(".name", "NAME_ENCODING", "is not UTF-8");
  }
  if (!ok) return std::nullopt;
  absl::StatusOr<base::Identity> identity = base::NormaliseIdentity(*kind, number, name);
  if (identity.ok()) return *std::move(identity);
  const bool of_name = absl::StartsWith(base::ReasonOf(identity.status()), "NAME_");
  defects->Add(absl::StrCat(path, of_name ? ".name" : ".number"), identity.status());
  return std::nullopt;
}

std::optional<absl::CivilDay> CheckSignedDay(const LetterDraft& draft, const std::string& path,
                                             absl::CivilDay today, DefectList* defects) {
  const std::string field = absl::StrCat(path, ".signed_day");
  const absl::StatusOr<absl::CivilDay> day = base::ParseDay(draft.signed_day);
  if (!day.ok()) {
    defects->Add(kInvalid, field, "SIGNED_DAY", "write the day of signing as 2025-03-03");
    return std::nullopt;
  }
  if (*day > today) {
    defects->Add(kInvalid, field, "LETTER_FROM_FUTURE", "the day of signing is yet to come");
    return std::nullopt;
  }
  return *day;
}

std::vector<std::string> CheckPurposes(const LetterDraft& draft, const std::string& path,
                                       const Agency& agency, DefectList* defects) {
  const std::string field = absl::StrCat(path, ".purposes");
  if (draft.purposes.empty() || draft.purposes.size() > kPurposesPerLetterMax) {
    defects->Add(kInvalid, field, "PURPOSES", absl::StrCat("1 to ", kPurposesPerLetterMax));
    return {};
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < draft.purposes.size(); ++i) {
    const std::string where = absl::StrCat(field, "[", i, "]");
    if (!seen.insert(draft.purposes[i]).second) {
      defects->Add(kInvalid, where, "PURPOSE_DUPLICATE", "is named before");
    } else if (!agency.MayAskFor(draft.purposes[i])) {
      defects->Add(absl::StatusCode::kPermissionDenied, where, "PURPOSE_NOT_ALLOWED",
                   "is no purpose that this agency may ask for");
    }
  }
  return {seen.begin(), seen.end()};
}

// Who signs for another is of full age where the signer's number tells.
void CheckSignerAge(const base::Identity& signer, absl::CivilDay signed_day,
                    const std::string& path, DefectList* defects) {
  const std::optional<base::CitizenNumber> citizen = base::CitizenNumberOf(signer);
  if (!citizen.has_value() || base::AgeOn(citizen->birth, signed_day) >= kSignerAge) return;
  defects->Add(kInvalid, absl::StrCat(path, ".signer"), "SIGNER_UNDER_AGE",
               absl::StrCat("a guardian or agent is at least ", kSignerAge,
                            " on the day of signing; let an adult sign"));
}

// Who may sign: the person from 14 years on, an agent with a mandate for such a person, a guardian
// always; guardians and agents from 18 on.
void CheckCapacity(const LetterDraft& draft, const Letter& letter, bool person_known,
                   bool day_known, const std::string& path, DefectList* defects) {
  const std::string field = absl::StrCat(path, ".capacity");
  if (!draft.capacity.has_value()) {
    defects->Add(kInvalid, field, "SIGNER_CAPACITY", "say in what capacity the letter was signed");
    return;
  }
  const bool self = *draft.capacity == SignerCapacity::kSelf;
  if (self && draft.has_signer) {
    defects->Add(kInvalid, absl::StrCat(path, ".signer"), "SIGNER_UNEXPECTED",
                 "leave the signer out where the person signed");
  }
  if (!self && !draft.has_signer) {
    defects->Add(kInvalid, absl::StrCat(path, ".signer"), "SIGNER_REQUIRED",
                 "name the guardian or agent who signed");
  }
  const bool same_human =
      letter.signer.has_value() && person_known && IsSameHuman(*letter.signer, letter.person);
  if (!self && same_human) {
    defects->Add(kInvalid, absl::StrCat(path, ".signer"), "SIGNER_IS_PERSON",
                 "the guardian or agent is another person than the one spoken for");
  }
  if (!self && !same_human && letter.signer.has_value() && day_known) {
    CheckSignerAge(*letter.signer, letter.signed_day, path, defects);
  }
  const std::string mandate = absl::StrCat(path, ".mandate_number");
  if (*draft.capacity == SignerCapacity::kAgent) {
    CheckIdentifier(draft.mandate_number, mandate, defects);
  } else if (!draft.mandate_number.empty()) {
    defects->Add(kInvalid, mandate, "MANDATE_UNEXPECTED", "only agents have a mandate");
  }
  if (person_known && day_known && *draft.capacity != SignerCapacity::kGuardian &&
      NeedsGuardian(letter.person, std::nullopt, letter.signed_day).value_or(false)) {
    defects->Add(kInvalid, field, "GUARDIAN_REQUIRED",
                 absl::StrCat("under ", kGuardianAge,
                              " on the day of signing only a guardian can "
                              "sign"));
  }
}

void CheckForm(const LetterDraft& draft, const std::string& path, Letter* letter,
               DefectList* defects) {
  CheckIdentifier(draft.number, absl::StrCat(path, ".letter_number"), defects);
  letter->number = draft.number;
  if (draft.document.has_value()) {
    letter->document = *draft.document;
  } else {
    defects->Add(kInvalid, absl::StrCat(path, ".document"), "LETTER_DOCUMENT",
                 "give the kind of document");
  }
  if (draft.signature.has_value()) {
    letter->signature = *draft.signature;
  } else {
    defects->Add(kInvalid, absl::StrCat(path, ".signature"), "SIGNATURE_KIND",
                 "say how the letter was signed");
  }
  const absl::StatusOr<std::string> digest = base::HexDecode(draft.scan_sha256);
  if (digest.ok() && digest->size() == base::kDigestBytes) {
    letter->scan_digest = *digest;
  } else {
    defects->Add(kInvalid, absl::StrCat(path, ".scan_sha256"), "SCAN_DIGEST",
                 "write the SHA-256 of the scan as 64 lower-case hexadecimal digits");
  }
}

}  // namespace

std::optional<Letter> CheckLetter(const LetterDraft& draft, const std::string& path,
                                  const Agency& agency, absl::CivilDay today, DefectList* defects) {
  DefectList found;
  Letter letter;
  CheckForm(draft, path, &letter, &found);
  const auto person = CheckPerson(draft.person_kind, draft.person_number, draft.person_name,
                                  absl::StrCat(path, ".person"), &found);
  if (person.has_value()) letter.person = *person;
  if (draft.has_signer) {
    letter.signer = CheckPerson(draft.signer_kind, draft.signer_number, draft.signer_name,
                                absl::StrCat(path, ".signer"), &found);
  }
  const auto day = CheckSignedDay(draft, path, today, &found);
  if (day.has_value()) letter.signed_day = *day;
  CheckCapacity(draft, letter, person.has_value(), day.has_value(), path, &found);
  letter.capacity = draft.capacity.value_or(SignerCapacity::kSelf);
  letter.mandate_number = draft.mandate_number;
  letter.purposes = CheckPurposes(draft, path, agency, &found);
  if (found.empty()) return letter;
  for (const Defect& defect : found.defects()) {
    defects->Add(defect.code, defect.field, defect.reason, defect.text);
  }
  return std::nullopt;
}

void CheckIdentifier(absl::string_view text, absl::string_view field, DefectList* defects) {
  if (text.empty() || text.size() > base::kIdentifierBytesMax) {
    defects->Add(kInvalid, field, "IDENTIFIER_LENGTH",
                 absl::StrCat("1 to ", base::kIdentifierBytesMax, " bytes"));
  } else if (!base::IsUtf8(text) || std::any_of(text.begin(), text.end(), [](char c) {
               return absl::ascii_iscntrl(static_cast<unsigned char>(c));
             })) {
    defects->Add(kInvalid, field, "IDENTIFIER_CHARACTER", "write UTF-8 without control characters");
  }
}

std::optional<bool> NeedsGuardian(const base::Identity& person,
                                  std::optional<absl::CivilDay> declared_birth,
                                  absl::CivilDay signed_day) {
  const std::optional<base::CitizenNumber> citizen = base::CitizenNumberOf(person);
  const std::optional<absl::CivilDay> birth =
      citizen.has_value() ? std::optional(citizen->birth) : declared_birth;
  if (!birth.has_value()) return std::nullopt;
  return base::AgeOn(*birth, signed_day) < kGuardianAge;
}

}  // namespace hedui::access
