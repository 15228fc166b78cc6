#include "server/report/wire_writer.h"

#include "server/base/utf8.h"
#include "server/report/display_text.h"

namespace hedui::report {
namespace {

constexpr size_t kVarintBytesMax = 10;

// Writes the value's digits of seven bits, least first; returns where it ended.
char* PutVarint(uint64_t value, char* out) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

char* PutTag(int field, int wire_type, char* out) {
  return PutVarint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type), out);
}

}  // namespace

void WireWriter::PutLong(int field, int wire_type, uint64_t value) {
  char bytes[2 * kVarintBytesMax];
  const char* const end = PutVarint(value, PutTag(field, wire_type, bytes));
  out_->append(bytes, static_cast<size_t>(end - bytes));
}

void WireWriter::SintAlways(int field, int64_t value) {
  // Zigzag: 0, -1, 1, -2 are 0, 1, 2, 3.
  UintAlways(field, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

void WireWriter::TextAlways(int field, absl::string_view text) {
  if (base::IsUtf8(text)) return BytesAlways(field, text);
  BytesAlways(field, CleanUtf8(text));
}

void WireWriter::BytesAlways(int field, absl::string_view bytes) {
  Head(field, bytes.size());
  out_->append(bytes.data(), bytes.size());
}

size_t WireWriter::SizeOf(int field, size_t size) {
  char head[2 * kVarintBytesMax];
  return static_cast<size_t>(PutVarint(size, PutTag(field, kLengthType, head)) - head) + size;
}

void WireWriter::Packed(int field, const std::vector<uint32_t>& values) {
  if (values.empty()) return;
  const size_t begun = Begin(field);
  char bytes[kVarintBytesMax];
  for (const uint32_t value : values) {
    out_->append(bytes, static_cast<size_t>(PutVarint(value, bytes) - bytes));
  }
  End(begun);
}

size_t WireWriter::Begin(int field) {
  if (IsShort(field, 0)) {
    PutShort(field, kLengthType, 0);
    return out_->size();
  }
  char head[kVarintBytesMax];
  char* const end = PutTag(field, kLengthType, head);
  *end = '\0';  // the length: one byte nearly always
  out_->append(head, static_cast<size_t>(end - head) + 1);
  return out_->size();
}

void WireWriter::End(size_t begun) {
  char length[kVarintBytesMax];
  const auto size = static_cast<size_t>(PutVarint(out_->size() - begun, length) - length);
  (*out_)[begun - 1] = length[0];
  if (size > 1) out_->insert(begun, length + 1, size - 1);
}

}  // namespace hedui::report
