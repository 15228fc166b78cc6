// What the door refuses: every defect at once, nothing asked, no personal data in the text.
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "tests/integration/running_platform.h"
#include "tests/support/synthetic_person.h"

namespace hedui::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RefusalTest : public ::testing::Test {
 protected:
  RefusalTest() : platform_(&scenario_) { platform_.Register(); }

  v1::VerifyHouseholdRequest& request() { return scenario_.household; }
  absl::Status Verify() { return platform_.Verify().status(); }
  // INVALID_ARGUMENT that names the field.
  void ExpectInvalid(const std::string& field) {
    const absl::Status status = Verify();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(base::ReasonOf(status), "INVALID_REQUEST");
    EXPECT_THAT(std::string(status.message()), HasSubstr(field));
  }

  Scenario scenario_;
  RunningPlatform platform_;
};

TEST_F(RefusalTest, UnknownDivision) {
  request().set_division("649999");
  ExpectInvalid("division");
}

TEST_F(RefusalTest, MalformedIdentityNumberWithoutRepeatingIt) {
  request().mutable_persons(0)->mutable_identity()->set_number("640104197905123172");
  ExpectInvalid("persons[0].identity.number");
  EXPECT_THAT(std::string(Verify().message()), Not(HasSubstr("640104197905123172")));
}

TEST_F(RefusalTest, SameMemberTwice) {
  *request().mutable_persons(1)->mutable_identity() = request().persons(0).identity();
  ExpectInvalid("persons[1].identity");
}

TEST_F(RefusalTest, TwentyOneMembers) {
  while (request().persons_size() < 21) {
    v1::Person* person = request().add_persons();
    *person = request().persons(2);
    person->set_person_id(absl::StrCat("x", request().persons_size()));
    person->mutable_identity()->set_number(
        SyntheticCitizenNumber("640104", absl::CivilDay(2010, 1, 1), request().persons_size()));
  }
  ExpectInvalid("21 members");
}

TEST_F(RefusalTest, UnknownEnumValues) {
  request().mutable_header()->set_check_kind(static_cast<v1::CheckKind>(77));
  request().mutable_persons(0)->set_relation(static_cast<v1::Relation>(99));
  ExpectInvalid("header.check_kind");
  ExpectInvalid("persons[0].relation");
}

TEST_F(RefusalTest, EveryDefectIsListedAtOnce) {
  request().mutable_header()->set_request_id("no uuid");
  request().mutable_header()->clear_officer();
  EXPECT_EQ(base::ReasonOf(Verify()), "OFFICER_REQUIRED");
  request().mutable_header()->set_officer("XQ-0107");
  request().mutable_header()->set_policy_day("2025-02-30");
  request().set_scope("suburban");
  ExpectInvalid("header.request_id");
  ExpectInvalid("header.policy_day");
  ExpectInvalid("scope");
}

