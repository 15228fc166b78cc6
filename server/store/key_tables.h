// The tables of keys.db on one connection, and their wrapping.
//
// Belongs to one thread at a time.
#ifndef HEDUI_SERVER_STORE_KEY_TABLES_H_
#define HEDUI_SERVER_STORE_KEY_TABLES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/ids.h"
#include "server/store/aead.h"
#include "server/store/key_store.h"
#include "server/store/sqlite/connection.h"

namespace hedui::store {

inline constexpr int64_t kKeySchemaVersion = 1;
inline constexpr int64_t kErasedBucket = 0;  // buckets count from 1
inline constexpr size_t kMatterKeyBytes = 32;
inline constexpr size_t kMatterIdBytes = 16;
inline constexpr size_t kBucketEntryBytes = kMatterIdBytes + kMatterKeyBytes;

inline absl::string_view IdView(const base::Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

// A bucket, unwrapped: matter and key after one another.
struct Bucket {
  int64_t id = 0;
  int64_t version = 0;
  std::string clear;
  ~Bucket() { Wipe(&clear); }

  size_t keys() const { return clear.size() / kBucketEntryBytes; }
  std::optional<size_t> Find(const base::Uuid& matter) const {
    for (size_t at = 0; at < clear.size(); at += kBucketEntryBytes) {
      if (absl::string_view(clear).substr(at, kMatterIdBytes) == IdView(matter)) return at;
    }
    return std::nullopt;
  }
};

// The statements on one connection; one thread at a time.
class KeyTables {
 public:
  KeyTables(std::unique_ptr<Connection> connection, const KeyEncryptionKeys* keks,
            base::IdSource* ids)
      : connection_(std::move(connection)), keks_(keks), ids_(ids) {}

  // Within a transaction: the tables, the store's id and the first look-up key.
  absl::Status Create();
  // After the tables are there.
  absl::Status Prepare();
  Connection* connection() { return connection_.get(); }

  // nullopt: unknown; kErasedBucket: erased.
  absl::StatusOr<std::optional<int64_t>> BucketOf(const base::Uuid& matter);
  absl::Status SetBucketOf(const base::Uuid& matter, int64_t bucket);
  absl::Status ReadBucket(int64_t id, Bucket* bucket);
  // The bucket to append to: the last one while it has room, or a new one with a version of 0.
  absl::Status OpenBucket(Bucket* bucket);
  // Wraps under the newest key, one version on.
  absl::Status WriteBucket(Bucket* bucket);
  // A bucket that is wrapped under an older key; 0 when there is none.
  absl::StatusOr<int64_t> StaleBucket();

  absl::StatusOr<std::map<uint32_t, std::string>> ReadLookupKeys();
  absl::Status WriteLookupKey(uint32_t version, absl::string_view key);

 private:
  int64_t newest_kek() const { return keks_->rbegin()->first; }
  absl::StatusOr<std::string> Unwrap(int64_t kek, absl::string_view context,
                                     absl::string_view sealed) const;
  std::string Wrap(absl::string_view context, absl::string_view clear) const {
    return AeadSeal(keks_->rbegin()->second, ids_->RandomBytes(kAeadNonceBytes), context, clear);
  }

  std::unique_ptr<Connection> connection_;
  const KeyEncryptionKeys* keks_;
  base::IdSource* ids_;
  std::optional<Statement> bucket_of_, set_bucket_of_, read_bucket_, last_bucket_, write_bucket_,
      stale_bucket_;
};

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_KEY_TABLES_H_
