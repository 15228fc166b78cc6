#include "server/operation/event_line.h"

#include <array>
#include <cstdint>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/utf8.h"

namespace hedui::operation {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr int64_t kMillisPerSecond = 1'000;
constexpr int kZoneSeconds = 8 * 60 * 60;
// A call's line, mostly.
constexpr size_t kLineBytesUsual = 512;
// C0 and DEL and C1, and what ends or turns a line in a terminal or an editor.
bool IsEscaped(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

// What stands in a line as it is, one byte a character: ASCII but for what JSON escapes.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

// How many bytes at the front are plain.
size_t PlainBytes(absl::string_view value) {
  size_t size = 0;
  while (size < value.size() && kPlain[static_cast<uint8_t>(value[size])]) ++size;
  return size;
}

void AppendString(absl::string_view value, std::string* out) {
  out->push_back('"');
  const size_t end = out->size() + kEventFieldBytesMax;
  while (!value.empty()) {
    if (out->size() >= end) {
      out->append("…");
      break;
    }
    if (const size_t plain = PlainBytes(value.substr(0, end - out->size())); plain > 0) {
      out->append(value.data(), plain);
      value.remove_prefix(plain);
      continue;
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

// The civil time of the platform, as on its reports. Spelled out anew each second only: thousands
// of lines may be of one.
void AppendTime(absl::Time time, std::string* out) {
  struct Second {
    int64_t unix = 0;
    std::string text;
  };
  thread_local Second last;
  const int64_t millis = absl::ToUnixMillis(time);
  const int64_t second = millis / kMillisPerSecond;
  if (millis < 0 || second != last.unix || last.text.empty()) {
    last.unix = second;
    last.text = absl::FormatTime("%Y-%m-%dT%H:%M:%S", time, absl::FixedTimeZone(kZoneSeconds));
  }
  out->append(last.text);
  // Before 1970 nothing is logged; what a clock says then is still a time.
  const auto part = static_cast<int>(millis < 0 ? 0 : millis % kMillisPerSecond);
  absl::StrAppend(out, ".", absl::Dec(part, absl::kZeroPad3), "+08:00");
}

void AppendPair(absl::string_view key, absl::string_view value, std::string* out) {
  AppendString(key, out);
  out->push_back(':');
  AppendString(value, out);
}

}  // namespace

std::string EventLine(const base::Event& event, absl::Time time) {
  std::string line;
  line.reserve(kLineBytesUsual);
  line.append("{\"time\":\"");
  AppendTime(time, &line);
  line.append("\",");
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
