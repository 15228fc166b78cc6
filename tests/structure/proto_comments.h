// Finds what a .proto file defines without saying what it is: the wire's contract is read by people
// who have nothing else. Functions, thread-safe.
#ifndef HEDUI_TESTS_STRUCTURE_PROTO_COMMENTS_H_
#define HEDUI_TESTS_STRUCTURE_PROTO_COMMENTS_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.pb.h"

namespace hedui::testing {

// Every message, field, oneof, enum, enum value, service and rpc without a comment before it, as
// "file:line: text" in the file's order. A comment behind a definition does not count: a line moved
// or split loses it. `file` must hold its source code info (protoc --include_source_info).
std::vector<std::string> FindUncommented(const google::protobuf::FileDescriptorProto& file);

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_STRUCTURE_PROTO_COMMENTS_H_
