#include "server/access/caller_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::access {
namespace {

using hedui::testing::CertificateRequest;
using hedui::testing::Issued;
using hedui::testing::TestPki;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
constexpr absl::Duration kDay = absl::Hours(24);

class CallerTrustTest : public ::testing::Test {
 protected:
  static std::string ReasonFor(const CallerTrust& trust, const Issued& caller,
                               absl::Time now = kNow, const std::string& chain = "") {
    // Any name that is the certificate's own will do for its digest.
    const absl::Status status = trust.Check(caller.key_path, caller.certificate_pem,
                                            chain.empty() ? caller.certificate_pem : chain, now);
    if (status.ok()) return "OK";
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(base::VisibilityOf(status), base::Visibility::kCaller);
    return base::ReasonOf(status);
  }
  std::shared_ptr<const CallerTrust> Make(const std::string& ca, const std::string& crl = "") {
    auto made = CallerTrust::Make(ca, crl, kNow);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *made : nullptr;
  }
  std::string ListOf(const std::vector<Issued>& revoked) {
    return pki_.RevocationList(revoked, kNow - kDay, kNow + kDay);
  }
  TestPki pki_;
  TestPki other_{hedui::testing::KeyType::kP256, "Another authority"};
  Issued caller_ = pki_.IssueTls("caller");
};

TEST_F(CallerTrustTest, ACertificateOfAKnownAuthorityHolds) {
  const auto trust = Make(pki_.ca_pem());
  EXPECT_EQ(ReasonFor(*trust, caller_), "OK");
  EXPECT_EQ(ReasonFor(*trust, caller_), "OK") << "from memory";
  EXPECT_EQ(ReasonFor(*trust, other_.IssueTls("stranger")), "CERTIFICATE_NOT_TRUSTED");
}

TEST_F(CallerTrustTest, ACertificateThatEndsIsRefusedFromThenOn) {
  CertificateRequest request;
  request.name = "short";
  request.extended_key_usage = "clientAuth";
  request.to = kNow + kDay;
  const Issued ending = pki_.Issue(request);
  const auto trust = Make(pki_.ca_pem());
  EXPECT_EQ(ReasonFor(*trust, ending), "OK");
  EXPECT_EQ(ReasonFor(*trust, ending, kNow + kDay - absl::Seconds(1)), "OK");
  EXPECT_EQ(ReasonFor(*trust, ending, kNow + kDay), "CERTIFICATE_EXPIRED");
  EXPECT_EQ(ReasonFor(*trust, ending), "OK") << "the clock was set back";
}

TEST_F(CallerTrustTest, ARevokedCertificateIsRefusedAndOthersAreNot) {
  const auto trust = Make(pki_.ca_pem(), ListOf({caller_}));
  EXPECT_EQ(ReasonFor(*trust, caller_), "CERTIFICATE_REVOKED");
  EXPECT_EQ(ReasonFor(*trust, pki_.IssueTls("another")), "OK");
}

TEST_F(CallerTrustTest, PastTheNextUpdateNobodyIsLetInUntilThereIsANewList) {
  const auto trust = Make(pki_.ca_pem(), ListOf({}));
  EXPECT_EQ(ReasonFor(*trust, caller_, kNow + kDay - absl::Seconds(1)), "OK");
  EXPECT_EQ(ReasonFor(*trust, caller_, kNow + kDay), "REVOCATION_UNKNOWN");
  EXPECT_EQ(ReasonFor(*trust, pki_.IssueTls("another"), kNow + 2 * kDay), "REVOCATION_UNKNOWN");
}

TEST_F(CallerTrustTest, AnAuthorityWithoutAListLetsNobodyInWhereThereAreLists) {
  const auto trust = Make(absl::StrCat(pki_.ca_pem(), other_.ca_pem()), ListOf({}));
  EXPECT_EQ(ReasonFor(*trust, caller_), "OK");
  EXPECT_EQ(ReasonFor(*trust, other_.IssueTls("caller")), "REVOCATION_UNKNOWN");
}

TEST_F(CallerTrustTest, ACallerOfAnIntermediateSendsItsChain) {
  CertificateRequest request;
  request.name = "middle";
  request.authority = true;
  request.key_usage = "critical,keyCertSign,cRLSign";
  const Issued middle = pki_.Issue(request);
  request = {};
  request.name = "leaf";
  request.extended_key_usage = "clientAuth";
  const Issued leaf = pki_.Issue(request, &middle);
  const auto trust = Make(pki_.ca_pem());
  EXPECT_EQ(ReasonFor(*trust, leaf), "CERTIFICATE_NOT_TRUSTED");
  const std::string chain = absl::StrCat(leaf.certificate_pem, middle.certificate_pem);
  EXPECT_EQ(ReasonFor(*trust, leaf, kNow, chain), "OK");
}

TEST_F(CallerTrustTest, AListOfSomebodyElseOrPastItsTimeIsNotLoaded) {
  const auto foreign =
      CallerTrust::Make(pki_.ca_pem(), other_.RevocationList({}, kNow - kDay, kNow + kDay), kNow);
  EXPECT_EQ(base::ReasonOf(foreign.status()), "REVOCATION_LIST");
  // The same authority's name, another key.
  TestPki twin;
  const auto forged =
      CallerTrust::Make(pki_.ca_pem(), twin.RevocationList({}, kNow - kDay, kNow + kDay), kNow);
  EXPECT_EQ(base::ReasonOf(forged.status()), "REVOCATION_LIST");
  const auto old =
      CallerTrust::Make(pki_.ca_pem(), pki_.RevocationList({}, kNow - 2 * kDay, kNow - kDay), kNow);
  EXPECT_EQ(base::ReasonOf(old.status()), "REVOCATION_LIST_EXPIRED");
  EXPECT_THAT(std::string(old.status().message()), HasSubstr("Test authority"));
  EXPECT_EQ(base::ReasonOf(CallerTrust::Make(pki_.ca_pem(), "nonsense", kNow).status()),
            "REVOCATION_LIST");
  EXPECT_EQ(base::ReasonOf(CallerTrust::Make("nonsense", "", kNow).status()), "CERTIFICATE");
}

TEST_F(CallerTrustTest, AServersCertificateIsNoCallers) {
  CertificateRequest request;
  request.name = "server";
  request.extended_key_usage = "serverAuth";
  EXPECT_EQ(ReasonFor(*Make(pki_.ca_pem()), pki_.Issue(request)), "CERTIFICATE_NOT_TRUSTED");
}

}  // namespace
}  // namespace hedui::access
