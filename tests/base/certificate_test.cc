#include "server/base/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::base {
namespace {

using testing::CertificateRequest;
using ::testing::HasSubstr;
using testing::Issued;
using testing::TestPki;

const absl::Time kFrom = absl::FromUnixSeconds(1'700'000'000);
const absl::Time kTo = absl::FromUnixSeconds(1'800'000'000);

class CertificateTest : public ::testing::Test {
 protected:
  Issued Issue(const std::string& name, const Issued* issuer = nullptr, bool authority = false) {
    CertificateRequest request;
    request.name = name;
    request.authority = authority;
    if (authority) request.key_usage = "critical,keyCertSign,cRLSign";
    request.from = kFrom;
    request.to = kTo;
    return pki_.Issue(request, issuer);
  }
  TestPki pki_;
};

TEST_F(CertificateTest, LivesAreReadInTheirOrder) {
  const auto lives = LivesOfCertificates(
      absl::StrCat("a text before\n", Issue("one").certificate_pem, pki_.ca_pem()));
  ASSERT_TRUE(lives.ok()) << lives.status();
  ASSERT_EQ(lives->size(), 2u);
  EXPECT_EQ((*lives)[0].subject, "CN=one");
  EXPECT_EQ((*lives)[0].from, kFrom);
  EXPECT_EQ((*lives)[0].to, kTo);
  EXPECT_EQ((*lives)[1].subject, "CN=Test authority");
}

TEST_F(CertificateTest, ATextWithoutCertificatesOrWithABrokenOneIsRefused) {
  EXPECT_EQ(ReasonOf(LivesOfCertificates("").status()), "CERTIFICATE");
  std::string broken = absl::StrCat(pki_.ca_pem(), Issue("one").certificate_pem);
  broken.resize(broken.size() - 60);
  EXPECT_EQ(ReasonOf(LivesOfCertificates(broken).status()), "CERTIFICATE");
  EXPECT_EQ(ReasonOf(LivesOfRevocationLists(pki_.ca_pem()).status()), "REVOCATION_LIST");
}

TEST_F(CertificateTest, RevocationListsLiveFromTheirUpdateToTheNext) {
  const auto lives = LivesOfRevocationLists(pki_.RevocationList({}, kFrom, kTo));
  ASSERT_TRUE(lives.ok()) << lives.status();
  ASSERT_EQ(lives->size(), 1u);
  EXPECT_EQ((*lives)[0].subject, "CN=Test authority");
  EXPECT_EQ((*lives)[0].from, kFrom);
  EXPECT_EQ((*lives)[0].to, kTo);
}

TEST_F(CertificateTest, ALifeHoldsThroughItsFirstAndLastSecond) {
  const CertificateLife life{"CN=one", kFrom, kTo};
  EXPECT_TRUE(CheckLife(life, kFrom).ok());
  EXPECT_TRUE(CheckLife(life, kTo).ok());
  EXPECT_EQ(ReasonOf(CheckLife(life, kFrom - absl::Seconds(1))), "CERTIFICATE_NOT_YET_VALID");
  const absl::Status expired = CheckLife(life, kTo + absl::Seconds(1));
  EXPECT_EQ(ReasonOf(expired), "CERTIFICATE_EXPIRED");
  EXPECT_THAT(std::string(expired.message()), HasSubstr("\"CN=one\" expired at 2027-01-15"));
}

TEST_F(CertificateTest, AChainIsInOrderAndAlive) {
  const Issued middle = Issue("middle", nullptr, true);
  const Issued leaf = Issue("leaf", &middle);
  const std::string chain = absl::StrCat(leaf.certificate_pem, middle.certificate_pem);
  EXPECT_TRUE(CheckChain(chain, kFrom).ok()) << CheckChain(chain, kFrom);
  EXPECT_TRUE(CheckChain(absl::StrCat(chain, pki_.ca_pem()), kTo).ok());
  EXPECT_TRUE(CheckChain(leaf.certificate_pem, kTo).ok());
  const absl::Status both = CheckChain(chain, kTo + absl::Seconds(1));
  EXPECT_EQ(ReasonOf(both), "CERTIFICATE_EXPIRED");
  EXPECT_THAT(std::string(both.message()), HasSubstr("CN=leaf"));
  EXPECT_THAT(std::string(both.message()), HasSubstr("CN=middle"));
}

TEST_F(CertificateTest, AChainThatDoesNotLinkIsRefused) {
  const Issued middle = Issue("middle", nullptr, true);
  const Issued leaf = Issue("leaf", &middle);
  for (const std::string& chain :
       {absl::StrCat(leaf.certificate_pem, pki_.ca_pem()),
        absl::StrCat(middle.certificate_pem, leaf.certificate_pem),
        // The same name, another key: the signature tells.
        absl::StrCat(leaf.certificate_pem, Issue("middle", nullptr, true).certificate_pem)}) {
    EXPECT_EQ(ReasonOf(CheckChain(chain, kFrom)), "CERTIFICATE_CHAIN");
  }
}

}  // namespace
}  // namespace hedui::base
