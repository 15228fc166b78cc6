#include "tests/adapters/kind_harness.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/grpc/grpc_source_adapter.h"
#include "adapters/simulated/sim_department_server.h"
#include "adapters/simulated/simulated_source_adapter.h"
#include "gtest/gtest.h"
#include "tests/adapters/loop_runner.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::adapters {
namespace {

class SimulatedHarness final : public KindHarness {
 public:
  SimulatedHarness(const std::string& simulation, Department::Desk desk)
      : adapter_(MakeSimulatedSourceAdapter(DepartmentOf(simulation, std::move(desk), &clock_))) {}

  SourceAdapter& adapter() override { return *adapter_; }
  void OnLoop(absl::FunctionRef<void(runtime::EventLoop&)> task) override { task(loop_); }
  void RunUntil(absl::FunctionRef<bool()> done) override {
    loop_.RunReady();
    while (!done()) {
      ASSERT_NE(loop_.next_deadline(), absl::InfiniteDuration()) << "nothing will ever happen";
      loop_.AdvanceTo(loop_.next_deadline());
    }
  }

 private:
  testing::FakeClock clock_;
  testing::FakeLoop loop_{&clock_};
  const std::unique_ptr<SourceAdapter> adapter_;
};

class GrpcHarness final : public KindHarness {
 public:
  GrpcHarness(const std::string& simulation, Department::Desk desk, Transport transport)
      : server_tls_(pki_.IssueTls("department")), client_tls_(pki_.IssueTls("platform")) {
    auto server = DepartmentServer::Start(
        DepartmentOf(simulation, std::move(desk)), "127.0.0.1:0",
        DepartmentServer::MutualTls(pki_.ca_pem(), server_tls_.certificate_pem,
                                    server_tls_.key_pem),
        loop_.clock());
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    if (transport == Transport::kHeld) {
      proxy_.emplace(server_->port());
      proxy_->OnNewConnections(
          {testing::FaultProxy::Kind::kHold, testing::FaultProxy::Direction::kToTarget});
    }
    GrpcSourceConfig config;
    config.target = absl::StrCat("127.0.0.1:", proxy_ ? proxy_->port() : server_->port());
    config.ca_file = pki_.ca_path();
    config.certificate_file = client_tls_.certificate_path;
    config.key_file = client_tls_.key_path;
    auto adapter = MakeGrpcSourceAdapter(config);
    EXPECT_TRUE(adapter.ok()) << adapter.status();
    adapter_ = *std::move(adapter);
  }
  // The order of a process that ends: calls, server, loop, channels.
  ~GrpcHarness() override {
    server_->Shutdown(absl::ZeroDuration());
    loop_.Shutdown();
  }

  SourceAdapter& adapter() override { return *adapter_; }
  void LetThrough() override { proxy_->Release(); }
  void OnLoop(absl::FunctionRef<void(runtime::EventLoop&)> task) override { loop_.OnLoop(task); }
  void RunUntil(absl::FunctionRef<bool()> done) override { loop_.RunUntil(done); }

 private:
  testing::TestPki pki_;
  const testing::Issued server_tls_;
  const testing::Issued client_tls_;
  std::unique_ptr<SourceAdapter> adapter_;  // destroyed after the loop has drained
  std::unique_ptr<DepartmentServer> server_;
  std::optional<testing::FaultProxy> proxy_;
  LoopRunner loop_;
};

}  // namespace

std::unique_ptr<Department> DepartmentOf(const std::string& simulation, Department::Desk desk,
                                         const base::Clock* clock) {
  auto province = Province::Parse("test.yaml", simulation);
  EXPECT_TRUE(province.ok()) << province.status();
  auto department = Department::Create(*std::move(province), "dept", std::move(desk), clock);
  EXPECT_TRUE(department.ok()) << department.status();
  return *std::move(department);
}

std::unique_ptr<KindHarness> MakeSimulatedHarness(const std::string& simulation,
                                                  Department::Desk desk, Transport) {
  return std::make_unique<SimulatedHarness>(simulation, std::move(desk));
}

std::unique_ptr<KindHarness> MakeGrpcHarness(const std::string& simulation, Department::Desk desk,
                                             Transport transport) {
  return std::make_unique<GrpcHarness>(simulation, std::move(desk), transport);
}

}  // namespace hedui::adapters
