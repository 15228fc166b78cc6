#include "server/ledger/batch_tree.h"

#include <bit>

namespace hedui::ledger {

BatchTree::BatchTree(const CompactRange& before, absl::Span<const Hash> leaf_hashes)
    : algorithm_(before.algorithm()),
      first_(before.size()),
      size_(before.size() + leaf_hashes.size()) {
  if (leaf_hashes.empty()) {
    root_ = before.Root();
    return;
  }
  // A level adds at most half of the one below, a rounded-up node and a node of the edge.
  nodes_.reserve(leaf_hashes.size() * 2 + 2 * kProofHashesMax);
  levels_.reserve(kProofHashesMax);
  for (int level = 0;; ++level) {
    Level now{first_ >> level, nodes_.size(), 0};
    // The left neighbour of the first new node lies on the right edge as it was: that edge is all
    // that proofs of new leaves need of the old tree.
    if ((now.start & 1) != 0) {
      --now.start;
      nodes_.push_back(before.NodeAt(level));
    }
    if (level == 0) {
      nodes_.insert(nodes_.end(), leaf_hashes.begin(), leaf_hashes.end());
    } else {
      const Level below = levels_.back();
      for (size_t i = 0; i + 1 < below.count; i += 2) {
        nodes_.push_back(
            NodeHash(nodes_[below.offset + i], nodes_[below.offset + i + 1], algorithm_));
      }
      // A last node without a right neighbour goes up as it is.
      if (below.count % 2 != 0) nodes_.push_back(Hash(nodes_[below.offset + below.count - 1]));
    }
    now.count = nodes_.size() - now.offset;
    levels_.push_back(now);
    if (now.start == 0 && now.count == 1) break;
  }
  root_ = nodes_.back();
}

BatchTree::BatchTree(absl::Span<const Hash> leaf_hashes, base::HashAlgorithm algorithm)
    : BatchTree(CompactRange(algorithm), leaf_hashes) {}

CompactRange BatchTree::After() const {
  std::vector<Hash> edge;
  for (int level = static_cast<int>(levels_.size()) - 1; level >= 0; --level) {
    const uint64_t complete = size_ >> level;
    if ((complete & 1) == 0) continue;
    const Level& at = levels_[level];
    edge.push_back(nodes_[at.offset + (complete - 1 - at.start)]);
  }
  return *CompactRange::From(size_, std::move(edge), algorithm_);
}

std::vector<Hash> BatchTree::InclusionProof(uint64_t index) const {
  std::vector<Hash> proof;
  proof.reserve(levels_.size());
  for (const Level& level : levels_) {
    const uint64_t sibling = (index ^ 1) - level.start;
    if (sibling < level.count) proof.push_back(nodes_[level.offset + sibling]);
    index >>= 1;
  }
  return proof;
}

absl::Span<const Hash> BatchTree::Completed(int level) const {
  if (level >= static_cast<int>(levels_.size())) return {};
  const Level& at = levels_[level];
  const uint64_t from = first_ >> level;
  const uint64_t to = size_ >> level;
  return absl::MakeConstSpan(nodes_).subspan(at.offset + (from - at.start), to - from);
}

Hash TreeRoot(absl::Span<const Hash> leaf_hashes, base::HashAlgorithm algorithm) {
  CompactRange range(algorithm);
  for (const Hash& leaf : leaf_hashes) range.Append(leaf);
  return range.Root();
}

}  // namespace hedui::ledger
