// What only the grpc kind has: connections, certificates, real loops.
#include "adapters/grpc/grpc_source_adapter.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/registry.h"
#include "adapters/simulated/sim_department_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/v1/source.grpc.pb.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/runtime/grpc_event_loop.h"
#include "tests/adapters/kind_harness.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::adapters {
namespace {

using base::AnswerKind;
using base::Reason;

constexpr char kSimulation[] =
    "data_day: \"2025-03-02\"\nsources:\n  - id: dept\n    categories: [employment]\n";

SourceRequest Request(absl::Duration timeout) {
  SourceRequest request;
  request.query.source_id = "dept";
  request.query.people.push_back(
      {"m1", {base::IdentityKind::kResidentId, "640104197905123171", "马志远"}, {"employment"}});
  request.timeout = timeout;
  return request;
}

class GrpcSourceAdapterTest : public ::testing::Test {
 protected:
  GrpcSourceAdapterTest() : loop_(std::make_unique<grpc::CompletionQueue>(), &clock_, "test") {
    loop_.Start();
  }
  ~GrpcSourceAdapterTest() override {
    if (server_ != nullptr) server_->Shutdown(absl::ZeroDuration());
    loop_.Shutdown();
  }

  void Serve(const std::string& listen = "127.0.0.1:0") {
    auto server = DepartmentServer::Start(
        DepartmentOf(kSimulation, nullptr), listen,
        DepartmentServer::MutualTls(pki_.ca_pem(), server_tls_.certificate_pem,
                                    server_tls_.key_pem),
        &clock_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  GrpcSourceConfig Config() {
    GrpcSourceConfig config;
    config.target = absl::StrCat("127.0.0.1:", server_->port());
    config.ca_file = pki_.ca_path();
    config.certificate_file = client_tls_.certificate_path;
    config.key_file = client_tls_.key_path;
    return config;
  }
  void Connect(const GrpcSourceConfig& config) {
    auto adapter = MakeGrpcSourceAdapter(config);
    ASSERT_TRUE(adapter.ok()) << adapter.status();
    adapter_ = *std::move(adapter);
  }
  SourceReply Ask(absl::Duration timeout = absl::Seconds(20)) {
    SourceReply result;
    bool ended = false;
    base::Mutex mutex;
    base::CondVar changed;
    loop_.Post([&] {
      SourceRequest request = Request(timeout);
      request.traceparent = traceparent_;
      adapter_->Start(loop_, std::move(request), [&](SourceReply reply) {
        const base::MutexLock lock(&mutex);
        result = std::move(reply);
        ended = true;
        changed.SignalAll();
      });
    });
    const base::MutexLock lock(&mutex);
    while (!ended) changed.Wait(&mutex);
    return result;
  }

  std::string traceparent_;
  const base::SystemClock clock_;
  testing::TestPki pki_;
  testing::Issued server_tls_ = pki_.IssueTls("department");
  testing::Issued client_tls_ = pki_.IssueTls("platform");
  std::unique_ptr<SourceAdapter> adapter_;
  std::unique_ptr<DepartmentServer> server_;
  runtime::GrpcEventLoop loop_;
};

TEST_F(GrpcSourceAdapterTest, ADepartmentThatIsDownIsUnreachable) {
  Serve();
  Connect(Config());
  server_->Shutdown(absl::ZeroDuration());
  const SourceReply reply = Ask();
  EXPECT_EQ(reply.answers.at(0).kind, AnswerKind::kUnavailable);
  EXPECT_EQ(reply.answers[0].reason, Reason::kUnreachable);
  EXPECT_TRUE(reply.retryable);
}

TEST_F(GrpcSourceAdapterTest, ADepartmentThatComesBackIsFoundAgain) {
  Serve();
  const std::string listen = absl::StrCat("127.0.0.1:", server_->port());
  Connect(Config());
  EXPECT_EQ(Ask().answers.at(0).kind, AnswerKind::kConfirmedNone);
  server_.reset();
  EXPECT_EQ(Ask().answers.at(0).reason, Reason::kUnreachable);
  Serve(listen);
  // Bounded by the test's own time limit; gRPC's usual back-off would be minutes.
  while (Ask().answers.at(0).kind != AnswerKind::kConfirmedNone) {
  }
}

TEST_F(GrpcSourceAdapterTest, ADepartmentThatNeverFinishesItsHandshakeIsUnreachableAtTheDeadline) {
  Serve();
  testing::FaultProxy proxy(server_->port());
  proxy.OnNewConnections(
      {testing::FaultProxy::Kind::kHold, testing::FaultProxy::Direction::kToTarget});
  GrpcSourceConfig config = Config();
  config.target = absl::StrCat("127.0.0.1:", proxy.port());
  Connect(config);
  const SourceReply reply = Ask(absl::Milliseconds(150));
  EXPECT_EQ(reply.answers.at(0).kind, AnswerKind::kUnavailable);
  EXPECT_EQ(reply.answers[0].reason, Reason::kUnreachable);
  EXPECT_TRUE(reply.retryable);
  EXPECT_FALSE(reply.sent);
}

TEST_F(GrpcSourceAdapterTest, AConnectionThatFailsSaysSoBeforeTheDeadlineAndSendsNothing) {
  Serve();
  const GrpcSourceConfig config = Config();
  server_->Shutdown(absl::ZeroDuration());
  server_.reset();
  Connect(config);
  const SourceReply reply = Ask();  // of 20 s, past this test's patience
  EXPECT_EQ(reply.answers.at(0).reason, Reason::kUnreachable);
  EXPECT_FALSE(reply.sent);
}

TEST_F(GrpcSourceAdapterTest, TheDepartmentsNameIsChecked) {
  Serve();
  GrpcSourceConfig config = Config();
  config.server_name = "bank.example";
  Connect(config);
  EXPECT_EQ(Ask().answers.at(0).reason, Reason::kUnreachable);
}

TEST_F(GrpcSourceAdapterTest, AnotherKindOfLoopIsAnsweredNotCrashed) {
  Serve();
  Connect(Config());
  testing::FakeClock clock;
  testing::FakeLoop loop(&clock);
  int ended = 0;
  adapter_->Start(loop, Request(absl::Seconds(20)), [&](SourceReply reply) {
    ++ended;
    EXPECT_EQ(reply.answers.at(0).reason, Reason::kSourceError);
  });
  EXPECT_EQ(ended, 0);
  loop.RunReady();
  EXPECT_EQ(ended, 1);
}

TEST_F(GrpcSourceAdapterTest, AKeyOfAnotherCertificateIsRefusedAtStart) {
  Serve();
  GrpcSourceConfig config = Config();
  config.key_file = server_tls_.key_path;
  const auto adapter = MakeGrpcSourceAdapter(config);
  EXPECT_EQ(base::ReasonOf(adapter.status()), "TLS_FILES") << adapter.status();
}

TEST_F(GrpcSourceAdapterTest, MissingFilesAndAddressesAreRefusedAtStart) {
  Serve();
  GrpcSourceConfig config = Config();
  config.ca_file += ".missing";
  EXPECT_EQ(MakeGrpcSourceAdapter(config).status().code(), absl::StatusCode::kNotFound);
  config = Config();
  config.key_file.clear();
  EXPECT_EQ(base::ReasonOf(MakeGrpcSourceAdapter(config).status()), "TLS_FILES");
  config = Config();
  config.target.clear();
  EXPECT_EQ(base::ReasonOf(MakeGrpcSourceAdapter(config).status()), "ADAPTER_CONFIG");
}

// A department that packs its answer although nobody said that it may.
class PackingDepartment final : public v1::SourceService::Service {
 public:
  explicit PackingDepartment(bool packs) : packs_(packs) {}
  grpc::Status Query(grpc::ServerContext* context, const v1::QueryRequest*,
                     v1::QueryResponse* response) override {
    context->set_compression_algorithm(packs_ ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_NONE);
    v1::SourceAnswer answer;
    answer.set_person_id("m1");
    answer.set_category("employment");
    answer.set_kind(v1::ANSWER_KIND_CONFIRMED_NONE);
    answer.set_data_day("2025-03-02");
    *response->add_answers() = answer;
    // About nobody who was asked about; gRPC packs only what that shortens.
    answer.set_person_id("m2");
    for (int i = 0; i < 20; ++i) *response->add_answers() = answer;
    return grpc::Status::OK;
  }

 private:
  const bool packs_;
};

class PackedAnswerTest : public GrpcSourceAdapterTest {
 protected:
  base::Answer AnswerFrom(bool packs) {
    PackingDepartment department(packs);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0",
                             DepartmentServer::MutualTls(pki_.ca_pem(), server_tls_.certificate_pem,
                                                         server_tls_.key_pem),
                             &port);
    builder.RegisterService(&department);
    const auto server = builder.BuildAndStart();
    GrpcSourceConfig config;
    config.target = absl::StrCat("127.0.0.1:", port);
    config.ca_file = pki_.ca_path();
    config.certificate_file = client_tls_.certificate_path;
    config.key_file = client_tls_.key_path;
    Connect(config);
    const SourceReply reply = Ask();
    server->Shutdown();
    return reply.answers.at(0);
  }
};

TEST_F(PackedAnswerTest, IsMalformedAndNotUnpacked) {
  const base::Answer answer = AnswerFrom(/*packs=*/true);
  EXPECT_EQ(answer.kind, AnswerKind::kUnavailable);
  EXPECT_EQ(answer.reason, Reason::kMalformed);
}

TEST_F(PackedAnswerTest, TheSameAnswerAsItIsIsRead) {
  EXPECT_EQ(AnswerFrom(/*packs=*/false).kind, AnswerKind::kConfirmedNone);
}

// A department that writes down the trace context it is called with.
class TracedDepartment final : public v1::SourceService::Service {
 public:
  grpc::Status Query(grpc::ServerContext* context, const v1::QueryRequest*,
                     v1::QueryResponse*) override {
    const base::MutexLock lock(&mutex_);
    for (const auto& [key, value] : context->client_metadata()) {
      if (key == "traceparent") seen_.emplace_back(value.data(), value.size());
    }
    return {grpc::StatusCode::UNAVAILABLE, "only here to listen"};
  }
  std::vector<std::string> seen() {
    const base::MutexLock lock(&mutex_);
    return seen_;
  }

