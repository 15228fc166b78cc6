#include "server/store/sqlite/memory_index.h"

#include <algorithm>

namespace hedui::store {

void MemoryIndex::Add(uint64_t sequence, std::string check,
                      const std::vector<IndexEntry>& entries) {
  if (empty()) {
    first_ = sequence;
    nodes_.reserve(expected_);
    chains_.reserve(expected_);
  }
  last_ = sequence;
  last_check_ = std::move(check);
  for (const IndexEntry& entry : entries) {
    const auto node = static_cast<uint32_t>(nodes_.size());
    nodes_.push_back(Node{entry.row, kNone});
    const auto [chain, fresh] = chains_.try_emplace(entry.digest, Chain{node, node});
    if (fresh) continue;
    nodes_[chain->second.last].next = node;
    chain->second.last = node;
  }
}

void MemoryIndex::Find(const LookupDigest& digest, std::vector<uint64_t>* rows) const {
  const auto chain = chains_.find(digest);
  if (chain == chains_.end()) return;
  for (uint32_t node = chain->second.first; node != kNone; node = nodes_[node].next)
    rows->push_back(nodes_[node].row);
}

std::vector<IndexEntry> MemoryIndex::Sorted() const {
  std::vector<IndexEntry> entries;
  entries.reserve(nodes_.size());
  for (const auto& [digest, chain] : chains_) {
    for (uint32_t node = chain.first; node != kNone; node = nodes_[node].next) {
      entries.push_back(IndexEntry{digest, nodes_[node].row});
    }
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

size_t MemoryIndex::memory_bytes() const {
  // A slot and its byte of control each.
  constexpr size_t kSlotBytes = sizeof(decltype(chains_)::value_type) + 1;
  return nodes_.capacity() * sizeof(Node) + chains_.capacity() * kSlotBytes;
}

}  // namespace hedui::store
