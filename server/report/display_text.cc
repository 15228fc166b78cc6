#include "server/report/display_text.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/str_format.h"
#include "server/base/utf8.h"

namespace hedui::report {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

template <size_t kSize>
bool InRanges(const std::array<Range, kSize>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

// What a screen obeys instead of showing, or shows as nothing.
constexpr std::array<Range, 10> kHidden{{
    {0x00, 0x1F},      // C0
    {0x7F, 0x9F},      // DEL, C1
    {0xAD, 0xAD},      // soft hyphen
    {0x61C, 0x61C},    // Arabic letter mark
    {0x200B, 0x200F},  // zero width, direction marks
    {0x2028, 0x202E},  // line separators, embeddings and overrides
    {0x2060, 0x206F},  // word joiner, isolates
    {0xFEFF, 0xFEFF},  // byte order mark
    {0xFFF9, 0xFFFB},  // interlinear annotation
    {0xE0000, 0xE007F},
}};

// East Asian Width W and F (UAX #11), in the ranges that names, addresses and our own words use.
constexpr std::array<Range, 11> kWide{{
    {0x1100, 0x115F},
    {0x2E80, 0x303E},
    {0x3041, 0x33FF},
    {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},
    {0x20000, 0x3FFFD},
}};
constexpr std::array<Range, 1> kWideSigns{{{0xFFE0, 0xFFE6}}};

constexpr std::array<Range, 3> kCombining{{
    {0x300, 0x36F},
    {0x20D0, 0x20FF},
    {0xFE00, 0xFE0F},
}};

// What must not begin a line in Chinese typography.
bool IsClosing(char32_t c) {
  constexpr char32_t kClosing[] = U"，。；：、！？）》〉」』】〕”’,.;:!?)]}%";
  return std::find(std::begin(kClosing), std::end(kClosing) - 1, c) != std::end(kClosing) - 1;
}

size_t WidthOf(char32_t c) {
  if (InRanges(kCombining, c)) return 0;
  return InRanges(kWide, c) || InRanges(kWideSigns, c) ? 2 : 1;
}

}  // namespace

std::string CleanUtf8(absl::string_view text) {
  if (base::IsUtf8(text)) return std::string(text);
  std::string clean;
  while (!text.empty()) {
    char32_t c = 0;
    if (!base::TakeCodePoint(&text, &c)) {
      text.remove_prefix(1);
      c = 0xFFFD;
    }
    base::AppendCodePoint(c, &clean);
  }
  return clean;
}

std::string EscapeForDisplay(absl::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    char32_t c = 0;
    if (!base::TakeCodePoint(&text, &c)) {
      absl::StrAppendFormat(&escaped, "\\x{%02X}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
    } else if (InRanges(kHidden, c)) {
      absl::StrAppendFormat(&escaped, "\\u{%04X}", static_cast<uint32_t>(c));
    } else {
      base::AppendCodePoint(c, &escaped);
    }
  }
  return escaped;
}

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    char32_t c = 0;
    if (!base::TakeCodePoint(&text, &c)) text.remove_prefix(1);
    width += WidthOf(c);
  }
  return width;
}

std::vector<std::string> WrapText(absl::string_view text, size_t width) {
  std::vector<std::string> pieces;
  std::string piece;
  size_t columns = 0;
  size_t blank = std::string::npos;  // where the piece could be broken
  size_t last = 0;                   // where its last character begins
  while (!text.empty()) {
    const absl::string_view before = text;
    char32_t c = 0;
    if (!base::TakeCodePoint(&text, &c)) text.remove_prefix(1);
    const size_t wide = WidthOf(c);
    if (columns + wide > width) {
      std::string rest;
      // Chinese breaks anywhere; a Latin word only when it fills most of the line.
      const bool in_word = c != ' ' && c < 0x80 && static_cast<unsigned char>(piece.back()) < 0x80;
      if (in_word && blank != std::string::npos && blank * 2 >= piece.size()) {
        rest = piece.substr(blank + 1);
        piece.resize(blank);
      } else if (IsClosing(c) && last > 0) {
        rest = piece.substr(last);
        piece.resize(last);
      }
      pieces.push_back(std::move(piece));
      piece = std::move(rest);
      columns = DisplayWidth(piece);
      blank = std::string::npos;
      if (c == ' ') continue;
    }
    if (c == ' ') blank = piece.size();
    last = piece.size();
    piece.append(before.data(), before.size() - text.size());
    columns += wide;
  }
  pieces.push_back(std::move(piece));
  return pieces;
}

std::string PadRight(absl::string_view text, size_t width) {
  const size_t columns = DisplayWidth(text);
  std::string padded(text);
  if (columns < width) padded.append(width - columns, ' ');
  return padded;
}

}  // namespace hedui::report
