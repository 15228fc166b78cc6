// The Merkle tree of RFC 6962 and RFC 9162 as pure functions and plain values: hashing, the right
// edge, and the checking of proofs. A leaf hashes as H(0x00 || data), a node as H(0x01 || left ||
// right), an empty tree as H(). The log uses SHA-256; report lines may use SM3.
//
// Thread-compatible values; proofs are at most kProofHashesMax hashes long.
#ifndef HEDUI_SERVER_LEDGER_MERKLE_H_
#define HEDUI_SERVER_LEDGER_MERKLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/ledger/hash.h"

namespace hedui::ledger {

// A tree of 2^63 leaves is 63 levels high; a consistency proof may be one longer.
inline constexpr size_t kProofHashesMax = 64;

Hash EmptyRoot(base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256);
Hash LeafHash(absl::string_view data, base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256);
Hash NodeHash(const Hash& left, const Hash& right,
              base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256);

// The tree's right edge: the roots of the complete subtrees that tile [0, size), one for each bit
// set in `size`, largest (leftmost) first. Enough to append for ever and to know the root.
class CompactRange {
 public:
  explicit CompactRange(base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256)
      : algorithm_(algorithm) {}
  // INTERNAL when `nodes` has not one hash for each bit of `size`.
  static absl::StatusOr<CompactRange> From(
      uint64_t size, std::vector<Hash> nodes,
      base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256);

  void Append(const Hash& leaf_hash);
  uint64_t size() const { return size_; }
  base::HashAlgorithm algorithm() const { return algorithm_; }
  const std::vector<Hash>& nodes() const { return nodes_; }
  // The complete subtree of 2^level leaves at the right edge. `size` must have that bit.
  const Hash& NodeAt(int level) const;
  Hash Root() const;

 private:
  base::HashAlgorithm algorithm_;
  uint64_t size_ = 0;
  std::vector<Hash> nodes_;
};

// The root that `proof` leads to from leaf `index` of a tree of `size` leaves. INVALID_ARGUMENT
// with reason PROOF_SHAPE when index or the proof's length do not fit the size.
absl::StatusOr<Hash> RootFromInclusion(
    uint64_t index, uint64_t size, const Hash& leaf_hash, absl::Span<const Hash> proof,
    base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256);

// OK when leaf `index` of the tree (size, root) is `leaf_hash`. Reason PROOF_SHAPE or PROOF_ROOT.
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf_hash,
                             absl::Span<const Hash> proof, const Hash& root,
                             base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256);

// OK when the tree (new_size, new_root) begins with the leaves of the tree (old_size, old_root).
// The proof is empty when the sizes are equal or old_size is 0. Reason PROOF_SHAPE or PROOF_ROOT.
absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                               const Hash& new_root, absl::Span<const Hash> proof,
                               base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_MERKLE_H_
