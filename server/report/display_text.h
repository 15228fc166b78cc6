// Texts that came from outside, made fit for lines and screens; and the width of Chinese text. Pure
// functions.
#ifndef HEDUI_SERVER_REPORT_DISPLAY_TEXT_H_
#define HEDUI_SERVER_REPORT_DISPLAY_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hedui::report {

// The text with U+FFFD for each byte that is no UTF-8: what a protobuf string may hold.
std::string CleanUtf8(absl::string_view text);

// For a screen: control characters, line breaks, and marks that hide or turn text (bidirectional
// controls, zero-width characters, byte order marks) become "\u{202E}", what is no UTF-8 becomes
// "\x{FF}"; a backslash stays itself.
std::string EscapeForDisplay(absl::string_view text);

// Columns of a terminal: East Asian wide and full-width characters take two, combining marks none.
size_t DisplayWidth(absl::string_view text);

// Pieces of at most `width` columns (at least 2), broken at blanks where there is one not too far
// back. Never empty: an empty text is one empty piece.
std::vector<std::string> WrapText(absl::string_view text, size_t width);

// With blanks on the right up to `width` columns.
std::string PadRight(absl::string_view text, size_t width);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_DISPLAY_TEXT_H_
