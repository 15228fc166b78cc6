#include "server/ledger/log.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/limits.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/ledger/note.h"
#include "server/ledger/proof_reader.h"

namespace hedui::ledger {
namespace {

constexpr int kTileBits = 8;

absl::Status Fault(absl::StatusCode code, absl::string_view reason, absl::string_view what) {
  return base::MakeError(code, reason, what, base::Visibility::kOperator);
}

absl::Status Damaged(absl::string_view what) {
  return Fault(absl::StatusCode::kDataLoss, "LOG_DAMAGED", absl::StrCat("the stored log: ", what));
}

// A signature that may come from another thread, or never.
class Waiting {
 public:
  void Set(absl::StatusOr<std::string> result) {
    base::MutexLock lock(&mutex_);
    result_ = std::move(result);
    changed_.SignalAll();
  }
  absl::StatusOr<std::string> Wait() {
    base::MutexLock lock(&mutex_);
    bool late = false;
    while (!result_ && !late) late = changed_.WaitWithTimeout(&mutex_, kSignTimeout);
    if (!result_) {
      return Fault(absl::StatusCode::kDeadlineExceeded, "SIGNER",
                   "a signer did not answer in time");
    }
    return *std::move(result_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::optional<absl::StatusOr<std::string>> result_ ABSL_GUARDED_BY(mutex_);
};

std::shared_ptr<Waiting> Begin(Signer& signer, const std::string& message) {
  auto waiting = std::make_shared<Waiting>();
  signer.Sign(message,
              [waiting](absl::StatusOr<std::string> result) { waiting->Set(std::move(result)); });
  return waiting;
}

// Hashes of one tile level that are in no complete tile yet.
absl::StatusOr<std::vector<Hash>> ReadPartial(const LogRepository& repository, uint32_t tile_level,
                                              uint64_t size) {
  const uint64_t to = size >> (kTileBits * tile_level);
  const uint64_t from = to - to % kTileWidth;
  std::vector<Hash> hashes;
  if (from == to) return hashes;
  HEDUI_ASSIGN_OR_RETURN(const std::string bytes,
                         tile_level == 0 ? repository.ReadLeafHashes(from, to)
                                         : repository.ReadTileRoots(tile_level - 1, from, to));
  if (bytes.size() != (to - from) * base::kDigestBytes) return Damaged("hashes are missing");
  for (size_t at = 0; at < bytes.size(); at += base::kDigestBytes) {
    hashes.push_back(*HashFromBytes(absl::string_view(bytes).substr(at, base::kDigestBytes)));
  }
  return hashes;
}

// The right edge from the partial tiles: each holds the subtrees of eight levels.
absl::StatusOr<CompactRange> EdgeOf(uint64_t size, const std::vector<std::vector<Hash>>& partial) {
  std::vector<Hash> nodes;
  for (size_t level = partial.size(); level-- > 0;) {
    CompactRange within;
    for (const Hash& hash : partial[level]) within.Append(hash);
    nodes.insert(nodes.end(), within.nodes().begin(), within.nodes().end());
  }
  return CompactRange::From(size, std::move(nodes));
}

// Moves complete tiles out of `partial`, which this adds the batch's new hashes to.
std::vector<LogTile> FillTiles(const BatchTree& tree, std::vector<std::vector<Hash>>& partial) {
  std::vector<LogTile> tiles;
  for (uint32_t level = 0; (tree.size() >> (kTileBits * level)) > 0; ++level) {
    if (partial.size() <= level) partial.resize(level + 1);
    std::vector<Hash>& open = partial[level];
    const int tree_level = kTileBits * static_cast<int>(level);
    const auto roots = tree.Completed(tree_level + kTileBits);
    uint64_t index = tree.first() >> (tree_level + kTileBits);
    size_t completed = 0;
    for (const Hash& hash : tree.Completed(tree_level)) {
      open.push_back(hash);
      if (open.size() < static_cast<size_t>(kTileWidth)) continue;
      LogTile tile{level, index++, {}, roots[completed++]};
      tile.hashes.assign(reinterpret_cast<const char*>(open.data()), kTileBytes);
      tiles.push_back(std::move(tile));
      open.clear();
    }
  }
  return tiles;
}

// Whether the stored log's last entry closed it.
absl::StatusOr<bool> IsClosed(const LogRepository& repository, const LogHead& head) {
  if (head.size == 0) return false;
  HEDUI_ASSIGN_OR_RETURN(const std::vector<std::string> last,
                         repository.ReadEntries(head.size - 1, head.size));
  if (last.size() != 1) return Damaged("the last entry is missing");
  const auto entry = DecodeEntry(last[0]);
  if (!entry.ok()) return Damaged("the last entry cannot be read");
  const auto* closed = std::get_if<OriginClosedEntry>(&*entry);
  return closed != nullptr && closed->origin == head.origin;
}

}  // namespace

absl::Status CheckSigning(const LogSigning& signing) {
  HEDUI_RETURN_IF_ERROR(CheckOrigin(signing.origin));
  HEDUI_ASSIGN_OR_RETURN(const LogKeys keys, KeysOf(signing.certificates, signing.origin));
  if (keys.ed25519.spki() != signing.ed25519->PublicKey() ||
      keys.legal.spki() != signing.legal->PublicKey()) {
    return Fault(absl::StatusCode::kInvalidArgument, "LOG_CERTIFICATE",
                 "a certificate is for another key than the signer's");
  }
  return absl::OkStatus();
}

EntryProof PreparedBatch::ProofOf(size_t position, std::string entry) const {
  const uint64_t index = tree_.first() + position;
  return EntryProof{std::move(entry), index, tree_.InclusionProof(index), signed_};
}

Log::Log(LogSigning signing, CompactRange range, PartialTiles partial, absl::Time last_time)
    : signing_(std::move(signing)),
      range_(std::move(range)),
      partial_(std::move(partial)),
      last_time_(last_time) {}

absl::StatusOr<std::unique_ptr<Log>> Log::Open(const LogRepository& repository,
                                               LogSigning signing) {
  HEDUI_RETURN_IF_ERROR(CheckSigning(signing));
  HEDUI_ASSIGN_OR_RETURN(const std::optional<LogHead> head, repository.ReadHead());
  CompactRange range;
  PartialTiles partial;
  absl::Time last_time = absl::UnixEpoch();
  if (head) {
    if (head->origin != signing.origin) {
      return Fault(
          absl::StatusCode::kFailedPrecondition, "LOG_ORIGIN",
          absl::StrCat("the store holds the log ", head->origin, ", not ", signing.origin));
    }
    if (head->size > kLogSizeMax) return Damaged("its size is past the limit");
    for (uint32_t level = 0; (head->size >> (kTileBits * level)) > 0; ++level) {
      HEDUI_ASSIGN_OR_RETURN(std::vector<Hash> hashes, ReadPartial(repository, level, head->size));
      partial.push_back(std::move(hashes));
    }
    HEDUI_ASSIGN_OR_RETURN(range, EdgeOf(head->size, partial));
    if (range.Root() != head->root) return Damaged("its hashes do not lead to its root");
    const auto note = ParseNote(head->checkpoint);
    const auto last = note.ok() ? ParseCheckpoint(note->text) : note.status();
    if (!last.ok() || last->origin != head->origin || last->size != head->size ||
        last->root != head->root) {
      return Damaged("its last checkpoint is of another head");
    }
    last_time = last->time;
    HEDUI_ASSIGN_OR_RETURN(const bool closed, IsClosed(repository, *head));
    if (closed) {
      return Fault(absl::StatusCode::kFailedPrecondition, "LOG_CLOSED",
                   absl::StrCat("the log ", head->origin, " has ended; use its successor"));
    }
  }
  std::unique_ptr<Log> log(
      new Log(std::move(signing), std::move(range), std::move(partial), last_time));
  HEDUI_ASSIGN_OR_RETURN(const LogKeys keys, KeysOf(log->signing_.certificates, log->origin()));
  HEDUI_ASSIGN_OR_RETURN(log->signing_time_, SigningTimeOf(log->signing_.certificates));
  log->ed25519_id_ = NoteKeyId(log->origin(), keys.ed25519);
  log->legal_id_ = NoteKeyId(log->origin(), keys.legal);
  return log;
}

absl::Status Log::CheckEntries(const std::vector<std::string>& entries, bool* closes) const {
  if (pending_ != nullptr) {
    return Fault(absl::StatusCode::kFailedPrecondition, "LOG_BUSY",
                 "the batch before was neither confirmed nor rolled back");
  }
  if (closed_) {
    return Fault(absl::StatusCode::kFailedPrecondition, "LOG_CLOSED", "the log has ended");
  }
  if (entries.empty() || entries.size() > kBatchEntriesMax ||
      size() > kLogSizeMax - entries.size()) {
    return Fault(absl::StatusCode::kInvalidArgument, "LOG_BATCH",
                 absl::StrCat("a batch holds 1 to ", kBatchEntriesMax, " entries"));
  }
  *closes = false;
  for (const std::string& entry : entries) {
    if (entry.empty() || entry.size() > base::kLogEntryBytesMax) {
      return Fault(absl::StatusCode::kInvalidArgument, "LOG_ENTRY",
                   absl::StrCat("an entry has 1 to ", base::kLogEntryBytesMax, " bytes"));
    }
    if (*closes) {
      return Fault(absl::StatusCode::kFailedPrecondition, "LOG_CLOSED",
                   "an entry stands behind the one that ends the log");
    }
    HEDUI_ASSIGN_OR_RETURN(const Entry decoded, DecodeEntry(entry));
    const auto* closed = std::get_if<OriginClosedEntry>(&decoded);
    *closes = closed != nullptr && closed->origin == origin();
  }
  return absl::OkStatus();
}

// A clock that is set far ahead for a moment would else leave a checkpoint that nobody can check,
// and all after it, since their times do not go back.
absl::Status Log::CheckTime(absl::Time time) const {
  if (signing_time_.from <= time && time <= signing_time_.to) return absl::OkStatus();
  return Fault(absl::StatusCode::kFailedPrecondition, "LOG_CLOCK",
               absl::StrCat("nothing is signed at ", absl::FormatTime(time, absl::UTCTimeZone()),
                            ", when the log's certificates are not valid: set the clock, or renew "
                            "the certificates"));
}

absl::StatusOr<std::string> Log::SignCheckpoint(const Checkpoint& checkpoint) const {
  const std::string text = FormatCheckpoint(checkpoint);
  // Both begin before either is waited for: devices work at the same time.
  const auto ed25519 = Begin(*signing_.ed25519, text);
  const auto legal = Begin(*signing_.legal, text);
  HEDUI_ASSIGN_OR_RETURN(std::string ed25519_signature, ed25519->Wait());
  HEDUI_ASSIGN_OR_RETURN(std::string legal_signature, legal->Wait());
  const NoteSignature signatures[] = {{origin(), ed25519_id_, std::move(ed25519_signature)},
                                      {origin(), legal_id_, std::move(legal_signature)}};
  return FormatNote(text, signatures);
}

absl::StatusOr<PreparedBatch> Log::Prepare(std::vector<std::string> entries) {
  bool closes = false;
  HEDUI_RETURN_IF_ERROR(CheckEntries(entries, &closes));
  std::vector<Hash> leaves;
  leaves.reserve(entries.size());
  for (const std::string& entry : entries) leaves.push_back(LeafHash(entry));
  BatchTree tree(range_, leaves);

  const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(signing_.clock->WallNow()));
  const Checkpoint checkpoint{origin(), tree.size(), tree.root(), std::max(now, last_time_)};
  HEDUI_RETURN_IF_ERROR(CheckTime(checkpoint.time));
  HEDUI_ASSIGN_OR_RETURN(std::string note, SignCheckpoint(checkpoint));

