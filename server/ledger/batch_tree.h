// The part of a Merkle tree that a batch of leaves touches: from the right edge before the batch
// and the batch's leaf hashes it knows the root after it, the right edge after it, and the
// inclusion proof of every leaf of the batch, without reading anything. One hash a node, two hashes
// of memory a leaf.
//
// Starting from an empty right edge it is a whole small tree: report lines, the parts of an intent.
// Immutable after construction, so thread-safe.
#ifndef HEDUI_SERVER_LEDGER_BATCH_TREE_H_
#define HEDUI_SERVER_LEDGER_BATCH_TREE_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/ledger/hash.h"
#include "server/ledger/merkle.h"

namespace hedui::ledger {

class BatchTree {
 public:
  BatchTree(const CompactRange& before, absl::Span<const Hash> leaf_hashes);
  // A whole tree of these leaves.
  explicit BatchTree(absl::Span<const Hash> leaf_hashes,
                     base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256);

  uint64_t first() const { return first_; }  // index of the batch's first leaf
  uint64_t size() const { return size_; }    // of the tree after the batch
  const Hash& root() const { return root_; }
  CompactRange After() const;
  // `index` in [first, size).
  std::vector<Hash> InclusionProof(uint64_t index) const;
  // The roots of the complete subtrees of 2^level leaves that the batch completed, in order, from
  // subtree `first >> level` on. At level 0: the leaves.
  absl::Span<const Hash> Completed(int level) const;

 private:
  struct Level {
    uint64_t start;  // index of the level's first node that we hold
    size_t offset;   // of that node in nodes_
    size_t count;
  };

  base::HashAlgorithm algorithm_;
  uint64_t first_;
  uint64_t size_;
  Hash root_;
  std::vector<Hash> nodes_;
  std::vector<Level> levels_;
};

// The root of a whole tree of these leaves.
Hash TreeRoot(absl::Span<const Hash> leaf_hashes,
              base::HashAlgorithm algorithm = base::HashAlgorithm::kSha256);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_BATCH_TREE_H_
