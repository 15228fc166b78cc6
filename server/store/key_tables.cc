#include "server/store/key_tables.h"

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/store/bytes.h"

namespace hedui::store {
namespace {

constexpr char kSchema[] = R"(
CREATE TABLE key_store(schema INTEGER NOT NULL, store BLOB NOT NULL);
CREATE TABLE buckets(
  id INTEGER PRIMARY KEY, version INTEGER NOT NULL, kek INTEGER NOT NULL, keys INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE matters(matter BLOB PRIMARY KEY, bucket INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE lookup_keys(version INTEGER PRIMARY KEY, kek INTEGER NOT NULL, sealed BLOB NOT NULL);
)";

absl::Status Damaged(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                         absl::StrCat("key store: ", what), base::Visibility::kOperator);
}

std::string BucketContext(int64_t id, int64_t version, int64_t kek) {
  std::string context = "hedui/bucket/v1";
  AppendUint<uint64_t>(&context, static_cast<uint64_t>(id));
  AppendUint<uint64_t>(&context, static_cast<uint64_t>(version));
  AppendUint<uint32_t>(&context, static_cast<uint32_t>(kek));
  return context;
}

std::string LookupContext(int64_t version, int64_t kek) {
  std::string context = "hedui/lookup-key/v1";
  AppendUint<uint32_t>(&context, static_cast<uint32_t>(version));
  AppendUint<uint32_t>(&context, static_cast<uint32_t>(kek));
  return context;
}

}  // namespace

absl::Status KeyTables::Create() {
  HEDUI_RETURN_IF_ERROR(connection_->Execute(kSchema));
  HEDUI_ASSIGN_OR_RETURN(Statement insert,
                         connection_->Prepare("INSERT INTO key_store VALUES(?,?)"));
  const std::string id = ids_->RandomBytes(kMatterIdBytes);
  HEDUI_RETURN_IF_ERROR(insert.BindInt(1, kKeySchemaVersion).BindBlob(2, id).Run());
  return WriteLookupKey(1, ids_->RandomBytes(kMatterKeyBytes));
}

absl::Status KeyTables::Prepare() {
  const std::pair<std::optional<Statement>*, const char*> statements[] = {
      {&bucket_of_, "SELECT bucket FROM matters WHERE matter=?"},
      {&set_bucket_of_,
       "INSERT INTO matters VALUES(?,?) ON CONFLICT DO UPDATE SET bucket=excluded.bucket"},
      {&read_bucket_, "SELECT version,kek,sealed FROM buckets WHERE id=?"},
      {&last_bucket_, "SELECT id,keys FROM buckets ORDER BY id DESC LIMIT 1"},
      {&write_bucket_,
       "INSERT INTO buckets VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE SET version=excluded.version,"
       "kek=excluded.kek,keys=excluded.keys,sealed=excluded.sealed"},
      {&stale_bucket_, "SELECT id FROM buckets WHERE kek<>? LIMIT 1"},
  };
  for (const auto& [statement, sql] : statements) {
    HEDUI_ASSIGN_OR_RETURN(*statement, connection_->Prepare(sql));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> KeyTables::Unwrap(int64_t kek, absl::string_view context,
                                              absl::string_view sealed) const {
  const auto key = keks_->find(static_cast<uint32_t>(kek));
  if (key != keks_->end()) return AeadOpen(key->second, context, sealed);
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "KEK_MISSING",
                         absl::StrCat("keys are wrapped under key-encryption key version ", kek,
                                      ", which the key file does not have"),
                         base::Visibility::kOperator);
}

absl::StatusOr<std::optional<int64_t>> KeyTables::BucketOf(const base::Uuid& matter) {
  const StatementScope scope(&*bucket_of_);
  HEDUI_ASSIGN_OR_RETURN(const bool found, bucket_of_->BindBlob(1, IdView(matter)).Step());
  if (!found) return std::nullopt;
  return bucket_of_->Int(0);
}

absl::Status KeyTables::SetBucketOf(const base::Uuid& matter, int64_t bucket) {
  return set_bucket_of_->BindBlob(1, IdView(matter)).BindInt(2, bucket).Run();
}

absl::Status KeyTables::ReadBucket(int64_t id, Bucket* bucket) {
  const StatementScope scope(&*read_bucket_);
  HEDUI_ASSIGN_OR_RETURN(const bool found, read_bucket_->BindInt(1, id).Step());
  if (!found) return Damaged("a bucket is missing");
  bucket->id = id;
  bucket->version = read_bucket_->Int(0);
  const int64_t kek = read_bucket_->Int(1);
  HEDUI_ASSIGN_OR_RETURN(
      bucket->clear, Unwrap(kek, BucketContext(id, bucket->version, kek), read_bucket_->Blob(2)));
  if (bucket->clear.size() % kBucketEntryBytes != 0) return Damaged("a bucket has a broken entry");
  return absl::OkStatus();
}

absl::Status KeyTables::OpenBucket(Bucket* bucket) {
  const StatementScope scope(&*last_bucket_);
  HEDUI_ASSIGN_OR_RETURN(const bool found, last_bucket_->Step());
  if (!found || last_bucket_->Int(1) >= static_cast<int64_t>(KeyStore::kBucketKeysMax)) {
    bucket->id = found ? last_bucket_->Int(0) + 1 : kErasedBucket + 1;
    bucket->version = 0;
    Wipe(&bucket->clear);
    return absl::OkStatus();
  }
  return ReadBucket(last_bucket_->Int(0), bucket);
}

absl::Status KeyTables::WriteBucket(Bucket* bucket) {
  ++bucket->version;
  const std::string sealed =
      Wrap(BucketContext(bucket->id, bucket->version, newest_kek()), bucket->clear);
  write_bucket_->BindInt(1, bucket->id).BindInt(2, bucket->version).BindInt(3, newest_kek());
  return write_bucket_->BindInt(4, static_cast<int64_t>(bucket->keys())).BindBlob(5, sealed).Run();
}

absl::StatusOr<int64_t> KeyTables::StaleBucket() {
  const StatementScope scope(&*stale_bucket_);
  HEDUI_ASSIGN_OR_RETURN(const bool found, stale_bucket_->BindInt(1, newest_kek()).Step());
  return found ? stale_bucket_->Int(0) : kErasedBucket;
}

absl::StatusOr<std::map<uint32_t, std::string>> KeyTables::ReadLookupKeys() {
  HEDUI_ASSIGN_OR_RETURN(Statement read,
                         connection_->Prepare("SELECT version,kek,sealed FROM lookup_keys"));
  std::map<uint32_t, std::string> keys;
  HEDUI_RETURN_IF_ERROR(ForEachRow(&read, [this, &keys](const Statement& row) -> absl::Status {
    HEDUI_ASSIGN_OR_RETURN(std::string key,
                           Unwrap(row.Int(1), LookupContext(row.Int(0), row.Int(1)), row.Blob(2)));
    keys.emplace(static_cast<uint32_t>(row.Int(0)), std::move(key));
    return absl::OkStatus();
  }));
  return keys;
}

absl::Status KeyTables::WriteLookupKey(uint32_t version, absl::string_view key) {
  HEDUI_ASSIGN_OR_RETURN(Statement write,
                         connection_->Prepare("INSERT OR REPLACE INTO lookup_keys VALUES(?,?,?)"));
  const std::string sealed = Wrap(LookupContext(version, newest_kek()), key);
  return write.BindInt(1, version).BindInt(2, newest_kek()).BindBlob(3, sealed).Run();
}

}  // namespace hedui::store
