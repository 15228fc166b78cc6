#include "server/store/sqlite/store_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/ledger/hash.h"
#include "server/store/sqlite/policy_tables.h"

namespace hedui::store {
namespace {

// Each attempt waits for the busy timeout (5 s) by itself.
constexpr int kBusyAttempts = 6;
constexpr int kResolveAttempts = 3;

absl::Status HeadMoved(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kAborted, "LOG_HEAD_MOVED", what,
                         base::Visibility::kOperator);
}

absl::string_view View(const base::Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

bool IsBusy(const absl::Status& status) { return base::ReasonOf(status) == "STORE_BUSY"; }

}  // namespace

absl::StatusOr<std::unique_ptr<StoreWriter>> StoreWriter::Open(const ConnectionOptions& options) {
  auto writer = std::unique_ptr<StoreWriter>(new StoreWriter(options));
  HEDUI_ASSIGN_OR_RETURN(writer->parts_, OpenParts(options));
  HEDUI_ASSIGN_OR_RETURN(writer->head_, ReadHead(writer->parts_.get()));
  return writer;
}

absl::StatusOr<std::unique_ptr<StoreWriter::Parts>> StoreWriter::OpenParts(
    const ConnectionOptions& options) {
  auto parts = std::make_unique<Parts>();
  HEDUI_ASSIGN_OR_RETURN(parts->connection, Connection::Open(options));
  const std::pair<std::optional<Statement>*, const char*> statements[] = {
      {&parts->read_head, "SELECT commit_number,token,next_row,origin,size,root FROM head"},
      {&parts->insert_row, "INSERT INTO rows VALUES(?,?,?,?,?,?,?)"},
      {&parts->insert_commit, "INSERT INTO commits VALUES(?,?,?,?,?,?)"},
      {&parts->update_head,
       "UPDATE head SET commit_number=?,token=?,next_row=?,origin=?,size=?,root=?"},
  };
  for (const auto& [statement, sql] : statements) {
    HEDUI_ASSIGN_OR_RETURN(*statement, parts->connection->Prepare(sql));
  }
  HEDUI_ASSIGN_OR_RETURN(LogWriter log, LogWriter::Open(parts->connection.get()));
  parts->log.emplace(std::move(log));
  return parts;
}

absl::StatusOr<StoreHead> StoreWriter::ReadHead(Parts* parts) {
  const StatementScope read(&*parts->read_head);
  HEDUI_ASSIGN_OR_RETURN(const bool found, read->Step());
  if (!found) {
    return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT", "the store has no head",
                           base::Visibility::kOperator);
  }
  StoreHead head;
  head.commit = static_cast<uint64_t>(read->Int(0));
  head.token = std::string(read->Blob(1));
  head.next_row = static_cast<uint64_t>(read->Int(2));
  head.origin = std::string(read->Blob(3));
  head.size = static_cast<uint64_t>(read->Int(4));
  head.root = std::string(read->Blob(5));
  return head;
}

absl::Status StoreWriter::CheckLog(const ledger::LogCommit& log) const {
  if (log.expected_size != head_.size) {
    return HeadMoved(absl::StrCat("the log has ", head_.size, " entries; the commit expects ",
                                  log.expected_size));
  }
  // An empty log has no root and no origin in the store.
  if (head_.size == 0) return absl::OkStatus();
  if (log.origin != head_.origin)
    return HeadMoved(absl::StrCat("the store holds the log ", head_.origin));
  if (ledger::HashView(log.expected_root) != head_.root)
    return HeadMoved("the log has another root at this size");
  return absl::OkStatus();
}

StoreHead StoreWriter::HeadAfter(const SealedCommit& commit) const {
  StoreHead next = head_;
  ++next.commit;
  next.token = commit.token;
  next.next_row += commit.rows.size();
  if (commit.log == nullptr) return next;
  next.origin = commit.log->origin;
  next.size = commit.log->new_size;
  next.root = ledger::HashBytes(commit.log->new_root);
  return next;
}

absl::Status StoreWriter::WriteHead(const StoreHead& head) {
  Statement& update = *parts_->update_head;
  update.BindInt(1, static_cast<int64_t>(head.commit)).BindBlob(2, head.token);
  update.BindInt(3, static_cast<int64_t>(head.next_row)).BindBlob(4, head.origin);
  return update.BindInt(5, static_cast<int64_t>(head.size)).BindBlob(6, head.root).Run();
}

absl::Status StoreWriter::Insert(const SealedCommit& commit, const StoreHead& next) {
  auto row = static_cast<int64_t>(head_.next_row);
  for (const SealedRow& sealed : commit.rows) {
    Statement& insert = *parts_->insert_row;
    insert.BindInt(1, row++).BindInt(2, static_cast<int64_t>(sealed.header.kind));
    insert.BindBlob(3, View(sealed.header.id)).BindBlob(4, View(sealed.header.matter));
    insert.BindInt(5, sealed.header.at_ms).BindInt(6, sealed.header.log_index);
    HEDUI_RETURN_IF_ERROR(insert.BindBlob(7, sealed.body).Run());
  }
  if (commit.log != nullptr) HEDUI_RETURN_IF_ERROR(parts_->log->Write(*commit.log));
  Statement& insert = *parts_->insert_commit;
  insert.BindInt(1, static_cast<int64_t>(next.commit)).BindBlob(2, next.token);
  insert.BindInt(3, static_cast<int64_t>(head_.next_row))
      .BindInt(4, static_cast<int64_t>(commit.rows.size()));
  HEDUI_RETURN_IF_ERROR(
      insert.BindInt(5, static_cast<int64_t>(next.size)).BindBlob(6, commit.segment).Run());
  return WriteHead(next);
}

