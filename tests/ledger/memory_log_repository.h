// A log's store in memory that keeps the store's part of the bargain: it checks each commit whole
// before taking any of it. Thread-compatible.
#ifndef HEDUI_TESTS_LEDGER_MEMORY_LOG_REPOSITORY_H_
#define HEDUI_TESTS_LEDGER_MEMORY_LOG_REPOSITORY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/ledger/log_repository.h"

namespace hedui::ledger {

class MemoryLogRepository final : public LogRepository {
 public:
  // ABORTED with reason LOG_HEAD_MOVED when the head is another than expected.
  absl::Status Apply(const LogCommit& commit);

  absl::StatusOr<std::optional<LogHead>> ReadHead() const override { return head_; }
  absl::StatusOr<std::string> ReadTile(uint32_t level, uint64_t index) const override;
  absl::StatusOr<std::string> ReadTileRoots(uint32_t level, uint64_t from,
                                            uint64_t to) const override;
  absl::StatusOr<std::string> ReadLeafHashes(uint64_t from, uint64_t to) const override;
  absl::StatusOr<std::vector<std::string>> ReadEntries(uint64_t from, uint64_t to) const override;
  absl::StatusOr<std::string> ReadCheckpoint(uint64_t size) const override;

  size_t TileCount(uint32_t level) const;
  int reads() const { return reads_; }

  // For damage.
  std::optional<LogHead> head_;
  std::map<std::pair<uint32_t, uint64_t>, LogTile> tiles_;
  std::string leaf_hashes_;
  std::vector<std::string> entries_;
  std::map<uint64_t, std::string> checkpoints_;

 private:
  mutable int reads_ = 0;
};

}  // namespace hedui::ledger

#endif  // HEDUI_TESTS_LEDGER_MEMORY_LOG_REPOSITORY_H_