 private:
  base::Mutex mutex_;
  std::vector<std::string> seen_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(GrpcSourceAdapterTest, TheTraceContextTravelsAsMetadata) {
  TracedDepartment department;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(
      "127.0.0.1:0",
      DepartmentServer::MutualTls(pki_.ca_pem(), server_tls_.certificate_pem, server_tls_.key_pem),
      &port);
  builder.RegisterService(&department);
  const auto server = builder.BuildAndStart();
  GrpcSourceConfig config;
  config.target = absl::StrCat("127.0.0.1:", port);
  config.ca_file = pki_.ca_path();
  config.certificate_file = client_tls_.certificate_path;
  config.key_file = client_tls_.key_path;
  Connect(config);
  traceparent_ = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  Ask();
  traceparent_ = "";
  Ask();
  EXPECT_THAT(department.seen(),
              ::testing::ElementsAre("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  server->Shutdown();
}

TEST(RegistryTest, KindsThatAreNotBuiltAreRefusedByName) {
  AdapterConfig config;
  config.source_id = "bank";
  config.kind = "sql";
  const auto adapter = MakeAdapter(config);
  EXPECT_EQ(adapter.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(base::ReasonOf(adapter.status()), "ADAPTER_KIND");
  EXPECT_EQ(AdapterKinds(), (std::vector<absl::string_view>{"grpc", "simulated"}));
}

TEST(RegistryTest, EqualConfigurationsShareAnAdapter) {
  AdapterConfig config;
  config.source_id = "nx-bank";
  config.kind = "simulated";
  config.simulation_file = absl::StrCat(HEDUI_SOURCE_DIR, "/adapters/simulated/demo/ningxia.yaml");
  AdapterSet set;
  const auto first = set.GetOrMake(config);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(*set.GetOrMake(config), *first);
  config.source_id = "nx-tax";
  EXPECT_NE(*set.GetOrMake(config), *first);
  config.source_id = "nowhere";
  EXPECT_EQ(base::ReasonOf(set.GetOrMake(config).status()), "SIMULATED_SOURCE");
}

}  // namespace
}  // namespace hedui::adapters
