#include "server/ledger/trust.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/ledger/certificates.h"
#include "server/ledger/note.h"
#include "tests/ledger/log_fixture.h"

namespace hedui::ledger {
namespace {

using testing::CertificateRequest;
using testing::Issued;
using testing::KeyType;
using testing::TestPki;

constexpr absl::Time kNow = absl::FromUnixSeconds(1740967200);  // 2025-03-03

CertificateRequest LogRequest(KeyType key) {
  CertificateRequest request;
  request.name = "log";
  request.key = key;
  request.uris = {absl::StrCat("hedui://log/", kOrigin)};
  return request;
}

LogCertificates Certificates(const Issued& ed25519, const Issued& legal) {
  return *LogCertificatesFromPem(ed25519.certificate_pem, legal.certificate_pem);
}

std::string ReasonAt(const TestPki& pki, const LogCertificates& certificates,
                     absl::Time time = kNow) {
  const auto trust = *LogTrust::FromPem(pki.ca_pem());
  return base::ReasonOf(trust->KeysAt(certificates, kOrigin, time).status());
}

class ChainTest : public ::testing::TestWithParam<std::pair<KeyType, KeyType>> {};

TEST_P(ChainTest, ALogsCertificatesChainToTheirAuthority) {
  TestPki pki(GetParam().first);
  const Issued ed25519 = pki.IssueLog(KeyType::kEd25519, kOrigin);
  const Issued legal = pki.IssueLog(GetParam().second, kOrigin);
  const auto trust = LogTrust::Load(pki.ca_path());
  ASSERT_TRUE(trust.ok()) << trust.status();
  const auto keys = (*trust)->KeysAt(Certificates(ed25519, legal), kOrigin, kNow);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->ed25519.spki(), (*LoadPemSigner(ed25519.key_path))->PublicKey());
  EXPECT_EQ(keys->legal.spki(), (*LoadPemSigner(legal.key_path))->PublicKey());
}

TEST_P(ChainTest, AnAuthorityOfTheSameNameWithAnotherKeyIsNotBelieved) {
  TestPki pki(GetParam().first);
  TestPki other(GetParam().first);
  const LogCertificates certificates = Certificates(other.IssueLog(KeyType::kEd25519, kOrigin),
                                                    other.IssueLog(GetParam().second, kOrigin));
  EXPECT_EQ(ReasonAt(pki, certificates), "CERTIFICATE_CHAIN");
  EXPECT_EQ(ReasonAt(other, certificates), "OK");
}

INSTANTIATE_TEST_SUITE_P(Keys, ChainTest,
                         ::testing::Values(std::pair(KeyType::kP256, KeyType::kP256),
                                           std::pair(KeyType::kP256, KeyType::kSm2),
                                           std::pair(KeyType::kSm2, KeyType::kSm2),
                                           std::pair(KeyType::kSm2, KeyType::kP256),
                                           std::pair(KeyType::kEd25519, KeyType::kSm2)));

TEST(TrustTest, IntermediatesTravelWithTheCertificates) {
  TestPki pki(KeyType::kSm2);
  CertificateRequest request;
  request.name = "middle";
  request.key = KeyType::kSm2;
  request.authority = true;
  request.key_usage = "critical,keyCertSign";
  const Issued middle = pki.Issue(request);
  const Issued ed25519 = pki.Issue(LogRequest(KeyType::kEd25519), &middle);
  const Issued legal = pki.Issue(LogRequest(KeyType::kSm2), &middle);
  EXPECT_EQ(ReasonAt(pki, Certificates(ed25519, legal)), "CERTIFICATE_CHAIN");
  LogCertificates certificates =
      *LogCertificatesFromPem(absl::StrCat(ed25519.certificate_pem, middle.certificate_pem),
                              absl::StrCat(legal.certificate_pem, middle.certificate_pem));
  ASSERT_EQ(certificates.intermediates.size(), 1u);
  EXPECT_EQ(ReasonAt(pki, certificates), "OK");
  // One that is in neither chain.
  request.name = "stranger";
  const LogCertificates stranger =
      *LogCertificatesFromPem(pki.Issue(request).certificate_pem, legal.certificate_pem);
  certificates.intermediates.push_back(stranger.ed25519);
  EXPECT_EQ(ReasonAt(pki, certificates), "LOG_CERTIFICATE");
}

TEST(TrustTest, ACertificateThatMayNotIssueIsNoIntermediate) {
  TestPki pki;
  const Issued middle = pki.Issue(LogRequest(KeyType::kP256));
  const Issued ed25519 = pki.Issue(LogRequest(KeyType::kEd25519), &middle);
  const Issued legal = pki.IssueLog(KeyType::kP256, kOrigin);
  EXPECT_EQ(ReasonAt(pki, *LogCertificatesFromPem(
                              absl::StrCat(ed25519.certificate_pem, middle.certificate_pem),
                              legal.certificate_pem)),
            "CERTIFICATE_CHAIN");
}

TEST(TrustTest, ValidityIsJudgedAtTheTimeAskedNotNow) {
  TestPki pki;
  CertificateRequest request = LogRequest(KeyType::kP256);
  request.from = kNow;
  request.to = kNow + absl::Hours(24);
  const LogCertificates certificates =
      Certificates(pki.IssueLog(KeyType::kEd25519, kOrigin), pki.Issue(request));
  EXPECT_EQ(ReasonAt(pki, certificates, kNow), "OK");
  EXPECT_EQ(ReasonAt(pki, certificates, kNow - absl::Seconds(1)), "CERTIFICATE_CHAIN");
  EXPECT_EQ(ReasonAt(pki, certificates, kNow + absl::Hours(25)), "CERTIFICATE_CHAIN");
  // What was remembered for one time does not stand for another.
  const auto trust = *LogTrust::FromPem(pki.ca_pem());
  EXPECT_TRUE(trust->KeysAt(certificates, kOrigin, kNow).ok());
  EXPECT_TRUE(trust->KeysAt(certificates, kOrigin, kNow + absl::Hours(1)).ok());
  EXPECT_FALSE(trust->KeysAt(certificates, kOrigin, kNow + absl::Hours(25)).ok());
}

TEST(TrustTest, CertificatesMustBeMadeForThisLog) {
  TestPki pki;
  const Issued ed25519 = pki.IssueLog(KeyType::kEd25519, kOrigin);
  const Issued legal = pki.IssueLog(KeyType::kSm2, kOrigin);
  const auto reason_with = [&](const CertificateRequest& request) {
    return ReasonAt(pki, Certificates(ed25519, pki.Issue(request)));
  };
  CertificateRequest request = LogRequest(KeyType::kP256);
  EXPECT_EQ(reason_with(request), "OK");
  request.uris = {absl::StrCat("hedui://log/", kOrigin, "-2")};
  EXPECT_EQ(reason_with(request), "LOG_CERTIFICATE");
  request.uris = {};
  EXPECT_EQ(reason_with(request), "LOG_CERTIFICATE");
  request = LogRequest(KeyType::kP256);
  request.key_usage = "critical,keyAgreement";
  EXPECT_EQ(reason_with(request), "LOG_CERTIFICATE");
  request.key_usage = "";
  EXPECT_EQ(reason_with(request), "LOG_CERTIFICATE");
  request = LogRequest(KeyType::kP256);
  request.authority = true;
  EXPECT_EQ(reason_with(request), "LOG_CERTIFICATE");
  EXPECT_EQ(reason_with(LogRequest(KeyType::kEd25519)), "LOG_CERTIFICATE");
  EXPECT_EQ(ReasonAt(pki, Certificates(legal, legal)), "LOG_CERTIFICATE");
  // An agency's own certificate from the same authority is no log's.
  EXPECT_EQ(ReasonAt(pki, Certificates(ed25519, pki.IssueTls("agency", "hedui://agency/640104"))),
            "LOG_CERTIFICATE");
}

TEST(TrustTest, WhatIsNoCertificateIsRefusedWithTheFilesName) {
  TestPki pki;
  const Issued legal = pki.IssueLog(KeyType::kP256, kOrigin);
  EXPECT_EQ(base::ReasonOf(LogTrust::Load(pki.directory() + "/none").status()), "FILE_NOT_FOUND");
  EXPECT_EQ(base::ReasonOf(LogTrust::Load(legal.key_path).status()), "TRUST");
  EXPECT_EQ(base::ReasonOf(LogTrust::FromPem("").status()), "TRUST");
  std::string broken = pki.ca_pem() + legal.certificate_pem;
  broken[pki.ca_pem().size() + 60] = '!';
  EXPECT_EQ(base::ReasonOf(LogTrust::FromPem(broken).status()), "TRUST");
  const auto loaded = LoadLogCertificates(legal.certificate_path, legal.key_path);
  EXPECT_EQ(base::ReasonOf(loaded.status()), "LOG_CERTIFICATE");
  EXPECT_NE(loaded.status().message().find(legal.key_path), std::string::npos);
}

TEST(TrustTest, ADirectoryInPlaceOfAFileIsAnError) {
  TestPki pki;
  const Issued legal = pki.IssueLog(KeyType::kP256, kOrigin);
  const auto trust = LogTrust::Load(pki.directory());
  EXPECT_EQ(base::ReasonOf(trust.status()), "FILE_UNREADABLE");
  EXPECT_NE(trust.status().message().find(pki.directory()), std::string::npos);
  const auto certificates = LoadLogCertificates(legal.certificate_path, pki.directory());
  EXPECT_EQ(base::ReasonOf(certificates.status()), "FILE_UNREADABLE");
}

TEST(TrustTest, ACheckpointIsBelievedOnlyUnderItsOwnCertificates) {
  LogFixture fixture(KeyType::kSm2, KeyType::kSm2);
  auto log = *fixture.Open();
  const auto batch = fixture.Append(*log, EntriesOf(0, 5));
  const SignedCheckpoint good = *batch.signed_checkpoint();
  for (int again = 0; again < 2; ++again) {
    const auto checkpoint = fixture.trust->Verify(good);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_EQ(*checkpoint, batch.checkpoint());
    EXPECT_EQ(checkpoint->time, fixture.clock.WallNow());
  }
  // The same authority's certificates for the same log, but of other keys.
  SignedCheckpoint other = good;
  other.certificates.legal =
      Certificates(fixture.ed25519, fixture.pki.IssueLog(KeyType::kSm2, kOrigin)).legal;
  EXPECT_EQ(base::ReasonOf(fixture.trust->Verify(other).status()), "NOTE_SIGNERS");
  // Another authority altogether, although this trust has the good one in its memory.
  LogFixture stranger(KeyType::kSm2, KeyType::kSm2);
  EXPECT_EQ(base::ReasonOf(stranger.trust->Verify(good).status()), "CERTIFICATE_CHAIN");
}

TEST(TrustTest, MoreCheckpointsThanAreRememberedStayVerifiable) {
  LogFixture fixture;
  auto log = *fixture.Open();
  for (unsigned i = 0; i < LogTrust::kRememberedMax + 10; ++i) {
    fixture.clock.Advance(absl::Milliseconds(1));
    ASSERT_TRUE(
        fixture.trust->Verify(*fixture.Append(*log, EntriesOf(i, i + 1)).signed_checkpoint()).ok());
  }
}

}  // namespace
}  // namespace hedui::ledger
