#include "server/store/sqlite/sqlite_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/runtime/thread_name.h"
#include "server/store/aead.h"
#include "server/store/sqlite/found_rows.h"
#include "server/store/sqlite/policy_tables.h"
#include "server/store/sqlite/schema.h"

namespace hedui::store {
namespace {

constexpr size_t kTokenBytes = 16;
// The write-ahead log may grow to this many times the threshold, 128 MiB, while commits never
// pause; then they are kept out for the few milliseconds that its rest takes.
constexpr int kLogOvergrown = 64;
constexpr int kCopyRounds = 4;
constexpr int kCopyRestPages = 500;
// A long read keeps the log from beginning anew; commits do not wait for it, and it is tried again.
constexpr absl::Duration kRestartWait = absl::Milliseconds(50);

absl::Status Error(absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  return base::MakeError(code, reason, message, base::Visibility::kOperator);
}

bool IsErased(const absl::Status& status) { return base::ReasonOf(status) == "MATTER_ERASED"; }

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const SqliteStoreOptions& options,
                                                  base::IdSource* ids) {
  return SqliteStore::Open(options, ids);
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const SqliteStoreOptions& options,
                                                               base::IdSource* ids) {
  auto store = std::unique_ptr<SqliteStore>(new SqliteStore(options, ids));
  HEDUI_RETURN_IF_ERROR(
      base::WithContext(store->Start(), absl::StrCat("store in ", options.directory)));
  return store;
}

SqliteStore::~SqliteStore() {
  {
    const base::MutexLock lock(&state_mutex_);
    stop_ = true;
    woken_.Signal();
  }
  if (thread_.joinable()) thread_.join();
}

ConnectionOptions SqliteStore::FileOptions(const std::string& path) const {
  ConnectionOptions file;
  file.path = path;
  file.vfs = options_.vfs;
  file.cache_kib = options_.reader_cache_kib;
  return file;
}

absl::Status SqliteStore::Start() {
  ConnectionOptions rows = FileOptions(options_.directory + "/hedui.db");
  rows.page_bytes = kStorePageBytes;
  HEDUI_RETURN_IF_ERROR(OpenKeysAndSchema(rows));
  ConnectionOptions limited = rows;
  limited.cache_kib = options_.cache_kib;
  limited.pages_max = static_cast<int64_t>(options_.max_bytes / kStorePageBytes);
  HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<StoreWriter> writer, StoreWriter::Open(limited));
  ConnectionOptions impatient = rows;
  impatient.busy_timeout = kRestartWait;
  HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<Connection> checkpointer, Connection::Open(impatient));
  commits_ = writer->head().commit;
  rows_ = writer->head().next_row - 1;
  {
    const base::MutexLock maintain_lock(&maintain_mutex_);
    const base::MutexLock commit_lock(&commit_mutex_);
    checkpointer_ = std::move(checkpointer);
    writer_ = std::move(writer);
  }
  HEDUI_RETURN_IF_ERROR(OpenLookups(rows));
  if (!options_.background_thread) return absl::OkStatus();
  thread_ = std::thread([this] {
    runtime::SetThreadName("store");
    RunBackground();
  });
  return absl::OkStatus();
}

// keys.db is there before hedui.db, so that a kill between the two leaves no store without keys.
absl::Status SqliteStore::OpenKeysAndSchema(const ConnectionOptions& rows) {
  ConnectionOptions creating = rows;
  creating.create = true;
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Open(creating));
  HEDUI_ASSIGN_OR_RETURN(std::optional<SchemaState> schema, ReadSchema(connection.get()));
  if (schema.has_value()) HEDUI_RETURN_IF_ERROR(Migrate(connection.get(), schema->version));
  KeyStoreOptions keys;
  keys.path = options_.KeysFile();
  keys.vfs = options_.vfs;
  keys.create = !schema.has_value();
  HEDUI_ASSIGN_OR_RETURN(keys.key_encryption_keys,
                         ReadKeyEncryptionKeys(options_.key_encryption_key_file));
  HEDUI_ASSIGN_OR_RETURN(keys_, KeyStore::Open(std::move(keys), ids_));
  if (!schema.has_value()) {
    HEDUI_RETURN_IF_ERROR(CreateSchema(connection.get(), keys_->store_id()));
    HEDUI_ASSIGN_OR_RETURN(schema, ReadSchema(connection.get()));
  }
  return CheckKeysOf(schema.value_or(SchemaState{}), keys_->store_id());
}

