#include "server/report/strict_proto.h"

#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include <limits>
#include <string>
#include <vector>

namespace hedui::report {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Our messages nest three deep; protobuf's own parser stops at a hundred.
bool HasUnknownFields(const Message& message) {
  const Reflection* reflection = message.GetReflection();
  if (!reflection->GetUnknownFields(message).empty()) return true;
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (HasUnknownFields(reflection->GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (HasUnknownFields(reflection->GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

}  // namespace

bool ParseLeniently(absl::string_view bytes, Message* message) {
  const google::protobuf::LogSilencer silence;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return false;
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

bool ParseStrict(absl::string_view bytes, Message* message) {
  if (!ParseLeniently(bytes, message)) return false;
  if (HasUnknownFields(*message)) return false;
  // What several encodings say alike is refused in all but one.
  std::string canonical;
  return message->SerializeToString(&canonical) && canonical == bytes;
}

}  // namespace hedui::report
