// PolicyService over the wire: who may use it, what it shows, what it finds in posted files and
// what they say of a case; and that nothing of a case stays.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "hedui/v1/errors.pb.h"
#include "hedui/v1/policy.grpc.pb.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/report/assessment_json.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kOfficer[] = "XQ-0107";
constexpr char kUses[] = "    policy_uses: [read, try]\n";

std::string ReadSource(const std::string& path) {
  return *base::ReadFile(absl::StrCat(HEDUI_SOURCE_DIR, "/", path));
}

class PolicyTest : public ::testing::Test {
 protected:
  static v1::ListPolicySetsRequest ListRequest() {
    v1::ListPolicySetsRequest request;
    request.set_officer(kOfficer);
    return request;
  }
  static v1::GetPolicySetRequest GetRequest() {
    v1::GetPolicySetRequest request;
    request.set_officer(kOfficer);
    request.set_division("640104");
    request.set_day("2025-03-03");
    return request;
  }
  static v1::LintPoliciesRequest LintRequest(const std::string& path, const std::string& text) {
    v1::LintPoliciesRequest request;
    request.set_officer(kOfficer);
    request.add_files()->set_path(path);
    request.mutable_files(0)->set_text(text);
    return request;
  }
  static v1::EvaluateRequest EvaluateRequest() {
    v1::EvaluateRequest request;
    request.set_officer(kOfficer);
    request.set_case_yaml(ReadSource("tests/assess/cases/demo_bank_silent.yaml"));
    return request;
  }

  // The four calls' reasons, "OK" where they are answered.
  static std::vector<std::string> Reasons(clients::Client& client) {
    const auto reason = [](const absl::Status& status) {
      return status.ok() ? std::string("OK") : base::ReasonOf(status);
    };
    const std::string standard = ReadSource("policies/640104/standard.yaml");
    return {
        reason(client.ListPolicySets(ListRequest(), kPatience).status()),
        reason(client.GetPolicySet(GetRequest(), kPatience).status()),
        reason(
            client.LintPolicies(LintRequest("640104/standard.yaml", standard), kPatience).status()),
        reason(client.Evaluate(EvaluateRequest(), kPatience).status())};
  }

  Scenario scenario_;
};

TEST_F(PolicyTest, AnswersWhomTheRegisterNamesForItAndNobodyElse) {
  Scenario::Replace(&scenario_.register_yaml, kUses, "");
  for (const auto& [code, uses] : {std::pair{"640105-read", "    policy_uses: [read]\n"},
                                   std::pair{"640106-try", "    policy_uses: [try]\n"}}) {
    absl::StrAppend(&scenario_.register_yaml, "  - code: ", code,
                    "\n    name: 示例\n    level: county\n    division: \"640104\"\n"
                    "    purposes: [social_assistance]\n",
                    uses);
  }
  RunningPlatform platform(&scenario_);
  const std::string no = "POLICY_USE_NOT_ALLOWED";
  EXPECT_THAT(Reasons(platform.client()), ElementsAre(no, no, no, no));
  EXPECT_THAT(Reasons(*scenario_.Connect(platform.port(), "640105-read")),
              ElementsAre("OK", "OK", no, no));
  EXPECT_THAT(Reasons(*scenario_.Connect(platform.port(), "640106-try")),
              ElementsAre(no, no, "OK", "OK"));
  const auto refused = platform.client().ListPolicySets(ListRequest(), kPatience);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  v1::ListPolicySetsRequest nobody = ListRequest();
  nobody.clear_officer();
  EXPECT_EQ(base::ReasonOf(platform.client().ListPolicySets(nobody, kPatience).status()),
            "OFFICER_REQUIRED");
  EXPECT_EQ(platform.client().IsServing("hedui.v1.PolicyService", kPatience).value_or(false), true);
}