absl::Status SqliteStore::OpenLookups(const ConnectionOptions& rows) {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Open(rows));
  CommitHistory history;
  history.store = keys_->store_id();
  history.token_of = [&connection](uint64_t commit) -> absl::StatusOr<std::string> {
    HEDUI_ASSIGN_OR_RETURN(Statement read,
                           connection->Prepare("SELECT token FROM commits WHERE number=?"));
    HEDUI_ASSIGN_OR_RETURN(const bool found, read.BindInt(1, static_cast<int64_t>(commit)).Step());
    return found ? std::string(read.Blob(0)) : std::string();
  };
  ConnectionOptions lookup = FileOptions(options_.directory + "/lookup.db");
  lookup.create = true;
  lookup.synchronous_full = false;
  lookup.cache_kib = options_.cache_kib;
  HEDUI_ASSIGN_OR_RETURN(index_, LookupIndex::Open(lookup, options_.run_keys, history));
  HEDUI_RETURN_IF_ERROR(AddUnmerged(connection.get()));
  lookup.create = false;
  lookup.cache_kib = options_.reader_cache_kib;
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < std::max(1, options_.readers); ++i) {
    HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<Reader> reader, Reader::Open(rows, lookup));
    readers.push_back(std::move(reader));
  }
  readers_ = std::make_unique<ReaderPool>(std::move(readers));
  return absl::OkStatus();
}

