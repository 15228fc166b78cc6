// Reads a configuration file into its protobuf message by reflection: the .proto file is the one
// place that names and explains every key. Unknown and duplicate keys, wrong types, out-of-range
// numbers and unknown enum values are refused, all at once, each with file and line. Enum values
// are written lower_snake without the type's prefix; booleans true/false; durations as "150ms",
// "2s"; bytes never occur. Thread-safe.
#ifndef HEDUI_SERVER_BASE_YAML_MESSAGE_H_
#define HEDUI_SERVER_BASE_YAML_MESSAGE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/base/yaml.h"

namespace google::protobuf {
class Message;
}

namespace hedui::base {

// INVALID_ARGUMENT (reason CONFIGURATION) whose message lists every defect on a line of its own.
absl::Status ReadYamlMessage(absl::string_view file, absl::string_view text,
                             google::protobuf::Message* message);
// For readers that go on to check what the file says: the message as far as it could be read, with
// every defect appended to `defects`.
void ReadYamlMessageListing(absl::string_view file, absl::string_view text,
                            google::protobuf::Message* message, std::vector<YamlDefect>* defects);
absl::Status ReadYamlMessageFile(const std::string& path, google::protobuf::Message* message);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_YAML_MESSAGE_H_
