#include "server/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace hedui::base {
namespace {

constexpr size_t kWordBytes = 8;
constexpr uint64_t kHighBits = 0x8080808080808080;

// The high bits of the first eight bytes: 0 when all are ASCII.
uint64_t HighBits(absl::string_view text) {
  uint64_t word = 0;
  std::memcpy(&word, text.data(), kWordBytes);
  return word & kHighBits;
}

// Three bytes from U+1000 to U+CFFF, where nothing is overlong and no surrogate lies: nearly all
// Chinese.
bool IsPlainThree(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  return byte(0) >= 0xe1 && byte(0) <= 0xec && (byte(1) & 0xc0) == 0x80 && (byte(2) & 0xc0) == 0x80;
}

}  // namespace

bool TakeCodePoint(absl::string_view* text, char32_t* code_point) {
  const auto lead = static_cast<unsigned char>(text->front());
  if (lead < 0x80) {
    *code_point = lead;
    text->remove_prefix(1);
    return true;
  }
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  // 0x80..0xc1 never start a character; 0xf5 and up would lie past U+10FFFF.
  if (lead < 0xc2 || lead > 0xf4 || text->size() < size) return false;
  char32_t value = lead & (0x7f >> size);
  for (size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>((*text)[i]);
    if ((next & 0xc0) != 0x80) return false;
    value = (value << 6) | (next & 0x3f);
  }
  constexpr char32_t kSmallestBySize[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallestBySize[size] || surrogate || value > 0x10ffff) return false;
  *code_point = value;
  text->remove_prefix(size);
  return true;
}

void AppendCodePoint(char32_t code_point, std::string* out) {
  const auto tail = [](char32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
  if (code_point < 0x80) {
    out->push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out->push_back(static_cast<char>(0xc0 | (code_point >> 6)));
    out->push_back(tail(code_point));
  } else if (code_point < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | (code_point >> 12)));
    out->push_back(tail(code_point >> 6));
    out->push_back(tail(code_point));
  } else {
    out->push_back(static_cast<char>(0xf0 | (code_point >> 18)));
    out->push_back(tail(code_point >> 12));
    out->push_back(tail(code_point >> 6));
    out->push_back(tail(code_point));
  }
}

bool IsUtf8(absl::string_view text) {
  char32_t ignored = 0;
  while (!text.empty()) {
    // Mostly texts are ASCII in long runs, or three bytes a character; both are looked at whole.
    if (text.size() >= kWordBytes && HighBits(text) == 0) {
      text.remove_prefix(kWordBytes);
    } else if (text.size() >= 3 && IsPlainThree(text)) {
      text.remove_prefix(3);
    } else if (static_cast<unsigned char>(text.front()) < 0x80) {
      text.remove_prefix(1);
    } else if (!TakeCodePoint(&text, &ignored)) {
      return false;
    }
  }
  return true;
}

}  // namespace hedui::base
