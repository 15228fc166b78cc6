// Who a person is: kinds of identity document and their numbers (GB 11643 for the citizen number).
// Value types, thread-compatible. Numbers are personal data: no error text here repeats one.
#ifndef HEDUI_SERVER_BASE_IDENTITY_H_
#define HEDUI_SERVER_BASE_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace hedui::base {

enum class IdentityKind : uint8_t {
  kResidentId = 1,           // 居民身份证
  kHkMacaoTaiwanPermit = 2,  // 港澳台居民居住证: prefix 81, 82 or 83, same checksum
  kForeignerPermit = 3,      // 外国人永久居留身份证
  kPassport = 4,
  kDisabilityCertificate = 5,  // citizen number, category digit, grade digit
  kWithoutNumber = 6,          // a newborn or other person without a number
  kOther = 7,                  // routed to manual checking, never refused
};

struct Identity {
  IdentityKind kind = IdentityKind::kOther;
  std::string number;  // normalised: upper case, no blanks; empty only for kWithoutNumber
  std::string name;    // as given; compare with SameName

  friend bool operator==(const Identity&, const Identity&) = default;
};

enum class Sex : uint8_t { kUnknown, kMale, kFemale };

// What a citizen number says of its holder. The division may be historical: never reject for not
// being in today's table. A right checksum does not prove that the number was issued.
struct CitizenNumber {
  std::string number;    // 18 digits, 'X' upper case
  std::string division;  // first six
  absl::CivilDay birth;
  Sex sex = Sex::kUnknown;
};

// Takes 18 characters (x or X last) or 15 digits of old data, which it turns into 18.
// INVALID_ARGUMENT with reason ID_LENGTH, ID_CHARACTER, ID_CHECKSUM or ID_BIRTH_DATE.
absl::StatusOr<CitizenNumber> ParseCitizenNumber(absl::string_view text);

// Checks and normalises by kind; kOther and kPassport are checked for length and characters only.
absl::StatusOr<Identity> NormaliseIdentity(IdentityKind kind, absl::string_view number,
                                           absl::string_view name);

// Birth and sex where the kind's number carries them.
std::optional<CitizenNumber> CitizenNumberOf(const Identity& identity);

// One spelling per name: full-width Latin to half-width, every middle dot (· • ． ‧ ・ and '.') to
// one, blanks dropped, Latin letters upper case. Rare and variant characters are left as they are:
// two spellings that differ there are different, and a person decides.
std::string NormaliseName(absl::string_view name);
bool SameName(absl::string_view a, absl::string_view b);

// Unified social credit code (统一社会信用代码), GB 32100. INVALID_ARGUMENT with reason
// CREDIT_CODE_*.
absl::Status CheckCreditCode(absl::string_view code);

// For screens and logs of a person's own data: "640104********002X" keeps six and four.
std::string MaskNumber(absl::string_view number);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_IDENTITY_H_
