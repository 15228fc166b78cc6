#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/ledger/pem_signer.h"
#include "server/ledger/public_key.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::ledger {
namespace {

using testing::KeyType;

std::string SignNow(Signer& signer, std::string message) {
  std::string signature;
  signer.Sign(std::move(message),
              [&signature](absl::StatusOr<std::string> result) { signature = *std::move(result); });
  return signature;
}

// SubjectPublicKeyInfo of a point on the SM2 curve.
std::string Sm2Spki(absl::string_view x_hex, absl::string_view y_hex) {
  return *base::HexDecode(
      absl::StrCat("3059301306072a8648ce3d020106082a811ccf5501822d03420004", x_hex, y_hex));
}

// The signature example of GB/T 32918.5 on the recommended curve, message "message digest", id
// 1234567812345678.
TEST(SignatureTest, TheSm2StandardsExampleVerifies) {
  const auto key = PublicKey::FromSpki(
      Sm2Spki("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
              "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->kind(), SignatureKind::kSm2);
  EXPECT_EQ(key->raw().size(), 65u);
  const std::string signature = *base::HexDecode(
      "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
      "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
  EXPECT_TRUE(key->Verify("message digest", signature).ok());
  EXPECT_EQ(base::ReasonOf(key->Verify("message digesT", signature)), "SIGNATURE");
}

// RFC 8032, 7.1, test 3.
TEST(SignatureTest, AnEd25519ExampleVerifies) {
  const auto key = PublicKey::FromSpki(
      *base::HexDecode("302a300506032b6570032100"
                       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"));
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(key->Verify(*base::HexDecode("af82"),
                          *base::HexDecode(
                              "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                              "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"))
                  .ok());
}

class SignerTest : public ::testing::TestWithParam<KeyType> {
 protected:
  SignerTest() : issued_(pki_.IssueLog(GetParam(), "hedui.example/1")) {}
  testing::TestPki pki_;
  testing::Issued issued_;
};

TEST_P(SignerTest, WhatItSignsItsPublicKeyVerifiesAndNothingElse) {
  const auto signer = LoadPemSigner(issued_.key_path);
  ASSERT_TRUE(signer.ok()) << signer.status();
  const auto key = PublicKey::FromSpki((*signer)->PublicKey());
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->kind(), (*signer)->kind());
  EXPECT_EQ(key->spki(), (*signer)->PublicKey());
  const std::string signature = SignNow(**signer, "a text");
  EXPECT_TRUE(key->Verify("a text", signature).ok());
  EXPECT_FALSE(key->Verify("another text", signature).ok());
  EXPECT_FALSE(key->Verify("a text", "").ok());
  EXPECT_FALSE(key->Verify("a text", signature + std::string(1, '\0')).ok());
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    EXPECT_EQ(base::ReasonOf(key->Verify("a text", changed)), "SIGNATURE") << i;
  }
}

TEST_P(SignerTest, APublicKeyHasOneEncoding) {
  std::string spki = (*LoadPemSigner(issued_.key_path))->PublicKey();
  EXPECT_EQ(base::ReasonOf(PublicKey::FromSpki(spki + "x").status()), "PUBLIC_KEY");
  EXPECT_FALSE(PublicKey::FromSpki(spki.substr(1)).ok());
}

INSTANTIATE_TEST_SUITE_P(Kinds, SignerTest,
                         ::testing::Values(KeyType::kEd25519, KeyType::kP256, KeyType::kSm2));

TEST(PemSignerTest, WhatIsNoUsableKeyIsRefusedWithTheFilesName) {
  testing::TestPki pki;
  EXPECT_EQ(base::ReasonOf(LoadPemSigner(pki.directory() + "/none").status()), "FILE_NOT_FOUND");
  const auto certificate = LoadPemSigner(pki.ca_path());
  EXPECT_EQ(base::ReasonOf(certificate.status()), "SIGNING_KEY");
  EXPECT_NE(certificate.status().message().find(pki.ca_path()), std::string::npos);
  EXPECT_EQ(base::ReasonOf(LoadPemSigner(pki.directory()).status()), "FILE_UNREADABLE")
      << "a directory";
  EXPECT_FALSE(MakePemSigner("").ok());
  EXPECT_FALSE(PublicKey::FromSpki("").ok());
}

TEST(PemSignerTest, HalvesOfTwoKeysAreRefused) {
  // What it signed nobody could check.
  const auto pem =
      base::ReadFile(absl::StrCat(HEDUI_SOURCE_DIR, "/tests/fuzz/corpus/pem/halves_of_two_keys"));
  ASSERT_TRUE(pem.ok()) << pem.status();
  EXPECT_EQ(base::ReasonOf(MakePemSigner(*pem).status()), "SIGNING_KEY");
}

}  // namespace
}  // namespace hedui::ledger
