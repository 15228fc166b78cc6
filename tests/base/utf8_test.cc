#include "server/base/utf8.h"

#include <gtest/gtest.h>

namespace hedui::base {
namespace {

TEST(Utf8Test, EveryCodePointComesBack) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string text;
    AppendCodePoint(c, &text);
    absl::string_view rest = text;
    char32_t back = 0;
    ASSERT_TRUE(TakeCodePoint(&rest, &back)) << static_cast<uint32_t>(c);
    ASSERT_EQ(back, c);
    ASSERT_TRUE(rest.empty());
  }
}

TEST(Utf8Test, RefusesWhatIsNoUtf8) {
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe8\xb5", "\xe8\xb5z", "\xff", "a\xc3"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
  EXPECT_TRUE(IsUtf8("赵·a\U00020BB7"));
  EXPECT_TRUE(IsUtf8(""));
}

}  // namespace
}  // namespace hedui::base
