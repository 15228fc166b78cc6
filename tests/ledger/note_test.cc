#include "server/ledger/note.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/ledger/checkpoint.h"
#include "tests/ledger/log_fixture.h"

namespace hedui::ledger {
namespace {

// The example of Go's note package: public key
// PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW.
constexpr char kPublishedNote[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

PublicKey PublishedKey() {
  const std::string typed = *base::Base64Decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  return *PublicKey::FromSpki(
      absl::StrCat(*base::HexDecode("302a300506032b6570032100"), typed.substr(1)));
}

TEST(NoteTest, APublishedNoteOpens) {
  EXPECT_EQ(base::HexEncode(NoteKeyId("PeterNeumann", PublishedKey())), "c74f20a3");
  const auto text = OpenNote(kPublishedNote, "PeterNeumann", {PublishedKey()});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text,
            "If you think cryptography is the answer to your problem,\n"
            "then you don't know what your problem is.\n");
  const auto note = ParseNote(kPublishedNote);
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(FormatNote(note->text, note->signatures), kPublishedNote);
}

TEST(NoteTest, KeyIdsAreMadeAsTheFormatSays) {
  LogFixture p256;
  const LogKeys keys = *KeysOf(p256.certificates, kOrigin);
  EXPECT_EQ(NoteKeyId(kOrigin, keys.legal), base::Sha256(keys.legal.spki()).substr(0, 4));
  EXPECT_EQ(NoteKeyId(kOrigin, keys.ed25519),
            base::Sha256(absl::StrCat(kOrigin, "\n\x01", keys.ed25519.raw())).substr(0, 4));
  LogFixture sm2(testing::KeyType::kSm2);
  const LogKeys sm2_keys = *KeysOf(sm2.certificates, kOrigin);
  EXPECT_EQ(sm2_keys.legal.raw()[0], '\x04');
  EXPECT_EQ(NoteKeyId(kOrigin, sm2_keys.legal),
            base::Sha256(absl::StrCat(kOrigin, "\n\xff", "hedui-sm2-sm3-v1", sm2_keys.legal.raw()))
                .substr(0, 4));
}

TEST(NoteTest, OnlyTheExactFormIsTaken) {
  const std::string line =
      "\xe2\x80\x94 PeterNeumann "
      "x08go/ZJkuBS9UG/"
      "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  const std::string good = "text\n\n" + line;
  ASSERT_TRUE(ParseNote(good).ok());
  const std::string bad[] = {
      "",
      "\n\n" + line,                                         // no text
      "text\n" + line,                                       // no blank line
      "text\n\n",                                            // no signature
      good.substr(0, good.size() - 1),                       // last line without an end
      good + "\n",                                           // a line too many
      "te\rxt\n\n" + line,                                   // control character
      "te\xc3\xa9xt\n\n" + line,                             // not ASCII
      absl::StrReplaceAll(good, {{"nAM=", "nAN="}}),         // bits beyond the last byte
      absl::StrReplaceAll(good, {{"nAM=", "nAM"}}),          // padding missing
      absl::StrReplaceAll(good, {{"\xe2\x80\x94 ", "- "}}),  // another dash
      absl::StrReplaceAll(good, {{"PeterNeumann ", "Peter+Neumann "}}),
      absl::StrReplaceAll(good, {{"PeterNeumann ", "PeterNeumann  "}}),
      absl::StrReplaceAll(good, {{"PeterNeumann ", " "}}),
      "text\n\n\xe2\x80\x94 PeterNeumann x08goA==\n",  // a key id without a signature: 4 bytes
      "text\n\n" + std::string(kNoteBytesMax, 'x'),
  };
  for (const std::string& note : bad) {
    EXPECT_EQ(base::ReasonOf(ParseNote(note).status()), "NOTE_FORMAT") << note;
  }
}

class TwoSignatures : public ::testing::TestWithParam<testing::KeyType> {
 protected:
  TwoSignatures() : fixture_(GetParam()) {
    auto log = *fixture_.Open();
    checkpoint_ = *fixture_.Append(*log, EntriesOf(0, 3)).signed_checkpoint();
    const LogKeys keys = *KeysOf(fixture_.certificates, kOrigin);
    keys_ = {keys.ed25519, keys.legal};
  }
  std::string ReasonFor(const std::string& note) {
    return base::ReasonOf(OpenNote(note, kOrigin, keys_).status());
  }
  LogFixture fixture_;
  SignedCheckpoint checkpoint_;
  std::vector<PublicKey> keys_;
};

TEST_P(TwoSignatures, BothAreRequiredInOrderAndNothingElse) {
  const Note note = *ParseNote(checkpoint_.note);
  const auto& s = note.signatures;
  ASSERT_EQ(s.size(), 2u);
  EXPECT_TRUE(OpenNote(checkpoint_.note, kOrigin, keys_).ok());
  EXPECT_EQ(ReasonFor(FormatNote(note.text, {s[0]})), "NOTE_SIGNERS");
  EXPECT_EQ(ReasonFor(FormatNote(note.text, {s[1]})), "NOTE_SIGNERS");
  EXPECT_EQ(ReasonFor(FormatNote(note.text, {s[1], s[0]})), "NOTE_SIGNERS");
  EXPECT_EQ(ReasonFor(FormatNote(note.text, {s[0], s[1], s[1]})), "NOTE_SIGNERS");
  NoteSignature unknown = s[1];
  unknown.key_id[0] = static_cast<char>(unknown.key_id[0] ^ 1);
  EXPECT_EQ(ReasonFor(FormatNote(note.text, {s[0], s[1], unknown})), "NOTE_SIGNERS");
  EXPECT_EQ(ReasonFor(FormatNote(note.text, {s[0], unknown})), "NOTE_SIGNERS");
  NoteSignature renamed = s[1];
  renamed.name = "hedui.example/other";
  EXPECT_EQ(ReasonFor(FormatNote(note.text, {s[0], renamed})), "NOTE_SIGNERS");
  EXPECT_EQ(ReasonFor(FormatNote("another text\n", {s[0], s[1]})), "SIGNATURE");
}

TEST_P(TwoSignatures, AnyBitOfTheNoteChangedIsRefused) {
  for (size_t i = 0; i < checkpoint_.note.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = checkpoint_.note;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_FALSE(fixture_.trust->Verify({changed, checkpoint_.certificates}).ok())
          << i << "." << bit;
    }
  }
  EXPECT_TRUE(fixture_.trust->Verify(checkpoint_).ok());
}

INSTANTIATE_TEST_SUITE_P(Legal, TwoSignatures,
                         ::testing::Values(testing::KeyType::kP256, testing::KeyType::kSm2));

TEST(CheckpointTest, HasOneText) {
  const Checkpoint checkpoint{kOrigin, 20852163, FilledHash(7),
                              absl::FromUnixMillis(1'740'967'200'123)};
  const std::string text =
      "hedui.example/640000\n20852163\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"
      "hedui-time 1740967200123\n";
  EXPECT_EQ(FormatCheckpoint(checkpoint), text);
  const auto parsed = ParseCheckpoint(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, checkpoint);
}

TEST(CheckpointTest, OtherTextsAreRefused) {
  const std::string good =
      "hedui.example/640000\n20852163\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"
      "hedui-time 1740967200123\n";
  const std::string bad[] = {
      "",
      good.substr(0, good.size() - 1),
      good + "\n",
      good + "another 1\n",
      absl::StrReplaceAll(good, {{"hedui-time 1740967200123\n", ""}}),
      absl::StrReplaceAll(good, {{"hedui-time", "time"}}),
      absl::StrReplaceAll(good, {{"time 1", "time 01"}}),
      absl::StrReplaceAll(good, {{"time 1", "time -1"}}),
      absl::StrReplaceAll(good, {{"1740967200123", "999999999999999"}}),
      absl::StrReplaceAll(good, {{"20852163", "020852163"}}),
      absl::StrReplaceAll(good, {{"20852163", "+20852163"}}),
      absl::StrReplaceAll(good, {{"20852163", "2085216x"}}),
      absl::StrReplaceAll(good, {{"20852163", "18446744073709551616"}}),
      absl::StrReplaceAll(good, {{"20852163", "9007199254740993"}}),
      absl::StrReplaceAll(good, {{"hedui.example", "Hedui.example"}}),
      absl::StrReplaceAll(good, {{"hedui.example", "hedui example"}}),
      absl::StrReplaceAll(good, {{"Bwc=", "Bwd="}}),
      absl::StrReplaceAll(good, {{"BwcHBwc=", "Bwc="}}),
  };
  for (const std::string& text : bad) {
    EXPECT_EQ(base::ReasonOf(ParseCheckpoint(text).status()), "CHECKPOINT_FORMAT") << text;
  }
}

TEST(CheckpointTest, OriginsAreSchemelessLowerCaseUrls) {
  for (const char* origin : {"hedui.example/640000", "a", "1-2_3.cn/x"}) {
    EXPECT_TRUE(CheckOrigin(origin).ok()) << origin;
  }
  const std::string long_one(kOriginBytesMax + 1, 'a');
  for (const std::string& origin :
       {std::string(), std::string("/a"), std::string("a+b"), std::string("a b"),
        std::string("https://a"), std::string("\xe5\xae\x81"), long_one}) {
    EXPECT_EQ(base::ReasonOf(CheckOrigin(origin)), "LOG_ORIGIN") << origin;
  }
}

}  // namespace
}  // namespace hedui::ledger
