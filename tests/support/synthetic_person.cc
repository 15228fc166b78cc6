#include "tests/support/synthetic_person.h"

#include "absl/strings/str_format.h"

namespace hedui::testing {

// Written from the standard and not with the product's own code, so that the two check each other.
std::string SyntheticCitizenNumber(absl::string_view division, absl::CivilDay birth, int sequence) {
  std::string number = absl::StrFormat("%s%04d%02d%02d%03d", division, birth.year(), birth.month(),
                                       birth.day(), sequence);
  // GB 11643: the weight of the i-th digit from the right, check character included, is 2^(i-1)
  // mod 11.
  int sum = 0;
  int weight = 1;
  for (size_t i = number.size(); i-- > 0;) {
    weight = weight * 2 % 11;
    sum += (number[i] - '0') * weight;
  }
  const int check = (12 - sum % 11) % 11;
  number.push_back(check == 10 ? 'X' : static_cast<char>('0' + check));
  return number;
}

}  // namespace hedui::testing
