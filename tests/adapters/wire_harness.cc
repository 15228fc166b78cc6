#include "tests/adapters/wire_harness.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/grpc/grpc_source_adapter.h"
#include "adapters/simulated/sim_department_server.h"
#include "gtest/gtest.h"
#include "tests/adapters/loop_runner.h"
#include "tests/adapters/stepped_department.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::adapters {
namespace {

testing::CertificateRequest DepartmentCertificate(TlsFault fault) {
  testing::CertificateRequest request;
  request.name = "department";
  request.dns = {"localhost"};
  request.ips = {"127.0.0.1"};
  if (fault == TlsFault::kExpired) request.to = request.from + absl::Hours(24);
  if (fault == TlsFault::kNotYetValid) request.from = request.to - absl::Hours(24);
  if (fault == TlsFault::kOtherName) {
    request.dns = {"bank.example"};
    request.ips.clear();
  }
  return request;
}

class GrpcWireHarness final : public WireHarness {
 public:
  explicit GrpcWireHarness(const WireOptions& options)
      : simulated_(DepartmentOf(options.simulation, nullptr)),
        client_tls_(pki_.IssueTls("platform")),
        department_(
            CredentialsOf(options.tls),
            [this](const v1::QueryRequest& query) { return simulated_->React(query).response; }),
        proxy_(department_.port()) {
    if (options.on_connections.has_value()) proxy_.OnNewConnections(*options.on_connections);
    GrpcSourceConfig config;
    config.target = absl::StrCat("127.0.0.1:", proxy_.port());
    config.ca_file = pki_.ca_path();
    config.certificate_file = client_tls_.certificate_path;
    config.key_file = client_tls_.key_path;
    auto adapter = MakeGrpcSourceAdapter(config);
    EXPECT_TRUE(adapter.ok()) << adapter.status();
    adapter_ = *std::move(adapter);
  }
  ~GrpcWireHarness() override { loop_.Shutdown(); }

  SourceAdapter& adapter() override { return *adapter_; }
  void OnLoop(absl::FunctionRef<void(runtime::EventLoop&)> task) override { loop_.OnLoop(task); }
  void RunUntil(absl::FunctionRef<bool()> done) override { loop_.RunUntil(done); }
  testing::FaultProxy& proxy() override { return proxy_; }
  void StepByStep(bool on) override { department_.StepByStep(on); }
  int arrived() override { return department_.arrived(); }
  v1::QueryRequest last_query() override { return department_.last_query(); }
  void SendAnswerAndEnd() override { department_.SendAnswerAndEnd(); }
  void SendAnswer() override { department_.SendAnswer(); }
  void SendEnd() override { department_.SendEnd(); }
  void AwaitGone() override { department_.AwaitGone(); }

 private:
  std::shared_ptr<grpc::ServerCredentials> CredentialsOf(TlsFault fault) {
    if (fault == TlsFault::kPlainText) return grpc::InsecureServerCredentials();
    testing::TestPki& issuer = fault == TlsFault::kOtherAuthority ? other_pki_ : pki_;
    const testing::Issued tls = issuer.Issue(DepartmentCertificate(fault));
    return DepartmentServer::MutualTls(
        fault == TlsFault::kWantsAnotherClient ? other_pki_.ca_pem() : pki_.ca_pem(),
        tls.certificate_pem, tls.key_pem);
  }

  testing::TestPki pki_;
  testing::TestPki other_pki_;
  const std::unique_ptr<Department> simulated_;
  const testing::Issued client_tls_;
  std::unique_ptr<SourceAdapter> adapter_;  // destroyed after the loop has drained
  SteppedDepartment department_;
  testing::FaultProxy proxy_;
  LoopRunner loop_;
};

}  // namespace

std::unique_ptr<WireHarness> MakeGrpcWireHarness(const WireOptions& options) {
  return std::make_unique<GrpcWireHarness>(options);
}

}  // namespace hedui::adapters
