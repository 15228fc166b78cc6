#include "server/base/digest.h"

#include <string>

#include "gtest/gtest.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

std::string FromHex(absl::string_view hex) { return *HexDecode(hex); }

TEST(DigestTest, Sha256GivesThePublishedValues) {
  EXPECT_EQ(HexEncode(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexEncode(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestTest, Sm3GivesTheStandardsExamples) {
  EXPECT_EQ(HexEncode(Sm3("abc")),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  std::string sixteen;
  for (int i = 0; i < 16; ++i) sixteen += "abcd";
  EXPECT_EQ(HexEncode(Sm3(sixteen)),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

TEST(DigestTest, PartsHashLikeTheirConcatenation) {
  uint8_t out[kDigestBytes];
  for (HashAlgorithm algorithm : {HashAlgorithm::kSha256, HashAlgorithm::kSm3}) {
    DigestInto(algorithm, {"a", "", "bc"}, out);
    EXPECT_EQ(std::string(reinterpret_cast<char*>(out), sizeof out), Digest(algorithm, "abc"));
  }
}

TEST(DigestTest, HasherStartsAnewAfterFinish) {
  Hasher hasher(HashAlgorithm::kSm3);
  EXPECT_EQ(hasher.Update("a").Update("bc").Finish(), Sm3("abc"));
  EXPECT_EQ(hasher.Update("abc").Finish(), Sm3("abc"));
}

TEST(DigestTest, TwoHashersAndOneShotsDoNotDisturbEachOther) {
  Hasher first;
  Hasher second;
  first.Update("a");
  second.Update("x");
  Sha256("between");
  EXPECT_EQ(first.Update("bc").Finish(), Sha256("abc"));
  Hasher moved = std::move(second);
  EXPECT_EQ(moved.Update("y").Finish(), Sha256("xy"));
}

// RFC 4231, cases 1 and 6 (a key longer than the block).
TEST(DigestTest, HmacSha256GivesThePublishedValues) {
  EXPECT_EQ(HexEncode(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(HexEncode(HmacSha256(std::string(131, '\xaa'),
                                 "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(DigestTest, HmacSm3IsTheSameConstructionOverSm3) {
  const std::string key(kDigestBytes, 'k');
  std::string inner_pad(64, '\x36');
  std::string outer_pad(64, '\x5c');
  for (size_t i = 0; i < key.size(); ++i) {
    inner_pad[i] = static_cast<char>(inner_pad[i] ^ key[i]);
    outer_pad[i] = static_cast<char>(outer_pad[i] ^ key[i]);
  }
  EXPECT_EQ(HmacSm3(key, "data"), Sm3(outer_pad + Sm3(inner_pad + "data")));
  EXPECT_EQ(Hmac(HashAlgorithm::kSm3, key, {"da", "ta"}), HmacSm3(key, "data"));
}

// RFC 5869, cases 1 and 3.
TEST(DigestTest, HkdfGivesThePublishedValues) {
  EXPECT_EQ(HexEncode(HkdfSha256(std::string(22, '\x0b'), FromHex("000102030405060708090a0b0c"),
                                 FromHex("f0f1f2f3f4f5f6f7f8f9"), 42)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(HexEncode(HkdfSha256(std::string(22, '\x0b'), "", "", 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(DigestTest, EqualityHoldsForEqualBytesOnly) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "ab"));
}

TEST(DigestTest, Base64GivesThePublishedTextsBothWays) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xfb\xff\xfe", "+//+"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(Base64Encode(bytes), text);
    auto decoded = Base64Decode(text);
    ASSERT_TRUE(decoded.ok()) << text;
    EXPECT_EQ(*decoded, bytes);
  }
}

TEST(DigestTest, Base64OtherThanCanonicalIsRefused) {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm 9", "Zm9v\n",
                           "Zg==Zg==", "Zm-_", "=Zm9", "Zg=v"}) {
    auto decoded = Base64Decode(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(ReasonOf(decoded.status()), "BASE64");
  }
}

TEST(DigestTest, HexTakesOneSpelling) {
  EXPECT_EQ(HexEncode(std::string("\x00\x7f\xff", 3)), "007fff");
  EXPECT_EQ(*HexDecode("007fff"), std::string("\x00\x7f\xff", 3));
  for (const char* text : {"0", "0g", "FF", " 0"}) EXPECT_FALSE(HexDecode(text).ok()) << text;
}

}  // namespace
}  // namespace hedui::base
