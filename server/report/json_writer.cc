#include "server/report/json_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/utf8.h"
#include "server/report/display_text.h"

namespace hedui::report {
namespace {

constexpr char32_t kBasicPlaneMax = 0xFFFF;

// JSON's escapes are of UTF-16 units.
void AppendUnits(char32_t c, std::string* out) {
  if (c <= kBasicPlaneMax) {
    absl::StrAppendFormat(out, "\\u%04x", static_cast<uint32_t>(c));
    return;
  }
  const char32_t rest = c - 0x10000;
  absl::StrAppendFormat(out, "\\u%04x\\u%04x", 0xD800 + static_cast<uint32_t>(rest >> 10),
                        0xDC00 + static_cast<uint32_t>(rest & 0x3FF));
}

}  // namespace

void JsonWriter::NewLine() {
  out_.push_back('\n');
  out_.append(2 * has_items_.size(), ' ');
}

void JsonWriter::BeforeValue() {
  if (std::exchange(after_key_, false) || has_items_.empty()) return;
  if (has_items_.back()) out_.push_back(',');
  has_items_.back() = true;
  NewLine();
}

JsonWriter& JsonWriter::Begin(char bracket) {
  BeforeValue();
  out_.push_back(bracket);
  has_items_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::End(char bracket) {
  const bool had_items = has_items_.back();
  has_items_.pop_back();
  if (had_items) NewLine();
  out_.push_back(bracket);
  return *this;
}

JsonWriter& JsonWriter::Key(absl::string_view key) {
  String(key);
  out_.append(": ");
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(absl::string_view value) {
  BeforeValue();
  out_.push_back('"');
  while (!value.empty()) {
    const absl::string_view before = value;
    char32_t c = 0;
    if (!base::TakeCodePoint(&value, &c)) {
      value.remove_prefix(1);
      c = 0xFFFD;
      base::AppendCodePoint(c, &out_);
      continue;
    }
    const absl::string_view bytes = before.substr(0, before.size() - value.size());
    if (c == '"' || c == '\\') {
      out_.push_back('\\');
      out_.push_back(static_cast<char>(c));
    } else if (EscapeForDisplay(bytes) != bytes) {
      AppendUnits(c, &out_);
    } else {
      absl::StrAppend(&out_, bytes);
    }
  }
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::Integer(int64_t value) {
  BeforeValue();
  absl::StrAppend(&out_, value);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) {
  BeforeValue();
  out_.append(value ? "true" : "false");
  return *this;
}

JsonWriter& JsonWriter::Null() {
  BeforeValue();
  out_.append("null");
  return *this;
}

std::string JsonWriter::Take() {
  out_.push_back('\n');
  return std::move(out_);
}

}  // namespace hedui::report
