// Writes JSON in the order it is told, two blanks of indentation. All numbers that are money or
// fractions are the caller's strings: no floating point exists here. Control characters and marks
// that hide or turn text are written as \u escapes. Thread-compatible.
#ifndef HEDUI_SERVER_REPORT_JSON_WRITER_H_
#define HEDUI_SERVER_REPORT_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hedui::report {

class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Begin('{'); }
  JsonWriter& EndObject() { return End('}'); }
  JsonWriter& BeginArray() { return Begin('['); }
  JsonWriter& EndArray() { return End(']'); }
  // Within an object, before each value.
  JsonWriter& Key(absl::string_view key);
  JsonWriter& String(absl::string_view value);
  JsonWriter& Integer(int64_t value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();

  JsonWriter& Pair(absl::string_view key, absl::string_view value) {
    return Key(key).String(value);
  }
  // Writes nothing for an empty value.
  JsonWriter& PairIfAny(absl::string_view key, absl::string_view value) {
    return value.empty() ? *this : Pair(key, value);
  }
  // With a newline at the end.
  std::string Take();

 private:
  JsonWriter& Begin(char bracket);
  JsonWriter& End(char bracket);
  void BeforeValue();
  void NewLine();

  std::string out_;
  std::vector<bool> has_items_;  // of each open bracket
  bool after_key_ = false;
};

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_JSON_WRITER_H_
