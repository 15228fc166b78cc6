#include "tests/fuzz/fuzz.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/yaml.h"

namespace hedui::testing {
namespace {

constexpr size_t kNumberDigitsMin = 15;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

}  // namespace

void Require(bool holds, absl::string_view what, const char* file, int line) {
  if (holds) return;
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, std::string(what).c_str());
  std::abort();
}

void RequireNoNumbers(absl::string_view text, absl::string_view input) {
  size_t digits = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && IsDigit(text[i])) {
      ++digits;
      continue;
    }
    if (digits >= kNumberDigitsMin) {
      Require(!absl::StrContains(input, text.substr(i - digits, digits)),
              absl::StrCat("an error repeats a number: ", text));
    }
    digits = 0;
  }
}

void RequireNoNumbers(const absl::Status& status, absl::string_view input) {
  if (!status.ok()) RequireNoNumbers(status.message(), input);
}

std::string ReadSourceFile(absl::string_view path) {
  const auto text = base::ReadFile(absl::StrCat(HEDUI_SOURCE_DIR, "/", path));
  Require(text.ok(), text.status().ToString());
  return *text;
}

}  // namespace hedui::testing
