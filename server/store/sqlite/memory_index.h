// Look-up entries of the commits that are in no sorted run yet.
//
// Thread-compatible; once it is no longer added to, thread-safe.
#ifndef HEDUI_SERVER_STORE_SQLITE_MEMORY_INDEX_H_
#define HEDUI_SERVER_STORE_SQLITE_MEMORY_INDEX_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/store/sqlite/segment.h"

namespace hedui::store {

class MemoryIndex {
 public:
  // With the first commit it takes the memory of `expected` entries at once: growing step by step
  // would copy everything while look-ups wait, and leave holes of every size behind.
  explicit MemoryIndex(size_t expected) : expected_(expected) {}

  // The entries of commit `sequence`; commits in order, without gaps. `check` identifies the
  // segment's bytes.
  void Add(uint64_t sequence, std::string check, const std::vector<IndexEntry>& entries);
  // Appends the rows under `digest`, in commit order.
  void Find(const LookupDigest& digest, std::vector<uint64_t>* rows) const;
  std::vector<IndexEntry> Sorted() const;

  size_t size() const { return nodes_.size(); }
  bool empty() const { return last_ == 0; }
  uint64_t first() const { return first_; }  // commit
  uint64_t last() const { return last_; }
  const std::string& last_check() const { return last_check_; }
  // Bytes of memory that the entries take, room for more included.
  size_t memory_bytes() const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Node {
    uint64_t row;
    uint32_t next;  // of the same digest
  };
  struct Chain {
    uint32_t first;
    uint32_t last;
  };

  const size_t expected_;
  absl::flat_hash_map<LookupDigest, Chain> chains_;
  std::vector<Node> nodes_;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
  std::string last_check_;
};

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_MEMORY_INDEX_H_
