// Committer: the one writer. It takes whatever requests came while the commit before was being
// written - no timer, so a lone request waits for nobody - and makes them durable together: one
// transaction, one flush to disk, one checkpoint, one signature of each kind.
//
// The way of a flow: admission reserves a slot for each commit the flow will need (two: intent and
// result), or refuses; each Submit uses one. So a flow once admitted is never turned away half-way.
//
// Failures: every request of a batch gets the batch's error and the log is rolled back; nothing was
// written. A request whose rows the store would refuse is answered alone and fails no other. After
// LOG_HEAD_MOVED (another process writes this store), STORE_UNRESOLVED or a log that cannot go on,
// the committer refuses everything with that error: the process must end and open the store anew.
//
// Thread-safe. Limits: 512 requests, 8 MiB of rows or kCommitRowsMax rows a batch; `slots_max`
// reserved and waiting together.
#ifndef HEDUI_SERVER_LEDGER_COMMITTER_H_
#define HEDUI_SERVER_LEDGER_COMMITTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/metrics.h"
#include "server/base/mutex.h"
#include "server/base/row.h"
#include "server/ledger/commit_repository.h"
#include "server/ledger/entry_proof.h"
#include "server/ledger/log.h"
#include "server/runtime/batch_worker.h"

namespace hedui::ledger {

// What is durable now, with the proof that goes with it.
struct CommitReceipt {
  std::optional<EntryProof> proof;  // of the request's entry; none when it had none
};

struct CommitRequest {
  std::vector<base::Row> rows;
  std::optional<std::string> entry;  // EncodeEntry's bytes: at most one leaf a request
  // Once, on the committer's thread: post to your loop at once and return, since all others wait
  // behind. Never from inside Submit. After drain: never, since Submit said false.
  absl::AnyInvocable<void(absl::StatusOr<CommitReceipt>) &&> done;
};

// Of commits since the start.
struct CommitterMetrics {
  base::Histogram requests{{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}};  // in one commit
  base::Histogram seconds{base::LatencyBounds()};                     // of one commit
  base::Counter failures;                                             // nothing was written
};

class Committer {
 public:
  // Two for each of 10,000 flows in flight, and room for what agencies register.
  static constexpr size_t kSlotsMax = 30'000;

  // `sink` outlives the committer and must hold the very log that `log` was opened from.
  Committer(std::unique_ptr<Log> log, CommitSink* sink, size_t slots_max = kSlotsMax);
  ~Committer();  // drains

  // Room for `count` commits to come; nullopt when that is not to be had: answer
  // RESOURCE_EXHAUSTED.
  std::optional<runtime::Reservation> TryReserve(size_t count);

  // Uses one slot. False, with the request untouched, when the reservation is used up or the
  // committer drained.
  [[nodiscard]] bool Submit(runtime::Reservation* reservation, CommitRequest&& request);
  // Reserves and submits. False, with the request untouched, when there is no room or it has
  // drained.
  [[nodiscard]] bool TrySubmit(CommitRequest&& request);

  // Commits everything submitted, answers it, and ends. Blocks; not from a `done`.
  void Drain();

  // Slots taken: reserved, waiting or being written; and requests that wait for the next commit.
  size_t used() const { return worker_.used(); }
  size_t waiting() const { return worker_.waiting(); }
  const CommitterMetrics& metrics() const { return metrics_; }

  // OK while it can commit; otherwise why the process must end.
  absl::Status Health() const;

 private:
  void Process(std::vector<CommitRequest> batch);
  // Answers what cannot be committed and leaves the rest in `batch`.
  void AnswerRefused(std::vector<CommitRequest>* batch);
  absl::StatusOr<std::vector<CommitReceipt>> Commit(std::vector<CommitRequest>* batch);
  absl::Status WriteRows(std::vector<CommitRequest>* batch, std::optional<LogCommit> log);
  void NoteFailure(const absl::Status& failure);

  std::unique_ptr<Log> log_;  // on the worker's thread only
  CommitSink* const sink_;
  CommitterMetrics metrics_;
  mutable base::Mutex mutex_;
  absl::Status health_ ABSL_GUARDED_BY(mutex_);
  runtime::BatchWorker<CommitRequest> worker_;  // last: its thread uses the rest
};

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_COMMITTER_H_
