#include "server/store/key_store.h"

#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/store/aead.h"
#include "server/store/key_tables.h"
#include "server/store/sqlite/connection.h"

namespace hedui::store {
namespace {

struct UuidHash {
  size_t operator()(const base::Uuid& id) const {
    return absl::Hash<std::array<uint8_t, 16>>{}(id.bytes);
  }
};

absl::Status Unknown(const base::Uuid& matter) {
  return base::MakeError(
      absl::StatusCode::kNotFound, "MATTER_UNKNOWN",
      absl::StrCat("matter ", matter.ToString(), " has no key: nothing of it is stored"));
}

absl::Status Erased(absl::StatusCode code, const base::Uuid& matter) {
  return base::MakeError(
      code, "MATTER_ERASED",
      absl::StrCat("matter ", matter.ToString(), " was erased; its content is gone for good"));
}

absl::Status Damaged(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                         absl::StrCat("key store: ", what), base::Visibility::kOperator);
}

absl::Status KeysMissing(const std::string& path, absl::string_view detail = "it is empty") {
  return base::MakeError(absl::StatusCode::kDataLoss, "KEYS_MISSING",
                         absl::StrCat("the store has rows, but their keys cannot be read from ",
                                      path, " (", detail, "): restore keys.db from its backup"),
                         base::Visibility::kOperator);
}

std::shared_ptr<const MatterKeys> Derive(absl::string_view matter_key) {
  auto keys = std::make_shared<MatterKeys>();
  keys->row = base::HkdfSha256(matter_key, "", "hedui/row/v1", kMatterKeyBytes);
  keys->digest = base::HkdfSha256(matter_key, "", "hedui/digest/v1", kMatterKeyBytes);
  return keys;
}

// The most recently used matters' keys. `erasures` counts, so that a key read before an erasure is
// not put in behind it.
class KeyCache {
 public:
  using Keys = std::shared_ptr<const MatterKeys>;
  explicit KeyCache(size_t entries_max) : entries_max_(entries_max) {}

  Keys Get(const base::Uuid& matter, uint64_t* erasures) {
    const base::MutexLock lock(&mutex_);
    *erasures = erasures_;
    const auto found = entries_.find(matter);
    if (found == entries_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }

  void Put(const base::Uuid& matter, const Keys& keys, uint64_t erasures) {
    const base::MutexLock lock(&mutex_);
    if (erasures != erasures_ || entries_.contains(matter)) return;
    order_.emplace_front(matter, keys);
    entries_[matter] = order_.begin();
    if (order_.size() <= entries_max_) return;
    entries_.erase(order_.back().first);
    order_.pop_back();
  }

  void Drop(const base::Uuid& matter) {
    const base::MutexLock lock(&mutex_);
    ++erasures_;
    const auto found = entries_.find(matter);
    if (found == entries_.end()) return;
    order_.erase(found->second);
    entries_.erase(found);
  }

 private:
  using Order = std::list<std::pair<base::Uuid, Keys>>;
  const size_t entries_max_;
  base::Mutex mutex_;
  Order order_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<base::Uuid, Order::iterator, UuidHash> entries_ ABSL_GUARDED_BY(mutex_);
  uint64_t erasures_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Old copies of a bucket lie in the write-ahead log until it is copied and cut off.
absl::Status Scrub(Connection* connection) {
  const auto result = connection->RunCheckpoint(Connection::Checkpoint::kTruncate);
  if (result.ok()) return absl::OkStatus();
  return base::MakeError(
      absl::StatusCode::kUnavailable, "ERASE_INCOMPLETE",
      absl::StrCat("the key can no longer be used, but an old copy of its bucket is still in "
                   "the key store's write-ahead log; repeat the erasure (",
                   result.status().message(), ")"),
      base::Visibility::kOperator);
}

}  // namespace

MatterKeys::~MatterKeys() {
  Wipe(&row);
  Wipe(&digest);
}

struct KeyStore::State {
  State(KeyStoreOptions store_options, base::IdSource* id_source)
      : options(std::move(store_options)), ids(id_source), cache(options.cached_matters_max) {}
  ~State() {
    for (auto& [version, key] : options.key_encryption_keys) Wipe(&key);
    for (auto& [version, key] : lookup_keys) Wipe(&key);
  }

  absl::Status Start();
  absl::Status Initialise(KeyTables* tables);
  absl::Status ReadIdentity(KeyTables* tables);
  absl::StatusOr<std::unique_ptr<KeyTables>> Connect(bool create);

  KeyStoreOptions options;
  base::IdSource* const ids;
  std::string store_id;  // set by Start
  KeyCache cache;