  auto pending =
      std::make_unique<Pending>(Pending{tree.After(), partial_, checkpoint.time, closes});
  LogCommit commit;
  commit.origin = origin();
  commit.expected_size = size();
  commit.expected_root = root();
  commit.new_size = tree.size();
  commit.new_root = tree.root();
  commit.entries = std::move(entries);
  commit.leaf_hashes.assign(reinterpret_cast<const char*>(leaves.data()),
                            leaves.size() * base::kDigestBytes);
  commit.tiles = FillTiles(tree, pending->partial);
  commit.checkpoint = note;
  auto signed_checkpoint = std::make_shared<const SignedCheckpoint>(
      SignedCheckpoint{std::move(note), signing_.certificates});
  PreparedBatch batch(std::move(tree), checkpoint, std::move(signed_checkpoint));
  batch.commit = std::move(commit);
  pending_ = std::move(pending);
  return batch;
}

void Log::Confirm() {
  if (pending_ == nullptr) return;
  range_ = std::move(pending_->range);
  partial_ = std::move(pending_->partial);
  last_time_ = pending_->time;
  closed_ = pending_->closes;
  pending_.reset();
}

void Log::Rollback() { pending_.reset(); }

std::string Log::ClosingEntry(absl::string_view successor) const {
  return EncodeEntry(OriginClosedEntry{
      origin(), size(), root(), std::string(successor),
      absl::FromUnixMillis(absl::ToUnixMillis(std::max(signing_.clock->WallNow(), last_time_)))});
}

}  // namespace hedui::ledger
