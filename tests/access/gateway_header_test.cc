#include "server/access/gateway_header.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/access/identify_caller.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "tests/access/access_fixture.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::access {
namespace {

using hedui::testing::Issued;
using hedui::testing::KeyType;
using hedui::testing::TestPki;

constexpr char kMethod[] = "/hedui.v1.VerificationService/VerifyHousehold";
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class GatewayHeaderTest : public ::testing::Test {
 protected:
  GatewayHeaderTest() {
    const std::string yaml =
        absl::StrCat(kRegisterYaml, "gateways:\n  - code: front\n    header_keys:\n      - ",
                     base::Base64Encode(hedui::testing::PublicKeyOf(key_)), "\n      - ",
                     base::Base64Encode(hedui::testing::PublicKeyOf(next_key_)),
                     "\n    agencies: [xingqing-mz]\n  - code: other\n    header_keys: [",
                     base::Base64Encode(hedui::testing::PublicKeyOf(other_key_)),
                     "]\n    agencies: [xingqing-mz, yinchuan-mz]\n    certificate_digests: [",
                     base::HexEncode(listed_), "]\n");
    auto parsed = ParseRegister("register.yaml", yaml);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    if (parsed.ok()) register_ = *std::move(parsed);
    auto made = CallerTrust::Make(pki_.ca_pem(), "", kNow);
    EXPECT_TRUE(made.ok()) << made.status();
    trust_ = *made;
  }

  Issued Key(KeyType type) {
    hedui::testing::CertificateRequest request;
    request.name = "key";
    request.key = type;
    return pki_.Issue(request);
  }

  // A header as a gateway makes it; `nonce` is one byte, sixteen times.
  static std::string Header(const Issued& key, char nonce, absl::Time at = kNow,
                            const std::string& agency = "xingqing-mz",
                            const std::string& method = kMethod,
                            const std::string& division = "640000") {
    IdentityHeader header;
    header.agency = agency;
    header.unix_ms = absl::ToUnixMillis(at);
    header.nonce = std::string(16, nonce);
    const std::string signature =
        hedui::testing::SignText(key, SignedText(header, division, method));
    return absl::StrCat("v=1;agency=", agency, ";time=", header.unix_ms,
                        ";nonce=", base::HexEncode(header.nonce),
                        ";sig=", base::Base64Encode(signature));
  }

  // What a call with this header through the gateway gives: the agency, or code and reason.
  std::string Use(const std::string& header, absl::Time now = kNow, const char* gateway = "front") {
    const auto agency = book_.Use(register_, *register_.FindGateway(gateway), header, kMethod, now);
    return agency.ok() ? *agency : Told(agency.status());
  }
  static std::string Told(const absl::Status& status) {
    EXPECT_EQ(base::VisibilityOf(status), base::Visibility::kCaller);
    return absl::StrCat(absl::StatusCodeToString(status.code()), " ", base::ReasonOf(status));
  }

  std::string Identify(const CallerIdentity& caller) {
    const auto agency = IdentifyCaller(register_, *trust_, &book_, caller, kMethod, kNow);
    return agency.ok() ? (*agency)->code : Told(agency.status());
  }
  CallerIdentity CallerWith(const std::vector<std::string>& uris,
                            const std::vector<std::string>& headers) {
    CallerIdentity caller;
    caller.san_uris = uris;
    caller.certificate_sha256 = std::string(32, '\x07');
    caller.certificate_pem = certificate_.certificate_pem;
    caller.chain_pem = certificate_.certificate_pem;
    caller.identity_headers = headers;
    return caller;
  }

  TestPki pki_;
  const Issued key_ = Key(KeyType::kEd25519);
  const Issued next_key_ = Key(KeyType::kSm2);
  const Issued other_key_ = Key(KeyType::kP256);
  const Issued certificate_ = pki_.IssueTls("front");
  const std::string listed_ = std::string(32, '\x08');
  Register register_;
  std::shared_ptr<const CallerTrust> trust_;
  HeaderBook book_{kNow - absl::Hours(1)};
};

// The exact bytes that docs/gateways.md promises.
TEST_F(GatewayHeaderTest, TheSignedTextIsAsDocumented) {
  IdentityHeader header;
  header.agency = "640104-civil-affairs";
  header.unix_ms = 1764128199123;
  header.nonce =
      std::string("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
  EXPECT_EQ(SignedText(header, "640000", kMethod),
            "hedui-identity-v1\n640000\n/hedui.v1.VerificationService/VerifyHousehold\n"
            "640104-civil-affairs\n1764128199123\n000102030405060708090a0b0c0d0e0f\n");
}

TEST_F(GatewayHeaderTest, EachOfTheGatewaysKeysMaySign) {
  EXPECT_EQ(Use(Header(key_, 1)), "xingqing-mz");
  EXPECT_EQ(Use(Header(next_key_, 2)), "xingqing-mz") << "SM2";
  EXPECT_EQ(Use(Header(other_key_, 3), kNow, "other"), "xingqing-mz") << "P-256";
}

TEST_F(GatewayHeaderTest, AnotherKeysSignatureIsRefused) {
  EXPECT_EQ(Use(Header(other_key_, 1)), "UNAUTHENTICATED IDENTITY_HEADER_SIGNATURE");
  EXPECT_EQ(Use(Header(key_, 1), kNow, "other"), "UNAUTHENTICATED IDENTITY_HEADER_SIGNATURE");
}

TEST_F(GatewayHeaderTest, NothingOfItCanBeAltered) {
  const std::string refused = "UNAUTHENTICATED IDENTITY_HEADER_SIGNATURE";
  const std::string good = Header(key_, 1);
  EXPECT_EQ(Use(absl::StrReplaceAll(good, {{"xingqing-mz", "yinchuan-mz"}})), refused);
  EXPECT_EQ(Use(absl::StrReplaceAll(good, {{"time=1800000000000", "time=1800000000001"}})),
            refused);
  EXPECT_EQ(Use(absl::StrReplaceAll(good, {{"nonce=01", "nonce=02"}})), refused);
  EXPECT_EQ(Use(Header(key_, 1, kNow, "xingqing-mz", "/hedui.v1.ReportService/GetReport")), refused)
      << "signed for another method";
  EXPECT_EQ(Use(Header(key_, 1, kNow, "xingqing-mz", kMethod, "330000")), refused)
      << "signed for another platform";
  EXPECT_EQ(Use(good), "xingqing-mz") << "none of these used it up";
}

TEST_F(GatewayHeaderTest, OnlyAMinuteOldAndTenSecondsAhead) {
  EXPECT_EQ(Use(Header(key_, 1, kNow - kHeaderAgeMax)), "xingqing-mz");
  EXPECT_EQ(Use(Header(key_, 2, kNow - kHeaderAgeMax - absl::Milliseconds(1))),
            "UNAUTHENTICATED IDENTITY_HEADER_STALE");
  EXPECT_EQ(Use(Header(key_, 3, kNow + kHeaderAheadMax)), "xingqing-mz");
  EXPECT_EQ(Use(Header(key_, 4, kNow + kHeaderAheadMax + absl::Milliseconds(1))),
            "UNAUTHENTICATED IDENTITY_HEADER_EARLY");
}

TEST_F(GatewayHeaderTest, AHeaderIsGoodOnce) {
  const std::string header = Header(key_, 1);
  EXPECT_EQ(Use(header), "xingqing-mz");
  EXPECT_EQ(Use(header), "UNAUTHENTICATED IDENTITY_HEADER_REPLAYED");
  EXPECT_EQ(Use(header, kNow + kHeaderAgeMax), "UNAUTHENTICATED IDENTITY_HEADER_REPLAYED");
  EXPECT_EQ(Use(header, kNow + kHeaderAgeMax + absl::Seconds(1)),
            "UNAUTHENTICATED IDENTITY_HEADER_STALE");
  // The same nonce of another gateway is another header.
  EXPECT_EQ(Use(Header(other_key_, 1), kNow, "other"), "xingqing-mz");
}

TEST_F(GatewayHeaderTest, AClockSetBackDoesNotMakeAUsedHeaderGoodAgain) {
  const std::string header = Header(key_, 1);
  EXPECT_EQ(Use(header), "xingqing-mz");
  const absl::Time later = kNow + absl::Minutes(5);
  EXPECT_EQ(Use(Header(key_, 2, later), later), "xingqing-mz") << "the first is forgotten now";
  EXPECT_EQ(Use(header, kNow), "UNAUTHENTICATED IDENTITY_HEADER_STALE");
}

TEST_F(GatewayHeaderTest, WhatWasSignedBeforeTheProcessBeganIsRefused) {
  HeaderBook fresh(kNow);
  const Gateway& front = *register_.FindGateway("front");
  EXPECT_EQ(Told(fresh.Use(register_, front, Header(key_, 1, kNow), kMethod, kNow).status()),
            "UNAUTHENTICATED IDENTITY_HEADER_STALE");
  EXPECT_TRUE(
      fresh.Use(register_, front, Header(key_, 2, kNow + absl::Milliseconds(1)), kMethod, kNow)
          .ok());
}

TEST_F(GatewayHeaderTest, AGatewaySpeaksForItsAgenciesOnly) {
  EXPECT_EQ(Use(Header(key_, 1, kNow, "yinchuan-mz")), "PERMISSION_DENIED AGENCY_NOT_OF_GATEWAY");
  EXPECT_EQ(Use(Header(other_key_, 1, kNow, "yinchuan-mz"), kNow, "other"), "yinchuan-mz");
  EXPECT_EQ(Use(Header(key_, 2, kNow, "nobody")), "PERMISSION_DENIED AGENCY_NOT_OF_GATEWAY");
}

TEST_F(GatewayHeaderTest, OneSpellingOnly) {
  const std::string good = Header(key_, 1);
  EXPECT_TRUE(ParseIdentityHeader(good).ok());
  const std::pair<std::string, std::string> wrong[] = {{"v=1;", "v=2;"},
                                                       {"v=1;", ""},
                                                       {"v=1;", " v=1;"},
                                                       {"time=1", "time=+1"},
                                                       {"time=1", "time=01"},
                                                       {"time=1", "time=-1"},
                                                       {"nonce=01", "nonce="},
                                                       {"nonce=01", "nonce=0"},
                                                       {"nonce=0101", "nonce=zz01"},
                                                       {"agency=", "agent="},
                                                       {"agency=xingqing-mz", "agency="},
                                                       {";sig=", ";sig=!"},
                                                       {";sig=", ";x=1;sig="}};
  for (const auto& [from, to] : wrong) {
    const std::string text = absl::StrReplaceAll(good, {{from, to}});
    ASSERT_NE(text, good) << from;
    EXPECT_EQ(base::ReasonOf(ParseIdentityHeader(text).status()), "IDENTITY_HEADER_MALFORMED")
        << text;
  }
  EXPECT_FALSE(ParseIdentityHeader("").ok());
  EXPECT_FALSE(ParseIdentityHeader(absl::StrCat(good, std::string(600, 'A'))).ok());
}

TEST_F(GatewayHeaderTest, TheHeaderOfAGatewayNamesTheAgency) {
  EXPECT_EQ(Identify(CallerWith({"hedui://gateway/front"}, {Header(key_, 1)})), "xingqing-mz");
  CallerIdentity listed = CallerWith({}, {Header(other_key_, 1, kNow, "yinchuan-mz")});
  listed.certificate_sha256 = listed_;
  EXPECT_EQ(Identify(listed), "yinchuan-mz") << "by its certificate's digest";
}

TEST_F(GatewayHeaderTest, AGatewayWithoutItsHeaderIsNobody) {
  EXPECT_EQ(Identify(CallerWith({"hedui://gateway/front"}, {})),
            "UNAUTHENTICATED IDENTITY_HEADER_MISSING");
  EXPECT_EQ(Identify(CallerWith({"hedui://gateway/front"}, {Header(key_, 1), Header(key_, 2)})),
            "UNAUTHENTICATED IDENTITY_HEADER_MALFORMED");
}

TEST_F(GatewayHeaderTest, FromAnybodyElseTheHeaderIsRefused) {
  EXPECT_EQ(Identify(CallerWith({"hedui://agency/xingqing-mz"}, {})), "xingqing-mz");
  EXPECT_EQ(Identify(CallerWith({"hedui://agency/xingqing-mz"}, {Header(key_, 1)})),
            "PERMISSION_DENIED IDENTITY_HEADER_NOT_ALLOWED");
  EXPECT_EQ(Identify(CallerWith({"hedui://agency/xingqing-mz"}, {""})),
            "PERMISSION_DENIED IDENTITY_HEADER_NOT_ALLOWED");
  EXPECT_EQ(Identify(CallerWith({}, {Header(key_, 1)})),
            "PERMISSION_DENIED IDENTITY_HEADER_NOT_ALLOWED");
  EXPECT_EQ(Identify(CallerWith({"hedui://gateway/nobody"}, {Header(key_, 1)})),
            "PERMISSION_DENIED GATEWAY_UNKNOWN");
}

TEST_F(GatewayHeaderTest, ACertificateOfTwoIsNobodys) {
  for (const std::vector<std::string>& uris :
       {std::vector<std::string>{"hedui://gateway/front", "hedui://agency/xingqing-mz"},
        {"hedui://gateway/front", "hedui://gateway/other"}}) {
    EXPECT_EQ(Identify(CallerWith(uris, {Header(key_, 1)})),
              "UNAUTHENTICATED AMBIGUOUS_AGENCY_IDENTITY");
  }
  CallerIdentity listed = CallerWith({"hedui://gateway/front"}, {Header(key_, 1)});
  listed.certificate_sha256 = listed_;
  EXPECT_EQ(Identify(listed), "UNAUTHENTICATED AMBIGUOUS_AGENCY_IDENTITY");
}

TEST_F(GatewayHeaderTest, ACertificateThatDoesNotHoldIsRefusedBeforeAnythingElse) {
  TestPki stranger;
  CallerIdentity caller = CallerWith({"hedui://agency/xingqing-mz"}, {});
  const Issued foreign = stranger.IssueTls("caller");
  caller.certificate_pem = foreign.certificate_pem;
  caller.chain_pem = foreign.certificate_pem;
  EXPECT_EQ(Identify(caller), "UNAUTHENTICATED CERTIFICATE_NOT_TRUSTED");
  EXPECT_EQ(Identify({}), "UNAUTHENTICATED NO_CLIENT_CERTIFICATE");
}

}  // namespace
}  // namespace hedui::access