TEST_F(PolicyTest, SetsAreListedInPagesWhoseTokensAreTheirAgencysOwn) {
  scenario_.register_yaml +=
      "  - code: 640106-civil-affairs\n    name: 示例\n    level: county\n    division: "
      "\"640106\"\n"
      "    purposes: [social_assistance]\n    policy_uses: [read]\n";
  RunningPlatform platform(&scenario_);
  v1::ListPolicySetsRequest request = ListRequest();
  const auto whole = platform.client().ListPolicySets(request, kPatience);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->engine(), assess::kEngineVersion);
  EXPECT_GT(whole->in_force_since_seconds(), 0);
  request.set_page_size(1);
  std::vector<std::string> paged, listed;
  for (const v1::PolicySet& set : whole->sets()) listed.push_back(set.division());
  EXPECT_THAT(listed, Contains("640104"));
  std::string token;
  do {
    request.set_page_token(token);
    const auto page = platform.client().ListPolicySets(request, kPatience);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::PolicySet& set : page->sets()) paged.push_back(set.division());
    EXPECT_EQ(page->policies_sha256(), whole->policies_sha256());
    token = page->next_page_token();
    if (!token.empty()) request.set_page_token(token);
  } while (!token.empty());
  EXPECT_EQ(paged, listed);
  const auto other = scenario_.Connect(platform.port(), "640106-civil-affairs")
                         ->ListPolicySets(request, kPatience);
  EXPECT_EQ(base::ReasonOf(other.status()), "PAGE_TOKEN");
  request.set_division("640000");
  EXPECT_EQ(base::ReasonOf(platform.client().ListPolicySets(request, kPatience).status()),
            "PAGE_TOKEN");
}

TEST_F(PolicyTest, ASetIsShownWithWhatIsInForceAndTheBytesOfItsFiles) {
  RunningPlatform platform(&scenario_);
  v1::GetPolicySetRequest request = GetRequest();
  request.set_include_texts(true);
  const auto shown = platform.client().GetPolicySet(request, kPatience);
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(shown->set().division(), "640104");
  EXPECT_EQ(shown->day(), "2025-03-03");
  for (const v1::PolicyFile& file : shown->set().files()) {
    EXPECT_EQ(file.text(), ReadSource("policies/" + file.path()));
    EXPECT_EQ(file.sha256(), base::HexEncode(base::Sha256(file.text())));
  }
  bool standard = false;
  for (const v1::PolicyRow& row : shown->rows()) {
    if (row.id() != "dibao_standard[scope=urban]") continue;
    standard = true;
    EXPECT_EQ(row.value(), "1100");
    EXPECT_EQ(row.kind(), v1::POLICY_KIND_PARAMETER);
    EXPECT_EQ(row.from(), "2025-01-01");
    EXPECT_EQ(row.citation().document(), "XQEX");
    EXPECT_FALSE(row.citation().verified());
    EXPECT_EQ(row.file(), "640104/standard.yaml");
  }
  EXPECT_TRUE(standard);
  EXPECT_GT(shown->names_size(), 20);
  EXPECT_GT(shown->facts_size(), 20);
  EXPECT_GT(shown->code_lists_size(), 2);
  request.clear_include_texts();
  const auto without = platform.client().GetPolicySet(request, kPatience);
  for (const v1::PolicyFile& file : without->set().files()) EXPECT_THAT(file.text(), IsEmpty());
  request.set_division("6401");
  request.set_day("2025-02-30");
  const auto refused = platform.client().GetPolicySet(request, kPatience);
  EXPECT_EQ(base::ReasonOf(refused.status()), "INVALID_REQUEST");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("2 defect(s)"));
}

TEST_F(PolicyTest, FindsInPostedFilesWhatTheLinterFindsInADirectory) {
  RunningPlatform platform(&scenario_);
  const std::string broken = ReadSource("tests/assess/broken/several.yaml");
  const auto result =
      platform.client().LintPolicies(LintRequest("649999/several.yaml", broken), kPatience);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->loads());
  std::vector<std::string> found, expected;
  for (const v1::PolicyFinding& finding : result->findings()) {
    EXPECT_EQ(finding.severity(), v1::POLICY_SEVERITY_ERROR);
    found.push_back(absl::StrCat(finding.file(), ":", finding.line(), " ", finding.code()));
  }
  const std::string overlay = scenario_.Path("overlay");
  fs::create_directories(overlay + "/649999");
  std::ofstream(overlay + "/649999/several.yaml") << broken;
  for (const assess::PolicyFinding& finding :
       assess::PolicyPack::Check({absl::StrCat(HEDUI_SOURCE_DIR, "/policies"), overlay})) {
    expected.push_back(absl::StrCat("649999/several.yaml:", finding.line, " ", finding.code));
  }
  EXPECT_EQ(found, expected);
  EXPECT_FALSE(expected.empty());
  // Bytes that are no text are a finding like any other, not an unreadable call.
  const auto bytes = platform.client().LintPolicies(
      LintRequest("649999/bytes.yaml", std::string("division: \xff\xfe\n", 13)), kPatience);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  ASSERT_EQ(bytes->findings_size(), 1);
  EXPECT_EQ(bytes->findings(0).code(), "YAML_ENCODING");
}

