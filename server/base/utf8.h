// UTF-8, one code point at a time. Pure functions.
#ifndef HEDUI_SERVER_BASE_UTF8_H_
#define HEDUI_SERVER_BASE_UTF8_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace hedui::base {

// Takes one code point off the front of `text`, which is not empty. False for what is no UTF-8
// (overlong forms, surrogates and values past U+10FFFF included), leaving `text` as it was.
bool TakeCodePoint(absl::string_view* text, char32_t* code_point);

void AppendCodePoint(char32_t code_point, std::string* out);

bool IsUtf8(absl::string_view text);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_UTF8_H_
