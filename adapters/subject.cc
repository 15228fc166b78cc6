#include "adapters/subject.h"

#include "absl/strings/string_view.h"

namespace hedui::adapters {
namespace {

using base::Identity;
using base::IdentityKind;

constexpr size_t kCitizenNumberBytes = 18;

// What two documents of one holder have in common.
absl::string_view HolderNumber(const Identity& identity) {
  const absl::string_view number = identity.number;
  return identity.kind == IdentityKind::kDisabilityCertificate
             ? number.substr(0, kCitizenNumberBytes)
             : number;
}

bool HoldsCitizenNumber(IdentityKind kind) {
  return kind == IdentityKind::kResidentId || kind == IdentityKind::kDisabilityCertificate;
}

}  // namespace

SubjectMatch CompareSubject(const Identity& asked, const Identity& subject) {
  const bool comparable = asked.kind == subject.kind ||
                          (HoldsCitizenNumber(asked.kind) && HoldsCitizenNumber(subject.kind));
  const bool same_number = comparable && HolderNumber(asked) == HolderNumber(subject);
  if (!subject.number.empty() && !same_number) {
    return SubjectMatch::kOtherNumber;
  }
  if (asked.name.empty() || subject.name.empty()) return SubjectMatch::kSame;
  return base::SameName(asked.name, subject.name) ? SubjectMatch::kSame : SubjectMatch::kOtherName;
}

}  // namespace hedui::adapters
