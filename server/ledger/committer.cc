#include "server/ledger/committer.h"

#include <utility>

#include "server/base/status.h"

namespace hedui::ledger {
namespace {

constexpr size_t kBatchRequestsMax = 512;
constexpr size_t kBatchBytesMax = size_t{8} << 20;
// What a row costs beside its body: routing columns, look-up digests. As much as keeps a batch of
// the smallest rows within what one commit takes, or one call of many rows would fail all that came
// with it.
constexpr size_t kRowBytes = (kBatchBytesMax + kCommitRowsMax - 1) / kCommitRowsMax;
static_assert(kBatchBytesMax / kRowBytes <= kCommitRowsMax);

size_t BytesOf(const CommitRequest& request) {
  size_t bytes = request.entry.has_value() ? request.entry->size() : 0;
  for (const base::Row& row : request.rows) bytes += kRowBytes + row.body.size();
  return bytes;
}

// After these nothing this process knows of the log is sure.
bool EndsTheProcess(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  return reason == "LOG_HEAD_MOVED" || reason == "STORE_UNRESOLVED" || reason == "LOG_CLOSED" ||
         reason == "LOG_BUSY";
}

// The log refuses a whole batch for one such entry, so it is looked at before.
absl::Status CheckEntry(const std::optional<std::string>& entry) {
  if (!entry.has_value() || (!entry->empty() && DecodeEntry(*entry).ok())) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "ENTRY_FORMAT",
                         "not an encoded log entry", base::Visibility::kOperator);
}

}  // namespace

Committer::Committer(std::unique_ptr<Log> log, CommitSink* sink, size_t slots_max)
    : log_(std::move(log)),
      sink_(sink),
      worker_("committer", runtime::BatchLimits{kBatchRequestsMax, kBatchBytesMax, slots_max},
              [this](std::vector<CommitRequest> batch) { Process(std::move(batch)); }) {}

Committer::~Committer() { Drain(); }

std::optional<runtime::Reservation> Committer::TryReserve(size_t count) {
  return worker_.TryReserve(count);
}

bool Committer::Submit(runtime::Reservation* reservation, CommitRequest&& request) {
  const size_t bytes = BytesOf(request);
  return worker_.Submit(reservation, std::move(request), bytes);
}

bool Committer::TrySubmit(CommitRequest&& request) {
  const size_t bytes = BytesOf(request);
  return worker_.TrySubmit(std::move(request), bytes);
}

void Committer::Drain() { worker_.Drain(); }

absl::Status Committer::Health() const {
  const base::MutexLock lock(&mutex_);
  return health_;
}

void Committer::NoteFailure(const absl::Status& failure) {
  if (!EndsTheProcess(failure)) return;
  const base::MutexLock lock(&mutex_);
  if (health_.ok()) health_ = failure;
}

void Committer::Process(std::vector<CommitRequest> batch) {
  AnswerRefused(&batch);
  if (batch.empty()) return;
  const absl::Duration begun = log_->clock().SteadyNow();
  absl::StatusOr<std::vector<CommitReceipt>> receipts = Commit(&batch);
  metrics_.seconds.Observe(log_->clock().SteadyNow() - begun);
  metrics_.requests.Observe(static_cast<double>(batch.size()));
  if (!receipts.ok()) {
    metrics_.failures.Add();
    NoteFailure(receipts.status());
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    if (receipts.ok()) {
      std::move(batch[i].done)(std::move((*receipts)[i]));
    } else {
      std::move(batch[i].done)(receipts.status());
    }
  }
}

void Committer::AnswerRefused(std::vector<CommitRequest>* batch) {
  const absl::Status health = Health();
  std::vector<CommitRequest> good;
  good.reserve(batch->size());
  for (CommitRequest& request : *batch) {
    absl::Status refusal = health;
    if (refusal.ok()) refusal = CheckEntry(request.entry);
    if (refusal.ok()) refusal = sink_->CheckRows(request.rows);
    if (refusal.ok()) {
      good.push_back(std::move(request));
    } else {
      std::move(request.done)(refusal);
    }
  }
  *batch = std::move(good);
}

absl::StatusOr<std::vector<CommitReceipt>> Committer::Commit(std::vector<CommitRequest>* batch) {
  std::vector<CommitReceipt> receipts(batch->size());
  std::vector<std::string> entries;
  for (const CommitRequest& request : *batch) {
    if (request.entry.has_value()) entries.push_back(*request.entry);
  }
  if (entries.empty()) {
    HEDUI_RETURN_IF_ERROR(WriteRows(batch, std::nullopt));
    return receipts;
  }
  HEDUI_ASSIGN_OR_RETURN(PreparedBatch prepared, log_->Prepare(std::move(entries)));
  uint64_t index = prepared.first_index();
  for (CommitRequest& request : *batch) {
    if (!request.entry.has_value()) continue;
    for (base::Row& row : request.rows) row.log_index = index;
    ++index;
  }
  const absl::Status written = WriteRows(batch, std::move(prepared.commit));
  if (!written.ok()) {
    log_->Rollback();
    return written;
  }
  log_->Confirm();
  size_t position = 0;
  for (size_t i = 0; i < batch->size(); ++i) {
    std::optional<std::string>& entry = (*batch)[i].entry;
    if (entry.has_value()) receipts[i].proof = prepared.ProofOf(position++, *std::move(entry));
  }
  return receipts;
}

absl::Status Committer::WriteRows(std::vector<CommitRequest>* batch, std::optional<LogCommit> log) {
  CommitBatch commit;
  commit.log = std::move(log);
  for (CommitRequest& request : *batch) {
    for (base::Row& row : request.rows) commit.rows.push_back(std::move(row));
  }
  return sink_->Commit(commit);
}

}  // namespace hedui::ledger
