#include "server/operation/event_line.h"

#include <cstdint>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/utf8.h"

namespace hedui::operation {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
// C0 and DEL and C1, and what ends or turns a line in a terminal or an editor.
bool IsEscaped(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

void AppendString(absl::string_view value, std::string* out) {
  out->push_back('"');
  const size_t end = out->size() + kEventFieldBytesMax;
  while (!value.empty()) {
    if (out->size() >= end) {
      out->append("…");
      break;
    }
    char32_t c = 0;
    if (!base::TakeCodePoint(&value, &c)) {
      value.remove_prefix(1);
      c = kReplacement;
    }
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(static_cast<char>(c));
    } else if (IsEscaped(c)) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<uint32_t>(c));
    } else {
      base::AppendCodePoint(c, out);
    }
  }
  out->push_back('"');
}

void AppendPair(absl::string_view key, absl::string_view value, std::string* out) {
  AppendString(key, out);
  out->push_back(':');
  AppendString(value, out);
}

}  // namespace

std::string EventLine(const base::Event& event, absl::Time time) {
  std::string line = "{";
  // The civil time of the platform, as on its reports.
  AppendPair("time",
             absl::FormatTime("%Y-%m-%dT%H:%M:%E3S%Ez", time, absl::FixedTimeZone(8 * 60 * 60)),
             &line);
  line.push_back(',');
  AppendPair("level", base::EventLevelName(event.level), &line);
  line.push_back(',');
  AppendPair("event", event.name, &line);
  for (const base::EventField& field : event.fields) {
    line.push_back(',');
    if (const auto* number = std::get_if<int64_t>(&field.value)) {
      AppendString(field.name, &line);
      absl::StrAppend(&line, ":", *number);
    } else {
      AppendPair(field.name, std::get<std::string>(field.value), &line);
    }
  }
  line.push_back('}');
  return line;
}

}  // namespace hedui::operation
