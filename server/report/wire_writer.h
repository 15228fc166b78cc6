// Writes messages of the report format in their one encoding (docs/report-format.md, section 2),
// straight into bytes: a report has some two hundred lines of mostly text, and building each as a
// protobuf message first cost more than everything else that is done for it. What this writes is
// what protobuf's own serializer writes, and readers hold every report to that (strict_proto.h).
//
// The caller puts fields in ascending number; defaults are left out here. Field numbers come from
// the generated messages. Appends only. Thread-compatible. Internal to report, but for the row that
// a report is stored in and the answer that it is sent in.
#ifndef HEDUI_SERVER_REPORT_WIRE_WRITER_H_
#define HEDUI_SERVER_REPORT_WIRE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hedui::report {

class WireWriter {
 public:
  // `out` outlives the writer.
  explicit WireWriter(std::string* out) : out_(out) {}

  // uint32, uint64, enums without negative values.
  void Uint(int field, uint64_t value) {
    if (value != 0) UintAlways(field, value);
  }
  void Flag(int field, bool value) { Uint(field, value ? 1 : 0); }
  // string: what is no UTF-8 is mended with U+FFFD.
  void Text(int field, absl::string_view text) {
    if (!text.empty()) TextAlways(field, text);
  }
  // string, of ours or of a policy file: UTF-8 for certain, and not looked at again.
  void Known(int field, absl::string_view text) { Bytes(field, text); }
  // bytes: as they are.
  void Bytes(int field, absl::string_view bytes) {
    if (!bytes.empty()) BytesAlways(field, bytes);
  }
  // Repeated uint32, packed.
  void Packed(int field, const std::vector<uint32_t>& values);

  // Members of a oneof and of repeated fields are written whatever they hold.
  void UintAlways(int field, uint64_t value) {
    if (IsShort(field, value)) return PutShort(field, kVarintType, value);
    PutLong(field, kVarintType, value);
  }
  void SintAlways(int field, int64_t value);
  void TextAlways(int field, absl::string_view text);
  void BytesAlways(int field, absl::string_view bytes);
  // The front of a bytes field whose `size` bytes the caller appends next.
  void Head(int field, size_t size) {
    if (IsShort(field, size)) return PutShort(field, kLengthType, size);
    PutLong(field, kLengthType, size);
  }
  // What BytesAlways takes for so many bytes.
  static size_t SizeOf(int field, size_t size);

  // A message in this one: what is put between the two belongs to it. It is there even when empty.
  // Begin's result goes to End, innermost first.
  size_t Begin(int field);
  void End(size_t begun);

 private:
  static constexpr int kVarintType = 0;
  static constexpr int kLengthType = 2;

  // Most fields have a number below 16 and a value or length below 128: two bytes, written here
  // since there are thousands in a report.
  static bool IsShort(int field, uint64_t value) { return field < 16 && value < 128; }
  void PutShort(int field, int wire_type, uint64_t value) {
    out_->push_back(static_cast<char>(field << 3 | wire_type));
    out_->push_back(static_cast<char>(value));
  }
  void PutLong(int field, int wire_type, uint64_t value);

  std::string* const out_;
};

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_WIRE_WRITER_H_
