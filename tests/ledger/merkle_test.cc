#include "server/ledger/merkle.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/ledger/batch_tree.h"
#include "server/ledger/proof_reader.h"
#include "tests/ledger/reference_tree.h"

namespace hedui::ledger {
namespace {

constexpr size_t kSizeMax = 300;

Hash HashOfHex(absl::string_view hex) { return *HashFromBytes(*base::HexDecode(hex)); }
std::string Hex(const Hash& hash) { return base::HexEncode(HashView(hash)); }

// The leaves and roots that implementations of RFC 6962 are tested with.
const char* const kKnownLeaves[] = {"",
                                    "00",
                                    "10",
                                    "2021",
                                    "3031",
                                    "40414243",
                                    "5051525354555657",
                                    "606162636465666768696a6b6c6d6e6f"};
const char* const kKnownRoots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(MerkleTest, RootsAreThoseOfRfc6962Implementations) {
  EXPECT_EQ(Hex(EmptyRoot()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(CompactRange().Root(), EmptyRoot());
  CompactRange range;
  for (size_t i = 0; i < 8; ++i) {
    range.Append(LeafHash(*base::HexDecode(kKnownLeaves[i])));
    EXPECT_EQ(Hex(range.Root()), kKnownRoots[i]) << i;
    EXPECT_EQ(range.size(), i + 1);
  }
}

TEST(MerkleTest, ProofsAreThoseOfRfc6962Implementations) {
  const std::vector<Hash> path = {
      HashOfHex("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
      HashOfHex("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
      HashOfHex("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")};
  std::vector<Hash> leaves;
  for (const char* leaf : kKnownLeaves) leaves.push_back(LeafHash(*base::HexDecode(leaf)));
  EXPECT_EQ(BatchTree(leaves).InclusionProof(0), path);
  EXPECT_TRUE(VerifyInclusion(0, 8, leaves[0], path, HashOfHex(kKnownRoots[7])).ok());
  // A tree of one leaf is that leaf, so the same hashes lead from it to the tree of eight.
  EXPECT_TRUE(VerifyConsistency(1, 8, leaves[0], HashOfHex(kKnownRoots[7]), path).ok());
}

TEST(MerkleTest, AnEdgeOfAnotherLengthThanItsSizeSaysIsRefused) {
  EXPECT_TRUE(CompactRange::From(5, std::vector<Hash>(2)).ok());
  EXPECT_FALSE(CompactRange::From(5, std::vector<Hash>(3)).ok());
}

TEST(MerkleTest, Sm3TreesDifferFromSha256TreesInHashOnly) {
  for (size_t size : {1, 2, 3, 7, 40}) {
    ReferenceTree reference(size, base::HashAlgorithm::kSm3);
    const BatchTree tree(reference.leaves(), base::HashAlgorithm::kSm3);
    EXPECT_EQ(tree.root(), reference.Root(0, size));
    EXPECT_EQ(TreeRoot(reference.leaves(), base::HashAlgorithm::kSm3), tree.root());
    if (size > 1) {
      EXPECT_NE(TreeRoot(reference.leaves()), tree.root());
    }
    for (size_t i = 0; i < size; ++i) {
      EXPECT_TRUE(VerifyInclusion(i, size, reference.leaves()[i], tree.InclusionProof(i),
                                  tree.root(), base::HashAlgorithm::kSm3)
                      .ok());
    }
  }
}

TEST(MerkleTest, EveryInclusionProofUpTo300LeavesIsRightAndVerifies) {
  ReferenceTree reference(kSizeMax);
  for (size_t size = 1; size <= kSizeMax; ++size) {
    const BatchTree tree(absl::MakeConstSpan(reference.leaves()).first(size));
    ASSERT_EQ(tree.root(), reference.Root(0, size)) << size;
    for (size_t i = 0; i < size; ++i) {
      const std::vector<Hash> proof = tree.InclusionProof(i);
      ASSERT_EQ(proof, reference.Path(i, 0, size)) << i << " of " << size;
      ASSERT_TRUE(VerifyInclusion(i, size, reference.leaves()[i], proof, tree.root()).ok())
          << i << " of " << size;
    }
  }
}

TEST(MerkleTest, EveryConsistencyProofUpTo130LeavesVerifiesAndNoOtherRootDoes) {
  constexpr size_t kLeaves = 130;
  ReferenceTree reference(kLeaves);
  for (size_t to = 0; to <= kLeaves; ++to) {
    for (size_t from = 0; from <= to; ++from) {
      const std::vector<Hash> proof = from == 0 ? std::vector<Hash>() : reference.Proof(from, to);
      const Hash old_root = reference.Root(0, from);
      const Hash new_root = reference.Root(0, to);
      ASSERT_TRUE(VerifyConsistency(from, to, old_root, new_root, proof).ok())
          << from << " to " << to;
      Hash other = old_root;
      other[31] ^= 1;
      ASSERT_FALSE(VerifyConsistency(from, to, other, new_root, proof).ok())
          << from << " to " << to;
      if (from == 0) continue;
      other = new_root;
      other[0] ^= 1;
      ASSERT_FALSE(VerifyConsistency(from, to, old_root, other, proof).ok())
          << from << " to " << to;
    }
  }
}

TEST(MerkleTest, AChangedProofVerifiesNowhere) {
  for (size_t size : {1, 2, 5, 8, 13, 31}) {
    ReferenceTree reference(size + 1);
    const Hash root = reference.Root(0, size);
    for (size_t i = 0; i < size; ++i) {
      const std::vector<Hash> proof = reference.Path(i, 0, size);
      for (size_t j = 0; j < size; ++j) {
        EXPECT_EQ(VerifyInclusion(j, size, reference.leaves()[i], proof, root).ok(), i == j);
      }
      for (size_t j = 0; j < proof.size(); ++j) {
        std::vector<Hash> changed = proof;
        changed[j][7] ^= 0x10;
        EXPECT_EQ(base::ReasonOf(VerifyInclusion(i, size, reference.leaves()[i], changed, root)),
                  "PROOF_ROOT");
      }
      std::vector<Hash> longer = proof;
      longer.push_back(root);
      EXPECT_EQ(base::ReasonOf(VerifyInclusion(i, size, reference.leaves()[i], longer, root)),
                "PROOF_SHAPE");
      if (proof.empty()) continue;
      EXPECT_EQ(
          base::ReasonOf(VerifyInclusion(i, size, reference.leaves()[i],
                                         absl::MakeConstSpan(proof).first(proof.size() - 1), root)),
          "PROOF_SHAPE");
    }
    EXPECT_EQ(base::ReasonOf(VerifyInclusion(size, size, reference.leaves()[size], {}, root)),
              "PROOF_SHAPE");
  }
}

TEST(MerkleTest, AConsistencyProofOfAnotherLengthIsRefused) {
  ReferenceTree reference(40);
  for (size_t to : {7, 8, 33, 40}) {
    for (size_t from = 1; from < to; ++from) {
      std::vector<Hash> proof = reference.Proof(from, to);
      const Hash old_root = reference.Root(0, from);
      const Hash new_root = reference.Root(0, to);
      proof.push_back(new_root);
      EXPECT_FALSE(VerifyConsistency(from, to, old_root, new_root, proof).ok());
      proof.resize(proof.size() - 2);
      EXPECT_FALSE(VerifyConsistency(from, to, old_root, new_root, proof).ok());
    }
  }
  const Hash root = reference.Root(0, 7);
  EXPECT_FALSE(VerifyConsistency(7, 7, root, root, {root}).ok());
  EXPECT_FALSE(VerifyConsistency(8, 7, root, root, {}).ok());
}

// Batches of every length on top of trees of many sizes: same root, same edge, same proofs as the
// whole tree.
TEST(BatchTreeTest, ABatchOnTopOfATreeProvesItsLeavesInTheWholeTree) {
  ReferenceTree reference(kSizeMax);
  const auto leaves = absl::MakeConstSpan(reference.leaves());
  CompactRange before;
  for (size_t first = 0; first < 140; ++first) {
    for (size_t count : {1, 2, 3, 5, 8, 64, 131}) {
      const size_t size = first + count;
      const BatchTree tree(before, leaves.subspan(first, count));
      ASSERT_EQ(tree.first(), first);
      ASSERT_EQ(tree.size(), size);
      ASSERT_EQ(tree.root(), reference.Root(0, size)) << first << " + " << count;
      ASSERT_EQ(tree.After().Root(), tree.root()) << first << " + " << count;
      for (size_t i = first; i < size; ++i) {
        ASSERT_EQ(tree.InclusionProof(i), reference.Path(i, 0, size)) << first << " + " << count;
      }
    }
    before.Append(leaves[first]);
  }
}

TEST(BatchTreeTest, CompletedSubtreesAreThoseTheBatchClosed) {
  ReferenceTree reference(kSizeMax);
  const auto leaves = absl::MakeConstSpan(reference.leaves());
  CompactRange before;
  for (size_t i = 0; i < 37; ++i) before.Append(leaves[i]);
  const BatchTree tree(before, leaves.subspan(37, 100));  // 37 to 137
  for (int level = 0; level < 10; ++level) {
    const auto completed = tree.Completed(level);
    const size_t from = 37u >> level;
    ASSERT_EQ(completed.size(), (137u >> level) - from) << level;
    for (size_t i = 0; i < completed.size(); ++i) {
      EXPECT_EQ(completed[i], reference.Root((from + i) << level, (from + i + 1) << level));
    }
  }
}

TEST(BatchTreeTest, AnEmptyBatchChangesNothing) {
  EXPECT_EQ(BatchTree(CompactRange(), {}).root(), EmptyRoot());
  EXPECT_TRUE(BatchTree(CompactRange(), {}).Completed(0).empty());
}

// Complete subtrees of leaves in memory.
class MemoryReader final : public HashReader {
 public:
  explicit MemoryReader(ReferenceTree& tree) : tree_(tree) {}
  absl::StatusOr<Hash> Read(int level, uint64_t index) override {
    return tree_.Root(index << level, (index + 1) << level);
  }

 private:
  ReferenceTree& tree_;
};

TEST(ProofReaderTest, ProofsReadFromCompleteSubtreesAreThoseOfRfc6962) {
  constexpr size_t kLeaves = 130;
  ReferenceTree reference(kLeaves);
  MemoryReader reader(reference);
  for (size_t size = 1; size <= kLeaves; ++size) {
    ASSERT_EQ(*ReadRoot(size, reader), reference.Root(0, size));
    for (size_t i = 0; i < size; ++i) {
      ASSERT_EQ(*ReadInclusionProof(i, size, reader), reference.Path(i, 0, size));
    }
    for (size_t from = 1; from <= size; ++from) {
      ASSERT_EQ(*ReadConsistencyProof(from, size, reader), reference.Proof(from, size));
    }
  }
  EXPECT_EQ(*ReadRoot(0, reader), EmptyRoot());
  EXPECT_EQ(base::ReasonOf(ReadInclusionProof(5, 5, reader).status()), "PROOF_RANGE");
  EXPECT_EQ(base::ReasonOf(ReadConsistencyProof(6, 5, reader).status()), "PROOF_RANGE");
}

}  // namespace
}  // namespace hedui::ledger
