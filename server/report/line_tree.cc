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

std::vector<ledger::Hash> LineLeaves(base::HashAlgorithm algorithm, absl::string_view seed,
                                     const std::vector<std::string>& lines) {
  std::vector<ledger::Hash> leaves;
  leaves.reserve(lines.size());
  for (const std::string& line : lines) {
    const auto number = static_cast<uint32_t>(leaves.size());
    leaves.push_back(LineLeaf(algorithm, LineSalt(algorithm, seed, number), line));
  }
  return leaves;
}

}  // namespace hedui::report
