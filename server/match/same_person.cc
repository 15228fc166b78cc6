#include "server/match/same_person.h"

#include "absl/strings/ascii.h"

namespace hedui::match {
namespace {

constexpr size_t kCitizenNumberSize = 18;
constexpr size_t kDisabilityCertificateSize = 20;

}  // namespace

std::string ComparableNumber(const base::Identity& identity) {
  if (const auto citizen = base::CitizenNumberOf(identity)) return citizen->number;
  // Sources rarely say what document a number is of: one that reads as a citizen number is one.
  if (const auto citizen = base::ParseCitizenNumber(identity.number); citizen.ok()) {
    return citizen->number;
  }
  if (identity.number.size() == kDisabilityCertificateSize) {
    const std::string holder = identity.number.substr(0, kCitizenNumberSize);
    if (const auto citizen = base::ParseCitizenNumber(holder); citizen.ok()) return citizen->number;
  }
  std::string number;
  for (const char c : identity.number) {
    if (c != ' ') number.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  return number;
}

bool SamePerson(const base::Identity& asked, const base::Identity& subject) {
  const std::string asked_number = ComparableNumber(asked);
  const std::string found_number = ComparableNumber(subject);
  const bool names_differ = !subject.name.empty() && !base::SameName(asked.name, subject.name);
  if (names_differ) return false;
  if (found_number.empty()) return !asked_number.empty() && !subject.name.empty();
  return asked_number == found_number;
}

}  // namespace hedui::match
