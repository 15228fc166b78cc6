#include "server/report/line_tree.h"

namespace hedui::report {

std::string LineSalt(base::HashAlgorithm algorithm, absl::string_view seed, uint32_t number) {
  const char bytes[4] = {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
                         static_cast<char>(number >> 8), static_cast<char>(number)};
  return base::Hmac(algorithm, seed, {absl::string_view(bytes, sizeof(bytes))});
}

ledger::Hash LineLeaf(base::HashAlgorithm algorithm, absl::string_view salt,
                      absl::string_view line) {
  ledger::Hash leaf;
  base::DigestInto(algorithm, {absl::string_view("\0", 1), salt, line}, leaf.data());
  return leaf;
}

}  // namespace hedui::report
