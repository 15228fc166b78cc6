// The proof that an entry stands in a log: what a report's envelope and a department's warrant
// carry. Anyone with an authority's certificate can check it offline. Values, thread-compatible;
// functions are pure.
#ifndef HEDUI_SERVER_LEDGER_ENTRY_PROOF_H_
#define HEDUI_SERVER_LEDGER_ENTRY_PROOF_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/ledger/checkpoint.h"
#include "server/ledger/entry.h"
#include "server/ledger/hash.h"
#include "server/ledger/trust.h"

namespace hedui::ledger {

// Entry, path, note and certificates at their limits fit with room to spare.
inline constexpr size_t kEntryProofBytesMax = 128 << 10;

struct EntryProof {
  std::string entry;  // encoded, as hashed into the leaf
  uint64_t index = 0;
  std::vector<Hash> path;  // from the leaf to the root of the checkpoint's tree
  std::shared_ptr<const SignedCheckpoint> checkpoint;  // never null; shared by a commit's proofs
};

std::string EncodeEntryProof(const EntryProof& proof);
// Strict. INVALID_ARGUMENT with reason ENTRY_PROOF_FORMAT.
absl::StatusOr<EntryProof> DecodeEntryProof(absl::string_view bytes);

struct ProvenEntry {
  Entry entry;
  uint64_t index = 0;
  Checkpoint checkpoint;
};

// What the proof proves. Reasons of trust.h, entry.h, and PROOF_SHAPE, PROOF_ROOT.
absl::StatusOr<ProvenEntry> VerifyEntryProof(const EntryProof& proof, const LogTrust& trust);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_ENTRY_PROOF_H_