TEST_F(RefusalTest, ARequestOfTwoMebibytes) {
  v1::Record* record = request().mutable_persons(0)->add_declared();
  record->set_kind("other_income");
  v1::Field* field = record->add_fields();
  field->set_name("note");
  field->set_text(std::string(2 << 20, 'x'));
  EXPECT_EQ(Verify().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(RefusalTest, AnUnknownMatter) {
  request().mutable_header()->set_matter_number("nobody's");
  const absl::Status status = Verify();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(base::ReasonOf(status), "MATTER_UNKNOWN");
}

TEST_F(RefusalTest, AnAgencyOutsideItsDivision) {
  request().set_division("640105");
  const absl::Status status = Verify();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(base::ReasonOf(status), "OUTSIDE_DIVISION");
}

TEST_F(RefusalTest, FortyOneLettersInOneCall) {
  v1::RegisterAuthorizationsRequest letters = scenario_.letters;
  while (letters.letters_size() < 41) letters.add_letters();
  const absl::Status status =
      platform_.client().RegisterAuthorizations(letters, kPatience).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(base::ReasonOf(status), "INVALID_REQUEST");
  EXPECT_THAT(std::string(status.message()), HasSubstr("letters: are 41"));
}

TEST_F(RefusalTest, AHouseholdOutsideTheMattersDivision) {
  // The agency is the whole city's, the matter 兴庆区's alone.
  Scenario city;
  Scenario::Replace(&city.register_yaml, "division: \"640104\"", "division: \"640100\"");
  Scenario::Replace(&city.register_yaml, "level: county", "level: city");
  RunningPlatform platform(&city);
  platform.Register();
  city.household.set_division("640105");
  const absl::Status status = platform.Verify().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_EQ(base::ReasonOf(status), "OUTSIDE_DIVISION");
}

TEST_F(RefusalTest, AnAgencyOutsideItsPurpose) {
  request().mutable_header()->set_purpose("curiosity");
  const absl::Status status = Verify();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(base::ReasonOf(status), "PURPOSE_NOT_ALLOWED");
}

TEST_F(RefusalTest, EverythingThatForbidsItIsListedAtOnce) {
  request().mutable_header()->set_matter_number("nobody's");
  request().mutable_header()->set_purpose("curiosity");
  request().mutable_header()->add_programmes("no_such_programme");
  request().set_division("640105");
  const absl::Status status = Verify();
  // The gravest speaks for all.
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_EQ(base::ReasonOf(status), "PURPOSE_NOT_ALLOWED");
  const std::string text(status.message());
  EXPECT_THAT(text, HasSubstr("header.purpose: PURPOSE_NOT_ALLOWED"));
  EXPECT_THAT(text, HasSubstr("division: OUTSIDE_DIVISION"));
  EXPECT_THAT(text, HasSubstr("header.matter_number: MATTER_UNKNOWN"));
  const int last = request().header().programmes_size() - 1;
  EXPECT_THAT(text, HasSubstr(absl::StrCat("header.programmes[", last, "]: NO_POLICY_SET")));
}

TEST_F(RefusalTest, WhatIsMalformedAndWhatIsForbiddenAreListedTogether) {
  request().set_scope("suburban");
  request().mutable_header()->set_check_kind(static_cast<v1::CheckKind>(77));
  request().mutable_header()->set_matter_number("nobody's");
  request().mutable_header()->add_programmes("Destitute!");
  request().mutable_header()->add_programmes("destitute");
  for (const char* field : {"scope: ", "header.check_kind: has the unknown value 77",
                            "header.matter_number: ", "(MATTER_UNKNOWN)", "(NO_POLICY_SET)"}) {
    ExpectInvalid(field);
  }
  // Four fields, of which one programme cannot be read and another has no rules.
  EXPECT_THAT(std::string(Verify().message()), HasSubstr(" 5 defect(s)"));
  // Without the day there are no rules to look for; without a purpose none to forbid.
  request().mutable_header()->clear_policy_day();
  request().mutable_header()->clear_purpose();
  ExpectInvalid("header.purpose: is required");
  EXPECT_THAT(std::string(Verify().message()), HasSubstr(" 6 defect(s)"));
}

TEST_F(RefusalTest, AProgrammeWithoutAPolicySetIsNamedByItsField) {
  request().mutable_header()->clear_programmes();
  request().mutable_header()->add_programmes("dibao");
  request().mutable_header()->add_programmes("destitute");
  const absl::Status status = Verify();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(base::ReasonOf(status), "NO_POLICY_SET");
  EXPECT_THAT(std::string(status.message()), HasSubstr("header.programmes[1]: NO_POLICY_SET"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("header.programmes[0]")));
}

TEST_F(RefusalTest, AnAgencyThatIsNotInTheRegister) {
  auto stranger = scenario_.Connect(platform_.port(), "stranger");
  const absl::Status status = stranger->VerifyHousehold(request(), kPatience).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(base::ReasonOf(status), "AGENCY_UNKNOWN");
}

TEST_F(RefusalTest, AClientCertificateOfAForeignAuthority) {
  TestPki foreign(KeyType::kP256, "Foreign authority");
  const Issued tls = foreign.IssueTls("agency", absl::StrCat("hedui://agency/", kAgency));
  clients::ClientOptions options;
  options.target = absl::StrCat("localhost:", platform_.port());
  options.ca_file = scenario_.pki().ca_path();
  options.certificate_file = tls.certificate_path;
  options.key_file = tls.key_path;
  auto client = clients::Client::Connect(options);
  ASSERT_TRUE(client.ok());
  EXPECT_EQ((*client)->VerifyHousehold(request(), absl::Seconds(5)).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(RefusalTest, NoClientCertificate) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = scenario_.pki().ca_pem();
  auto channel =
      grpc::CreateChannel(absl::StrCat("localhost:", platform_.port()), grpc::SslCredentials(tls));
  const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(3);
  EXPECT_FALSE(channel->WaitForConnected(deadline));
}

// --check-config says everything at once, with file and line.
TEST(CheckConfigTest, UnknownAndDuplicateKeysAndMissingFilesAreRefused) {
  Scenario scenario;
  PlatformOptions options;
  const base::SystemClock clock;
  options.clock = &clock;
  options.config_file = scenario.Path("heduid.yaml");
  scenario.Write();
  EXPECT_TRUE(Platform::Check(options).ok()) << Platform::Check(options);

  const std::string good = scenario.server_yaml;
  scenario.server_yaml = absl::StrCat(good, "listne: here\n");
  scenario.Write();
  EXPECT_THAT(std::string(Platform::Check(options).message()), HasSubstr("listne"));
  EXPECT_THAT(std::string(Platform::Check(options).message()), HasSubstr("heduid.yaml:"));

  scenario.server_yaml = absl::StrCat(good, "listen: \"127.0.0.1:1\"\n");
  scenario.Write();
  EXPECT_THAT(std::string(Platform::Check(options).message()), HasSubstr("YAML_DUPLICATE_KEY"));

  scenario.server_yaml = good;
  Scenario::Replace(&scenario.server_yaml, "register_file: register.yaml",
                    "register_file: none.yaml");
  Scenario::Replace(&scenario.server_yaml, "catalogue_file: catalogue.yaml",
                    "catalogue_file: neither.yaml");
  scenario.Write();
  EXPECT_THAT(std::string(Platform::Check(options).message()), HasSubstr("none.yaml"));
  EXPECT_THAT(std::string(Platform::Check(options).message()), HasSubstr("neither.yaml"));
}

}  // namespace
}  // namespace hedui::testing
