#include "server/store/sealer.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/store/aead.h"
#include "tests/store/store_fixture.h"
#include "tests/support/fake_id_source.h"

namespace hedui::store {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct SealerTest : ::testing::Test {
  SealerTest() {
    keys.row = std::string(32, 'r');
    keys.digest = std::string(32, 'd');
    row = RowOf(&ids, ids.NextId(TestTime()), {RequestKey("r1"), PersonKey("64010419900101001X")},
                "the body");
    header = RowHeader{row.kind, row.id, row.matter, absl::ToUnixMillis(row.at)};
    sealed = SealRow(keys, row, std::string(12, 'n'));
  }
  hedui::testing::FakeIdSource ids;
  MatterKeys keys;
  base::Row row;
  RowHeader header;
  std::string sealed;
};

TEST(AeadTest, IsAesGcmAsTheStandardHasIt) {
  // McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 (256-bit keys of
  // zeros).
  const std::string key(32, '\0');
  const std::string nonce(12, '\0');
  EXPECT_EQ(base::HexEncode(AeadSeal(key, nonce, "", "")).substr(24),
            "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(base::HexEncode(AeadSeal(key, nonce, "", std::string(16, '\0'))).substr(24),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST(AeadTest, ATextInTwoPartsIsSealedAsOne) {
  const std::string key(32, 'k');
  const std::string nonce(12, 'n');
  // Around the cipher's blocks of 16 bytes, and large.
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{33}, size_t{100'000}}) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i * 7));
    const std::string whole = AeadSeal(key, nonce, "context", text);
    const absl::string_view view = text;
    for (const size_t cut : {size_t{0}, size / 2, size_t{13}, size}) {
      if (cut > size) continue;
      EXPECT_EQ(AeadSeal(key, nonce, "context", view.substr(0, cut), view.substr(cut)), whole)
          << size << " cut at " << cut;
    }
  }
}

TEST(AeadTest, AnyChangedByteIsNoticed) {
  const std::string key(32, 'k');
  const std::string sealed = AeadSeal(key, std::string(12, 'n'), "context", "clear text");
  ASSERT_EQ(*AeadOpen(key, "context", sealed), "clear text");
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(base::ReasonOf(AeadOpen(key, "context", changed).status()), "SEAL_BROKEN") << i;
  }
  EXPECT_FALSE(AeadOpen(key, "another", sealed).ok());
  EXPECT_FALSE(AeadOpen(std::string(32, 'x'), "context", sealed).ok());
  EXPECT_FALSE(AeadOpen(key, "context", sealed.substr(0, 27)).ok());
}

TEST_F(SealerTest, OpensWhatItSealed) {
  const absl::StatusOr<base::Row> opened = OpenRow(keys, header, sealed);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->id, row.id);
  EXPECT_EQ(opened->matter, row.matter);
  EXPECT_EQ(opened->kind, row.kind);
  EXPECT_EQ(opened->at, row.at);
  EXPECT_EQ(opened->keys, row.keys);
  EXPECT_EQ(opened->body, "the body");
}

TEST_F(SealerTest, SealedBytesShowNeitherBodyNorKeys) {
  EXPECT_THAT(sealed, Not(HasSubstr("body")));
  EXPECT_THAT(sealed, Not(HasSubstr("64010419900101001X")));
}

TEST_F(SealerTest, ABodyMovedToAnotherRowDoesNotOpen) {
  RowHeader other = header;
  other.id = ids.NextId(TestTime());
  EXPECT_FALSE(OpenRow(keys, other, sealed).ok());
  other = header;
  other.matter = ids.NextId(TestTime());
  EXPECT_FALSE(OpenRow(keys, other, sealed).ok());
  other = header;
  other.kind = base::RowKind::kResult;
  EXPECT_FALSE(OpenRow(keys, other, sealed).ok());
  other = header;
  other.at_ms += 1;
  EXPECT_EQ(OpenRow(keys, other, sealed).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SealerTest, LookupDigestsDifferByKindTextAndKey) {
  const base::LookupKey key = RequestKey("r1");
  const LookupDigest digest = DigestLookup("key 1", key);
  EXPECT_EQ(digest, DigestLookup("key 1", key));
  EXPECT_NE(digest, DigestLookup("key 2", key));
  EXPECT_NE(digest, DigestLookup("key 1", RequestKey("r2")));
  EXPECT_NE(digest, DigestLookup("key 1", {base::LookupKind::kLetter, key.text}));
}

TEST_F(SealerTest, RowsPastALimitAreRefused) {
  EXPECT_TRUE(CheckRow(row).ok());
  const auto refused = [](base::Row bad) { return base::ReasonOf(CheckRow(bad)) == "ROW_INVALID"; };
  base::Row bad = row;
  bad.at += absl::Microseconds(1);
  EXPECT_TRUE(refused(bad));
  bad = row;
  bad.matter = base::Uuid{};
  EXPECT_TRUE(refused(bad));
  bad = row;
  bad.kind = static_cast<base::RowKind>(99);
  EXPECT_TRUE(refused(bad));
  bad = row;
  bad.kind = base::RowKind::kMatter;  // with an id other than the matter's
  EXPECT_TRUE(refused(bad));
  bad = row;
  bad.body.resize(kRowBodyBytesMax);
  EXPECT_FALSE(refused(bad));
  bad.body.push_back('x');
  EXPECT_TRUE(refused(bad));
  bad = row;
  bad.keys[0].text.resize(kLookupTextBytesMax, 'x');
  EXPECT_FALSE(refused(bad));
  bad.keys[0].text.push_back('x');
  EXPECT_TRUE(refused(bad));
  bad.keys[0].text.clear();
  EXPECT_TRUE(refused(bad));
  bad = row;
  bad.keys.resize(kRowKeysMax, row.keys[0]);
  EXPECT_FALSE(refused(bad));
  bad.keys.push_back(row.keys[0]);
  EXPECT_TRUE(refused(bad));
}

}  // namespace
}  // namespace hedui::store