  base::Mutex write_mutex;
  std::unique_ptr<KeyTables> writer ABSL_GUARDED_BY(write_mutex);  // null: read_only
  base::Mutex
      read_mutex;  // apart, so that a look-up does not wait for another matter's flush to disk
  std::unique_ptr<KeyTables> reader ABSL_GUARDED_BY(read_mutex);
  mutable base::Mutex lookup_mutex;
  std::map<uint32_t, std::string> lookup_keys ABSL_GUARDED_BY(lookup_mutex);
};

absl::StatusOr<std::unique_ptr<KeyTables>> KeyStore::State::Connect(bool create) {
  ConnectionOptions connection;
  connection.path = options.path;
  connection.vfs = options.vfs;
  connection.create = create;
  connection.read_only = options.read_only;
  connection.secure_delete = true;
  connection.cache_kib = 2'048;
  absl::StatusOr<std::unique_ptr<Connection>> opened = Connection::Open(connection);
  // Without create SQLite says only that it cannot open; the store behind it has rows that need
  // these keys.
  if (!opened.ok())
    return create ? opened.status() : KeysMissing(options.path, opened.status().message());
  return std::make_unique<KeyTables>(*std::move(opened), &options.key_encryption_keys, ids);
}

// The first look-up key and the store's id are there as soon as the schema is.
absl::Status KeyStore::State::Initialise(KeyTables* tables) {
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                         WriteTransaction::Begin(tables->connection()));
  HEDUI_ASSIGN_OR_RETURN(
      const int64_t made,
      tables->connection()->QueryInt("SELECT count(*) FROM sqlite_schema WHERE name='key_store'"));
  if (made == 0) {
    if (!options.create) return KeysMissing(options.path);
    HEDUI_RETURN_IF_ERROR(tables->Create());
  }
  HEDUI_RETURN_IF_ERROR(ReadIdentity(tables));
  return transaction.Commit();
}

absl::Status KeyStore::State::ReadIdentity(KeyTables* tables) {
  HEDUI_ASSIGN_OR_RETURN(Statement read,
                         tables->connection()->Prepare("SELECT schema,store FROM key_store"));
  HEDUI_ASSIGN_OR_RETURN(const bool found, read.Step());
  if (!found) return Damaged("it has no schema version");
  if (read.Int(0) > kKeySchemaVersion) {
    return base::MakeError(
        absl::StatusCode::kFailedPrecondition, "STORE_SCHEMA",
        absl::StrCat(options.path, " was written by a later version (schema ", read.Int(0), ")"),
        base::Visibility::kOperator);
  }
  store_id = std::string(read.Blob(1));
  return absl::OkStatus();
}

absl::Status KeyStore::State::Start() {
  if (options.key_encryption_keys.empty()) return Damaged("no key-encryption key");
  HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<KeyTables> first, Connect(options.create));
  HEDUI_RETURN_IF_ERROR(options.read_only ? ReadIdentity(first.get()) : Initialise(first.get()));
  HEDUI_RETURN_IF_ERROR(first->Prepare());
  HEDUI_ASSIGN_OR_RETURN(auto keys, first->ReadLookupKeys());
  if (keys.empty()) return Damaged("it has no look-up key");
  std::unique_ptr<KeyTables> second;
  if (options.read_only) {
    second = std::move(first);
  } else {
    HEDUI_ASSIGN_OR_RETURN(second, Connect(/*create=*/false));
    HEDUI_RETURN_IF_ERROR(second->Prepare());
  }
  const base::MutexLock write_lock(&write_mutex);
  const base::MutexLock read_lock(&read_mutex);
  const base::MutexLock lookup_lock(&lookup_mutex);
  writer = std::move(first);
  reader = std::move(second);
  lookup_keys = std::move(keys);
  return absl::OkStatus();
}

KeyStore::KeyStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyStore::~KeyStore() = default;

absl::StatusOr<std::unique_ptr<KeyStore>> KeyStore::Open(KeyStoreOptions options,
                                                         base::IdSource* ids) {
  auto state = std::make_unique<State>(std::move(options), ids);
  HEDUI_RETURN_IF_ERROR(base::WithContext(state->Start(), "key store"));
  return std::unique_ptr<KeyStore>(new KeyStore(std::move(state)));
}

const std::string& KeyStore::store_id() const { return state_->store_id; }

absl::Status KeyStore::CreateMatterKeys(absl::Span<const base::Uuid> matters) {
  const base::MutexLock lock(&state_->write_mutex);
  KeyTables& tables = *state_->writer;
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                         WriteTransaction::Begin(tables.connection()));
  Bucket bucket;
  HEDUI_RETURN_IF_ERROR(tables.OpenBucket(&bucket));
  bool changed = false;
  for (const base::Uuid& matter : matters) {
    HEDUI_ASSIGN_OR_RETURN(const std::optional<int64_t> known, tables.BucketOf(matter));
    if (known == kErasedBucket) return Erased(absl::StatusCode::kFailedPrecondition, matter);
    if (known.has_value()) continue;
    if (bucket.keys() == kBucketKeysMax) {
      HEDUI_RETURN_IF_ERROR(tables.WriteBucket(&bucket));
      HEDUI_RETURN_IF_ERROR(tables.OpenBucket(&bucket));
    }
    std::string key = state_->ids->RandomBytes(kMatterKeyBytes);
    absl::StrAppend(&bucket.clear, IdView(matter), key);
    Wipe(&key);
    HEDUI_RETURN_IF_ERROR(tables.SetBucketOf(matter, bucket.id));
    changed = true;
  }
  if (!changed) return absl::OkStatus();
  HEDUI_RETURN_IF_ERROR(tables.WriteBucket(&bucket));
  return transaction.Commit();
}

