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

// Long runs and three-byte characters are read in other strides than single ones.
TEST(Utf8Test, TellsUtf8WhereverADefectLies) {
  const std::string text = "核对 means to check; 家庭经济状况核对报告 0123456789 \U00020BB7";
  ASSERT_TRUE(IsUtf8(text));
  for (size_t i = 0; i < text.size(); ++i) {
    std::string broken = text;
    broken[i] = '\xff';
    EXPECT_FALSE(IsUtf8(broken)) << "at byte " << i;
    char32_t ignored = 0;
    const absl::string_view cut = absl::string_view(text).substr(0, i);
    absl::string_view rest = cut;
    bool whole = true;
    while (whole && !rest.empty()) whole = TakeCodePoint(&rest, &ignored);
    EXPECT_EQ(IsUtf8(cut), whole) << "cut at byte " << i;
  }
}

TEST(Utf8Test, JudgesEveryThreeByteFormAsOneCodePointDoes) {
  for (int lead = 0xe0; lead <= 0xef; ++lead) {
    for (int second = 0x70; second <= 0xd0; ++second) {
      for (const int third : {0x7f, 0x80, 0xbf, 0xc0}) {
        const std::string text = {static_cast<char>(lead), static_cast<char>(second),
                                  static_cast<char>(third)};
        absl::string_view rest = text;
        char32_t ignored = 0;
        EXPECT_EQ(IsUtf8(text), TakeCodePoint(&rest, &ignored)) << lead << " " << second;
      }
    }
  }
}

}  // namespace
}  // namespace hedui::base
