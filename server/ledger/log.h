// Log: the one sequencer of an append-only Merkle log. It turns a batch of entries into the log's
// part of one commit - leaf hashes, complete tiles, the new head and its signed checkpoint - and
// knows the inclusion proof of every entry of the batch without reading anything.
//
// The way of a commit, on the committer's thread:
//
//   auto batch = log->Prepare(entries);     // hashes, signs; the log has not moved yet
//   store: one transaction with batch->commit and the rows, compare-and-set of the head inside
//   committed:      log->Confirm();         // then, and only then, proofs and checkpoint may leave
//   refused:        log->Rollback();        // e.g. a row was bad; the head is as before
//   doubtful, or LOG_HEAD_MOVED:  open a new Log from the repository, which decides
//
// A checkpoint that was signed but not committed never leaves the process: that is what keeps two
// signed checkpoints of one origin from contradicting each other, with the compare-and-set against
// a second process.
//
// Owned by one thread. Prepare blocks while the signers sign (one signature of each kind a commit).
#ifndef HEDUI_SERVER_LEDGER_LOG_H_
#define HEDUI_SERVER_LEDGER_LOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/ledger/batch_tree.h"
#include "server/ledger/certificates.h"
#include "server/ledger/entry.h"
#include "server/ledger/entry_proof.h"
#include "server/ledger/log_repository.h"
#include "server/ledger/merkle.h"
#include "server/ledger/signer.h"
#include "server/ledger/trust.h"

namespace hedui::ledger {

// Bounds the memory of one commit; the committer splits larger batches.
inline constexpr size_t kBatchEntriesMax = 100'000;
// A signing device that does not answer by then fails the commit, not the process.
inline constexpr absl::Duration kSignTimeout = absl::Seconds(10);

// How a log signs. Signers and clock outlive the log.
struct LogSigning {
  std::string origin;
  Signer* ed25519 = nullptr;
  Signer* legal = nullptr;  // P-256 or SM2
  LogCertificates certificates;
  const base::Clock* clock = nullptr;
};

// Whether keys, certificates and origin belong together; Log::Open asks it first. INVALID_ARGUMENT
// (LOG_ORIGIN, LOG_CERTIFICATE).
absl::Status CheckSigning(const LogSigning& signing);

// A batch on its way into the log. Immutable, thread-safe; proofs hold once the commit is
// confirmed.
class PreparedBatch {
 public:
  // The log's part of the commit; take it by move from a batch kept for its proofs, or copy it.
  LogCommit commit;

  uint64_t first_index() const { return tree_.first(); }
  const Checkpoint& checkpoint() const { return checkpoint_; }
  const std::shared_ptr<const SignedCheckpoint>& signed_checkpoint() const { return signed_; }
  // For the batch's entry `position`, counted from 0; `entry` is what was appended there.
  EntryProof ProofOf(size_t position, std::string entry) const;

 private:
  friend class Log;
  PreparedBatch(BatchTree tree, Checkpoint checkpoint, std::shared_ptr<const SignedCheckpoint> note)
      : tree_(std::move(tree)), checkpoint_(std::move(checkpoint)), signed_(std::move(note)) {}
  BatchTree tree_;
  Checkpoint checkpoint_;
  std::shared_ptr<const SignedCheckpoint> signed_;
};

class Log {
 public:
  // Reads the head, rebuilds the right edge from complete tiles and later leaf hashes, and checks
  // it against the head's root, the certificates against the keys. Reasons: LOG_ORIGIN (the store
  // holds another log), LOG_CLOSED, LOG_DAMAGED (DATA_LOSS), LOG_CERTIFICATE. The repository is not
  // kept.
  static absl::StatusOr<std::unique_ptr<Log>> Open(const LogRepository& repository,
                                                   LogSigning signing);

  // Encoded entries, 1 to kBatchEntriesMax. One batch at a time: FAILED_PRECONDITION with reason
  // LOG_BUSY before the last one was confirmed or rolled back, LOG_CLOSED behind an ORIGIN_CLOSED
  // of this log. A signer's failure leaves the log as it was.
  absl::StatusOr<PreparedBatch> Prepare(std::vector<std::string> entries);
  void Confirm();
  void Rollback();

  // The entry that closes this log; nothing may follow it. For a log that can no longer sign, its
  // successor appends EncodeEntry(OriginClosedEntry{...}) with the last head known.
  std::string ClosingEntry(absl::string_view successor) const;

  // As of the last confirmed batch.
  const std::string& origin() const { return signing_.origin; }
  const base::Clock& clock() const { return *signing_.clock; }
  uint64_t size() const { return range_.size(); }
  Hash root() const { return range_.Root(); }

 private:
  // The hashes of each tile level that are in no complete tile yet.
  using PartialTiles = std::vector<std::vector<Hash>>;

  struct Pending {
    CompactRange range;
    PartialTiles partial;
    absl::Time time;
    bool closes = false;
  };

  Log(LogSigning signing, CompactRange range, PartialTiles partial, absl::Time last_time);
  absl::Status CheckEntries(const std::vector<std::string>& entries, bool* closes) const;
  absl::Status CheckTime(absl::Time time) const;
  absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint) const;

  LogSigning signing_;
  std::string ed25519_id_;
  std::string legal_id_;
  CompactRange range_;
  PartialTiles partial_;
  absl::Time last_time_;  // checkpoint times never go back
  SigningTime signing_time_;
  bool closed_ = false;
  std::unique_ptr<Pending> pending_;
};

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_LOG_H_
