// What operators and stock tools ask of a running platform: its health, and what it serves.
#include <sys/resource.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "server/api/call_log.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::reflection::v1alpha::ServerReflection;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;
using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Not;

// Of no agency: monitoring needs none.
std::shared_ptr<grpc::Channel> Connect(Scenario& scenario, int port) {
  const Issued issued = scenario.pki().IssueTls("monitoring", "hedui://monitoring/1");
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = scenario.pki().ca_pem();
  tls.pem_cert_chain = issued.certificate_pem;
  tls.pem_private_key = issued.key_pem;
  return grpc::CreateChannel(absl::StrCat("localhost:", port), grpc::SslCredentials(tls));
}

std::unique_ptr<grpc::ClientContext> Patient() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  return context;
}

class OperationTest : public ::testing::Test {
 protected:
  grpc::Status Check(const std::string& service, HealthCheckResponse* response) {
    HealthCheckRequest request;
    request.set_service(service);
    return health_->Check(Patient().get(), request, response);
  }
  // The answers to each, in one stream.
  std::vector<ServerReflectionResponse> Reflect(
      const std::vector<ServerReflectionRequest>& requests) {
    const auto context = Patient();
    const auto stream = ServerReflection::NewStub(channel_)->ServerReflectionInfo(context.get());
    std::vector<ServerReflectionResponse> responses;
    for (const auto& request : requests) {
      EXPECT_TRUE(stream->Write(request));
      EXPECT_TRUE(stream->Read(&responses.emplace_back()));
    }
    EXPECT_TRUE(stream->WritesDone());
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return responses;
  }
  std::vector<std::string> Listed() {
    ServerReflectionRequest request;
    request.set_list_services("");
    std::vector<std::string> names;
    const auto answers = Reflect({request});
    for (const auto& service : answers.front().list_services_response().service()) {
      names.push_back(service.name());
    }
    return names;
  }

  Scenario scenario_;
  std::unique_ptr<RunningPlatform> platform_ = std::make_unique<RunningPlatform>(&scenario_);
  std::shared_ptr<grpc::Channel> channel_ = Connect(scenario_, platform_->port());
  std::unique_ptr<Health::Stub> health_ = Health::NewStub(channel_);
};

TEST_F(OperationTest, EachServiceIsHealthy) {
  auto services = Listed();
  EXPECT_THAT(services, IsSupersetOf({"hedui.v1.VerificationService", "hedui.v1.ReportService",
                                      "hedui.v1.FindingService", "hedui.v1.AuthorizationService",
                                      "hedui.v1.PolicyService"}));
  for (const std::string service :
       {"", "hedui.v1.VerificationService", "hedui.v1.ReportService", "hedui.v1.FindingService",
        "hedui.v1.AuthorizationService", "hedui.v1.PolicyService"}) {
    HealthCheckResponse response;
    const grpc::Status status = Check(service, &response);
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING) << service;
  }
}

