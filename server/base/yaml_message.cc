#include "server/base/yaml_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::base {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// "SourceKind" → "SOURCE_KIND_": what the values of an enumeration of that name begin with.
std::string EnumPrefix(const EnumDescriptor& type) {
  std::string prefix;
  const std::string& name = type.name();
  for (size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (i > 0 && absl::ascii_isupper(c) &&
        !absl::ascii_isupper(static_cast<unsigned char>(name[i - 1]))) {
      prefix.push_back('_');
    }
    prefix.push_back(absl::ascii_toupper(c));
  }
  prefix.push_back('_');
  return prefix;
}

std::string WrittenName(const EnumValueDescriptor& value) {
  absl::string_view name = value.name();
  const std::string prefix = EnumPrefix(*value.type());
  if (absl::StartsWith(name, prefix)) name.remove_prefix(prefix.size());
  return absl::AsciiStrToLower(name);
}

// Digits with an optional minus, no leading zeros: "010" is eight to some readers and ten to
// others.
bool IsDecimal(absl::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

struct DurationUnit {
  absl::string_view suffix;
  int64_t nanoseconds;
};

// Longer suffixes first: "ms" ends in "s".
constexpr DurationUnit kDurationUnits[] = {
    {"us", 1'000},         {"ms", 1'000'000},        {"s", 1'000'000'000},
    {"m", 60'000'000'000}, {"h", 3'600'000'000'000}, {"d", 86'400'000'000'000},
};

// Whole numbers of one unit only, so that no fraction has to be rounded.
bool ParseDuration(absl::string_view text, google::protobuf::Duration* duration) {
  for (const DurationUnit& unit : kDurationUnits) {
    absl::string_view number = text;
    if (!absl::EndsWith(number, unit.suffix)) continue;
    number.remove_suffix(unit.suffix.size());
    int64_t count = 0;
    if (!IsDecimal(number) || !absl::SimpleAtoi(number, &count) || count < 0) return false;
    if (count > std::numeric_limits<int64_t>::max() / unit.nanoseconds) return false;
    const int64_t nanoseconds = count * unit.nanoseconds;
    duration->set_seconds(nanoseconds / 1'000'000'000);
    duration->set_nanos(static_cast<int32_t>(nanoseconds % 1'000'000'000));
    return true;
  }
  return false;
}

// Walks tree and message together. Every Read… reports what is wrong and goes on, so that an
// operator sees all defects of a file at once.
class MessageReader {
 public:
  MessageReader(absl::string_view file, std::vector<YamlDefect>* defects)
      : file_(file), defects_(defects) {}

  void ReadMessage(const YamlNode& node, const std::string& path, Message* message);

 private:
  void ReadField(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                 Message* message);
  void ReadMap(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
               Message* message);
  // Sets a singular field, or adds one element to a repeated one.
  void ReadValue(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                 Message* message);
  void ReadText(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                Message* message);
  void ReadBool(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                Message* message);
  void ReadEnum(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                Message* message);
  template <typename Number, typename Set, typename Add>
  void ReadNumber(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                  Message* message, Set set, Add add);
  void Report(const YamlNode& node, absl::string_view code, absl::string_view path,
              absl::string_view text) {
    defects_->push_back({file_, node.line, std::string(code),
                         path.empty() ? std::string(text) : absl::StrCat(path, ": ", text)});
  }

  const std::string file_;
  std::vector<YamlDefect>* const defects_;
};

std::string KnownKeys(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return absl::StrJoin(names, ", ");
}

void MessageReader::ReadMessage(const YamlNode& node, const std::string& path, Message* message) {
  const Descriptor& type = *message->GetDescriptor();
  if (type.full_name() == "google.protobuf.Duration") {
    google::protobuf::Duration duration;
    if (node.kind != YamlNode::Kind::kScalar || !ParseDuration(node.scalar, &duration)) {
      Report(node, "CONFIG_DURATION", path,
             "a duration is a whole number and a unit: 150ms, 2s, 5m, 24h, 30d");
      return;
    }
    message->CopyFrom(duration);
    return;
  }
  if (node.kind != YamlNode::Kind::kMapping) {
    Report(node, "CONFIG_TYPE", path, "keys with values are expected here");
    return;
  }
  for (const auto& [key, value] : node.entries) {
    const std::string inner = path.empty() ? key.scalar : absl::StrCat(path, ".", key.scalar);
    const FieldDescriptor* field = type.FindFieldByName(key.scalar);
    if (field == nullptr) {
      Report(key, "CONFIG_UNKNOWN_KEY", inner,
             absl::StrCat("no such key; known here: ", KnownKeys(type)));
      continue;
    }
    const auto* oneof = field->real_containing_oneof();
    if (oneof != nullptr && message->GetReflection()->HasOneof(*message, oneof)) {
      Report(
          key, "CONFIG_ONEOF", inner,
          absl::StrCat("excludes ",
                       message->GetReflection()->GetOneofFieldDescriptor(*message, oneof)->name(),
                       ", which is given above; keep one of them"));
      continue;
    }
    ReadField(value, inner, *field, message);
  }
}

void MessageReader::ReadField(const YamlNode& node, const std::string& path,
                              const FieldDescriptor& field, Message* message) {
  if (node.kind == YamlNode::Kind::kNull) {
    Report(node, "CONFIG_TYPE", path, "has no value; give one or leave the key out");
  } else if (field.is_map()) {
    ReadMap(node, path, field, message);
  } else if (!field.is_repeated()) {
    ReadValue(node, path, field, message);
  } else if (node.kind != YamlNode::Kind::kSequence) {
    Report(node, "CONFIG_TYPE", path,
           "a list is expected: [a, b], or lines that begin with \"- \"");
  } else {
    for (size_t i = 0; i < node.items.size(); ++i) {
      ReadValue(node.items[i], absl::StrCat(path, "[", i, "]"), field, message);
    }
  }
}

void MessageReader::ReadMap(const YamlNode& node, const std::string& path,
                            const FieldDescriptor& field, Message* message) {
  if (node.kind != YamlNode::Kind::kMapping) {
    Report(node, "CONFIG_TYPE", path, "keys with values are expected here");
    return;
  }
  const FieldDescriptor& key_field = *field.message_type()->map_key();
  const FieldDescriptor& value_field = *field.message_type()->map_value();
  for (const auto& [key, value] : node.entries) {
    const std::string inner = absl::StrCat(path, ".", key.scalar);
    Message* entry = message->GetReflection()->AddMessage(message, &field);
    ReadValue(key, inner, key_field, entry);
    ReadField(value, inner, value_field, entry);
  }
}

void MessageReader::ReadValue(const YamlNode& node, const std::string& path,
                              const FieldDescriptor& field, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    ReadMessage(node, path,
                field.is_repeated() ? reflection.AddMessage(message, &field)
                                    : reflection.MutableMessage(message, &field));
    return;
  }
  if (node.kind != YamlNode::Kind::kScalar) {
    Report(node, "CONFIG_TYPE", path, "a single value is expected");
    return;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return ReadText(node, path, field, message);
    case FieldDescriptor::CPPTYPE_BOOL:
      return ReadBool(node, path, field, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return ReadEnum(node, path, field, message);
    case FieldDescriptor::CPPTYPE_INT32:
      return ReadNumber<int32_t>(node, path, field, message, &Reflection::SetInt32,
                                 &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return ReadNumber<int64_t>(node, path, field, message, &Reflection::SetInt64,
                                 &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return ReadNumber<uint32_t>(node, path, field, message, &Reflection::SetUInt32,
                                  &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return ReadNumber<uint64_t>(node, path, field, message, &Reflection::SetUInt64,
                                  &Reflection::AddUInt64);
    default:
      // Floating point has no place in a configuration that may carry money.
      Report(node, "CONFIG_TYPE", path, "values of this type cannot be configured");
  }
}

void MessageReader::ReadText(const YamlNode& node, const std::string& path,
                             const FieldDescriptor& field, Message* message) {
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    Report(node, "CONFIG_TYPE", path, "bytes cannot be configured; name a file that holds them");
    return;
  }
  const Reflection& reflection = *message->GetReflection();
  if (field.is_repeated()) {
    reflection.AddString(message, &field, node.scalar);
  } else {
    reflection.SetString(message, &field, node.scalar);
  }
}

void MessageReader::ReadBool(const YamlNode& node, const std::string& path,
                             const FieldDescriptor& field, Message* message) {
  if (node.quoted || (node.scalar != "true" && node.scalar != "false")) {
    Report(node, "CONFIG_TYPE", path, "write true or false");
    return;
  }
  const Reflection& reflection = *message->GetReflection();
  if (field.is_repeated()) {
    reflection.AddBool(message, &field, node.scalar == "true");
  } else {
    reflection.SetBool(message, &field, node.scalar == "true");
  }
}

void MessageReader::ReadEnum(const YamlNode& node, const std::string& path,
                             const FieldDescriptor& field, Message* message) {
  const EnumDescriptor& type = *field.enum_type();
  std::vector<std::string> allowed;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    if (value.number() == 0) continue;  // "unspecified" is written by leaving the key out
    allowed.push_back(WrittenName(value));
    if (allowed.back() != node.scalar) continue;
    const Reflection& reflection = *message->GetReflection();
    if (field.is_repeated()) {
      reflection.AddEnum(message, &field, &value);
    } else {
      reflection.SetEnum(message, &field, &value);
    }
    return;
  }
  Report(node, "CONFIG_ENUM", path, absl::StrCat("write one of ", absl::StrJoin(allowed, ", ")));
}

template <typename Number, typename Set, typename Add>
void MessageReader::ReadNumber(const YamlNode& node, const std::string& path,
                               const FieldDescriptor& field, Message* message, Set set, Add add) {
  if (node.quoted || !IsDecimal(node.scalar)) {
    Report(node, "CONFIG_TYPE", path, "a whole number is expected");
    return;
  }
  Number number = 0;
  if (!absl::SimpleAtoi(node.scalar, &number)) {
    Report(node, "CONFIG_RANGE", path,
           absl::StrCat("allowed are ", std::numeric_limits<Number>::min(), " to ",
                        std::numeric_limits<Number>::max()));
    return;
  }
  const Reflection& reflection = *message->GetReflection();
  if (field.is_repeated()) {
    (reflection.*add)(message, &field, number);
  } else {
    (reflection.*set)(message, &field, number);
  }
}

}  // namespace

void ReadYamlMessageListing(absl::string_view file, absl::string_view text, Message* message,
                            std::vector<YamlDefect>* defects) {
  const std::optional<YamlNode> root = ParseYamlListing(file, text, defects);
  // An empty file says nothing, which is allowed where every key is optional.
  if (root.has_value() && root->kind != YamlNode::Kind::kNull) {
    MessageReader(file, defects).ReadMessage(*root, "", message);
  }
}

absl::Status ReadYamlMessage(absl::string_view file, absl::string_view text, Message* message) {
  std::vector<YamlDefect> defects;
  // Filled aside: a file with a defect must leave nothing half read behind.
  const std::unique_ptr<Message> result(message->New());
  ReadYamlMessageListing(file, text, result.get(), &defects);
  if (!defects.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION", JoinDefects(defects),
                     Visibility::kOperator);
  }
  message->GetReflection()->Swap(message, result.get());
  return absl::OkStatus();
}

absl::Status ReadYamlMessageFile(const std::string& path, Message* message) {
  HEDUI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ReadYamlMessage(path, text, message);
}

}  // namespace hedui::base
