// What the log needs made durable, and what it reads back. The store implements LogRepository and
// writes a LogCommit in the same transaction as the rows that the entries are about.
//
// LogCommit is a plain value, thread-compatible. Readers are thread-safe and block on the disk:
// never call them on an event loop. They see committed state only.
#ifndef HEDUI_SERVER_LEDGER_LOG_REPOSITORY_H_
#define HEDUI_SERVER_LEDGER_LOG_REPOSITORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/ledger/hash.h"

namespace hedui::ledger {

inline constexpr int kTileWidth = 256;  // hashes in a complete tile (C2SP tlog-tiles)
inline constexpr size_t kTileBytes = kTileWidth * base::kDigestBytes;

// A complete tile: hashes [index*256, index*256+256) of tree level 8*level. Level 0 holds leaf
// hashes.
struct LogTile {
  uint32_t level = 0;
  uint64_t index = 0;
  std::string hashes;  // kTileBytes
  Hash root{};         // of the tile's 256 hashes: hash `index` of tile level `level + 1`
};

// The log's part of one commit. The store must, in the transaction: check that the head is (origin,
// expected_size, expected_root) - or that there is no head, when expected_size is 0 - and abort the
// whole commit otherwise with ABORTED and reason LOG_HEAD_MOVED; then write everything here and set
// the head to (origin, new_size, new_root, checkpoint).
struct LogCommit {
  std::string origin;
  uint64_t expected_size = 0;  // also the index of the first new leaf
  Hash expected_root{};        // root of the empty tree when expected_size is 0
  uint64_t new_size = 0;
  Hash new_root{};
  std::vector<std::string> entries;  // new_size - expected_size, each 1 to 65,535 bytes
  std::string leaf_hashes;           // 32 bytes for each entry
  std::vector<LogTile> tiles;        // those this commit completes; lower levels first
  std::string checkpoint;            // the signed note for new_size
};

struct LogHead {
  std::string origin;
  uint64_t size = 0;
  Hash root{};
  std::string checkpoint;
};

class LogRepository {
 public:
  virtual ~LogRepository() = default;

  // nullopt: nothing was ever committed.
  virtual absl::StatusOr<std::optional<LogHead>> ReadHead() const = 0;
  // The kTileBytes of a complete tile; NOT_FOUND when there is none.
  virtual absl::StatusOr<std::string> ReadTile(uint32_t level, uint64_t index) const = 0;
  // LogTile::root of the complete tiles [from, to) of a level, 32 bytes each, in order. At most
  // 256; NOT_FOUND when one is missing. Cheap without reading the tiles: they are how proofs reach
  // across partial tiles.
  virtual absl::StatusOr<std::string> ReadTileRoots(uint32_t level, uint64_t from,
                                                    uint64_t to) const = 0;
  // Leaf hashes [from, to), 32 bytes each, all of one tile. Asked for leaves that lay in no
  // complete tile a moment ago; a commit may have completed it since. NOT_FOUND when one is
  // missing.
  virtual absl::StatusOr<std::string> ReadLeafHashes(uint64_t from, uint64_t to) const = 0;
  // Entries [from, to); NOT_FOUND when one is missing.
  virtual absl::StatusOr<std::vector<std::string>> ReadEntries(uint64_t from,
                                                               uint64_t to) const = 0;
  // The checkpoint of the first commit whose size is at least `size`; NOT_FOUND past the head.
  virtual absl::StatusOr<std::string> ReadCheckpoint(uint64_t size) const = 0;
};

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_LOG_REPOSITORY_H_