TEST_F(PolicyTest, ACaseComesOutByteForByteAsOffline) {
  RunningPlatform platform(&scenario_);
  const auto result = platform.client().Evaluate(EvaluateRequest(), kPatience);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto pack = assess::PolicyPack::Load(absl::StrCat(HEDUI_SOURCE_DIR, "/policies"));
  ASSERT_TRUE(pack.ok());
  const auto file = assess::ParseCaseFile("case", EvaluateRequest().case_yaml(), **pack);
  ASSERT_TRUE(file.ok());
  const auto assessment = assess::Assess(**pack, file->value);
  ASSERT_TRUE(assessment.ok());
  EXPECT_EQ(result->json(), report::AssessmentJson(*assessment, file->value));
  EXPECT_EQ(result->policy_sha256(), base::HexEncode(assessment->policy_digest));
  EXPECT_EQ(result->next_change(), base::FormatDay(assessment->next_change));
  ASSERT_EQ(static_cast<size_t>(result->indications_size()), assessment->indications.size());
  const v1::Indication& dibao = result->indications(0);
  EXPECT_EQ(dibao.programme(), "dibao");
  EXPECT_EQ(dibao.label(), "最低生活保障");
  EXPECT_EQ(dibao.result(), v1::INDICATION_RESULT_UNDETERMINED);
  EXPECT_FALSE(dibao.robust());
  ASSERT_GT(dibao.blame_size(), 0);
  EXPECT_EQ(dibao.blame(0).kind(), "SOURCE");
  EXPECT_EQ(dibao.blame(0).category(), "deposit");
  EXPECT_EQ(dibao.amount().text(), "[0.00, 135.00]");
  EXPECT_EQ(dibao.amount().high(), "135");
  EXPECT_THAT(result->unmet_expectations(), IsEmpty());
  v1::EvaluateRequest short_one = EvaluateRequest();
  short_one.set_indications_only(true);
  EXPECT_THAT(platform.client().Evaluate(short_one, kPatience)->json(), IsEmpty());
}

TEST_F(PolicyTest, TheSetIsTheOneThatReportsName) {
  RunningPlatform platform(&scenario_);
  platform.Register();
  const auto report = platform.Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  v1::GetPolicySetRequest request = GetRequest();
  request.clear_day();
  const auto shown = platform.client().GetPolicySet(request, kPatience);
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(shown->set().policy_sha256(),
            base::HexEncode(LinesOf(report->envelope())[0].header().policy_digest()));
  EXPECT_EQ(shown->engine(), LinesOf(report->envelope())[0].header().engine());
}

// Of an error: every violation as "field description".
std::vector<std::string> ViolationsIn(const grpc::Status& status) {
  std::vector<std::string> violations;
  v1::RichStatus rich;
  EXPECT_TRUE(rich.ParseFromString(status.error_details()));
  for (const auto& any : rich.details()) {
    v1::BadRequest bad;
    if (any.type_url() != "type.googleapis.com/google.rpc.BadRequest") continue;
    EXPECT_TRUE(bad.ParseFromString(any.value()));
    for (const auto& violation : bad.field_violations()) {
      violations.push_back(absl::StrCat(violation.field(), " ", violation.description()));
    }
  }
  return violations;
}

class PolicyWireTest : public PolicyTest {
 protected:
  grpc::Status Evaluate(const v1::EvaluateRequest& request) {
    const Issued issued =
        scenario_.pki().IssueTls(kAgency, absl::StrCat("hedui://agency/", kAgency));
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = scenario_.pki().ca_pem();
    tls.pem_cert_chain = issued.certificate_pem;
    tls.pem_private_key = issued.key_pem;
    const auto stub = v1::PolicyService::NewStub(grpc::CreateChannel(
        absl::StrCat("localhost:", platform_.port()), grpc::SslCredentials(tls)));
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    v1::EvaluateResponse response;
    return stub->Evaluate(&context, request, &response);
  }

