// What the fuzz targets share. A target hands foreign bytes to a reader and holds the reader to
// more than not crashing: whatever fails Require is a finding, as a crash is. Thread-safe
// functions.
#ifndef HEDUI_TESTS_FUZZ_FUZZ_H_
#define HEDUI_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Each target's one function, by the name that libFuzzer calls it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace hedui::testing {

inline absl::string_view TextOf(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Aborts, saying where and what, unless `holds`.
void Require(bool holds, absl::string_view what, const char* file = __builtin_FILE(),
             int line = __builtin_LINE());

// Whether a reader took its input, for this.
template <typename T>
bool Gives(const absl::StatusOr<T>& result, const T& value) {
  return result.ok() && *result == value;
}

// An error's text travels to callers and logs: it must not repeat what could be somebody's number,
// which is any run of 15 digits or more that stands in the input.
void RequireNoNumbers(absl::string_view text, absl::string_view input);
void RequireNoNumbers(const absl::Status& status, absl::string_view input);

// A file of the source tree; aborts where there is none.
std::string ReadSourceFile(absl::string_view path);

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_FUZZ_FUZZ_H_
