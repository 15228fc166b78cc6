#include "tests/fuzz/message_mutator.h"

#include <cstring>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace hedui::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kTextGrowthMax = 64;

int64_t OddNumber(std::minstd_rand* random) {
  static constexpr int64_t kNumbers[] = {
      0,         1,          -1,         2,          7,         255,
      65'536,    INT32_MAX,  INT32_MIN,  INT64_MAX,  INT64_MIN, 10'000'000'000'000'000,
      1'000'001, 0x80000000, 0xffffffff, 20'250'303, 1900,      99};
  return kNumbers[(*random)() % std::size(kNumbers)];
}

std::string ChangedText(std::string text) {
  const size_t size = text.size();
  text.resize(size + kTextGrowthMax);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(text.data()), size, text.size()));
  return text;
}

// Every message within `message`, itself included.
void Collect(Message* message, std::vector<Message*>* all) {
  all->push_back(message);
  const Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      Collect(reflection->MutableMessage(message, field), all);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      Collect(reflection->MutableRepeatedMessage(message, field, i), all);
    }
  }
}

void ChangeSingle(std::minstd_rand* random, Message* message, const FieldDescriptor* field) {
  const Reflection* reflection = message->GetReflection();
  const int64_t number = OddNumber(random);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->SetInt32(message, field, static_cast<int32_t>(number));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(message, field, number);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->SetUInt32(message, field, static_cast<uint32_t>(number));
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection->SetUInt64(message, field, static_cast<uint64_t>(number));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->SetDouble(message, field, static_cast<double>(number));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection->SetFloat(message, field, static_cast<float>(number));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(message, field, !reflection->GetBool(*message, field));
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int known = field->enum_type()->value_count();
      const int value = static_cast<int>((*random)() % static_cast<unsigned>(known + 1));
      return reflection->SetEnumValue(message, field, value == known ? -1 : value);
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->SetString(message, field,
                                   ChangedText(reflection->GetString(*message, field)));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      reflection->MutableMessage(message, field);
  }
}

void ChangeList(std::minstd_rand* random, Message* message, const FieldDescriptor* field) {
  const Reflection* reflection = message->GetReflection();
  const int size = reflection->FieldSize(*message, field);
  const int last = size - 1;
  const int some = size == 0 ? 0 : static_cast<int>((*random)() % static_cast<unsigned>(size));
  const bool text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  switch ((*random)() % 4) {
    case 0:
      if (size > 0) reflection->SwapElements(message, field, some, last);
      break;
    case 1:
      if (size == 0) break;
      reflection->SwapElements(message, field, some, last);
      reflection->RemoveLast(message, field);
      break;
    case 2:
      if (text && size > 0) {
        reflection->SetRepeatedString(
            message, field, some,
            ChangedText(reflection->GetRepeatedString(*message, field, some)));
        break;
      }
      [[fallthrough]];
    default:
      if (nested) {
        Message* added = reflection->AddMessage(message, field);
        if (size > 0) added->CopyFrom(reflection->GetRepeatedMessage(*message, field, some));
      } else if (text) {
        reflection->AddString(
            message, field,
            size > 0 ? reflection->GetRepeatedString(*message, field, some) : std::string());
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
        reflection->AddUInt32(message, field, static_cast<uint32_t>(OddNumber(random)));
      }
  }
}

}  // namespace

void ChangeMessage(std::minstd_rand* random, Message* message) {
  std::vector<Message*> all;
  Collect(message, &all);
  Message* chosen = all[(*random)() % all.size()];
  const Descriptor* type = chosen->GetDescriptor();
  if (type->field_count() == 0) return;
  const FieldDescriptor* field =
      type->field(static_cast<int>((*random)() % static_cast<unsigned>(type->field_count())));
  if (field->is_repeated()) return ChangeList(random, chosen, field);
  if ((*random)() % 8 == 0) return chosen->GetReflection()->ClearField(chosen, field);
  ChangeSingle(random, chosen, field);
}

size_t MutateMessage(Message* message, uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  // The library complains on the terminal of texts that are no UTF-8, which are made on purpose.
  static const auto quiet = google::protobuf::SetLogHandler(nullptr);
  (void)quiet;
  std::minstd_rand random(seed + 1);
  if (random() % 4 == 0 || !message->ParseFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
    ChangeMessage(&random, message);
  }
  const std::string bytes = message->SerializeAsString();
  if (bytes.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

}  // namespace hedui::testing