// The commits behind the sorted runs: few after a kill, all of them when lookup.db was lost.
absl::Status SqliteStore::AddUnmerged(Connection* connection) {
  HEDUI_ASSIGN_OR_RETURN(
      Statement read,
      connection->Prepare(
          "SELECT number,token,first_row,segment FROM commits WHERE number>? ORDER BY number"));
  read.BindInt(1, static_cast<int64_t>(index_->merged_through()));
  return ForEachRow(&read, [this](const Statement& row) -> absl::Status {
    HEDUI_ASSIGN_OR_RETURN(const std::vector<IndexEntry> entries,
                           DecodeSegment(row.Blob(3), static_cast<uint64_t>(row.Int(2))));
    index_->Add(static_cast<uint64_t>(row.Int(0)), std::string(row.Blob(1)), entries);
    while (!index_->HasRoom()) HEDUI_RETURN_IF_ERROR(index_->MergeStep().status());
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<uint64_t>> SqliteStore::NumbersOf(Reader* reader,
                                                             const base::LookupKey& key) const {
  std::vector<uint64_t> rows;
  for (const auto& [version, lookup_key] : keys_->LookupKeys()) {
    HEDUI_ASSIGN_OR_RETURN(const std::vector<uint64_t> found,
                           index_->Find(&reader->runs(), DigestLookup(lookup_key, key)));
    // A version's rows all come before those of the next.
    rows.insert(rows.end(), found.begin(), found.end());
  }
  return rows;
}

absl::StatusOr<std::vector<base::Row>> SqliteStore::Find(const base::LookupKey& key,
                                                         size_t limit) const {
  ReaderPool::Lease reader = readers_->Take();
  HEDUI_ASSIGN_OR_RETURN(const std::vector<uint64_t> rows, NumbersOf(&*reader, key));
  return OpenFoundRows(*keys_, &*reader, rows, key, limit);
}

absl::StatusOr<base::RowPage> SqliteStore::FindBefore(const base::LookupKey& key, uint64_t before,
                                                      size_t limit) const {
  HEDUI_ASSIGN_OR_RETURN(base::RowPage page, FindBeforeWithLost(key, before, limit));
  for (const base::PlacedRow& placed : page.rows) HEDUI_RETURN_IF_ERROR(placed.lost);
  return page;
}

absl::StatusOr<base::RowPage> SqliteStore::FindBeforeWithLost(const base::LookupKey& key,
                                                              uint64_t before, size_t limit) const {
  ReaderPool::Lease reader = readers_->Take();
  const std::map<uint32_t, std::string> lookup_keys = keys_->LookupKeys();
  std::vector<uint64_t> rows;
  // One more than asked for says whether there are more.
  for (auto version = lookup_keys.rbegin(); version != lookup_keys.rend() && rows.size() <= limit;
       ++version) {
    HEDUI_ASSIGN_OR_RETURN(const std::vector<uint64_t> found,
                           index_->FindBefore(&reader->runs(), DigestLookup(version->second, key),
                                              before, limit + 1 - rows.size()));
    rows.insert(rows.end(), found.begin(), found.end());
  }
  base::RowPage page;
  page.more = rows.size() > limit;
  if (page.more) rows.resize(limit);
  if (!rows.empty()) page.place = rows.back();
  for (const uint64_t row : rows) {
    absl::StatusOr<std::optional<base::Row>> opened = OpenFoundRow(*keys_, &*reader, row, key);
    if (absl::IsDataLoss(opened.status())) {
      page.rows.push_back({row, {}, opened.status()});
    } else if (opened.ok()) {
      if (opened->has_value()) page.rows.push_back({row, **std::move(opened), absl::OkStatus()});
    } else if (!IsErased(opened.status())) {
      return opened.status();
    }
  }
  return page;
}

absl::StatusOr<std::vector<base::RowHead>> SqliteStore::FindHeads(const base::LookupKey& key,
                                                                  size_t limit) const {
  ReaderPool::Lease reader = readers_->Take();
  HEDUI_ASSIGN_OR_RETURN(const std::vector<uint64_t> rows, NumbersOf(&*reader, key));
  std::vector<base::RowHead> heads;
  for (size_t i = 0; i < rows.size() && i < limit; ++i) {
    HEDUI_ASSIGN_OR_RETURN(const RowHeader header, reader->ReadHeader(rows[i]));
    heads.push_back({header.kind, header.id, header.matter, absl::FromUnixMillis(header.at_ms)});
  }
  return heads;
}

// Look-up keys are added to and never removed, so that the oldest is the store's for good.
std::string SqliteStore::TokenKey() const {
  return base::HmacSha256(keys_->LookupKeys().begin()->second, "hedui/page-token/v1");
}

absl::Status SqliteStore::EraseMatter(const base::Uuid& matter) {
  if (matter != base::kOperations) return keys_->EraseMatter(matter);
  return base::MakeError(absl::StatusCode::kInvalidArgument, "NOT_A_MATTER",
                         "what the platform keeps of its own is not erased: quotas count on it",
                         base::Visibility::kOperator);
}

absl::StatusOr<std::optional<absl::Time>> SqliteStore::NewestRowTime() const {
  return readers_->Take()->NewestRowTime();
}

absl::StatusOr<std::string> SqliteStore::DigestKey(const base::Uuid& matter) const {
  HEDUI_ASSIGN_OR_RETURN(const auto keys, keys_->MatterKey(matter));
  return keys->digest;
}

absl::StatusOr<std::optional<ledger::LogHead>> SqliteStore::ReadHead() const {
  return readers_->Take()->log().ReadHead();
}

absl::StatusOr<std::string> SqliteStore::ReadTile(uint32_t level, uint64_t index) const {
  return readers_->Take()->log().ReadTile(level, index);
}

absl::StatusOr<std::string> SqliteStore::ReadTileRoots(uint32_t level, uint64_t from,
                                                       uint64_t to) const {
  return readers_->Take()->log().ReadTileRoots(level, from, to);
}

absl::StatusOr<std::string> SqliteStore::ReadLeafHashes(uint64_t from, uint64_t to) const {
  return readers_->Take()->log().ReadLeafHashes(from, to);
}

absl::StatusOr<std::vector<std::string>> SqliteStore::ReadEntries(uint64_t from,
                                                                  uint64_t to) const {
  return readers_->Take()->log().ReadEntries(from, to);
}

absl::StatusOr<std::string> SqliteStore::ReadCheckpoint(uint64_t size) const {
  return readers_->Take()->log().ReadCheckpoint(size);
}

absl::Status SqliteStore::KeepPolicySets(const assess::PolicySets& sets, absl::Time at) {
  const base::MutexLock lock(&commit_mutex_);
  return writer_->KeepPolicySets(sets, at);
}

absl::StatusOr<std::vector<assess::ArchivedPolicySet>> SqliteStore::ListPolicySets() const {
  return ReadPolicySets(readers_->Take()->connection());
}

absl::StatusOr<std::vector<assess::PolicyText>> SqliteStore::ReadPolicySet(
    absl::string_view digest) const {
  return store::ReadPolicySet(readers_->Take()->connection(), digest);
}

absl::Status SqliteStore::CheckRows(absl::Span<const base::Row> rows) {
  if (rows.size() > ledger::kCommitRowsMax) {
    return Error(absl::StatusCode::kInvalidArgument, "ROW_INVALID",
                 absl::StrCat("a commit has more than ", ledger::kCommitRowsMax, " rows"));
  }
  for (const base::Row& row : rows) {
    HEDUI_RETURN_IF_ERROR(CheckRow(row));
    const absl::Status key = keys_->MatterKey(row.matter).status();
    // A matter without a key gets one when its first row is committed.
    if (key.ok() || base::ReasonOf(key) == "MATTER_UNKNOWN") continue;
    if (!IsErased(key)) return key;
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "MATTER_ERASED", key.message());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::shared_ptr<const MatterKeys>>> SqliteStore::KeysFor(
    const std::vector<base::Row>& rows) {
  std::vector<std::shared_ptr<const MatterKeys>> keys(rows.size());
  std::vector<base::Uuid> missing;
  for (size_t i = 0; i < rows.size(); ++i) {
    auto key = keys_->MatterKey(rows[i].matter);
    if (key.ok()) {
      keys[i] = *std::move(key);
    } else if (base::ReasonOf(key.status()) == "MATTER_UNKNOWN") {
      missing.push_back(rows[i].matter);
    } else {
      return key.status();
    }
  }
  if (missing.empty()) return keys;
  HEDUI_RETURN_IF_ERROR(keys_->CreateMatterKeys(missing));
  for (size_t i = 0; i < rows.size(); ++i) {
    if (keys[i] != nullptr) continue;
    HEDUI_ASSIGN_OR_RETURN(keys[i], keys_->MatterKey(rows[i].matter));
  }
  return keys;
}

absl::StatusOr<SealedCommit> SqliteStore::Seal(const CommitBatch& batch) {
  HEDUI_ASSIGN_OR_RETURN(const auto keys, KeysFor(batch.rows));
  SealedCommit commit;
  commit.token = ids_->RandomBytes(kTokenBytes);
  commit.log = batch.log.has_value() ? &*batch.log : nullptr;
  const std::string nonces = ids_->RandomBytes(batch.rows.size() * kAeadNonceBytes);
  commit.rows.reserve(batch.rows.size());
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    const base::Row& row = batch.rows[i];
    const absl::string_view nonce =
        absl::string_view(nonces).substr(i * kAeadNonceBytes, kAeadNonceBytes);
    RowHeader header{row.kind, row.id, row.matter, absl::ToUnixMillis(row.at)};
    if (row.log_index.has_value()) header.log_index = static_cast<int64_t>(*row.log_index);
    commit.rows.push_back(SealedRow{header, SealRow(*keys[i], row, nonce)});
  }
  return commit;
}

std::vector<IndexEntry> SqliteStore::DigestKeys(const std::vector<base::Row>& rows,
                                                uint64_t first_row,
                                                uint32_t* lookup_key_version) const {
  const std::map<uint32_t, std::string> lookup_keys = keys_->LookupKeys();
  *lookup_key_version = lookup_keys.rbegin()->first;
  const base::HmacKey newest(base::HashAlgorithm::kSha256, lookup_keys.rbegin()->second);
  std::vector<IndexEntry> entries;
  for (size_t i = 0; i < rows.size(); ++i) {
    for (const base::LookupKey& key : rows[i].keys) {
      entries.push_back(IndexEntry{DigestLookup(newest, key), first_row + i});
    }
  }
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  return entries;
}

absl::Status SqliteStore::Commit(const CommitBatch& batch) {
  if (batch.rows.empty() && !batch.log.has_value()) return absl::OkStatus();
  HEDUI_RETURN_IF_ERROR(CheckRows(batch.rows));
  HEDUI_RETURN_IF_ERROR(WaitForRoom());
  {
    const base::MutexLock lock(&commit_mutex_);
    HEDUI_RETURN_IF_ERROR(CommitLocked(batch));
  }
  if (log_pages_ > options_.checkpoint_pages || index_->NeedsMerge()) WakeBackground();
  return absl::OkStatus();
}

absl::Status SqliteStore::CommitLocked(const CommitBatch& batch) {
  HEDUI_ASSIGN_OR_RETURN(SealedCommit commit, Seal(batch));
  const uint64_t first_row = writer_->head().next_row;
  uint32_t version = 0;
  const std::vector<IndexEntry> entries = DigestKeys(batch.rows, first_row, &version);
  commit.segment = EncodeSegment(version, first_row, entries);
  HEDUI_RETURN_IF_ERROR(writer_->Commit(commit));
  index_->Add(writer_->head().commit, commit.token, entries);
  log_pages_ = writer_->log_pages();
  commits_ = writer_->head().commit;
  rows_ = writer_->head().next_row - 1;
  return absl::OkStatus();
}

absl::Status SqliteStore::WaitForRoom() {
  if (!options_.background_thread) {
    const base::MutexLock lock(&maintain_mutex_);
    while (!index_->HasRoom()) HEDUI_RETURN_IF_ERROR(index_->MergeStep().status());
    return absl::OkStatus();
  }
  const base::MutexLock lock(&state_mutex_);
  while (!index_->HasRoom()) {
    // It tries again at every commit, so that a disk that was full serves again as soon as it has
    // room.
    if (!background_.ok()) {
      const absl::Status failure = std::exchange(background_, absl::OkStatus());
      wake_ = true;
      woken_.Signal();
      return base::WithContext(failure, "look-ups cannot be merged");
    }
    wake_ = true;
    woken_.Signal();
    maintained_.Wait(&state_mutex_);
  }
  return absl::OkStatus();
}

void SqliteStore::WakeBackground() {
  const base::MutexLock lock(&state_mutex_);
  wake_ = true;
  woken_.Signal();
}

void SqliteStore::RunBackground() {
  while (true) {
    {
      const base::MutexLock lock(&state_mutex_);
      while (!wake_ && !stop_) woken_.Wait(&state_mutex_);
      if (stop_) return;
      wake_ = false;
    }
    bool more = true;
    while (more) {
      absl::StatusOr<bool> worked = false;
      {
        const base::MutexLock lock(&maintain_mutex_);
        worked = MaintainStep(options_.checkpoint_pages);
      }
      const base::MutexLock lock(&state_mutex_);
      background_ = worked.status();
      maintained_.SignalAll();
      more = worked.ok() && *worked && !stop_;
    }
  }
}

absl::Status SqliteStore::Maintain() {
  const base::MutexLock lock(&maintain_mutex_);
  while (true) {
    HEDUI_ASSIGN_OR_RETURN(const bool worked, MaintainStep(/*log_pages_max=*/0));
    if (!worked) return absl::OkStatus();
  }
}

absl::StatusOr<bool> SqliteStore::MaintainStep(int log_pages_max) {
  // When a commit has begun the log anew there are fewer pages than were once copied.
  if (log_pages_ < copied_pages_) copied_pages_ = 0;
  if (log_pages_ - copied_pages_ > log_pages_max) {
    HEDUI_ASSIGN_OR_RETURN(const bool copied, CopyLog());
    if (copied) return true;  // otherwise a long read is in the way: go on with the rest
  }
  return index_->MergeStep();
}

// Copies without keeping commits out. Under a load that never pauses the log would then never begin
// anew, since a commit always comes behind the last page copied: once it is overgrown, commits are
// kept out while the little that is left is copied.
absl::StatusOr<bool> SqliteStore::CopyLog() {
  bool restarted = false;
  HEDUI_ASSIGN_OR_RETURN(Connection::CheckpointResult result,
                         checkpointer_->RunCheckpoint(Connection::Checkpoint::kPassive));
  if (result.frames > kLogOvergrown * options_.checkpoint_pages) {
    for (int round = 0; round < kCopyRounds && result.frames - result.copied > kCopyRestPages;
         ++round) {
      HEDUI_ASSIGN_OR_RETURN(result,
                             checkpointer_->RunCheckpoint(Connection::Checkpoint::kPassive));
    }
    const base::MutexLock lock(&commit_mutex_);
    const absl::Status status =
        checkpointer_->RunCheckpoint(Connection::Checkpoint::kRestart).status();
    if (!status.ok() && base::ReasonOf(status) != "STORE_BUSY") return status;
    restarted = status.ok();
    if (restarted) {
      result.copied = 0;
      log_pages_ = 0;
    }
  }
  const int before = std::exchange(copied_pages_, result.copied);
  return restarted || before != result.copied;
}

Store::Stats SqliteStore::stats() const {
  Stats stats;
  stats.commits = commits_;
  stats.rows = rows_;
  stats.unmerged_keys = index_->unmerged_keys();
  stats.lookup_bytes = index_->memory_bytes();
  stats.runs = index_->runs();
  const base::MutexLock lock(&state_mutex_);
  stats.background = background_;
  return stats;
}

}  // namespace hedui::store
