// Proofs about what is already in the log: inclusion of any entry and consistency of any two sizes.
// Hashes are asked for through HashReader; TileHashReader gives them from a store's tiles.
#ifndef HEDUI_SERVER_LEDGER_PROOF_READER_H_
#define HEDUI_SERVER_LEDGER_PROOF_READER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "server/ledger/hash.h"
#include "server/ledger/log_repository.h"
#include "server/ledger/merkle.h"

namespace hedui::ledger {

class HashReader {
 public:
  virtual ~HashReader() = default;
  // The root of the complete subtree of leaves [index << level, (index + 1) << level).
  virtual absl::StatusOr<Hash> Read(int level, uint64_t index) = 0;
};

// Root of the first `size` leaves.
absl::StatusOr<Hash> ReadRoot(uint64_t size, HashReader& reader);
// OUT_OF_RANGE with reason PROOF_RANGE unless index < size.
absl::StatusOr<std::vector<Hash>> ReadInclusionProof(uint64_t index, uint64_t size,
                                                     HashReader& reader);
// OUT_OF_RANGE with reason PROOF_RANGE unless old_size <= new_size.
absl::StatusOr<std::vector<Hash>> ReadConsistencyProof(uint64_t old_size, uint64_t new_size,
                                                       HashReader& reader);

// Reads tiles, and what lies in no complete tile yet, and remembers at most kTilesRememberedMax of
// them with their inner nodes. Blocks on the repository, which must outlive it; one thread at a
// time.
class TileHashReader final : public HashReader {
 public:
  // 16 KB each.
  static constexpr size_t kTilesRememberedMax = 1024;

  explicit TileHashReader(const LogRepository& repository);
  ~TileHashReader() override;
  // DATA_LOSS with reason LOG_DAMAGED when a tile has the wrong size; NOT_FOUND past the head.
  absl::StatusOr<Hash> Read(int level, uint64_t index) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_PROOF_READER_H_
