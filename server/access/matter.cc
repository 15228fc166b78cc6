#include "server/access/matter.h"

#include <algorithm>

namespace hedui::access {

bool IsSameHuman(const base::Identity& a, const base::Identity& b) {
  const auto citizen_a = base::CitizenNumberOf(a);
  const auto citizen_b = base::CitizenNumberOf(b);
  if (citizen_a.has_value() && citizen_b.has_value()) return citizen_a->number == citizen_b->number;
  if (a.number.empty() && b.number.empty()) return base::SameName(a.name, b.name);
  return a.number == b.number;
}

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

const RegisteredLetter* MatterSnapshot::FindLetter(const base::Uuid& letter_id) const {
  const auto found = std::lower_bound(letters.begin(), letters.end(), letter_id,
                                      [](const RegisteredLetter& registered,
                                         const base::Uuid& key) { return registered.id < key; });
  return found == letters.end() || found->id != letter_id ? nullptr : &*found;
}

bool MatterSnapshot::IsLetterLive(const base::Uuid& letter_id) const {
  if (state == MatterState::kClosed || revocations.count(letter_id) > 0) return false;
  const RegisteredLetter* letter = FindLetter(letter_id);
  return letter != nullptr && !IsRuledOut(*letter);
}

bool MatterSnapshot::IsRuledOut(const RegisteredLetter& letter) const {
  return std::any_of(revocations.begin(), revocations.end(), [&](const auto& revocation) {
    const RegisteredLetter* withdrawn = FindLetter(revocation.first);
    // Times of one millisecond do not tell which came first: the withdrawal wins.
    return withdrawn != nullptr && letter.registered_at <= revocation.second &&
           letter.letter.signed_day <= withdrawn->letter.signed_day &&
           IsSameHuman(letter.letter.person, withdrawn->letter.person);
  });
}

}  // namespace hedui::access
