// The store's keys, in an SQLite file of their own: a random key per matter, and the keys of the
// look-up digests. Matter keys are kept in buckets of up to 256, appended to in the order of
// creation and wrapped (AES-256-GCM) under a key-encryption key that is read from a file and never
// stored. Erasing a matter re-wraps its one bucket without that key; what was sealed under it can
// then be opened by nobody.
//
// Why in order of creation: a bucket's size is bounded, creating a batch rewrites one bucket of at
// most 12 KiB whatever the number of matters, and retention ends for neighbours together. Buckets
// chosen by hash would grow with the store, or be rewritten all over at every creation.
//
// Thread-safe; calls block on the disk except where the key is cached. Limits: 65,536 matters
// cached (some 16 MB), 256 keys a bucket. One process at a time owns a key store: another's
// erasures are seen late.
#ifndef HEDUI_SERVER_STORE_KEY_STORE_H_
#define HEDUI_SERVER_STORE_KEY_STORE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/base/ids.h"

namespace hedui::store {

// Derived (HKDF-SHA-256) from a matter's random key, each for one use. Wiped when destroyed.
struct MatterKeys {
  std::string row;     // 32 bytes: seals bodies
  std::string digest;  // 32 bytes: keys the digests of personal content
  MatterKeys() = default;
  MatterKeys(const MatterKeys&) = delete;
  MatterKeys& operator=(const MatterKeys&) = delete;
  ~MatterKeys();
};

// Version to 32-byte key. The newest (highest) wraps, all unwrap.
using KeyEncryptionKeys = std::map<uint32_t, std::string>;

// Lines "VERSION HEX", VERSION from 1, HEX 64 lower-case digits; blank lines and lines beginning
// with '#' are skipped. INVALID_ARGUMENT (KEK_FILE) names file and line, never the key.
absl::StatusOr<KeyEncryptionKeys> ReadKeyEncryptionKeys(const std::string& path);

struct KeyStoreOptions {
  std::string path;
  KeyEncryptionKeys key_encryption_keys;
  bool create = true;  // false: a missing file is DATA_LOSS (KEYS_MISSING)
  // Beside the process that owns the key store: nothing is changed, and what changes keys must not
  // be called. Without `create`.
  bool read_only = false;
  std::string vfs;  // SQLite's name of a file system; empty: the platform's
  size_t cached_matters_max = 65'536;
};

class KeyStore {
 public:
  static constexpr size_t kBucketKeysMax = 256;

  // Creates the file (mode 0600) when there is none and `create` says so. `ids` gives the
  // randomness and outlives the key store. FAILED_PRECONDITION: KEK_MISSING (something is wrapped
  // under a version that the file lacks) or STORE_SCHEMA (made by a later version of this program).
  static absl::StatusOr<std::unique_ptr<KeyStore>> Open(KeyStoreOptions options,
                                                        base::IdSource* ids);
  ~KeyStore();

  // 16 random bytes, made with the file: the store on which these keys are used carries them too.
  const std::string& store_id() const;

  // Durable when it returns, all or none. A matter that has its key keeps it. FAILED_PRECONDITION
  // (MATTER_ERASED) when one was erased: an erased matter never comes back.
  absl::Status CreateMatterKeys(absl::Span<const base::Uuid> matters);
  absl::Status CreateMatterKey(const base::Uuid& matter) { return CreateMatterKeys({&matter, 1}); }

  // NOT_FOUND: MATTER_UNKNOWN or MATTER_ERASED.
  absl::StatusOr<std::shared_ptr<const MatterKeys>> MatterKey(const base::Uuid& matter) const;

  // The key is gone from the key store, its write-ahead log included, and from this process's cache
  // when this returns OK. May be repeated. NOT_FOUND (MATTER_UNKNOWN); UNAVAILABLE
  // (ERASE_INCOMPLETE) when the key can no longer be used here but an old copy of its bucket still
  // lies in the write-ahead log: repeat.
  absl::Status EraseMatter(const base::Uuid& matter);

  // 32 bytes. The keys of look-up digests, global because a look-up by person does not know its
  // matter. NOT_FOUND (LOOKUP_KEY_UNKNOWN).
  absl::StatusOr<std::string> LookupKey(uint32_t version) const;
  // Every version, oldest first; never empty. New digests use the last.
  std::map<uint32_t, std::string> LookupKeys() const;
  // Durable when it returns. Digests made before stay under their version.
  absl::Status AddLookupKey();

  // Wraps everything under the newest key-encryption key, one bucket a transaction; after OK older
  // versions may be destroyed, and with them every stale copy of a bucket in old backups.
  absl::Status RewrapAll();

 private:
  struct State;
  explicit KeyStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_KEY_STORE_H_
