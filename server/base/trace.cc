#include "server/base/trace.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace hedui::base {
namespace {

// version-trace-span-flags of version 00.
constexpr size_t kHeaderBytes = 55;
constexpr size_t kTraceAt = 3;
constexpr size_t kSpanAt = 36;
constexpr size_t kFlagsAt = 53;

bool IsLowerHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// `into`'s bytes from twice as many digits. False for anything else.
template <size_t size>
bool ReadHex(absl::string_view digits, std::array<uint8_t, size>* into) {
  digits = digits.substr(0, 2 * size);
  if (!std::all_of(digits.begin(), digits.end(), IsLowerHex)) return false;
  const std::string bytes = absl::HexStringToBytes(digits);
  std::memcpy(into->data(), bytes.data(), size);
  return true;
}

template <size_t size>
bool IsZero(const std::array<uint8_t, size>& bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

template <size_t size>
std::string Hex(const std::array<uint8_t, size>& bytes) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), size));
}

}  // namespace

std::optional<TraceParent> TraceParent::Parse(absl::string_view header) {
  if (header.size() < kHeaderBytes || header[kTraceAt - 1] != '-' || header[kSpanAt - 1] != '-' ||
      header[kFlagsAt - 1] != '-') {
    return std::nullopt;
  }
  std::array<uint8_t, 1> version{};
  std::array<uint8_t, 1> flags{};
  TraceParent parent;
  if (!ReadHex(header, &version) || !ReadHex(header.substr(kTraceAt), &parent.trace_id) ||
      !ReadHex(header.substr(kSpanAt), &parent.span_id) ||
      !ReadHex(header.substr(kFlagsAt), &flags)) {
    return std::nullopt;
  }
  if (version[0] == 0xff || IsZero(parent.trace_id) || IsZero(parent.span_id)) return std::nullopt;
  if (header.size() > kHeaderBytes && (version[0] == 0 || header[kHeaderBytes] != '-')) {
    return std::nullopt;
  }
  parent.flags = flags[0];
  return parent;
}

TraceParent TraceParent::Child(IdSource* ids) const {
  TraceParent child = *this;
  do {
    const std::string bytes = ids->RandomBytes(child.span_id.size());
    std::memcpy(child.span_id.data(), bytes.data(), child.span_id.size());
  } while (IsZero(child.span_id));
  // Of the flags, version 00 has this one.
  child.flags &= 1;
  return child;
}

std::string TraceParent::ToString() const {
  return absl::StrCat("00-", Hex(trace_id), "-", Hex(span_id), "-",
                      Hex(std::array<uint8_t, 1>{flags}));
}

}  // namespace hedui::base
