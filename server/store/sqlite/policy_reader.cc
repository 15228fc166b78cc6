// The archive of policy sets, read beside the process that writes the store.
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/store/sqlite/connection.h"
#include "server/store/sqlite/policy_tables.h"
#include "server/store/sqlite/schema.h"
#include "server/store/store.h"

namespace hedui::store {
namespace {

class PolicyReader final : public assess::PolicyRepository {
 public:
  explicit PolicyReader(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  absl::Status KeepPolicySets(const assess::PolicySets& /*sets*/, absl::Time /*at*/) override {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "STORE_READ_ONLY",
                           "the store is open for reading", base::Visibility::kOperator);
  }
  absl::StatusOr<std::vector<assess::ArchivedPolicySet>> ListPolicySets() const override {
    const base::MutexLock lock(&mutex_);
    return ReadPolicySets(connection_.get());
  }
  absl::StatusOr<std::vector<assess::PolicyText>> ReadPolicySet(
      absl::string_view digest) const override {
    const base::MutexLock lock(&mutex_);
    return store::ReadPolicySet(connection_.get(), digest);
  }

 private:
  mutable base::Mutex mutex_;
  const std::unique_ptr<Connection> connection_ ABSL_PT_GUARDED_BY(mutex_);
};

absl::StatusOr<std::unique_ptr<Connection>> Open(const SqliteStoreOptions& options) {
  ConnectionOptions file;
  file.path = options.directory + "/hedui.db";
  file.vfs = options.vfs;
  file.cache_kib = options.reader_cache_kib;
  file.read_only = true;
  HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connection::Open(file));
  HEDUI_ASSIGN_OR_RETURN(const std::optional<SchemaState> schema, ReadSchema(connection.get()));
  const int64_t version = schema.has_value() ? schema->version : 0;
  if (version < kPolicyArchiveVersion) {
    return base::MakeError(
        absl::StatusCode::kFailedPrecondition, "STORE_SCHEMA",
        "the store has no archive of policy sets yet: start this version of the server on it once",
        base::Visibility::kOperator);
  }
  HEDUI_RETURN_IF_ERROR(CheckVersion(version));
  return connection;
}

}  // namespace

absl::StatusOr<std::unique_ptr<assess::PolicyRepository>> OpenSqlitePolicies(
    const SqliteStoreOptions& options) {
  absl::StatusOr<std::unique_ptr<Connection>> connection = Open(options);
  if (!connection.ok()) {
    return base::WithContext(connection.status(), absl::StrCat("store in ", options.directory));
  }
  return std::make_unique<PolicyReader>(*std::move(connection));
}

}  // namespace hedui::store
