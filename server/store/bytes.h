// Fixed-width integers in stored bytes: big-endian, so that stored bytes mean the same on every
// machine and byte order is number order. Free functions, thread-safe.
#ifndef HEDUI_SERVER_STORE_BYTES_H_
#define HEDUI_SERVER_STORE_BYTES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace hedui::store {

template <typename T>
void AppendUint(std::string* out, T value) {
  for (int shift = static_cast<int>(sizeof(T) - 1) * 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(static_cast<uint8_t>(value >> shift)));
  }
}

// `bytes` has at least sizeof(T) bytes; the caller has looked.
template <typename T>
T LoadUint(const char* bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>((value << (sizeof(T) > 1 ? 8 : 0)) | static_cast<uint8_t>(bytes[i]));
  }
  return value;
}

// Takes a front part off `rest`. False, with nothing taken, when there is not enough.
inline bool TakeBytes(absl::string_view* rest, size_t size, absl::string_view* out) {
  if (rest->size() < size) return false;
  *out = rest->substr(0, size);
  rest->remove_prefix(size);
  return true;
}

template <typename T>
bool TakeUint(absl::string_view* rest, T* out) {
  absl::string_view bytes;
  if (!TakeBytes(rest, sizeof(T), &bytes)) return false;
  *out = LoadUint<T>(bytes.data());
  return true;
}

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_BYTES_H_
