// Store: everything durable. Immutable rows found by look-up keys, and the log, appended together
// in whole commits; bodies sealed per matter, so that erasing a matter's key erases its content.
// Beside them the archive of the policy sets that they were made under.
//
// Thread-safe. Every call may block on the disk: never on an event loop. Commits come from one
// committer; a second process (or Store) on the same files is refused at its first commit behind
// the other's, and must then be opened anew. Limits: row bodies 8 MiB, 1,000 keys a row, 10,000
// rows a commit.
//
//   auto store = store::OpenSqlite({.directory = "/var/lib/hedui", .key_encryption_key_file =
//   "…/kek"}, &ids);
#ifndef HEDUI_SERVER_STORE_STORE_H_
#define HEDUI_SERVER_STORE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/assess/policy_repository.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/base/row_pages.h"
#include "server/ledger/commit_repository.h"
#include "server/ledger/log_repository.h"

namespace hedui::store {

using CommitBatch = ledger::CommitBatch;

// Find leaves rows of erased matters out when others are found, and answers NOT_FOUND
// (MATTER_ERASED) when all that were found are erased.
class Store : public base::RowReader,
              public base::RowPages,
              public ledger::LogRepository,
              public ledger::CommitSink,
              public assess::PolicyRepository {
 public:
  // The matter's key is destroyed: its rows can be opened by nobody, and no further row of it is
  // taken. The log stays whole. NOT_FOUND (MATTER_UNKNOWN); UNAVAILABLE (ERASE_INCOMPLETE): repeat;
  // INVALID_ARGUMENT (NOT_A_MATTER) for kOperations.
  virtual absl::Status EraseMatter(const base::Uuid& matter) = 0;

  // When the row committed last was made; nullopt in an empty store. What was under way when the
  // process ended began not long before.
  virtual absl::StatusOr<std::optional<absl::Time>> NewestRowTime() const = 0;

  // What the background thread does when there is enough of it: merges look-up segments into sorted
  // runs and copies the write-ahead log into the database. For tests and for a store opened without
  // that thread.
  virtual absl::Status Maintain() = 0;

  struct Stats {
    uint64_t commits = 0;
    uint64_t rows = 0;
    uint64_t unmerged_keys = 0;  // look-up keys in memory
    uint64_t lookup_bytes = 0;   // memory of these and of what is held of the runs
    uint64_t runs = 0;           // sorted runs a look-up may have to search
    absl::Status background;     // the last failure of the background thread, or OK
  };
  virtual Stats stats() const = 0;
};

struct SqliteStoreOptions {
  // Holds hedui.db (rows and log), lookup.db (derived: rebuilt when missing) and keys.db. Must
  // exist.
  std::string directory;
  std::string key_directory;            // of keys.db, to be backed up apart; empty: `directory`
  std::string key_encryption_key_file;  // key_store.h describes it

  // What hedui.db may grow to; 0: as far as the disk allows. Beyond: RESOURCE_EXHAUSTED
  // (STORE_FULL), as on a full disk.
  uint64_t max_bytes = 0;
  int readers = 4;        // connections for reading; at least 1
  int cache_kib = 8'192;  // pages of the connection that commits, and of that which merges look-ups
  // Of each other connection, of which there are two for each reader: inner pages of the trees.
  // Rows are mostly read once; what is read again the system's page cache has.
  int reader_cache_kib = 1'024;
  // Of the write-ahead log, in pages of 8 KiB, before the background thread copies it into the
  // database: 2 MiB. A flush of much more at once holds up the commits' own flushes, and they the
  // slowest calls (docs/adr/0016-small-steps.md).
  int checkpoint_pages = 256;
  // Look-up keys held in memory before they are merged into a sorted run.
  size_t run_keys = 65'536;
  bool background_thread = true;
  std::string vfs;  // SQLite's name of a file system, for tests; empty: the platform's

  std::string KeysFile() const {
    return (key_directory.empty() ? directory : key_directory) + "/keys.db";
  }
};

// Creates the files when there are none, migrates older ones forward. `ids` gives randomness,
// outlives the store. FAILED_PRECONDITION: STORE_SCHEMA (written by a later version), KEK_MISSING,
// KEYS_MISMATCH (keys.db of another store); INVALID_ARGUMENT (KEK_FILE); DATA_LOSS (STORE_CORRUPT,
// KEYS_MISSING).
absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const SqliteStoreOptions& options,
                                                  base::IdSource* ids);

// The rows of a store, read beside the process that writes it (or while none does): nothing of it
// is changed, whatever state it is in. Thread-safe; blocks on the disk. FAILED_PRECONDITION:
// STORE_SCHEMA (written by a later version), KEK_MISSING, KEYS_MISMATCH;
// INVALID_ARGUMENT (KEK_FILE); DATA_LOSS (STORE_CORRUPT, KEYS_MISSING); UNAVAILABLE (STORE_IO)
// without a store.
absl::StatusOr<std::unique_ptr<base::RowReader>> OpenSqliteForReading(
    const SqliteStoreOptions& options, base::IdSource* ids);

// The same of its archive of policy sets, which needs no keys; KeepPolicySets is refused.
// FAILED_PRECONDITION (STORE_SCHEMA) also of a store that has none yet.
absl::StatusOr<std::unique_ptr<assess::PolicyRepository>> OpenSqlitePolicies(
    const SqliteStoreOptions& options);

// What OpenSqlite would refuse, without changing anything: errors as there, and UNAVAILABLE
// (STORE_IO). Also beside the process that writes it. Gives the origin of the log that the store
// holds; nullopt where there is no store yet, or nothing in its log.
absl::StatusOr<std::optional<std::string>> InspectSqlite(const SqliteStoreOptions& options,
                                                         base::IdSource* ids);

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_STORE_H_