absl::StatusOr<std::shared_ptr<const MatterKeys>> KeyStore::MatterKey(
    const base::Uuid& matter) const {
  uint64_t erasures = 0;
  if (auto cached = state_->cache.Get(matter, &erasures)) return cached;
  std::shared_ptr<const MatterKeys> keys;
  {
    const base::MutexLock lock(&state_->read_mutex);
    // One snapshot for both reads, or an erasure between them would look like damage.
    Connection* connection = state_->reader->connection();
    HEDUI_RETURN_IF_ERROR(connection->Execute("BEGIN"));
    const auto end = [connection](const void*) { connection->Rollback(); };
    const std::unique_ptr<const void, decltype(end)> at_end(connection, end);
    HEDUI_ASSIGN_OR_RETURN(const std::optional<int64_t> id, state_->reader->BucketOf(matter));
    if (!id.has_value()) return Unknown(matter);
    if (*id == kErasedBucket) return Erased(absl::StatusCode::kNotFound, matter);
    Bucket bucket;
    HEDUI_RETURN_IF_ERROR(state_->reader->ReadBucket(*id, &bucket));
    const std::optional<size_t> at = bucket.Find(matter);
    if (!at.has_value()) return Damaged("a matter is not in its bucket");
    keys = Derive(absl::string_view(bucket.clear).substr(*at + kMatterIdBytes, kMatterKeyBytes));
  }
  state_->cache.Put(matter, keys, erasures);
  return keys;
}

absl::Status KeyStore::EraseMatter(const base::Uuid& matter) {
  const base::MutexLock lock(&state_->write_mutex);
  KeyTables& tables = *state_->writer;
  {
    HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                           WriteTransaction::Begin(tables.connection()));
    HEDUI_ASSIGN_OR_RETURN(const std::optional<int64_t> id, tables.BucketOf(matter));
    if (!id.has_value()) return Unknown(matter);
    if (*id != kErasedBucket) {
      Bucket bucket;
      HEDUI_RETURN_IF_ERROR(tables.ReadBucket(*id, &bucket));
      const std::optional<size_t> at = bucket.Find(matter);
      if (!at.has_value()) return Damaged("a matter is not in its bucket");
      bucket.clear.erase(*at, kBucketEntryBytes);
      HEDUI_RETURN_IF_ERROR(tables.WriteBucket(&bucket));
      HEDUI_RETURN_IF_ERROR(tables.SetBucketOf(matter, kErasedBucket));
      HEDUI_RETURN_IF_ERROR(transaction.Commit());
    }
  }
  state_->cache.Drop(matter);
  return Scrub(tables.connection());
}

absl::StatusOr<std::string> KeyStore::LookupKey(uint32_t version) const {
  const base::MutexLock lock(&state_->lookup_mutex);
  const auto found = state_->lookup_keys.find(version);
  if (found != state_->lookup_keys.end()) return found->second;
  return base::MakeError(absl::StatusCode::kNotFound, "LOOKUP_KEY_UNKNOWN",
                         absl::StrCat("there is no look-up key of version ", version),
                         base::Visibility::kOperator);
}

std::map<uint32_t, std::string> KeyStore::LookupKeys() const {
  const base::MutexLock lock(&state_->lookup_mutex);
  return state_->lookup_keys;
}

absl::Status KeyStore::AddLookupKey() {
  const base::MutexLock lock(&state_->write_mutex);
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                         WriteTransaction::Begin(state_->writer->connection()));
  const uint32_t version = LookupKeys().rbegin()->first + 1;
  std::string key = state_->ids->RandomBytes(kMatterKeyBytes);
  HEDUI_RETURN_IF_ERROR(state_->writer->WriteLookupKey(version, key));
  HEDUI_RETURN_IF_ERROR(transaction.Commit());
  const base::MutexLock lookup_lock(&state_->lookup_mutex);
  state_->lookup_keys.emplace(version, std::move(key));
  return absl::OkStatus();
}

absl::Status KeyStore::RewrapAll() {
  while (true) {
    const base::MutexLock lock(&state_->write_mutex);
    KeyTables& tables = *state_->writer;
    HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                           WriteTransaction::Begin(tables.connection()));
    HEDUI_ASSIGN_OR_RETURN(const int64_t stale, tables.StaleBucket());
    if (stale == kErasedBucket) {
      for (const auto& [version, key] : LookupKeys()) {
        HEDUI_RETURN_IF_ERROR(tables.WriteLookupKey(version, key));
      }
      HEDUI_RETURN_IF_ERROR(transaction.Commit());
      return Scrub(tables.connection());
    }
    Bucket bucket;
    HEDUI_RETURN_IF_ERROR(tables.ReadBucket(stale, &bucket));
    HEDUI_RETURN_IF_ERROR(tables.WriteBucket(&bucket));
    HEDUI_RETURN_IF_ERROR(transaction.Commit());
  }
}

}  // namespace hedui::store
