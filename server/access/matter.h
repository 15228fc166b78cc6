// Matters (救助事项) and authorization letters (授权书) as plain values, and the requests that
// change them. The numbers of the enumerations are the API's. Thread-compatible.
#ifndef HEDUI_SERVER_ACCESS_MATTER_H_
#define HEDUI_SERVER_ACCESS_MATTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/base/identity.h"
#include "server/base/ids.h"

namespace hedui::access {

// One letter for each member and obligor.
inline constexpr int kLettersPerCallMax = 40;
// A household that renews every letter yearly for twenty years; also bounds what one look-up reads.
inline constexpr int kLettersPerMatterMax = 800;
inline constexpr size_t kNoteBytesMax = 512;
inline constexpr size_t kNumberBytesMax = 64;  // of an identity document
inline constexpr int kPurposesPerLetterMax = 32;
// Below this age, on the day of signing, only a guardian can sign (PIPL Art 31).
inline constexpr int kGuardianAge = 14;
// Who signs for another is of full age (Civil Code Art 17).
inline constexpr int kSignerAge = 18;

enum class MatterState : uint8_t {
  kOpen = 1,   // being applied for
  kMonitored,  // granted and under review (动态管理)
  kClosed,     // left: no query rests on it any more
};
enum class LetterDocument : uint8_t { kAuthorization = 1, kApplicationClause };
enum class SignerCapacity : uint8_t { kSelf = 1, kGuardian, kAgent };
enum class SignatureKind : uint8_t { kHandwritten = 1, kFingerprint, kElectronic };

absl::string_view MatterStateName(MatterState state);           // "OPEN", …
absl::string_view LetterDocumentName(LetterDocument document);  // "AUTHORIZATION", …
absl::string_view SignerCapacityName(SignerCapacity capacity);  // "SELF", …
absl::string_view SignatureKindName(SignatureKind signature);   // "HANDWRITTEN", …

// Whether two identities are one human's: the citizen number tells, whichever document carries it;
// who has no number is known by name.
bool IsSameHuman(const base::Identity& a, const base::Identity& b);

// A letter that passed every rule.
struct Letter {
  std::string number;  // the agency's own
  LetterDocument document = LetterDocument::kAuthorization;
  base::Identity person;                 // normalised
  std::optional<base::Identity> signer;  // normalised; absent when the person signed
  SignerCapacity capacity = SignerCapacity::kSelf;
  std::string mandate_number;  // agents only
  SignatureKind signature = SignatureKind::kHandwritten;
  absl::CivilDay signed_day;
  std::vector<std::string> purposes;  // sorted codes
  std::string scan_digest;            // 32 bytes
  friend bool operator==(const Letter&, const Letter&) = default;
};

// A letter as a caller gives it: nothing is checked yet. What the caller left out or what is not a
// value of the enumeration is absent here and refused.
struct LetterDraft {
  std::string number;
  std::optional<LetterDocument> document;
  std::optional<base::IdentityKind> person_kind;
  std::string person_number;
  std::string person_name;
  bool has_signer = false;
  std::optional<base::IdentityKind> signer_kind;
  std::string signer_number;
  std::string signer_name;
  std::optional<SignerCapacity> capacity;
  std::string mandate_number;
  std::optional<SignatureKind> signature;
  std::string signed_day;  // "YYYY-MM-DD"
  std::vector<std::string> purposes;
  std::string scan_sha256;  // 64 lower-case hexadecimal digits
};

struct RegisterRequest {
  std::string matter_number;
  std::string division;
  std::string officer;
  std::vector<LetterDraft> letters;
};

struct RevokeRequest {
  std::string matter_number;
  std::string letter_number;
  std::string officer;
  std::string note;
};

// MonitorMatter and CloseMatter.
struct StateRequest {
  std::string matter_number;
  std::string officer;
};

struct RegisteredLetter {
  base::Uuid id;  // of its row
  absl::Time registered_at;
  Letter letter;
};

// A matter as it stood when asked for. Immutable.
struct MatterSnapshot {
  base::Uuid id;
  std::string agency;
  std::string number;
  std::string division;
  MatterState state = MatterState::kOpen;
  std::vector<RegisteredLetter> letters;         // by id: in the order they were registered
  std::map<base::Uuid, absl::Time> revocations;  // letter id → its first withdrawal

  const RegisteredLetter* FindLetter(absl::string_view number) const;
  const RegisteredLetter* FindLetter(const base::Uuid& letter_id) const;
  // The letter is here, neither withdrawn nor ruled out by the withdrawal of another, and the
  // matter not closed. Who withdraws a letter withdraws the consent given until then: it rules out
  // that person's letters signed on its day or before, whatever they name, unless they were
  // registered after the withdrawal.
  bool IsLetterLive(const base::Uuid& letter_id) const;

 private:
  bool IsRuledOut(const RegisteredLetter& letter) const;
};

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_MATTER_H_
