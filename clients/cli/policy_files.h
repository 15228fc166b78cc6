// Policy directories of this machine, as a platform is sent and sends them. Functions.
#ifndef HEDUI_CLIENTS_CLI_POLICY_FILES_H_
#define HEDUI_CLIENTS_CLI_POLICY_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "hedui/v1/policy.pb.h"

namespace hedui::clients {

// Adds every *.yaml of the directories, and of folders in them, under the path that it has there;
// a later directory's stands in place of an earlier one's. NOT_FOUND where a directory or file
// cannot be read.
absl::Status ReadPolicyFiles(const std::vector<std::string>& directories,
                             google::protobuf::RepeatedPtrField<v1::PostedPolicyFile>* files);

// Writes a set's files below `directory`, each where it belongs, once all of them are what their
// digests say. INVALID_ARGUMENT (POLICY_FILE) where one is not, or names another place;
// UNAVAILABLE (POLICY_FILE) where it cannot be written.
absl::Status SavePolicyFiles(const v1::PolicySet& set, const std::string& directory);

}  // namespace hedui::clients

#endif  // HEDUI_CLIENTS_CLI_POLICY_FILES_H_
