// Identity documents' numbers, names and credit codes, as callers and departments write them.
// Input: the kind's digit, the number, and after a newline the name.
#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "server/base/identity.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

void CheckCitizenNumber(absl::string_view text) {
  const auto parsed = base::ParseCitizenNumber(text);
  RequireNoNumbers(parsed.status(), text);
  if (!parsed.ok()) return;
  const auto again = base::ParseCitizenNumber(parsed->number);
  Require(again.ok() && again->number == parsed->number && again->birth == parsed->birth,
          "a number in its normal form is taken for the same");
}

void CheckIdentity(base::IdentityKind kind, absl::string_view number, absl::string_view name) {
  const auto identity = base::NormaliseIdentity(kind, number, name);
  RequireNoNumbers(identity.status(), number);
  RequireNoNumbers(identity.status(), name);
  if (!identity.ok()) return;
  Require(Gives(base::NormaliseIdentity(kind, identity->number, identity->name), *identity),
          "an identity in its normal form stays as it is");
  const std::string normal = base::NormaliseName(identity->name);
  Require(base::NormaliseName(normal) == normal, "a name in its normal form stays as it is");
  Require(base::SameName(normal, identity->name), "a name and its normal form are the same");
  if (const auto citizen = base::CitizenNumberOf(*identity)) CheckCitizenNumber(citizen->number);
}

void CheckMask(absl::string_view number) {
  const std::string masked = base::MaskNumber(number);
  // Of 15 characters and more ten are shown.
  if (number.size() >= 15) RequireNoNumbers(masked, number);
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  if (size == 0) return 0;
  const auto kind = static_cast<base::IdentityKind>(data[0] - '0');
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(testing::TextOf(data + 1, size - 1), absl::MaxSplits('\n', 1));
  testing::CheckCitizenNumber(parts.first);
  testing::CheckIdentity(kind, parts.first, parts.second);
  testing::CheckMask(parts.first);
  testing::RequireNoNumbers(base::CheckCreditCode(parts.first), parts.first);
  return 0;
}