  RunningPlatform platform_{&scenario_};
};

TEST_F(PolicyWireTest, EveryDefectOfACaseIsAViolationWithLineAndField) {
  v1::EvaluateRequest request = EvaluateRequest();
  request.set_case_yaml(
      "division: \"640104\"\ndates: {application: 2025-03-03, policy: 2025-02-30}\n"
      "persons:\n  - {id: 马志远, relation: 640104197905123171}\n");
  const grpc::Status refused = Evaluate(request);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(ViolationsIn(refused),
              ElementsAre(HasSubstr("case_yaml:2:dates.policy BAD_DATE: "),
                          HasSubstr("case_yaml:4:persons[0].relation UNKNOWN_CODE: ")));
  EXPECT_THAT(refused.error_message(), Not(HasSubstr("640104197905123171")));
  EXPECT_THAT(refused.error_details(), Not(HasSubstr("640104197905123171")));
}

// More than a caller's gRPC takes of trailers would hide the error itself.
TEST_F(PolicyWireTest, DefectsBeyondWhatTrailersCarryAreCounted) {
  v1::EvaluateRequest request = EvaluateRequest();
  std::string text = "division: \"640104\"\npersons:\n";
  for (int i = 0; i < 30; ++i) absl::StrAppend(&text, "  - {id: a", i, ", relation: uncle}\n");
  absl::StrAppend(&text, "answers:\n");
  for (int i = 0; i < 500; ++i) absl::StrAppend(&text, "  - {person: nobody, kind: perhaps}\n");
  request.set_case_yaml(text);
  const grpc::Status refused = Evaluate(request);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << refused.error_message();
  const std::vector<std::string> violations = ViolationsIn(refused);
  ASSERT_GT(violations.size(), 10u);
  EXPECT_THAT(violations.back(), HasSubstr(" more; hedui assess "));
}

TEST_F(PolicyWireTest, NothingOfACaseIsLoggedOrKept) {
  const v1::EvaluateRequest request = EvaluateRequest();
  v1::EvaluateRequest broken = request;
  broken.mutable_case_yaml()->append("马志远: 640104197905123171\n");
  ASSERT_TRUE(Evaluate(request).ok());
  EXPECT_FALSE(Evaluate(broken).ok());
  size_t calls = 0;
  for (const std::string& line : platform_.LogLines()) {
    EXPECT_THAT(line, Not(HasSubstr("640104197905123171")));
    EXPECT_THAT(line, Not(HasSubstr("马志远")));
    EXPECT_THAT(line, Not(HasSubstr("father")));
    calls += line.find("hedui.v1.PolicyService/Evaluate") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(calls, 2u);
  // The store has neither a row nor an entry of the log.
  const auto store = scenario_.OpenStore();
  EXPECT_FALSE(store->NewestRowTime()->has_value());
  const auto head = store->ReadHead();
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->has_value() ? (*head)->size : 0, 0u);
}

TEST_F(PolicyWireTest, RequestsThatAreTooMuchAreRefusedWithEveryDefect) {
  v1::EvaluateRequest request = EvaluateRequest();
  request.set_case_yaml(std::string((size_t{256} << 10) + 1, '#'));
  for (int i = 0; i < 2; ++i) request.add_files()->set_path("640104/same.yaml");
  request.mutable_files(0)->set_text(std::string((size_t{256} << 10) + 1, '#'));
  request.add_files()->set_path("640104/a b.yaml");
  request.set_division("1");
  request.set_policy_day("yesterday");
  request.set_policy_sha256("AB");
  const std::vector<std::string> violations = ViolationsIn(Evaluate(request));
  for (const char* field : {"case_yaml", "files[1].path", "files[2].path", "files", "division",
                            "policy_day", "policy_sha256"}) {
    EXPECT_THAT(violations, Contains(::testing::StartsWith(absl::StrCat(field, " "))));
  }
  request = EvaluateRequest();
  request.set_alone(true);
  EXPECT_THAT(ViolationsIn(Evaluate(request)), ElementsAre(HasSubstr("alone ")));
}

}  // namespace
}  // namespace hedui::testing
