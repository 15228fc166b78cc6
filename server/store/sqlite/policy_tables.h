// The archive of policy sets in hedui.db: each file once for its path and bytes, each set as the
// numbers of its files. In clear: they are rules, not anybody's data. Free functions on one
// connection.
#ifndef HEDUI_SERVER_STORE_SQLITE_POLICY_TABLES_H_
#define HEDUI_SERVER_STORE_SQLITE_POLICY_TABLES_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/assess/policy_repository.h"
#include "server/store/sqlite/connection.h"

namespace hedui::store {

// Those of `sets` that are not there yet, by their places.
absl::StatusOr<std::vector<size_t>> MissingPolicySets(Connection* connection,
                                                      const assess::PolicySets& sets);
// Writes them and their files, within the caller's transaction. INVALID_ARGUMENT
// (POLICY_SET_INVALID) when a set is not what its digest says, or a file's bytes are not among
// `sets`.
absl::Status WritePolicySets(Connection* connection, const assess::PolicySets& sets,
                             const std::vector<size_t>& missing, absl::Time at);

// As PolicyRepository gives them.
absl::StatusOr<std::vector<assess::ArchivedPolicySet>> ReadPolicySets(Connection* connection);
absl::StatusOr<std::vector<assess::PolicyText>> ReadPolicySet(Connection* connection,
                                                              absl::string_view digest);

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_SQLITE_POLICY_TABLES_H_
