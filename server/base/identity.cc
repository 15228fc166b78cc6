#include "server/base/identity.h"

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/base/utf8.h"

namespace hedui::base {
namespace {

constexpr char32_t kMiddleDot = 0xb7;
constexpr size_t kCitizenNumberSize = 18;
constexpr size_t kOldCitizenNumberSize = 15;
constexpr std::array<int, 17> kCitizenWeights{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
constexpr absl::string_view kCitizenCheckCharacters = "10X98765432";
// GB 32100 leaves out I, O, S, V and Z, which are taken for digits.
constexpr absl::string_view kCreditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
constexpr size_t kCreditCodeSize = 18;

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsUpperOrDigit(char c) { return IsDigit(c) || (c >= 'A' && c <= 'Z'); }

template <typename Predicate>
bool All(absl::string_view text, Predicate predicate) {
  for (const char c : text) {
    if (!predicate(c)) return false;
  }
  return true;
}

char CitizenCheckCharacter(absl::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < kCitizenWeights.size(); ++i) sum += (digits[i] - '0') * kCitizenWeights[i];
  return kCitizenCheckCharacters[static_cast<size_t>(sum % 11)];
}

bool IsBlank(char32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0d) || c == 0xa0 || (c >= 0x2000 && c <= 0x200b) ||
         c == 0x202f || c == 0x205f || c == 0x3000 || c == 0xfeff;
}

bool IsControl(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

bool IsDot(char32_t c) {
  constexpr std::array<char32_t, 9> kDots{U'.',   0xb7,   0x387,  0x2022, 0x2027,
                                          0x2219, 0x22c5, 0x30fb, 0xff65};
  for (const char32_t dot : kDots) {
    if (c == dot) return true;
  }
  return false;
}

char32_t HalfWidth(char32_t c) { return c >= 0xff01 && c <= 0xff5e ? c - 0xfee0 : c; }

char32_t UpperCase(char32_t c) {
  if (c >= 'a' && c <= 'z') return c - 0x20;
  // é and its like; ÷ stands among them.
  if (c >= 0xe0 && c <= 0xfe && c != 0xf7) return c - 0x20;
  return c;
}

// Half-width, upper case, no blanks. What is no UTF-8 stays as it is, for the checks to refuse.
std::string NormaliseNumber(absl::string_view text) {
  std::string result;
  while (!text.empty()) {
    char32_t c = 0;
    if (!TakeCodePoint(&text, &c)) {
      result.push_back(text.front());
      text.remove_prefix(1);
    } else if (!IsBlank(c)) {
      AppendCodePoint(UpperCase(HalfWidth(c)), &result);
    }
  }
  return result;
}

absl::Status CheckText(absl::string_view text, size_t bytes_max, absl::string_view what,
                       absl::string_view reason_prefix) {
  if (text.empty() || text.size() > bytes_max) {
    return Invalid(absl::StrCat(reason_prefix, "_LENGTH"),
                   absl::StrCat(what, " must have 1 to ", bytes_max, " bytes"));
  }
  char32_t c = 0;
  while (!text.empty()) {
    if (!TakeCodePoint(&text, &c) || IsControl(c)) {
      return Invalid(absl::StrCat(reason_prefix, "_CHARACTER"),
                     absl::StrCat(what, " holds control characters or is not UTF-8"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPassport(absl::string_view number) {
  // ICAO 9303 gives the number nine characters; older booklets have a few more.
  if (number.size() < 5 || number.size() > 20) {
    return Invalid("ID_LENGTH", "a passport number has 5 to 20 characters");
  }
  if (!All(number, IsUpperOrDigit)) {
    return Invalid("ID_CHARACTER", "a passport number holds Latin letters and digits only");
  }
  return absl::OkStatus();
}

// Since 2023 18 digits that begin with 9, built and checked as a citizen number; before, three
// letters and twelve digits.
absl::Status CheckForeignerPermit(absl::string_view number) {
  if (number.size() == kCitizenNumberSize) {
    if (number.front() != '9') {
      return Invalid("ID_PREFIX", "a permanent residence number of 18 digits begins with 9");
    }
    return ParseCitizenNumber(number).status();
  }
  if (number.size() != 15) {
    return Invalid("ID_LENGTH", "a permanent residence number has 15 or 18 characters");
  }
  const bool letters = All(number.substr(0, 3), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!letters || !All(number.substr(3), IsDigit)) {
    return Invalid(
        "ID_CHARACTER",
        "a permanent residence number of 15 characters is three letters and twelve digits");
  }
  return absl::OkStatus();
}

// Citizen number, category 1-7, grade 1-4; a reissued certificate adds B and a count.
absl::Status CheckDisabilityCertificate(absl::string_view number) {
  if (number.size() != 20 && number.size() != 22) {
    return Invalid("ID_LENGTH",
                   "a disability certificate's number has 20 characters, or 22 reissued");
  }
  HEDUI_RETURN_IF_ERROR(ParseCitizenNumber(number.substr(0, kCitizenNumberSize)).status());
  const char category = number[18];
  const char grade = number[19];
  if (category < '1' || category > '7' || grade < '1' || grade > '4') {
    return Invalid("ID_CHARACTER",
                   "a disability certificate's number ends in a category 1-7 and a grade 1-4");
  }
  if (number.size() == 22 && (number[20] != 'B' || !IsDigit(number[21]))) {
    return Invalid("ID_CHARACTER",
                   "a reissued disability certificate's number ends in B and a digit");
  }
  return absl::OkStatus();
}

// Replaces `number` by its normal form.
absl::Status CheckNumber(IdentityKind kind, std::string* number) {
  switch (kind) {
    case IdentityKind::kResidentId:
    case IdentityKind::kHkMacaoTaiwanPermit: {
      HEDUI_ASSIGN_OR_RETURN(CitizenNumber parsed, ParseCitizenNumber(*number));
      *number = std::move(parsed.number);
      const absl::string_view prefix = absl::string_view(*number).substr(0, 2);
      const bool permit = prefix == "81" || prefix == "82" || prefix == "83";
      if (kind == IdentityKind::kHkMacaoTaiwanPermit && !permit) {
        return Invalid("ID_PREFIX", "a residence permit's number begins with 81, 82 or 83");
      }
      return absl::OkStatus();
    }
    case IdentityKind::kForeignerPermit:
      return CheckForeignerPermit(*number);
    case IdentityKind::kPassport:
      return CheckPassport(*number);
    case IdentityKind::kDisabilityCertificate:
      return CheckDisabilityCertificate(*number);
    case IdentityKind::kWithoutNumber:
      if (number->empty()) return absl::OkStatus();
      return Invalid("ID_LENGTH", "a person without a number is given no number");
    case IdentityKind::kOther:
      return CheckText(*number, kIdentifierBytesMax, "the number", "ID");
  }
  return Invalid("ID_KIND", "unknown kind of identity");
}

}  // namespace

absl::StatusOr<CitizenNumber> ParseCitizenNumber(absl::string_view text) {
  std::string number(text);
  const bool old = number.size() == kOldCitizenNumberSize;
  if (!old && number.size() != kCitizenNumberSize) {
    return Invalid("ID_LENGTH", "an identity number has 18 characters, in old data 15");
  }
  if (number.back() == 'x') number.back() = 'X';
  const absl::string_view digits =
      absl::string_view(number).substr(0, old ? kOldCitizenNumberSize : kCitizenNumberSize - 1);
  if (!All(digits, IsDigit) || (!old && !IsDigit(number.back()) && number.back() != 'X')) {
    return Invalid("ID_CHARACTER", "an identity number holds digits only, but for a last X");
  }
  if (old) {
    number.insert(6, "19");
    number.push_back(CitizenCheckCharacter(number));
  } else if (number.back() != CitizenCheckCharacter(number)) {
    return Invalid("ID_CHECKSUM", "the identity number's check character does not fit");
  }
  const absl::string_view date = absl::string_view(number).substr(6, 8);
  const absl::StatusOr<absl::CivilDay> birth =
      ParseDay(absl::StrCat(date.substr(0, 4), "-", date.substr(4, 2), "-", date.substr(6, 2)));
  if (!birth.ok()) {
    return Invalid("ID_BIRTH_DATE", "the identity number's day of birth does not exist");
  }
  CitizenNumber result;
  result.division = number.substr(0, 6);
  result.birth = *birth;
  result.sex = (number[16] - '0') % 2 == 1 ? Sex::kMale : Sex::kFemale;
  result.number = std::move(number);
  return result;
}

absl::StatusOr<Identity> NormaliseIdentity(IdentityKind kind, absl::string_view number,
                                           absl::string_view name) {
  Identity identity;
  identity.kind = kind;
  identity.number = NormaliseNumber(number);
  identity.name = std::string(name);
  HEDUI_RETURN_IF_ERROR(CheckNumber(kind, &identity.number));
  HEDUI_RETURN_IF_ERROR(CheckText(name, kNameBytesMax, "the name", "NAME"));
  if (NormaliseName(name).empty()) return Invalid("NAME_LENGTH", "the name is blank");
  return identity;
}

std::optional<CitizenNumber> CitizenNumberOf(const Identity& identity) {
  absl::string_view number = identity.number;
  switch (identity.kind) {
    case IdentityKind::kResidentId:
    case IdentityKind::kHkMacaoTaiwanPermit:
    case IdentityKind::kForeignerPermit:
      break;
    case IdentityKind::kDisabilityCertificate:
      number = number.substr(0, kCitizenNumberSize);
      break;
    case IdentityKind::kPassport:
    case IdentityKind::kWithoutNumber:
    case IdentityKind::kOther:
      return std::nullopt;
  }
  absl::StatusOr<CitizenNumber> parsed = ParseCitizenNumber(number);
  if (!parsed.ok()) return std::nullopt;
  // A foreigner's number begins with 9, the issuing province and the nationality: no division.
  if (identity.kind == IdentityKind::kForeignerPermit) parsed->division.clear();
  return *std::move(parsed);
}

std::string NormaliseName(absl::string_view name) {
  std::string result;
  result.reserve(name.size());
  while (!name.empty()) {
    char32_t c = 0;
    if (!TakeCodePoint(&name, &c)) {
      result.push_back(name.front());
      name.remove_prefix(1);
      continue;
    }
    c = HalfWidth(c);
    if (IsBlank(c)) continue;
    AppendCodePoint(IsDot(c) ? kMiddleDot : UpperCase(c), &result);
  }
  return result;
}

bool SameName(absl::string_view a, absl::string_view b) {
  return a == b || NormaliseName(a) == NormaliseName(b);
}

absl::Status CheckCreditCode(absl::string_view code) {
  if (code.size() != kCreditCodeSize) {
    return Invalid("CREDIT_CODE_LENGTH", "a unified social credit code has 18 characters");
  }
  size_t sum = 0;
  size_t weight = 1;
  size_t last = 0;
  for (size_t i = 0; i < kCreditCodeSize; ++i) {
    last = kCreditAlphabet.find(code[i]);
    if (last == absl::string_view::npos) {
      return Invalid("CREDIT_CODE_CHARACTER",
                     "a unified social credit code holds digits and upper-case letters without "
                     "I, O, S, V and Z");
    }
    if (i + 1 == kCreditCodeSize) break;
    sum += last * weight;
    weight = weight * 3 % 31;
  }
  if (last != (31 - sum % 31) % 31) {
    return Invalid("CREDIT_CODE_CHECKSUM", "the credit code's check character does not fit");
  }
  return absl::OkStatus();
}

std::string MaskNumber(absl::string_view number) {
  std::vector<absl::string_view> characters;
  while (!number.empty()) {
    const absl::string_view rest = number;
    char32_t ignored = 0;
    if (!TakeCodePoint(&number, &ignored)) number.remove_prefix(1);
    characters.push_back(rest.substr(0, rest.size() - number.size()));
  }
  // A short number would be given away by six and four.
  const size_t size = characters.size();
  const size_t head = size >= 15 ? 6 : 0;
  const size_t tail = size >= 15 ? 4 : size >= 8 ? 2 : 0;
  std::string masked;
  for (size_t i = 0; i < size; ++i) {
    masked.append(i < head || i + tail >= size ? std::string(characters[i]) : "*");
  }
  return masked;
}

}  // namespace hedui::base
