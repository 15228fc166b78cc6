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

const absl::CivilDay kToday(2025, 3, 3);

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
  auto decoded = DecodeVerifyRequest(request, kToday);
  ASSERT_FALSE(decoded.ok()) << field;
  EXPECT_EQ(base::ReasonOf(decoded.status()), "INVALID_REQUEST");
  EXPECT_THAT(std::string(decoded.status().message()), HasSubstr(absl::StrCat(field, ": ")));
}

TEST(DecodeRequestTest, AWellFormedRequestComesThroughWhole) {
  auto decoded = DecodeVerifyRequest(Demo(), kToday);
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
  ExpectDefect("persons[2].relation",
               [](Request* r) { r->mutable_persons(2)->set_relation(v1::RELATION_SPOUSE); });
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

// What could not be read says nothing about what is missing.
TEST(DecodeRequestTest, AnUnreadEnumIsOneDefectAndMakesNoOthers) {
  using Request = v1::VerifyHouseholdRequest;
  const auto expect_only = [](const std::string& field, auto change) {
    ExpectDefect(field, change);
    v1::VerifyHouseholdRequest request = Demo();
    change(&request);
    EXPECT_THAT(std::string(DecodeVerifyRequest(request, kToday).status().message()),
                HasSubstr(" 1 defect(s): "));
  };
  const auto unknown = static_cast<v1::Relation>(99);
  for (int i = 0; i < 3; ++i) {
    const std::string person = absl::StrCat("persons[", i, "]");
    expect_only(person + ".relation",
                [&](Request* r) { r->mutable_persons(i)->set_relation(unknown); });
    expect_only(person + ".relation", [&](Request* r) { r->mutable_persons(i)->clear_relation(); });
    expect_only(person + ".role", [&](Request* r) { r->mutable_persons(i)->clear_role(); });
    expect_only(person + ".identity.name",
                [&](Request* r) { r->mutable_persons(i)->mutable_identity()->clear_name(); });
    expect_only(person + ".identity.kind", [&](Request* r) {
      r->mutable_persons(i)->mutable_identity()->clear_kind();
      r->mutable_persons(i)->mutable_identity()->set_number("E12345678");
    });
  }
  expect_only("persons[0].role", [](Request* r) {
    r->mutable_persons()->DeleteSubrange(1, 2);
    r->mutable_persons(0)->set_role(static_cast<v1::PersonRole>(7));
  });
  // Two are still one too many, whatever a third may be.
  v1::VerifyHouseholdRequest request = Demo();
  request.mutable_persons(1)->set_relation(v1::RELATION_APPLICANT);
  request.mutable_persons(2)->set_relation(unknown);
  EXPECT_THAT(std::string(DecodeVerifyRequest(request, kToday).status().message()),
              HasSubstr("persons: need exactly one applicant; there are 2"));
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

TEST(DecodeRequestTest, TheSameHumanUnderTwoDocumentsIsRefused) {
  using Request = v1::VerifyHouseholdRequest;
  const auto second = [](v1::IdentityKind kind, const char* number) {
    return [kind, number](Request* r) {
      r->mutable_persons(1)->mutable_identity()->set_kind(kind);
      r->mutable_persons(1)->mutable_identity()->set_number(number);
    };
  };
  ExpectDefect("persons[1].identity", second(v1::IDENTITY_KIND_OTHER, "640104197905123171"));
  ExpectDefect("persons[1].identity",
               second(v1::IDENTITY_KIND_DISABILITY_CERTIFICATE, "64010419790512317143"));
  ExpectDefect("persons[2].identity", [](Request* r) {
    for (int i : {1, 2}) {
      r->mutable_persons(i)->mutable_identity()->set_kind(v1::IDENTITY_KIND_WITHOUT_NUMBER);
      r->mutable_persons(i)->mutable_identity()->clear_number();
      r->mutable_persons(i)->mutable_identity()->set_name("新生儿");
    }
  });
}

TEST(DecodeRequestTest, DaysFarFromTodayAreRefused) {
  using Request = v1::VerifyHouseholdRequest;
  ExpectDefect("header.application_day",
               [](Request* r) { r->mutable_header()->set_application_day("1901-01-01"); });
  ExpectDefect("header.policy_day",
               [](Request* r) { r->mutable_header()->set_policy_day("2100-01-01"); });
}

TEST(DecodeRequestTest, APersonIdThatIsACitizenNumberIsRefused) {
  ExpectDefect("persons[0].person_id", [](v1::VerifyHouseholdRequest* r) {
    r->mutable_persons(0)->set_person_id("640104197905123171");
  });
}

TEST(DecodeRequestTest, ASpouseAmongTheObligorsIsRefused) {
  const auto spouse_as = [](v1::PersonRole role) {
    v1::VerifyHouseholdRequest request = Demo();
    request.mutable_persons()->SwapElements(1, 2);  // the obligor last
    request.mutable_persons(2)->set_role(role);
    return DecodeVerifyRequest(request, kToday).status();
  };
  EXPECT_TRUE(spouse_as(v1::PERSON_ROLE_MEMBER).ok());
  const absl::Status refused = spouse_as(v1::PERSON_ROLE_OBLIGOR);
  EXPECT_EQ(base::ReasonOf(refused), "INVALID_REQUEST");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("persons[2].role: a spouse is always"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("give the role MEMBER"));
}

TEST(DecodeRequestTest, MoreLettersThanACallTakesAreRefusedBeforeAnythingIsMadeOfThem) {
  v1::RegisterAuthorizationsRequest request;
  for (int i = 0; i < 40; ++i) request.add_letters();
  EXPECT_TRUE(CheckLetterCount(request).ok());
  request.add_letters();
  const absl::Status refused = CheckLetterCount(request);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(base::ReasonOf(refused), "INVALID_REQUEST");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("letters: are 41; at most 40"));
}

TEST(DecodeRequestTest, NoMoreThanFiftyDefectsAreListed) {
  v1::VerifyHouseholdRequest request = Demo();
  for (int i = 0; i < 10; ++i) {
    v1::Record* bad = request.mutable_persons(0)->add_declared();
    for (int j = 0; j < 60; ++j) bad->add_fields();
  }
  auto decoded = DecodeVerifyRequest(request, kToday);
  ASSERT_FALSE(decoded.ok());
  EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("51 defect"));
}

TEST(DecodeRequestTest, ThousandsOfPersonsAreNotEvenRead) {
  v1::VerifyHouseholdRequest request = Demo();
  for (int i = 0; i < 5000; ++i) request.add_persons();
  auto decoded = DecodeVerifyRequest(request, kToday);
  ASSERT_FALSE(decoded.ok());
  EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("1 defect"));
}

}  // namespace
}  // namespace hedui::api
