// What callers are held to: rates, quotas, open calls, and reading what they are told.
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "hedui/v1/errors.pb.h"
#include "hedui/v1/verification.grpc.pb.h"
#include "server/api/api_server.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "tests/integration/raw_connection.h"
#include "tests/integration/running_platform.h"
#include "tests/support/notification.h"

namespace hedui::testing {
namespace {

class LimitsTest : public ::testing::Test {
 protected:
  LimitsTest() {
    get_.set_officer("XQ-0107");
    get_.set_request_id(scenario_.household.header().request_id());
    watch_.set_officer("XQ-0107");
    watch_.set_request_id(get_.request_id());
  }

  void LimitAgency(absl::string_view key_and_value) {
    absl::StrAppend(&scenario_.register_yaml, "    ", key_and_value, "\n");
  }
  // The bank holds its answer back, for as long as anyone would wait.
  void LetTheBankHang() {
    Scenario::Replace(&scenario_.catalogue_yaml, "deadline: 2s", "deadline: 60s");
  }
  void Start() {
    platform_ =
        std::make_unique<RunningPlatform>(&scenario_, nullptr, [this](PlatformOptions* options) {
          options->adjust_api = [this](api::ApiOptions* api) {
            api->connection = limits_;
            api->open_calls_max = open_calls_max_;
          };
        });
  }
  // Another household's request.
  v1::VerifyHouseholdRequest RequestNumber(int number) const {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(
        absl::StrCat("0192f0c1-5e2a-7c3d-9b1f-00000000000", number));
    return request;
  }
  std::shared_ptr<grpc::Channel> Channel(const grpc::ChannelArguments& arguments) {
    const Issued issued =
        scenario_.pki().IssueTls(kAgency, absl::StrCat("hedui://agency/", kAgency));
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = scenario_.pki().ca_pem();
    tls.pem_cert_chain = issued.certificate_pem;
    tls.pem_private_key = issued.key_pem;
    return grpc::CreateCustomChannel(absl::StrCat("localhost:", platform_->port()),
                                     grpc::SslCredentials(tls), arguments);
  }
  static void SetDeadline(grpc::ClientContext* context) {
    context->set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  }
  // The detail of a google.rpc name; nullopt when the status has none.
  template <typename Message>
  static std::optional<Message> Detail(const grpc::Status& status, const std::string& name) {
    v1::RichStatus rich;
    EXPECT_TRUE(rich.ParseFromString(status.error_details()));
    for (const auto& any : rich.details()) {
      Message message;
      if (any.type_url() == "type.googleapis.com/google.rpc." + name &&
          message.ParseFromString(any.value())) {
        return message;
      }
    }
    return std::nullopt;
  }

