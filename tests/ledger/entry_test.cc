#include "server/ledger/entry.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "tests/ledger/log_fixture.h"

namespace hedui::ledger {
namespace {

constexpr absl::Time kTime = absl::FromUnixMillis(1'740'967'200'123);

std::vector<Entry> OneOfEach() {
  return {
      IntentEntry{IdOf(1), IdOf(2), 14, FilledHash(3), FilledHash(4)},
      ResultEntry{IdOf(2), IdOf(5), std::nullopt, base::HashAlgorithm::kSha256, 90, FilledHash(6),
                  FilledHash(7)},
      ResultEntry{IdOf(2), IdOf(8), IdOf(5), base::HashAlgorithm::kSm3, 1, FilledHash(6),
                  FilledHash(7)},
      AccessEntry{IdOf(5), FilledHash(9), kTime},
      RevocationEntry{FilledHash(10), FilledHash(11), kTime},
      MatterStateEntry{FilledHash(10), MatterState::kClosed, kTime},
      KeyChangeEntry{KeyRole::kLegal, FilledHash(12), FilledHash(13), kTime},
      OriginClosedEntry{kOrigin, 70'000, FilledHash(14), "hedui.example/640000-2", kTime},
      OriginClosedEntry{kOrigin, 0, FilledHash(14), "", absl::UnixEpoch()},
      SourceStateEntry{true, "nx-tax", FilledHash(15), kTime},
      SourceStateEntry{false, "nx-tax", FilledHash(15), kTime},
      RecallEntry{IdOf(16), "nx-tax", absl::UnixEpoch(), kTime, FilledHash(17), kTime},
      AnswerDroppedEntry{IdOf(2), IdOf(15), kDroppedWhyMax, kTime},
  };
}

TEST(EntryTest, EveryTypeComesBackAsItWas) {
  for (const Entry& entry : OneOfEach()) {
    const std::string bytes = EncodeEntry(entry);
    EXPECT_LE(bytes.size(), 600u);
    const auto decoded = DecodeEntry(bytes);
    ASSERT_TRUE(decoded.ok()) << entry.index();
    EXPECT_EQ(*decoded, entry) << entry.index();
  }
}

// Logs are kept for decades: these bytes must never change.
TEST(EntryTest, TheBytesAreTheDocumentedOnes) {
  EXPECT_EQ(
      base::HexEncode(EncodeEntry(IntentEntry{IdOf(1), IdOf(2), 14, FilledHash(3), FilledHash(4)})),
      "0101"
      "01000000000000000000000000000001"
      "01000000000000000000000000000002"
      "000e"
      "0303030303030303030303030303030303030303030303030303030303030303"
      "0404040404040404040404040404040404040404040404040404040404040404");
  EXPECT_EQ(
      base::HexEncode(EncodeEntry(ResultEntry{IdOf(2), IdOf(8), IdOf(5), base::HashAlgorithm::kSm3,
                                              90, FilledHash(6), FilledHash(7)})),
      "0201"
      "01000000000000000000000000000002"
      "01000000000000000000000000000008"
      "0101000000000000000000000000000005"
      "02"
      "0000005a"
      "0606060606060606060606060606060606060606060606060606060606060606"
      "0707070707070707070707070707070707070707070707070707070707070707");
  EXPECT_EQ(base::HexEncode(EncodeEntry(OriginClosedEntry{"a", 5, FilledHash(1), "", kTime})),
            "0701"
            "0161"
            "0000000000000005"
            "0101010101010101010101010101010101010101010101010101010101010101"
            "00"
            "0000019559bb457b");
  EXPECT_EQ(base::HexEncode(EncodeEntry(SourceStateEntry{true, "ab", FilledHash(1), kTime})),
            "0901"
            "01"
            "026162"
            "0101010101010101010101010101010101010101010101010101010101010101"
            "0000019559bb457b");
  EXPECT_EQ(base::HexEncode(EncodeEntry(
                RecallEntry{IdOf(3), "ab", absl::UnixEpoch(), kTime, FilledHash(1), kTime})),
            "0b01"
            "01000000000000000000000000000003"
            "026162"
            "0000000000000000"
            "0000019559bb457b"
            "0101010101010101010101010101010101010101010101010101010101010101"
            "0000019559bb457b");
  EXPECT_EQ(base::HexEncode(EncodeEntry(AnswerDroppedEntry{IdOf(2), IdOf(15), 1, kTime})),
            "0a01"
            "01000000000000000000000000000002"
            "0100000000000000000000000000000f"
            "01"
            "0000019559bb457b");
}

TEST(EntryTest, WhateverIsTakenIsGivenBackByteForByte) {
  for (const Entry& entry : OneOfEach()) {
    const std::string bytes = EncodeEntry(entry);
    for (size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_FALSE(DecodeEntry(bytes.substr(0, i)).ok()) << "cut at " << i;
      for (int bit = 0; bit < 8; ++bit) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
        const auto decoded = DecodeEntry(changed);
        if (decoded.ok()) {
          EXPECT_EQ(EncodeEntry(*decoded), changed);
        }
      }
    }
    EXPECT_EQ(base::ReasonOf(DecodeEntry(bytes + "x").status()), "ENTRY_FORMAT");
  }
}

TEST(EntryTest, ValuesOutsideTheFormatAreRefused) {
  const std::string intent = EncodeEntry(OneOfEach()[0]);
  for (const auto& [at, byte] :
       std::vector<std::pair<size_t, char>>{{0, 0}, {0, 8}, {1, 0}, {1, 2}}) {
    std::string changed = intent;
    changed[at] = byte;
    EXPECT_FALSE(DecodeEntry(changed).ok());
  }
  std::string no_parts = intent;
  no_parts[34] = no_parts[35] = 0;
  EXPECT_FALSE(DecodeEntry(no_parts).ok());
  std::string nil = intent;
  for (size_t i = 2; i < 18; ++i) nil[i] = 0;
  EXPECT_FALSE(DecodeEntry(nil).ok());
  std::string late = EncodeEntry(OneOfEach()[3]);
  late[late.size() - 8] = '\x7f';
  EXPECT_FALSE(DecodeEntry(late).ok());
  std::string neither = EncodeEntry(SourceStateEntry{true, "nx-tax", FilledHash(15), kTime});
  neither[2] = 3;
  EXPECT_FALSE(DecodeEntry(neither).ok());
  std::string blank = EncodeEntry(SourceStateEntry{true, "nx-tax", FilledHash(15), kTime});
  blank[5] = ' ';
  EXPECT_FALSE(DecodeEntry(blank).ok());
  std::string why = EncodeEntry(AnswerDroppedEntry{IdOf(2), IdOf(15), 1, kTime});
  for (const char code : {'\0', static_cast<char>(kDroppedWhyMax + 1)}) {
    why[34] = code;
    EXPECT_FALSE(DecodeEntry(why).ok());
  }
}

TEST(EntryDeathTest, WhatTheFormatCannotHoldIsOurOwnMistake) {
  EXPECT_DEATH(EncodeEntry(IntentEntry{IdOf(1), IdOf(2), 0, {}, {}}), "at least one part");
  EXPECT_DEATH(EncodeEntry(OriginClosedEntry{"Not An Origin", 0, {}, "", kTime}), "origin");
  EXPECT_DEATH(EncodeEntry(AccessEntry{IdOf(1), {}, absl::FromUnixMillis(-1)}), "time");
  EXPECT_DEATH(EncodeEntry(AccessEntry{base::Uuid(), {}, kTime}), "nil id");
  EXPECT_DEATH(EncodeEntry(SourceStateEntry{true, "a b", {}, kTime}), "source");
  EXPECT_DEATH(EncodeEntry(RecallEntry{IdOf(1), "a", kTime, kTime, {}, kTime}), "span");
  EXPECT_DEATH(EncodeEntry(AnswerDroppedEntry{IdOf(2), IdOf(15), 0, kTime}), "why");
}

}  // namespace
}  // namespace hedui::ledger
