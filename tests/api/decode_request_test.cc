#include "server/api/decode_request.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/base/yaml_message.h"

namespace hedui::api {
namespace {

using ::testing::HasSubstr;

// The demo's household, which is well formed.
v1::VerifyHouseholdRequest Demo() {
  v1::VerifyHouseholdRequest request;
  const auto status = base::ReadYamlMessageFile(
      absl::StrCat(HEDUI_SOURCE_DIR, "/clients/demo/household.yaml"), &request);
  EXPECT_TRUE(status.ok()) << status;
  return request;
}

// The demo's household after a change is refused, and the error names this field.
template <typename Change>
void ExpectDefect(const std::string& field, Change change) {
  v1::VerifyHouseholdRequest request = Demo();
  change(&request);
  auto decoded = DecodeVerifyRequest(request);
  ASSERT_FALSE(decoded.ok()) << field;
  EXPECT_EQ(base::ReasonOf(decoded.status()), "INVALID_REQUEST");
  EXPECT_THAT(std::string(decoded.status().message()), HasSubstr(absl::StrCat(field, ": ")));
}

TEST(DecodeRequestTest, AWellFormedRequestComesThroughWhole) {
  auto decoded = DecodeVerifyRequest(Demo());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->household.division, "640104");
  EXPECT_EQ(decoded->household.persons.size(), 3u);
  EXPECT_EQ(decoded->household.persons[0].relation, base::Relation::kApplicant);
  EXPECT_EQ(decoded->household.persons[0].declared.size(), 1u);
  EXPECT_EQ(decoded->dates.policy, absl::CivilDay(2025, 3, 3));
  EXPECT_EQ(decoded->programmes, (std::vector<std::string>{"dibao", "marginal"}));
  const base::FieldValue* amount = decoded->household.persons[0].declared[0].Find("amount");
  ASSERT_NE(amount, nullptr);
  EXPECT_EQ(std::get<base::Money>(*amount), base::Money::FromFen(300000));
}

TEST(DecodeRequestTest, EveryFieldOfTheHeaderIsChecked) {
  using Request = v1::VerifyHouseholdRequest;
  ExpectDefect("header.request_id", [](Request* r) { r->mutable_header()->set_request_id("1"); });
  ExpectDefect("header.officer", [](Request* r) { r->mutable_header()->clear_officer(); });
  ExpectDefect("header.officer", [](Request* r) { r->mutable_header()->set_officer("a\nb"); });
  ExpectDefect("header.check_kind", [](Request* r) { r->mutable_header()->clear_check_kind(); });
  ExpectDefect("header.matter_number",
               [](Request* r) { r->mutable_header()->set_matter_number(std::string(129, 'x')); });
  ExpectDefect("header.purpose", [](Request* r) { r->mutable_header()->clear_purpose(); });
  ExpectDefect("header.application_day",
               [](Request* r) { r->mutable_header()->clear_application_day(); });
  ExpectDefect("header.acceptance_day",
               [](Request* r) { r->mutable_header()->set_acceptance_day("today"); });
  ExpectDefect("header.policy_day",
               [](Request* r) { r->mutable_header()->set_policy_day("2025-02-30"); });
  ExpectDefect("header.programmes[1]",
               [](Request* r) { r->mutable_header()->set_programmes(1, "dibao"); });
  ExpectDefect("header.programmes[0]",
               [](Request* r) { r->mutable_header()->set_programmes(0, "Di Bao"); });
}

TEST(DecodeRequestTest, EveryFieldOfTheHouseholdIsChecked) {
  using Request = v1::VerifyHouseholdRequest;
  ExpectDefect("division", [](Request* r) { r->set_division("64010"); });
  ExpectDefect("division", [](Request* r) { r->set_division("649999"); });
  ExpectDefect("scope", [](Request* r) { r->set_scope("city"); });
  ExpectDefect("persons", [](Request* r) { r->clear_persons(); });
  ExpectDefect("persons",
               [](Request* r) { r->mutable_persons(1)->set_relation(v1::RELATION_APPLICANT); });
  ExpectDefect("persons[1].person_id",
               [](Request* r) { r->mutable_persons(1)->set_person_id("m1"); });
  ExpectDefect("persons[1].person_id",
               [](Request* r) { r->mutable_persons(1)->set_person_id("M 2"); });
  ExpectDefect("persons[1].role",
               [](Request* r) { r->mutable_persons(0)->set_role(v1::PERSON_ROLE_OBLIGOR); });
  ExpectDefect("persons[0].identity.name",
               [](Request* r) { r->mutable_persons(0)->mutable_identity()->clear_name(); });
  ExpectDefect("persons[0].identity.number", [](Request* r) {
    r->mutable_persons(0)->mutable_identity()->set_number("110105194912310021");
  });
  ExpectDefect("persons[0].identity.kind",
               [](Request* r) { r->mutable_persons(0)->mutable_identity()->clear_kind(); });
  ExpectDefect("persons[2].declared_birth",
               [](Request* r) { r->mutable_persons(2)->set_declared_birth("2004"); });
}

TEST(DecodeRequestTest, EveryFieldOfADeclarationIsChecked) {
  using Request = v1::VerifyHouseholdRequest;
  const auto record = [](Request* r) { return r->mutable_persons(0)->mutable_declared(0); };
  ExpectDefect("persons[0].declared[0].kind", [&](Request* r) { record(r)->set_kind("Wage"); });
  ExpectDefect("persons[0].declared[0].fields[1].name",
               [&](Request* r) { record(r)->mutable_fields(1)->set_name("month"); });
  ExpectDefect("persons[0].declared[0].fields[0]",
               [&](Request* r) { record(r)->mutable_fields(0)->set_month("2025-13"); });
  ExpectDefect("persons[0].declared[0].fields[1]",
               [&](Request* r) { record(r)->mutable_fields(1)->set_money_fen(INT64_MAX); });
  ExpectDefect("persons[0].declared[0].fields[1]",
               [&](Request* r) { record(r)->mutable_fields(1)->clear_value(); });
  ExpectDefect("persons[0].declared[0].fields[1]",
               [&](Request* r) { record(r)->mutable_fields(1)->set_text("a\x01"); });
}

TEST(DecodeRequestTest, ThousandsOfPersonsAreNotEvenRead) {
  v1::VerifyHouseholdRequest request = Demo();
  for (int i = 0; i < 5000; ++i) request.add_persons();
  auto decoded = DecodeVerifyRequest(request);
  ASSERT_FALSE(decoded.ok());
  EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("1 defect"));
}

}  // namespace
}  // namespace hedui::api
