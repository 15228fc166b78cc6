#include "server/report/line_tree.h"

namespace hedui::report {

ledger::Hash LineSalt(const base::HmacKey& seed, uint32_t number) {
  const char bytes[4] = {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
                         static_cast<char>(number >> 8), static_cast<char>(number)};
  ledger::Hash salt;
  seed.Into({absl::string_view(bytes, sizeof(bytes))}, salt.data());
  return salt;
}

ledger::Hash LineLeaf(base::HashAlgorithm algorithm, absl::string_view salt,
                      absl::string_view line) {
  ledger::Hash leaf;
  base::DigestInto(algorithm, {absl::string_view("\0", 1), salt, line}, leaf.data());
  return leaf;
}

}  // namespace hedui::report
