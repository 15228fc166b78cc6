#include "server/ledger/proof_reader.h"

#include <bit>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::ledger {
namespace {

constexpr int kTileBits = 8;

absl::Status OutOfRange(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kOutOfRange, "PROOF_RANGE", what);
}

// RFC 6962's k: the largest power of two below `count`, which is at least 2.
uint64_t SplitOf(uint64_t count) { return std::bit_floor(count - 1); }

// Root of leaves [from, to); `from` is a multiple of the range's first complete subtree.
absl::StatusOr<Hash> RangeHash(uint64_t from, uint64_t to, HashReader& reader) {
  const uint64_t count = to - from;
  if (std::has_single_bit(count)) {
    const int level = std::countr_zero(count);
    return reader.Read(level, from >> level);
  }
  const uint64_t split = SplitOf(count);
  HEDUI_ASSIGN_OR_RETURN(const Hash left, RangeHash(from, from + split, reader));
  HEDUI_ASSIGN_OR_RETURN(const Hash right, RangeHash(from + split, to, reader));
  return NodeHash(left, right);
}

// PATH(index, D[from:to]) of RFC 6962, 2.1.1.
absl::Status AppendPath(uint64_t index, uint64_t from, uint64_t to, HashReader& reader,
                        std::vector<Hash>& proof) {
  if (to - from == 1) return absl::OkStatus();
  const uint64_t middle = from + SplitOf(to - from);
  const bool left = index < middle;
  HEDUI_RETURN_IF_ERROR(AppendPath(index, left ? from : middle, left ? middle : to, reader, proof));
  HEDUI_ASSIGN_OR_RETURN(const Hash sibling,
                         RangeHash(left ? middle : from, left ? to : middle, reader));
  proof.push_back(sibling);
  return absl::OkStatus();
}

// SUBPROOF(old_size, D[from:to], whole) of RFC 6962, 2.1.2, with absolute positions.
absl::Status AppendSubproof(uint64_t old_size, uint64_t from, uint64_t to, bool whole,
                            HashReader& reader, std::vector<Hash>& proof) {
  if (old_size == to) {
    if (whole) return absl::OkStatus();  // the verifier has this root
    HEDUI_ASSIGN_OR_RETURN(const Hash hash, RangeHash(from, to, reader));
    proof.push_back(hash);
    return absl::OkStatus();
  }
  const uint64_t middle = from + SplitOf(to - from);
  const bool left = old_size <= middle;
  HEDUI_RETURN_IF_ERROR(AppendSubproof(old_size, left ? from : middle, left ? middle : to,
                                       left && whole, reader, proof));
  HEDUI_ASSIGN_OR_RETURN(const Hash sibling,
                         RangeHash(left ? middle : from, left ? to : middle, reader));
  proof.push_back(sibling);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Hash> ReadRoot(uint64_t size, HashReader& reader) {
  if (size == 0) return EmptyRoot();
  return RangeHash(0, size, reader);
}

absl::StatusOr<std::vector<Hash>> ReadInclusionProof(uint64_t index, uint64_t size,
                                                     HashReader& reader) {
  if (index >= size) return OutOfRange("the leaf lies outside the tree");
  std::vector<Hash> proof;
  HEDUI_RETURN_IF_ERROR(AppendPath(index, 0, size, reader, proof));
  return proof;
}

absl::StatusOr<std::vector<Hash>> ReadConsistencyProof(uint64_t old_size, uint64_t new_size,
                                                       HashReader& reader) {
  if (old_size > new_size) return OutOfRange("the older tree is larger than the newer");
  std::vector<Hash> proof;
  if (old_size == 0 || old_size == new_size) return proof;
  HEDUI_RETURN_IF_ERROR(AppendSubproof(old_size, 0, new_size, /*whole=*/true, reader, proof));
  return proof;
}

struct TileHashReader::State {
  // A tile's hashes and the nodes above them: levels[0] the hashes, levels[8] the root when
  // complete.
  struct Tile {
    std::vector<Hash> levels[kTileBits + 1];

    void Append(const Hash& hash) {
      levels[0].push_back(hash);
      for (int level = 0; level < kTileBits && levels[level].size() % 2 == 0; ++level) {
        const std::vector<Hash>& below = levels[level];
        levels[level + 1].push_back(NodeHash(below[below.size() - 2], below.back()));
      }
    }
  };

  const LogRepository& repository;
  absl::flat_hash_map<std::pair<uint32_t, uint64_t>, std::unique_ptr<Tile>> tiles;

  // Adds hashes until the tile holds at least `count` of them.
  absl::Status Fill(uint32_t level, uint64_t index, size_t count, Tile& tile) const {
    const uint64_t from = index * kTileWidth + tile.levels[0].size();
    absl::StatusOr<std::string> bytes = repository.ReadTile(level, index);
    size_t skip = tile.levels[0].size() * base::kDigestBytes;
    size_t size = kTileBytes;
    if (absl::IsNotFound(bytes.status())) {
      // Not complete yet: take what is needed of its hashes.
      const uint64_t to = index * kTileWidth + count;
      bytes = level == 0 ? repository.ReadLeafHashes(from, to)
                         : repository.ReadTileRoots(level - 1, from, to);
      skip = 0;
      size = (to - from) * base::kDigestBytes;
    }
    if (!bytes.ok()) return bytes.status();
    if (bytes->size() != size) {
      return base::MakeError(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
                             absl::StrCat("tile ", index, " of level ", level, " has another size"),
                             base::Visibility::kOperator);
    }
    for (size_t at = skip; at < size; at += base::kDigestBytes) {
      tile.Append(*HashFromBytes(absl::string_view(*bytes).substr(at, base::kDigestBytes)));
    }
    return absl::OkStatus();
  }
};

TileHashReader::TileHashReader(const LogRepository& repository)
    : state_(std::unique_ptr<State>(new State{repository, {}})) {}
TileHashReader::~TileHashReader() = default;

absl::StatusOr<Hash> TileHashReader::Read(int level, uint64_t index) {
  const auto tile_level = static_cast<uint32_t>(level / kTileBits);
  const int within = level % kTileBits;
  const uint64_t tile_index = index >> (kTileBits - within);
  const uint64_t node = index & ((uint64_t{1} << (kTileBits - within)) - 1);
  if (state_->tiles.size() >= kTilesRememberedMax) state_->tiles.clear();
  std::unique_ptr<State::Tile>& tile = state_->tiles[{tile_level, tile_index}];
  if (tile == nullptr) tile = std::make_unique<State::Tile>();
  if (tile->levels[within].size() <= node) {
    const size_t count = static_cast<size_t>(node + 1) << within;
    HEDUI_RETURN_IF_ERROR(state_->Fill(tile_level, tile_index, count, *tile));
  }
  if (tile->levels[within].size() <= node) {
    return base::MakeError(absl::StatusCode::kNotFound, "PROOF_RANGE", "the log is not that large",
                           base::Visibility::kOperator);
  }
  return tile->levels[within][node];
}

}  // namespace hedui::ledger
