// RFC 6962's definitions written down as they stand there, slow and obvious, to compare the real
// code with.
#ifndef HEDUI_TESTS_LEDGER_REFERENCE_TREE_H_
#define HEDUI_TESTS_LEDGER_REFERENCE_TREE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/ledger/hash.h"

namespace hedui::ledger {

class ReferenceTree {
 public:
  explicit ReferenceTree(size_t leaves,
                         base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256)
      : algorithm_(algorithm) {
    for (size_t i = 0; i < leaves; ++i) {
      leaves_.push_back(Of(absl::StrCat(std::string(1, '\0'), "leaf ", i)));
    }
  }

  const std::vector<Hash>& leaves() const { return leaves_; }

  // MTH(D[from:to]).
  Hash Root(size_t from, size_t to) {
    if (from == to) return Of("");
    if (to - from == 1) return leaves_[from];
    const auto [known, added] = known_.try_emplace({from, to});
    if (added) {
      const size_t middle = from + Split(to - from);
      const Hash left = Root(from, middle);
      const Hash right = Root(middle, to);
      known_[{from, to}] =
          Of(absl::StrCat(std::string(1, '\1'), HashBytes(left), HashBytes(right)));
    }
    return known_[{from, to}];
  }

  // PATH(m, D[from:to]).
  std::vector<Hash> Path(size_t m, size_t from, size_t to) {
    if (to - from == 1) return {};
    const size_t k = Split(to - from);
    std::vector<Hash> path = m < k ? Path(m, from, from + k) : Path(m - k, from + k, to);
    path.push_back(m < k ? Root(from + k, to) : Root(from, from + k));
    return path;
  }

  // PROOF(m, D[n]).
  std::vector<Hash> Proof(size_t m, size_t n) { return Subproof(m, 0, n, true); }

 private:
  static size_t Split(size_t n) {
    size_t k = 1;
    while (k * 2 < n) k *= 2;
    return k;
  }

  std::vector<Hash> Subproof(size_t m, size_t from, size_t to, bool whole) {
    if (m == to - from) {
      if (whole) return {};
      return {Root(from, to)};
    }
    const size_t k = Split(to - from);
    std::vector<Hash> proof =
        m <= k ? Subproof(m, from, from + k, whole) : Subproof(m - k, from + k, to, false);
    proof.push_back(m <= k ? Root(from + k, to) : Root(from, from + k));
    return proof;
  }

  Hash Of(const std::string& bytes) const {
    return *HashFromBytes(base::Digest(algorithm_, bytes));
  }

  base::HashAlgorithm algorithm_;
  std::vector<Hash> leaves_;
  std::map<std::pair<size_t, size_t>, Hash> known_;
};

}  // namespace hedui::ledger

#endif  // HEDUI_TESTS_LEDGER_REFERENCE_TREE_H_