TEST_F(OperationTest, AServiceThatIsNotThereHasNoHealth) {
  HealthCheckResponse response;
  EXPECT_EQ(Check("none", &response).error_code(), grpc::StatusCode::NOT_FOUND);
  const auto context = Patient();
  HealthCheckRequest request;
  request.set_service("none");
  const auto stream = health_->Watch(context.get(), request);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  platform_.reset();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(OperationTest, WhoWatchesHealthIsToldOfTheEndBeforeItComes) {
  const auto context = Patient();
  const auto stream = health_->Watch(context.get(), HealthCheckRequest());
  HealthCheckResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  platform_.reset();
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(api::WireReasonOf(status), "DRAINING");
}

// Another process has written the store: nothing can be committed any more.
TEST_F(OperationTest, WhatCannotCommitIsNotServing) {
  const auto context = Patient();
  const auto stream = health_->Watch(context.get(), HealthCheckRequest());
  HealthCheckResponse response;
  ASSERT_TRUE(stream->Read(&response));
  RunningPlatform(&scenario_).Register();
  EXPECT_FALSE(platform_->client().RegisterAuthorizations(scenario_.letters, kPatience).ok());
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  ASSERT_TRUE(Check("hedui.v1.VerificationService", &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
}

TEST_F(OperationTest, ReflectionShowsWhatIsServedAndNothingElse) {
  ServerReflectionRequest method;
  method.set_file_containing_symbol("hedui.v1.VerificationService.VerifyHousehold");
  method.set_host("anything");
  ServerReflectionRequest file;
  file.set_file_by_filename("hedui/v1/common.proto");
  ServerReflectionRequest secret;
  secret.set_file_by_filename("hedui/config/v1/server.proto");
  ServerReflectionRequest secret_symbol;
  secret_symbol.set_file_containing_symbol("hedui.stored.v1.Matter");
  ServerReflectionRequest extensions;
  extensions.set_all_extension_numbers_of_type("hedui.v1.Person");
  const auto answers =
      Reflect({method, file, secret, secret_symbol, extensions, ServerReflectionRequest()});
  std::vector<std::string> files;
  for (const std::string& bytes : answers[0].file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto proto;
    ASSERT_TRUE(proto.ParseFromString(bytes));
    files.push_back(proto.name());
  }
  EXPECT_EQ(answers[0].valid_host(), "anything");
  EXPECT_EQ(answers[0].original_request().file_containing_symbol(),
            method.file_containing_symbol());
  ASSERT_FALSE(files.empty());
  EXPECT_EQ(files.front(), "hedui/v1/verification.proto");
  EXPECT_THAT(files, Contains("hedui/v1/common.proto"));
  EXPECT_GE(answers[1].file_descriptor_response().file_descriptor_proto_size(), 1);
  EXPECT_EQ(answers[2].error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(answers[3].error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(answers[4].error_response().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(answers[5].error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(OperationTest, AReflectionStreamHasAnEnd) {
  const auto context = Patient();
  const auto stream = ServerReflection::NewStub(channel_)->ServerReflectionInfo(context.get());
  ServerReflectionRequest request;
  request.set_list_services("");
  ServerReflectionResponse response;
  int answers = 0;
  while (stream->Write(request) && stream->Read(&response)) ++answers;
  EXPECT_EQ(answers, 1'000);
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(api::WireReasonOf(status), "REFLECTION_REQUESTS");
}

TEST_F(OperationTest, AReflectionStreamThatIsLeftOpenIsCutAtTheEnd) {
  const auto context = Patient();
  const auto stream = ServerReflection::NewStub(channel_)->ServerReflectionInfo(context.get());
  ServerReflectionRequest request;
  request.set_list_services("");
  ServerReflectionResponse response;
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));
  platform_.reset();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(OperationTest, FewDescriptorsAreToldAtTheStart) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  Scenario scenario;
  for (const rlim_t may_open : {rlim_t{1'024}, rlim_t{4'096}}) {
    rlimit limit = before;
    limit.rlim_cur = may_open;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    std::atomic<bool> told{false};
    {
      RunningPlatform platform(&scenario, nullptr, [&told](PlatformOptions* options) {
        options->tell = [&told](const base::Event& event) {
          if (base::TextOf(event).find("LimitNOFILE") != std::string::npos) told = true;
        };
      });
    }
    EXPECT_EQ(told, may_open == 1'024);
  }
  setrlimit(RLIMIT_NOFILE, &before);
}

// Debian has no headers of its messages. A request is empty; field 1 of an answer is a server.
TEST_F(OperationTest, ChannelzShowsServersWhereItIsAskedFor) {
  EXPECT_THAT(Listed(), Not(Contains("grpc.channelz.v1.Channelz")));
  scenario_.server_yaml += "channelz: true\n";
  platform_.reset();
  platform_ = std::make_unique<RunningPlatform>(&scenario_);
  channel_ = Connect(scenario_, platform_->port());
  EXPECT_THAT(Listed(), Contains("grpc.channelz.v1.Channelz"));
  const auto context = Patient();
  grpc::CompletionQueue queue;
  const grpc::ByteBuffer request(nullptr, 0);
  grpc::GenericStub stub(channel_);
  const auto call = stub.PrepareUnaryCall(context.get(), "/grpc.channelz.v1.Channelz/GetServers",
                                          request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(status.ok()) << status.error_message();
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(response.Dump(&slices).ok());
  ASSERT_FALSE(slices.empty());
  EXPECT_EQ(*slices.front().begin(), 0x0a);
}

}  // namespace
}  // namespace hedui::testing
