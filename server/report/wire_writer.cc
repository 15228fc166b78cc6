#include "server/report/wire_writer.h"

#include "server/base/utf8.h"
#include "server/report/display_text.h"

namespace hedui::report {
namespace {

constexpr int kVarintType = 0;
constexpr int kLengthType = 2;
constexpr size_t kVarintBytesMax = 10;

// Writes the value's digits of seven bits, least first; returns how many.
size_t EncodeVarint(uint64_t value, char* out) {
  size_t size = 0;
  while (value >= 0x80) {
    out[size++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out[size++] = static_cast<char>(value);
  return size;
}

}  // namespace

void WireWriter::Varint(uint64_t value) {
  char bytes[kVarintBytesMax];
  out_->append(bytes, EncodeVarint(value, bytes));
}

void WireWriter::UintAlways(int field, uint64_t value) {
  Tag(field, kVarintType);
  Varint(value);
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
  Tag(field, kLengthType);
  Varint(bytes.size());
  out_->append(bytes.data(), bytes.size());
}

void WireWriter::Packed(int field, const std::vector<uint32_t>& values) {
  if (values.empty()) return;
  const size_t begun = Begin(field);
  for (const uint32_t value : values) Varint(value);
  End(begun);
}

size_t WireWriter::Begin(int field) {
  Tag(field, kLengthType);
  out_->push_back('\0');  // the length: one byte nearly always
  return out_->size();
}

void WireWriter::End(size_t begun) {
  char length[kVarintBytesMax];
  const size_t size = EncodeVarint(out_->size() - begun, length);
  (*out_)[begun - 1] = length[0];
  if (size > 1) out_->insert(begun, length + 1, size - 1);
}

}  // namespace hedui::report
