#include "server/ledger/merkle.h"

#include <bit>
#include <utility>

#include "server/base/status.h"

namespace hedui::ledger {
namespace {

constexpr absl::string_view kLeafPrefix("\x00", 1);
constexpr absl::string_view kNodePrefix("\x01", 1);

absl::Status BadShape(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "PROOF_SHAPE", what);
}

absl::Status BadRoot(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "PROOF_ROOT", what);
}

}  // namespace

Hash EmptyRoot(base::HashAlgorithm algorithm) {
  Hash out;
  base::DigestInto(algorithm, {}, out.data());
  return out;
}

Hash LeafHash(absl::string_view data, base::HashAlgorithm algorithm) {
  Hash out;
  base::DigestInto(algorithm, {kLeafPrefix, data}, out.data());
  return out;
}

Hash NodeHash(const Hash& left, const Hash& right, base::HashAlgorithm algorithm) {
  Hash out;
  base::DigestInto(algorithm, {kNodePrefix, HashView(left), HashView(right)}, out.data());
  return out;
}

absl::StatusOr<CompactRange> CompactRange::From(uint64_t size, std::vector<Hash> nodes,
                                                base::HashAlgorithm algorithm) {
  if (nodes.size() != static_cast<size_t>(std::popcount(size))) {
    return base::MakeError(absl::StatusCode::kInternal, "PROOF_SHAPE",
                           "a right edge has one hash for each bit of its size",
                           base::Visibility::kOperator);
  }
  CompactRange range(algorithm);
  range.size_ = size;
  range.nodes_ = std::move(nodes);
  return range;
}

void CompactRange::Append(const Hash& leaf_hash) {
  Hash node = leaf_hash;
  for (uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {
    node = NodeHash(nodes_.back(), node, algorithm_);
    nodes_.pop_back();
  }
  nodes_.push_back(node);
  ++size_;
}

const Hash& CompactRange::NodeAt(int level) const {
  // The bits above `level` come first.
  return nodes_[static_cast<size_t>(std::popcount(size_ >> level >> 1))];
}

Hash CompactRange::Root() const {
  if (nodes_.empty()) return EmptyRoot(algorithm_);
  Hash root = nodes_.back();
  for (size_t i = nodes_.size() - 1; i > 0; --i) root = NodeHash(nodes_[i - 1], root, algorithm_);
  return root;
}

// RFC 9162, 2.1.3.2.
absl::StatusOr<Hash> RootFromInclusion(uint64_t index, uint64_t size, const Hash& leaf_hash,
                                       absl::Span<const Hash> proof,
                                       base::HashAlgorithm algorithm) {
  if (index >= size) return BadShape("the leaf's index is not below the tree's size");
  uint64_t node = index;
  uint64_t last = size - 1;
  Hash root = leaf_hash;
  for (const Hash& sibling : proof) {
    if (last == 0) return BadShape("the inclusion proof is longer than the tree is high");
    if ((node & 1) != 0 || node == last) {
      root = NodeHash(sibling, root, algorithm);
      // A node without a right neighbour stands for itself further up.
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      root = NodeHash(root, sibling, algorithm);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return BadShape("the inclusion proof is shorter than the tree is high");
  return root;
}

absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf_hash,
                             absl::Span<const Hash> proof, const Hash& root,
                             base::HashAlgorithm algorithm) {
  HEDUI_ASSIGN_OR_RETURN(const Hash reached,
                         RootFromInclusion(index, size, leaf_hash, proof, algorithm));
  if (reached != root) return BadRoot("the inclusion proof leads to another root");
  return absl::OkStatus();
}

// RFC 9162, 2.1.4.2.
absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                               const Hash& new_root, absl::Span<const Hash> proof,
                               base::HashAlgorithm algorithm) {
  if (old_size > new_size) return BadShape("the older tree is larger than the newer");
  if (old_size == new_size || old_size == 0) {
    if (!proof.empty()) return BadShape("no hashes are needed for this consistency proof");
    if (old_size == new_size && old_root != new_root) return BadRoot("one size has two roots");
    if (old_size == 0 && old_root != EmptyRoot(algorithm)) {
      return BadRoot("the empty tree has another root");
    }
    return absl::OkStatus();
  }
  uint64_t node = old_size - 1;
  uint64_t last = new_size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  // A complete older tree is itself the first node, so the proof leaves it out.
  const bool whole = std::has_single_bit(old_size);
  if (!whole && proof.empty()) return BadShape("the consistency proof is too short");
  Hash first = whole ? old_root : proof[0];
  Hash second = first;
  for (const Hash& sibling : proof.subspan(whole ? 0 : 1)) {
    if (last == 0) return BadShape("the consistency proof is too long");
    if ((node & 1) != 0 || node == last) {
      first = NodeHash(sibling, first, algorithm);
      second = NodeHash(sibling, second, algorithm);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      second = NodeHash(second, sibling, algorithm);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return BadShape("the consistency proof is too short");
  if (first != old_root) return BadRoot("the consistency proof leads to another older root");
  if (second != new_root) return BadRoot("the consistency proof leads to another newer root");
  return absl::OkStatus();
}

}  // namespace hedui::ledger