  Scenario scenario_;
  v1::GetVerificationRequest get_;
  v1::WatchVerificationRequest watch_;
  api::ConnectionLimits limits_;
  size_t open_calls_max_ = api::kOpenCallsMax;
  std::unique_ptr<RunningPlatform> platform_;
};

TEST_F(LimitsTest, AnAgencyBeyondItsDaysQuotaIsRefusedAlsoAfterARestart) {
  LimitAgency("requests_per_day: 2");
  Start();
  platform_->Register();
  ASSERT_TRUE(platform_->Verify(RequestNumber(1)).ok());
  ASSERT_TRUE(platform_->Verify(RequestNumber(1)).ok()) << "the same request again does not count";
  ASSERT_TRUE(platform_->Verify(RequestNumber(2)).ok());
  for (int start = 0; start < 2; ++start) {
    const absl::Status refused = platform_->Verify(RequestNumber(3)).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(base::ReasonOf(refused), "AGENCY_DAY_QUOTA");
    EXPECT_TRUE(platform_->Verify(RequestNumber(2)).ok()) << "what was begun is still answered";
    get_.set_request_id(RequestNumber(1).header().request_id());
    EXPECT_TRUE(platform_->client().GetVerification(get_, kPatience).ok());
    platform_->Restart();
  }
}

TEST_F(LimitsTest, ARefusedRequestIsNotCountedAgainstTheDay) {
  LimitAgency("requests_per_day: 1");
  Start();  // no letters: there is no such matter
  EXPECT_EQ(base::ReasonOf(platform_->Verify(RequestNumber(1)).status()), "MATTER_UNKNOWN");
  platform_->Register();
  EXPECT_TRUE(platform_->Verify(RequestNumber(1)).ok());
}

TEST_F(LimitsTest, AnAgencyBeyondItsRateIsToldWhenTheNextCallIsFree) {
  LimitAgency("requests_per_second: 1");
  Start();
  const auto stub = v1::VerificationService::NewStub(Channel({}));
  grpc::Status status;
  // Until calls come faster than one a second.
  do {
    grpc::ClientContext context;
    SetDeadline(&context);
    v1::VerifyHouseholdResponse response;
    status = stub->VerifyHousehold(&context, RequestNumber(1), &response);
  } while (status.error_code() == grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const auto info = Detail<v1::ErrorInfo>(status, "ErrorInfo");
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "AGENCY_RATE");
  const auto retry = Detail<v1::RetryInfo>(status, "RetryInfo");
  ASSERT_TRUE(retry.has_value());
  EXPECT_GT(retry->retry_delay().seconds() * 1'000'000'000 + retry->retry_delay().nanos(), 0);
  EXPECT_LE(retry->retry_delay().seconds(), 1);
}

TEST_F(LimitsTest, CallsBeyondThoseThatMayBeOpenAreRefusedAtOnce) {
  LetTheBankHang();
  open_calls_max_ = 1;
  Start();
  platform_->Register();
  v1::CreateVerificationRequest create;
  *create.mutable_request() = scenario_.household;
  ASSERT_TRUE(platform_->client().CreateVerification(create, kPatience).ok());
  Notification watching;
  absl::StatusOr<v1::VerifyHouseholdResponse> watched;
  std::thread watcher([&] {
    watched = platform_->client().WatchVerification(
        watch_, kPatience, [&](const v1::SourceOutcome&) { watching.Notify(); });
  });
  watching.Wait();
  const auto stub = v1::VerificationService::NewStub(Channel({}));
  grpc::ClientContext context;
  SetDeadline(&context);
  v1::GetVerificationResponse response;
  const grpc::Status refused = stub->GetVerification(&context, get_, &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Detail<v1::ErrorInfo>(refused, "ErrorInfo")->reason(), "CALLS");
  EXPECT_TRUE(Detail<v1::RetryInfo>(refused, "RetryInfo").has_value());
  platform_.reset();  // the drain ends the watch
  watcher.join();
  EXPECT_FALSE(watched.ok());
}

TEST_F(LimitsTest, AnAgencyWatchesAsManyAsItMayHaveUnderWay) {
  LimitAgency("in_flight_max: 1");
  LetTheBankHang();
  Start();
  platform_->Register();
  v1::CreateVerificationRequest create;
  *create.mutable_request() = scenario_.household;
  ASSERT_TRUE(platform_->client().CreateVerification(create, kPatience).ok());
  EXPECT_EQ(base::ReasonOf(platform_->Verify(RequestNumber(1)).status()), "AGENCY_IN_FLIGHT");
  Notification watching;
  std::thread watcher([&] {
    platform_->client()
        .WatchVerification(watch_, kPatience, [&](const v1::SourceOutcome&) { watching.Notify(); })
        .status()
        .IgnoreError();
  });
  watching.Wait();
  const absl::Status refused =
      platform_->client()
          .WatchVerification(watch_, kPatience, [](const v1::SourceOutcome&) {})
          .status();
  EXPECT_EQ(base::ReasonOf(refused), "AGENCY_WATCHERS") << refused;
  EXPECT_TRUE(platform_->client().GetVerification(get_, kPatience).ok());
  platform_.reset();
  watcher.join();
}

// As many as may wait for one verification were cut: those who come later get in while it runs.
TEST_F(LimitsTest, WatchersWhoWereCutLeaveTheirPlacesToOthers) {
  LetTheBankHang();
  Start();
  platform_->Register();
  v1::CreateVerificationRequest create;
  *create.mutable_request() = scenario_.household;
  ASSERT_TRUE(platform_->client().CreateVerification(create, kPatience).ok());
  const auto stub = v1::VerificationService::NewStub(Channel({}));
  constexpr int kWaiting = 16;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchVerificationResponse>>> readers;
  for (int i = 0; i < kWaiting; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    SetDeadline(contexts.back().get());
    readers.push_back(stub->WatchVerification(contexts.back().get(), watch_));
    v1::WatchVerificationResponse event;
    ASSERT_TRUE(readers.back()->Read(&event)) << "each is told what came before";
  }
  clients::Client& client = platform_->client();
  const auto ignore = [](const v1::SourceOutcome&) {};
  EXPECT_EQ(base::ReasonOf(client.WatchVerification(watch_, kPatience, ignore).status()),
            "IN_FLIGHT");
  for (int i = 0; i < kWaiting; ++i) {
    contexts[i]->TryCancel();
    EXPECT_EQ(readers[i]->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // The platform hears of cut calls by and by, so each of the three below may find no place at
  // first.
  const auto once_there_is_room = [](const auto& call) {
    const absl::Time until = absl::Now() + kPatience;
    absl::Status status = call();
    while (base::ReasonOf(status) == "IN_FLIGHT" && absl::Now() < until) status = call();
    return status;
  };
  Notification watching;
  absl::Status watched;
  std::thread watcher([&] {
    bool told = false;
    watched = once_there_is_room([&] {
      return client
          .WatchVerification(watch_, kPatience,
                             [&](const v1::SourceOutcome&) {
                               if (!std::exchange(told, true)) watching.Notify();
                             })
          .status();
    });
    if (!told) watching.Notify();
  });
  watching.Wait();
  absl::Status joined;
  std::thread verifier(
      [&] { joined = once_there_is_room([&] { return platform_->Verify().status(); }); });
  v1::CancelVerificationRequest cancel;
  cancel.set_officer("XQ-0107");
  cancel.set_request_id(get_.request_id());
  const absl::Status cancelled =
      once_there_is_room([&] { return client.CancelVerification(cancel, kPatience).status(); });
  EXPECT_TRUE(cancelled.ok()) << cancelled;
  watcher.join();
  verifier.join();
  EXPECT_EQ(base::ReasonOf(watched), "VERIFICATION_CANCELLED") << watched;
  EXPECT_EQ(base::ReasonOf(joined), "VERIFICATION_CANCELLED") << joined;
}

TEST_F(LimitsTest, RequestsThatTheMemoryBudgetCannotHoldAreRefusedAtTheDoor) {
  absl::StrAppend(&scenario_.server_yaml, "memory_mib: 2\n");  // half of it one agency's
  Start();
  platform_->Register();
  v1::VerifyHouseholdRequest large = RequestNumber(1);
  for (int i = 0; i < 10; ++i) {
    v1::Record* const record = large.mutable_persons(0)->add_declared();
    record->set_kind("other_income");
    for (int j = 0; j < 50; ++j) {
      v1::Field* const field = record->add_fields();
      field->set_name(absl::StrCat("note", j));
      field->set_text(std::string(1'000, 'x'));
    }
  }
  const absl::Status refused = platform_->Verify(large).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_EQ(base::ReasonOf(refused), "BYTES");
  // What is held is given back: many ordinary ones pass, one after another.
  for (int i = 2; i < 9; ++i) {
    const auto verified = platform_->Verify(RequestNumber(i));
    EXPECT_TRUE(verified.ok()) << verified.status();
  }
}

// Not verifications alone hold memory while they wait.
TEST_F(LimitsTest, QuestionsAboutReportsAndFindingsAreHeldToTheMemoryBudgetToo) {
  absl::StrAppend(&scenario_.server_yaml, "memory_mib: 1\n");  // half of it one agency's
  Start();
  platform_->Register();
  const auto verified = platform_->Verify();
  ASSERT_TRUE(verified.ok()) << verified.status();
  clients::Client& client = platform_->client();
  v1::CheckReportRequest check;
  check.set_officer("XQ-0107");
  check.set_envelope(std::string(300 << 10, 'x'));
  EXPECT_EQ(base::ReasonOf(client.CheckReport(check, kPatience).status()), "BYTES");
  v1::RecordFindingRequest finding;
  finding.set_request_id("0f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d01");
  finding.set_officer("XQ-0107");
  finding.set_report_number(CheckOffline(scenario_, verified->envelope()).report_number);
  finding.mutable_record()->set_method(v1::FINDING_METHOD_HOME_VISIT);
  finding.mutable_record()->add_investigators("XQ-0107");
  finding.mutable_record()->add_investigators("XQ-0215");
  const std::string today = base::FormatDay(base::CivilDayOf(absl::Now()));
  finding.mutable_record()->set_day(today);
  finding.mutable_record()->set_evidence_sha256(std::string(64, 'a'));
  finding.set_person_id("m1");
  finding.set_category("business");
  finding.set_kind(v1::ANSWER_KIND_FOUND);
  finding.mutable_covered()->set_from(today);
  finding.mutable_covered()->set_to(base::FormatDay(base::CivilDayOf(absl::Now()) + 1));
  for (int i = 0; i < 200; ++i) {
    v1::Record* const record = finding.add_records();
    record->set_kind("operating_income");
    v1::Field* const field = record->add_fields();
    field->set_name("note");
    field->set_text(std::string(1'000, 'x'));
  }
  EXPECT_EQ(base::ReasonOf(client.RecordFinding(finding, kPatience).status()), "BYTES");
  v1::RegisterAuthorizationsRequest letters = scenario_.letters;
  letters.mutable_letters(0)->set_letter_number(std::string(300 << 10, 'x'));
  EXPECT_EQ(base::ReasonOf(client.RegisterAuthorizations(letters, kPatience).status()), "BYTES");
  // What is held is given back.
  check.set_envelope(verified->envelope());
  for (int i = 0; i < 8; ++i) {
    const auto checked = client.CheckReport(check, kPatience);
    ASSERT_TRUE(checked.ok()) << checked.status();
    EXPECT_TRUE(checked->valid());
  }
}

TEST_F(LimitsTest, AnswersThatTheMemoryBudgetCannotHoldAreNotUsedAndTheReportIsIssuedAllTheSame) {
  absl::StrAppend(&scenario_.server_yaml, "memory_mib: 1\n");  // half of it one agency's
  Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  std::string records;
  for (int i = 0; i < 4'500; ++i) {
    absl::StrAppend(&records, "          - {kind: deposit, fields: [{name: account, text: \"", i,
                    "\"}, {name: amount, money_fen: 1}]}\n");
  }
  const std::string head = "        category: deposit\n        records:\n";
  Scenario::Replace(&scenario_.simulation_yaml, head, absl::StrCat(head, records));
  Start();
  platform_->Register();
  const auto response = platform_->Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", "deposit").kind(), v1::ANSWER_KIND_UNAVAILABLE);
  EXPECT_EQ(OutcomeOf(*response, "m1", "deposit").reason(), v1::REASON_OVERSIZED);
  EXPECT_EQ(OutcomeOf(*response, "m1", "employment").kind(), v1::ANSWER_KIND_FOUND);
}

TEST_F(LimitsTest, AWatcherWhoDoesNotReadIsEndedAndTheVerificationIsNot) {
  limits_.reader_bytes = 1'024;
  // The watcher comes before its end, also on a loaded machine.
  Scenario::Replace(&scenario_.catalogue_yaml, "deadline: 2s", "deadline: 4s");
  Start();
  platform_->Register();
  v1::CreateVerificationRequest create;
  *create.mutable_request() = scenario_.household;
  ASSERT_TRUE(platform_->client().CreateVerification(create, kPatience).ok());
  // The smallest window, so that nothing is taken that nobody reads.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 5);
  const auto stub = v1::VerificationService::NewStub(Channel(arguments));
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto reader = stub->WatchVerification(&context, watch_);
  reader->WaitForInitialMetadata();
  // Meanwhile it comes to its end, for whoever waits for that.
  const auto finished = platform_->Verify();
  EXPECT_TRUE(finished.ok()) << finished.status();
  v1::WatchVerificationResponse event;
  bool has_report = false;
  while (reader->Read(&event)) has_report = has_report || event.has_finished();
  const grpc::Status status = reader->Finish();
  EXPECT_FALSE(has_report);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  const auto info = Detail<v1::ErrorInfo>(status, "ErrorInfo");
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "SLOW_READER");
}

TEST_F(LimitsTest, ACallerWhoNeverReadsIsCutOff) {
  limits_.reader = absl::Seconds(1);
  Start();
  platform_->Register();
  ASSERT_TRUE(platform_->Verify().ok());
  RawConnection connection(platform_->port());
  connection.Handshake(scenario_.pki().ca_pem(),
                       scenario_.pki().IssueTls(kAgency, absl::StrCat("hedui://agency/", kAgency)));
  connection.BeginHttp2({{4, 0}});  // a window of nothing
  const std::string request = watch_.SerializeAsString();
  const std::string message = absl::StrCat(
      absl::string_view("\0\0\0\0", 4), std::string(1, static_cast<char>(request.size())), request);
  connection.Send(EncodeFrame(kHeaders, kEndHeaders, 1,
                              CallHeaders("/hedui.v1.VerificationService/WatchVerification")));
  connection.Send(EncodeFrame(kData, kEndStream, 1, message));
  bool cut = false;
  while (const auto frame = connection.ReadFrame()) {
    EXPECT_NE(frame->type, kData) << "there is no window for it";
    if (frame->stream != 1) continue;
    cut =
        frame->type == kRstStream || (frame->type == kHeaders && (frame->flags & kEndStream) != 0);
    if (cut) break;
  }
  EXPECT_TRUE(cut);
  EXPECT_TRUE(platform_->client().GetVerification(get_, kPatience).ok());
}

TEST_F(LimitsTest, CompressedRequestsAreRefusedUnread) {
  Start();
  grpc::ChannelArguments arguments;
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
  const auto stub = v1::VerificationService::NewStub(Channel(arguments));
  grpc::ClientContext context;
  SetDeadline(&context);
  v1::VerifyHouseholdRequest request = RequestNumber(1);
  v1::Field* const field = request.mutable_persons(0)->add_declared()->add_fields();
  field->set_name("note");
  field->set_text(std::string(64 << 20, '0'));  // some sixty kilobytes on the way
  v1::VerifyHouseholdResponse response;
  const grpc::Status status = stub->VerifyHousehold(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
}

TEST_F(LimitsTest, HeadersBeyondTheirLimitAreRefused) {
  Start();
  const auto stub = v1::VerificationService::NewStub(Channel({}));
  grpc::ClientContext context;
  SetDeadline(&context);
  context.AddMetadata("x-padding", std::string(api::kMetadataBytesMax, 'x'));
  v1::GetVerificationResponse response;
  EXPECT_EQ(stub->GetVerification(&context, get_, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace hedui::testing
