#include "server/access/matter.h"

#include <algorithm>

namespace hedui::access {

absl::string_view MatterStateName(MatterState state) {
  switch (state) {
    case MatterState::kOpen:
      return "OPEN";
    case MatterState::kMonitored:
      return "MONITORED";
    case MatterState::kClosed:
      return "CLOSED";
  }
  return "UNKNOWN";
}

absl::string_view LetterDocumentName(LetterDocument document) {
  switch (document) {
    case LetterDocument::kAuthorization:
      return "AUTHORIZATION";
    case LetterDocument::kApplicationClause:
      return "APPLICATION_CLAUSE";
  }
  return "UNKNOWN";
}

absl::string_view SignerCapacityName(SignerCapacity capacity) {
  switch (capacity) {
    case SignerCapacity::kSelf:
      return "SELF";
    case SignerCapacity::kGuardian:
      return "GUARDIAN";
    case SignerCapacity::kAgent:
      return "AGENT";
  }
  return "UNKNOWN";
}

absl::string_view SignatureKindName(SignatureKind signature) {
  switch (signature) {
    case SignatureKind::kHandwritten:
      return "HANDWRITTEN";
    case SignatureKind::kFingerprint:
      return "FINGERPRINT";
    case SignatureKind::kElectronic:
      return "ELECTRONIC";
  }
  return "UNKNOWN";
}

const RegisteredLetter* MatterSnapshot::FindLetter(absl::string_view letter_number) const {
  const auto found = std::find_if(letters.begin(), letters.end(),
                                  [letter_number](const RegisteredLetter& registered) {
                                    return registered.letter.number == letter_number;
                                  });
  return found == letters.end() ? nullptr : &*found;
}

bool MatterSnapshot::IsLetterLive(const base::Uuid& letter_id) const {
  if (state == MatterState::kClosed || revocations.count(letter_id) > 0) return false;
  return std::any_of(
      letters.begin(), letters.end(),
      [&letter_id](const RegisteredLetter& registered) { return registered.id == letter_id; });
}

}  // namespace hedui::access
