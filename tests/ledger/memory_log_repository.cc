#include "tests/ledger/memory_log_repository.h"

#include "server/base/status.h"
#include "server/ledger/merkle.h"

namespace hedui::ledger {
namespace {

absl::Status Missing() { return absl::NotFoundError("nothing there"); }

}  // namespace

absl::Status MemoryLogRepository::Apply(const LogCommit& commit) {
  const LogHead before = head_.value_or(LogHead{commit.origin, 0, EmptyRoot(), ""});
  if (before.origin != commit.origin || before.size != commit.expected_size ||
      before.root != commit.expected_root) {
    return base::MakeError(absl::StatusCode::kAborted, "LOG_HEAD_MOVED", "another head",
                           base::Visibility::kOperator);
  }
  const uint64_t count = commit.new_size - commit.expected_size;
  if (commit.entries.size() != count || commit.leaf_hashes.size() != count * base::kDigestBytes) {
    return absl::InternalError("counts differ");
  }
  for (const LogTile& tile : commit.tiles) {
    if (tile.hashes.size() != kTileBytes || tiles_.contains({tile.level, tile.index})) {
      return absl::InternalError("a tile is malformed or comes twice");
    }
    tiles_[{tile.level, tile.index}] = tile;
  }
  leaf_hashes_ += commit.leaf_hashes;
  entries_.insert(entries_.end(), commit.entries.begin(), commit.entries.end());
  checkpoints_[commit.new_size] = commit.checkpoint;
  head_ = LogHead{commit.origin, commit.new_size, commit.new_root, commit.checkpoint};
  return absl::OkStatus();
}

absl::StatusOr<std::string> MemoryLogRepository::ReadTile(uint32_t level, uint64_t index) const {
  ++reads_;
  const auto found = tiles_.find({level, index});
  if (found == tiles_.end()) return Missing();
  return found->second.hashes;
}

absl::StatusOr<std::string> MemoryLogRepository::ReadTileRoots(uint32_t level, uint64_t from,
                                                               uint64_t to) const {
  ++reads_;
  std::string roots;
  for (uint64_t index = from; index < to; ++index) {
    const auto found = tiles_.find({level, index});
    if (found == tiles_.end()) return Missing();
    roots += HashBytes(found->second.root);
  }
  return roots;
}

absl::StatusOr<std::string> MemoryLogRepository::ReadLeafHashes(uint64_t from, uint64_t to) const {
  ++reads_;
  if (to * base::kDigestBytes > leaf_hashes_.size()) return Missing();
  return leaf_hashes_.substr(from * base::kDigestBytes, (to - from) * base::kDigestBytes);
}

absl::StatusOr<std::vector<std::string>> MemoryLogRepository::ReadEntries(uint64_t from,
                                                                          uint64_t to) const {
  if (to > entries_.size()) return Missing();
  return std::vector<std::string>(entries_.begin() + static_cast<ptrdiff_t>(from),
                                  entries_.begin() + static_cast<ptrdiff_t>(to));
}

absl::StatusOr<std::string> MemoryLogRepository::ReadCheckpoint(uint64_t size) const {
  const auto found = checkpoints_.lower_bound(size);
  if (found == checkpoints_.end()) return Missing();
  return found->second;
}

size_t MemoryLogRepository::TileCount(uint32_t level) const {
  size_t count = 0;
  for (const auto& [key, tile] : tiles_) count += key.first == level ? 1 : 0;
  return count;
}

}  // namespace hedui::ledger