absl::Status StoreWriter::CheckHead(Parts* parts) {
  HEDUI_ASSIGN_OR_RETURN(const StoreHead now, ReadHead(parts));
  if (now.commit == head_.commit && now.token == head_.token) return absl::OkStatus();
  stopped_ = HeadMoved("another process writes this store; open it anew");
  return stopped_;
}

absl::Status StoreWriter::Write(const SealedCommit& commit, const StoreHead& next, bool* doubtful) {
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                         WriteTransaction::Begin(parts_->connection.get()));
  HEDUI_RETURN_IF_ERROR(CheckHead(parts_.get()));
  HEDUI_RETURN_IF_ERROR(Insert(commit, next));
  const absl::Status committed = transaction.Commit();
  // A full disk and a lock are met before the commit's last frame; any other failure may come
  // behind it.
  *doubtful = !committed.ok() && !absl::IsResourceExhausted(committed) && !IsBusy(committed);
  return committed;
}

absl::Status StoreWriter::Commit(const SealedCommit& commit) {
  HEDUI_RETURN_IF_ERROR(stopped_);
  if (commit.log != nullptr) HEDUI_RETURN_IF_ERROR(CheckLog(*commit.log));
  const StoreHead next = HeadAfter(commit);
  bool doubtful = false;
  absl::Status status = Write(commit, next, &doubtful);
  for (int attempt = 1; IsBusy(status) && attempt < kBusyAttempts; ++attempt) {
    status = Write(commit, next, &doubtful);
  }
  if (doubtful) return Resolve(next, status);
  if (status.ok()) head_ = next;
  return status;
}

// Asks the store itself, on a new connection, whether the commit is there. Then writes once more:
// if it is not there, its remains in the write-ahead log would come to life after a crash unless
// they are overwritten; if it is, its flush to disk is made up for. What is written must differ,
// since SQLite writes no page that stays the same: the head's token turns into another of this
// commit's.
absl::StatusOr<StoreHead> StoreWriter::TryResolve(const StoreHead& next) {
  parts_.reset();  // first: should its rollback have failed, closing it frees the write lock
  HEDUI_ASSIGN_OR_RETURN(parts_, OpenParts(options_));
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                         WriteTransaction::Begin(parts_->connection.get()));
  HEDUI_ASSIGN_OR_RETURN(StoreHead now, ReadHead(parts_.get()));
  const std::string mark(next.token.rbegin(), next.token.rend());
  const bool known = now.token == head_.token || now.token == next.token || now.token == mark;
  if (!known || (now.commit != head_.commit && now.commit != next.commit)) {
    return HeadMoved("another process writes this store; open it anew");
  }
  now.token = now.token == mark ? next.token : mark;
  HEDUI_RETURN_IF_ERROR(WriteHead(now));
  HEDUI_RETURN_IF_ERROR(transaction.Commit());
  return now;
}

absl::Status StoreWriter::Resolve(const StoreHead& next, const absl::Status& failure) {
  absl::Status last;
  for (int attempt = 0; attempt < kResolveAttempts; ++attempt) {
    absl::StatusOr<StoreHead> now = TryResolve(next);
    if (now.ok()) {
      head_ = *std::move(now);
      return head_.commit == next.commit ? absl::OkStatus() : failure;
    }
    last = now.status();
    if (base::ReasonOf(last) == "LOG_HEAD_MOVED") break;
  }
  stopped_ =
      base::ReasonOf(last) == "LOG_HEAD_MOVED"
          ? last
          : base::MakeError(absl::StatusCode::kUnavailable, "STORE_UNRESOLVED",
                            absl::StrCat("whether the last commit is durable cannot be found out (",
                                         failure.message(), "; then ", last.message(),
                                         "): end the process and open the store anew"),
                            base::Visibility::kOperator);
  return stopped_;
}

// On a connection of its own. Should the flush fail, whether the sets are there is unknown, and
// need not be known: who is told of the failure does not use them, and that a set lies there which
// never came into force misleads nobody. The commits' connection knows nothing of it.
absl::Status StoreWriter::TryKeepPolicySets(const assess::PolicySets& sets, absl::Time at) {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<Parts> parts, OpenParts(options_));
  HEDUI_ASSIGN_OR_RETURN(std::vector<size_t> missing,
                         MissingPolicySets(parts->connection.get(), sets));
  // Mostly so, and also where nothing can be written any more.
  if (missing.empty()) return absl::OkStatus();
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                         WriteTransaction::Begin(parts->connection.get()));
  HEDUI_RETURN_IF_ERROR(CheckHead(parts.get()));
  HEDUI_ASSIGN_OR_RETURN(missing, MissingPolicySets(parts->connection.get(), sets));
  HEDUI_RETURN_IF_ERROR(WritePolicySets(parts->connection.get(), sets, missing, at));
  return transaction.Commit();
}

absl::Status StoreWriter::KeepPolicySets(const assess::PolicySets& sets, absl::Time at) {
  HEDUI_RETURN_IF_ERROR(stopped_);
  absl::Status status = TryKeepPolicySets(sets, at);
  for (int attempt = 1; IsBusy(status) && attempt < kBusyAttempts; ++attempt) {
    status = TryKeepPolicySets(sets, at);
  }
  return status;
}

}  // namespace hedui::store
