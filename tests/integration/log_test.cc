// What a running platform writes into its log: a line for each call and each query to a source, and
// nothing of whom they were about.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "hedui/v1/verification.grpc.pb.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kCallersSpan[] = "00f067aa0ba902b7";

class LogTest : public ::testing::Test {
 protected:
  static Scenario* Impatient(Scenario* scenario) {
    Scenario::Replace(&scenario->catalogue_yaml, "deadline: 2s", "deadline: 300ms");
    scenario->server_yaml += "logging: {level: debug}\n";
    return scenario;
  }
  // The lines of one event.
  std::vector<std::string> Lines(const std::string& event) const {
    std::vector<std::string> lines;
    for (const std::string& line : platform_.LogLines()) {
      if (absl::StrContains(line, absl::StrCat("\"event\":\"", event, "\""))) lines.push_back(line);
    }
    return lines;
  }
  // Verifies as a stock client would, with this header.
  grpc::Status VerifyTraced(const std::string& traceparent) {
    const Issued issued =
        scenario_.pki().IssueTls(kAgency, absl::StrCat("hedui://agency/", kAgency));
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = scenario_.pki().ca_pem();
    tls.pem_cert_chain = issued.certificate_pem;
    tls.pem_private_key = issued.key_pem;
    const auto stub = v1::VerificationService::NewStub(grpc::CreateChannel(
        absl::StrCat("localhost:", platform_.port()), grpc::SslCredentials(tls)));
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    context.AddMetadata("traceparent", traceparent);
    v1::VerifyHouseholdResponse response;
    return stub->VerifyHousehold(&context, scenario_.household, &response);
  }

  Scenario scenario_;
  RunningPlatform platform_{Impatient(&scenario_)};
};

TEST_F(LogTest, EachCallAndEachQueryIsALine) {
  platform_.Register();
  const auto response = platform_.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  const std::vector<std::string> calls = Lines("rpc");
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_THAT(calls[0],
              HasSubstr(R"("method":"hedui.v1.AuthorizationService/RegisterAuthorizations",)"
                        R"("agency":"640104-civil-affairs","code":"OK","ms":)"));
  EXPECT_THAT(
      calls[1],
      AllOf(HasSubstr(R"("level":"info")"),
            HasSubstr(R"("method":"hedui.v1.VerificationService/VerifyHousehold")"),
            HasSubstr(
                absl::StrCat("\"request_id\":\"", scenario_.household.header().request_id(), "\"")),
            HasSubstr(absl::StrCat("\"verification_id\":\"", response->verification_id(), "\""))));
  const std::vector<std::string> queries = Lines("source_call");
  EXPECT_THAT(
      queries,
      Each(HasSubstr(absl::StrCat("\"verification_id\":\"", response->verification_id(), "\""))));
  EXPECT_THAT(queries,
              Contains(AllOf(HasSubstr(R"("level":"warning")"),
                             HasSubstr(R"("source":"nx-bank","answers":"UNAVAILABLE/LATE 3",)"
                                       R"("attempts":1,"ms":)"))));
  EXPECT_THAT(queries,
              Contains(AllOf(HasSubstr(R"("level":"info")"),
                             HasSubstr(R"("source":"nx-social-security")"), HasSubstr("FOUND "))));
}

TEST_F(LogTest, ATraceIsCarriedOnAndAnInvalidOneIsNot) {
  platform_.Register();
  ASSERT_TRUE(VerifyTraced(absl::StrCat("00-", kTrace, "-", kCallersSpan, "-01")).ok());
  const std::vector<std::string> calls = Lines("rpc");
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_THAT(calls[1], AllOf(HasSubstr(absl::StrCat("\"traceparent\":\"00-", kTrace, "-")),
                              Not(HasSubstr(kCallersSpan))));
  EXPECT_THAT(Lines("source_call"),
              Each(HasSubstr(absl::StrCat("\"traceparent\":\"00-", kTrace, "-"))));
  ASSERT_TRUE(VerifyTraced("00-640104197905123171-marked-01").ok());
  ASSERT_THAT(Lines("rpc"), SizeIs(3));
  EXPECT_THAT(Lines("rpc")[2], Not(HasSubstr("traceparent")));
}

// Every text of a message that is somebody's own: names, numbers, and whatever else a caller
// writes.
void Texts(const google::protobuf::Message& message, std::vector<std::string>* texts) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        Texts(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                   : reflection->GetMessage(message, field),
              texts);
      } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
        texts->push_back(field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                              : reflection->GetString(message, field));
      }
    }
  }
}

// Names are Chinese, numbers of papers and accounts long; ids are neither people's nor ours to
// hide.
bool IsPersonal(const std::string& text) {
  if (base::Uuid::Parse(text).ok()) return false;
  const auto count = [&text](auto is) { return std::count_if(text.begin(), text.end(), is); };
  return count([](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }) > 0 ||
         count([](char c) { return c >= '0' && c <= '9'; }) >= 15;
}

TEST_F(LogTest, NothingOfWhomItIsAboutIsInTheLogWhateverHappens) {
  std::vector<std::string> personal;
  std::vector<std::string> texts;
  Texts(scenario_.household, &texts);
  Texts(scenario_.letters, &texts);
  for (const std::string& text : texts) {
    if (IsPersonal(text)) personal.push_back(text);
  }
  personal.emplace_back("AD7351");  // found, not told: the motorcycle's plate
  EXPECT_THAT(personal, Contains("马志远"));
  EXPECT_THAT(personal, Contains("640104197905123171"));
  // What goes well.
  platform_.Register();
  ASSERT_TRUE(platform_.Verify().ok());
  // What is refused, with people's names and numbers wherever a caller could write one.
  constexpr char kMark[] = "MARKED-马志远-640104197905123171";
  personal.emplace_back("MARKED");
  auto bad = scenario_.household;
  bad.mutable_header()->set_request_id(kMark);
  bad.mutable_header()->set_officer(kMark);
  EXPECT_FALSE(platform_.Verify(bad).ok());
  bad = scenario_.household;
  bad.mutable_header()->set_matter_number(kMark);
  bad.mutable_header()->set_purpose(kMark);
  bad.mutable_header()->add_programmes(kMark);
  EXPECT_FALSE(platform_.Verify(bad).ok());
  auto letters = scenario_.letters;
  letters.set_matter_number(kMark);
  for (auto& letter : *letters.mutable_letters()) letter.add_purposes(kMark);
  EXPECT_FALSE(platform_.client().RegisterAuthorizations(letters, kPatience).ok());
  v1::GetReportRequest read;
  read.set_officer("XQ-0107");
  read.set_report_number(kMark);
  EXPECT_FALSE(platform_.client().GetReport(read, kPatience).ok());

  const std::string log = absl::StrJoin(platform_.LogLines(), "\n");
  EXPECT_THAT(Lines("rpc"), SizeIs(6));
  for (const std::string& text : personal) EXPECT_THAT(log, Not(HasSubstr(text)));
}

}  // namespace
}  // namespace hedui::testing
