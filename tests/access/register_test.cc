#include "server/access/register.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/access/access_control.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "tests/access/access_fixture.h"

namespace hedui::access {
namespace {

using ::testing::HasSubstr;

std::string With(const std::string& from, const std::string& to) {
  const std::string text = absl::StrReplaceAll(kRegisterYaml, {{from, to}});
  EXPECT_NE(text, kRegisterYaml) << "the register has no " << from;
  return text;
}

std::string DefectsIn(const std::string& text) {
  const absl::StatusOr<Register> parsed = ParseRegister("register.yaml", text);
  if (parsed.ok()) return "none";
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(base::ReasonOf(parsed.status()), "CONFIGURATION");
  return std::string(parsed.status().message());
}

TEST(RegisterTest, ReadsPlatformPurposesAndAgencies) {
  const absl::StatusOr<Register> reg = ParseRegister("register.yaml", kRegisterYaml);
  ASSERT_TRUE(reg.ok()) << reg.status();
  EXPECT_EQ(reg->platform().level, base::Level::kRegion);
  EXPECT_EQ(reg->platform().division, "640000");
  const Purpose* urgent = reg->FindPurpose("urgent_relief");
  ASSERT_NE(urgent, nullptr);
  EXPECT_EQ(urgent->categories, (std::vector<std::string>{"death", "employment"}));
  EXPECT_TRUE(urgent->Allows(base::CheckKind::kUrgent));
  EXPECT_FALSE(urgent->Allows(base::CheckKind::kNew));
  ASSERT_TRUE(urgent->legal_basis.has_value());
  EXPECT_EQ(urgent->legal_basis->in_force,
            (base::Period{absl::CivilDay(2025, 1, 1), absl::CivilDay(2026, 1, 1)}));
  const Agency* county = reg->FindAgency("xingqing-mz");
  ASSERT_NE(county, nullptr);
  EXPECT_EQ(county->in_flight_max, 2);
  EXPECT_TRUE(county->HasOfficer("anyone"));
  const Agency* city = reg->FindAgency("yinchuan-mz");
  ASSERT_NE(city, nullptr);
  EXPECT_EQ(city->in_flight_max, kInFlightDefault);
  EXPECT_TRUE(city->HasOfficer("qian-02"));
  EXPECT_FALSE(city->HasOfficer("anyone"));
  EXPECT_EQ(reg->FindAgency("nobody"), nullptr);
}

TEST(RegisterTest, UnknownKeyIsRefusedWithItsLine) {
  const std::string defects = DefectsIn(With("    in_flight_max: 2", "    in_flight: 2"));
  EXPECT_THAT(defects, HasSubstr("register.yaml:29: CONFIG_UNKNOWN_KEY"));
}

TEST(RegisterTest, DuplicateKeyIsRefusedWithItsLine) {
  const std::string defects =
      DefectsIn(With("    in_flight_max: 2", "    in_flight_max: 2\n    in_flight_max: 3"));
  EXPECT_THAT(defects, HasSubstr("register.yaml:30: YAML_DUPLICATE_KEY"));
}

TEST(RegisterTest, EveryDefectIsListedWithItsLine) {
  std::string text = With("purposes: [dibao_review, housing]", "purposes: [dibao_review, hosing]");
  text = absl::StrReplaceAll(text, {{"division: \"640104\"", "division: \"610104\""},
                                    {"categories: [death]\n", "categories: [vehicle]\n"}});
  const std::string defects = DefectsIn(text);
  EXPECT_THAT(defects, HasSubstr("register.yaml:16: CONFIG_REFERENCE: "
                                 "purposes[1].legal_basis.categories[0]"));
  EXPECT_THAT(defects, HasSubstr("register.yaml:27: CONFIG_DIVISION: agencies[0].division: lies "
                                 "outside the platform's division 640000"));
  EXPECT_THAT(defects, HasSubstr("register.yaml:34: CONFIG_REFERENCE: agencies[1].purposes[1]"));
}

TEST(RegisterTest, TwoAgenciesOfOneCodeAreRefused) {
  EXPECT_THAT(DefectsIn(With("code: yinchuan-mz", "code: xingqing-mz")),
              HasSubstr("agencies[1].code: \"xingqing-mz\" is the code of agencies[0]"));
}

TEST(RegisterTest, OneCertificateForTwoAgenciesIsRefused) {
  const std::string digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  EXPECT_THAT(DefectsIn(With("    in_flight_max: 2", "    certificate_digests: [" + digest + "]")),
              HasSubstr("CONFIG_DUPLICATE: agencies[1].certificate_digests[0]"));
}

TEST(RegisterTest, CertificateDigestMustBeADigest) {
  EXPECT_THAT(DefectsIn(With("- 00112233", "- 0011")), HasSubstr("CONFIG_DIGEST"));
}

TEST(RegisterTest, AreaAboveTheAgencysLevelIsRefused) {
  EXPECT_THAT(DefectsIn(With("level: city", "level: county")),
              HasSubstr("cannot have a whole city for its area"));
}

TEST(RegisterTest, PlatformLevelMustFitItsDivision) {
  EXPECT_THAT(DefectsIn(With("level: region", "level: county")),
              HasSubstr("register.yaml:2: CONFIG_DIVISION: platform.level"));
}

TEST(RegisterTest, RatesAreReadAndHeldToTheirRange) {
  const auto reg = ParseRegister(
      "register.yaml",
      With("    in_flight_max: 2", "    requests_per_second: 5\n    requests_per_day: 100"));
  ASSERT_TRUE(reg.ok()) << reg.status();
  EXPECT_EQ(reg->agencies()[0].requests_per_second, 5);
  EXPECT_EQ(reg->agencies()[0].requests_per_day, 100);
  EXPECT_EQ(reg->agencies()[1].requests_per_second, 0) << "no limit";
  const std::string defects = DefectsIn(
      With("    in_flight_max: 2", "    requests_per_second: 100001\n    requests_per_day: -1"));
  EXPECT_THAT(defects, HasSubstr("CONFIG_RANGE: agencies[0].requests_per_second"));
  EXPECT_THAT(defects, HasSubstr("CONFIG_RANGE: agencies[0].requests_per_day"));
}

TEST(RegisterTest, PoliciesAreForWhomItSaysAndNobodyElse) {
  const auto reg =
      ParseRegister("register.yaml", With("    in_flight_max: 2", "    policy_uses: [read]"));
  ASSERT_TRUE(reg.ok()) << reg.status();
  EXPECT_TRUE(CheckPolicyUse(reg->agencies()[0], PolicyUse::kRead).ok());
  const absl::Status refused = CheckPolicyUse(reg->agencies()[0], PolicyUse::kTry);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(base::ReasonOf(refused), "POLICY_USE_NOT_ALLOWED");
  EXPECT_FALSE(CheckPolicyUse(reg->agencies()[1], PolicyUse::kRead).ok()) << "not by default";
  EXPECT_THAT(DefectsIn(With("    in_flight_max: 2", "    policy_uses: [try, read, try]")),
              HasSubstr("CONFIG_DUPLICATE: agencies[0].policy_uses[2]"));
  EXPECT_THAT(DefectsIn(With("    in_flight_max: 2", "    policy_uses: [write]")),
              HasSubstr("agencies[0].policy_uses[0]"));
}

TEST(RegisterTest, SourcesAreForWhomItSaysAndNobodyElse) {
  const auto reg = ParseRegister("register.yaml",
                                 With("    in_flight_max: 2", "    source_uses: [read, recall]"));
  ASSERT_TRUE(reg.ok()) << reg.status();
  const Agency& named = reg->agencies()[0];
  EXPECT_TRUE(CheckSourceUse(named, SourceUse::kRead).ok());
  EXPECT_TRUE(CheckSourceUse(named, SourceUse::kRecall).ok());
  const absl::Status refused = CheckSourceUse(named, SourceUse::kHold);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(base::ReasonOf(refused), "SOURCE_USE_NOT_ALLOWED");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("\"hold\""));
  for (const SourceUse use : {SourceUse::kRead, SourceUse::kHold, SourceUse::kRecall}) {
    EXPECT_FALSE(CheckSourceUse(reg->agencies()[1], use).ok()) << "not by default";
  }
  EXPECT_THAT(DefectsIn(With("    in_flight_max: 2", "    source_uses: [hold, read, hold]")),
              HasSubstr("CONFIG_DUPLICATE: agencies[0].source_uses[2]"));
  EXPECT_THAT(DefectsIn(With("    in_flight_max: 2", "    source_uses: [stop]")),
              HasSubstr("agencies[0].source_uses[0]"));
}

TEST(RegisterTest, InFlightShareBeyondTheServersIsRefused) {
  EXPECT_THAT(DefectsIn(With("in_flight_max: 2", "in_flight_max: 10001")),
              HasSubstr("CONFIG_RANGE"));
  EXPECT_THAT(DefectsIn(With("in_flight_max: 2", "in_flight_max: -1")), HasSubstr("CONFIG_RANGE"));
  EXPECT_EQ(DefectsIn(With("in_flight_max: 2", "in_flight_max: 10000")), "none");
}

TEST(RegisterTest, LegalBasisMustEndAfterItBegins) {
  EXPECT_THAT(DefectsIn(With("to: 2026-01-01", "to: 2025-01-01")),
              HasSubstr("purposes[1].legal_basis.to: must be later than from"));
  EXPECT_THAT(DefectsIn(With("from: 2025-01-01", "from: 2025-02-30")), HasSubstr("CONFIG_DAY"));
}

TEST(RegisterTest, EmptyFileIsRefused) {
  const std::string defects = DefectsIn("");
  EXPECT_THAT(defects, HasSubstr("platform"));
  EXPECT_THAT(defects, HasSubstr("purposes"));
  EXPECT_THAT(defects, HasSubstr("agencies"));
}

TEST(RegisterTest, MissingFileIsNotFound) {
  EXPECT_EQ(LoadRegister("/nowhere/register.yaml").status().code(), absl::StatusCode::kNotFound);
}

// ---- Gateways.

// An Ed25519 key of nobody.
constexpr char kHeaderKey[] = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

std::string WithGateway(const std::string& lines) {
  return absl::StrCat(kRegisterYaml, "gateways:\n", lines);
}

TEST(RegisterTest, ReadsGateways) {
  const auto reg = ParseRegister(
      "register.yaml", WithGateway(absl::StrCat("  - code: front\n    header_keys: [\"", kHeaderKey,
                                                "\"]\n    agencies: [yinchuan-mz, xingqing-mz]\n"
                                                "    certificate_digests: [",
                                                std::string(64, 'a'), "]\n")));
  ASSERT_TRUE(reg.ok()) << reg.status();
  const Gateway* front = reg->FindGateway("front");
  ASSERT_NE(front, nullptr);
  EXPECT_EQ(front->header_keys.size(), 1u);
  EXPECT_TRUE(front->MaySpeakFor("xingqing-mz"));
  EXPECT_FALSE(front->MaySpeakFor("elsewhere"));
  EXPECT_EQ(reg->FindGatewayByCertificate(std::string(32, '\xaa')), front);
  EXPECT_EQ(reg->FindAgencyByCertificate(std::string(32, '\xaa')), nullptr);
  EXPECT_EQ(reg->FindGateway("other"), nullptr);
}

TEST(RegisterTest, EveryDefectOfAGatewayIsNamed) {
  const std::string defects = DefectsIn(WithGateway(absl::StrCat(
      "  - code: Front\n    header_keys: [\"nonsense\", \"AAAA\"]\n    agencies: [nobody]\n"
      "    certificate_digests: "
      "[00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff]\n"
      "  - code: empty\n")));
  EXPECT_THAT(defects, HasSubstr("CONFIG_CODE: gateways[0].code"));
  EXPECT_THAT(defects, HasSubstr("CONFIG_KEY: gateways[0].header_keys[0]"));
  EXPECT_THAT(defects, HasSubstr("CONFIG_KEY: gateways[0].header_keys[1]"));
  EXPECT_THAT(defects, HasSubstr("CONFIG_REFERENCE: gateways[0].agencies[0]"));
  EXPECT_THAT(defects, HasSubstr("CONFIG_DUPLICATE: gateways[0].certificate_digests[0]"));
  EXPECT_THAT(defects, HasSubstr("CONFIG_RANGE: gateways[1].header_keys"));
  EXPECT_THAT(defects, HasSubstr("CONFIG_MISSING: gateways[1].agencies"));
}

// ---- Who calls.

class IdentifyAgencyTest : public AccessTest {
 protected:
  absl::StatusOr<std::string> Identify(const CallerIdentity& caller) {
    const auto agency = IdentifyAgency(register_, caller);
    if (!agency.ok()) return agency.status();
    return (*agency)->code;
  }
  std::string Refusal(const CallerIdentity& caller) {
    const absl::Status status = Identify(caller).status();
    EXPECT_EQ(base::VisibilityOf(status), base::Visibility::kCaller);
    return absl::StatusCodeToString(status.code()) + " " + base::ReasonOf(status);
  }
  const std::string leaf_ = std::string(32, '\x05');
  const std::string listed_ =
      *base::HexDecode("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
};

TEST_F(IdentifyAgencyTest, SanUriNamesTheAgencyAndOtherUrisAreIgnored) {
  const auto code = Identify({{"spiffe://elsewhere/x", "hedui://agency/xingqing-mz"}, leaf_});
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(*code, "xingqing-mz");
}

TEST_F(IdentifyAgencyTest, ListedCertificateNamesTheAgency) {
  const auto code = Identify({{}, listed_});
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(*code, "yinchuan-mz");
  EXPECT_TRUE(Identify({{"hedui://agency/yinchuan-mz"}, listed_}).ok());
}

TEST_F(IdentifyAgencyTest, NoCertificateIsUnauthenticated) {
  EXPECT_EQ(Refusal({}), "UNAUTHENTICATED NO_CLIENT_CERTIFICATE");
}

TEST_F(IdentifyAgencyTest, CertificateWithoutAgencyIsUnauthenticated) {
  EXPECT_EQ(Refusal({{"https://example.org"}, leaf_}), "UNAUTHENTICATED NO_AGENCY_IDENTITY");
}

TEST_F(IdentifyAgencyTest, TwoAgenciesInOneCertificateAreUnauthenticated) {
  EXPECT_EQ(Refusal({{"hedui://agency/xingqing-mz", "hedui://agency/yinchuan-mz"}, leaf_}),
            "UNAUTHENTICATED AMBIGUOUS_AGENCY_IDENTITY");
  EXPECT_EQ(Refusal({{"hedui://agency/xingqing-mz"}, listed_}),
            "UNAUTHENTICATED AMBIGUOUS_AGENCY_IDENTITY");
}

TEST_F(IdentifyAgencyTest, UnknownAgencyIsDenied) {
  EXPECT_EQ(Refusal({{"hedui://agency/nobody"}, leaf_}), "PERMISSION_DENIED AGENCY_UNKNOWN");
  EXPECT_EQ(Refusal({{"hedui://agency/"}, leaf_}), "PERMISSION_DENIED AGENCY_UNKNOWN");
  EXPECT_EQ(Refusal({{"hedui://agency/xingqing-mz/x"}, leaf_}), "PERMISSION_DENIED AGENCY_UNKNOWN");
}

}  // namespace
}  // namespace hedui::access
