// What operators and stock tools ask of a running platform: its health, and what it serves.
#include <sys/resource.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using ::testing::HasSubstr;

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

class OperationTest : public ::testing::Test {
 protected:
  OperationTest() {
    const Issued issued =
        scenario_.pki().IssueTls(kAgency, absl::StrCat("hedui://agency/", kAgency));
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = scenario_.pki().ca_pem();
    tls.pem_cert_chain = issued.certificate_pem;
    tls.pem_private_key = issued.key_pem;
    stub_ = std::make_unique<grpc::GenericStub>(grpc::CreateChannel(
        absl::StrCat("localhost:", platform_.port()), grpc::SslCredentials(tls)));
  }

  static Scenario* Asking(Scenario* scenario) {
    scenario->server_yaml += "health_and_reflection: true\n";
    return scenario;
  }

  // Sends one message and reads one.
  grpc::Status Ask(const std::string& method, const std::string& request, std::string* response) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    grpc::CompletionQueue queue;
    const auto call = stub_->PrepareCall(&context, method, &queue);
    void* tag = nullptr;
    bool ok = false;
    const auto await = [&] { return queue.Next(&tag, &ok) && ok; };
    call->StartCall(nullptr);
    await();
    call->Write(BufferOf(request), nullptr);
    await();
    call->WritesDone(nullptr);
    await();
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    if (await()) *response = BytesOf(answer);
    grpc::Status status;
    call->Finish(&status, nullptr);
    await();
    return status;
  }

  Scenario scenario_;
  RunningPlatform platform_{Asking(&scenario_)};
  std::unique_ptr<grpc::GenericStub> stub_;
};

// grpc.health.v1: a request is field 1, the service's name; an answer is field 1, 1 for SERVING.
TEST_F(OperationTest, EachServiceIsHealthy) {
  for (const std::string service : {"", "hedui.v1.VerificationService", "hedui.v1.ReportService",
                                    "hedui.v1.AuthorizationService"}) {
    const std::string request =
        service.empty()
            ? ""
            : absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
    std::string response;
    const grpc::Status status = Ask("/grpc.health.v1.Health/Check", request, &response);
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    EXPECT_EQ(response, std::string("\x08\x01")) << service;
  }
}

TEST_F(OperationTest, AServiceThatIsNotThereHasNoHealth) {
  std::string response;
  EXPECT_EQ(Ask("/grpc.health.v1.Health/Check", "\x0a\x04none", &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
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

// Field 7 asks for the list of services.
TEST_F(OperationTest, ReflectionNamesTheServices) {
  std::string response;
  const grpc::Status status =
      Ask("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*", &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (const char* service : {"hedui.v1.VerificationService", "hedui.v1.ReportService",
                              "hedui.v1.AuthorizationService", "grpc.health.v1.Health"}) {
    EXPECT_THAT(response, HasSubstr(service));
  }
}

}  // namespace
}  // namespace hedui::testing
