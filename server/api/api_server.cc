#include "server/api/api_server.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "server/api/page_token.h"
#include "server/api/service.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

// Threads for gRPC's own services, which are asked rarely; what they answer takes microseconds.
constexpr int kOwnServicesThreads = 1;

// Whatever is enabled holds for every server made after it in this process. A thread of gRPC's own
// takes part of every connection to itself, whatever is called on it: so only on demand. Before the
// builder is made, which takes its plugins then.
void EnableOwnServices() {
  grpc::EnableDefaultHealthCheckService(true);
  static const bool reflection = [] {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  static_cast<void>(reflection);
}

}  // namespace

struct ApiServer::Parts {
  Parts(RegisterSource reg, TrustSource trust, const base::Clock* clock, ApiOptions* options)
      : limits(options->connection, options->open_calls_max),
        door(std::move(reg), std::move(trust), clock),
        certificates(std::move(options->tls)),
        tokens(options->page_token_key) {}

  void SetHealth(bool serving) const {
    grpc::HealthCheckServiceInterface* const health =
        server == nullptr ? nullptr : server->GetHealthCheckService();
    if (health == nullptr) return;
    health->SetServingStatus(serving);
    for (const auto& service : services) health->SetServingStatus(service->name(), serving);
  }

  CallLimits limits;
  const Door door;
  ServerCertificates certificates;
  const PageTokens tokens;
  std::vector<std::unique_ptr<Service>> services;
  std::unique_ptr<grpc::Server> server;
};

ApiServer::ApiServer(ApiOptions options, RegisterSource reg, TrustSource trust,
                     const base::Clock* clock, CallLog* log, Flows flows)
    : options_(std::move(options)),
      parts_(std::make_unique<Parts>(std::move(reg), std::move(trust), clock, &options_)) {
  CallLimits* const limits = &parts_->limits;
  const Door* const door = &parts_->door;
  const PageTokens* const tokens = &parts_->tokens;
  parts_->services.push_back(MakeVerificationService(limits, door, tokens, flows.verifier));
  parts_->services.push_back(
      MakeReportService(limits, door, flows.verifier, flows.corrector, flows.reports));
  parts_->services.push_back(MakeFindingService(limits, door, flows.corrector));
  parts_->services.push_back(MakeAuthorizationService(limits, door, tokens, flows.registrar));
  for (const auto& service : parts_->services) service->SetLog(log);
}

ApiServer::~ApiServer() = default;

absl::Status ApiServer::Start(runtime::EventLoops* loops, int count) {
  grpc::EnableDefaultHealthCheckService(false);
  if (options_.health_and_reflection) EnableOwnServices();
  grpc::ServerBuilder builder;
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, kOwnServicesThreads);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, kOwnServicesThreads);
  builder.AddListeningPort(options_.listen, parts_->certificates.Credentials(), &port_);
  ApplyConnectionLimits(options_.connection, &builder);
  for (const auto& service : parts_->services) builder.RegisterService(service->generated());
  for (int i = 0; i < count; ++i) loops->Add(builder.AddCompletionQueue());
  parts_->server = builder.BuildAndStart();
  if (parts_->server == nullptr || port_ == 0) {
    return base::MakeError(
        absl::StatusCode::kUnavailable, "LISTEN",
        absl::StrCat("cannot listen on ", options_.listen,
                     ": the address is taken, or key and certificate do not fit"),
        base::Visibility::kOperator);
  }
  loops->Start();
  parts_->SetHealth(true);
  for (size_t i = 0; i < loops->size(); ++i) {
    for (const auto& service : parts_->services) service->AwaitCalls(loops->at(i));
  }
  return absl::OkStatus();
}

void ApiServer::UseCertificates(TlsMaterial material) {
  parts_->certificates.Replace(std::move(material));
}

void ApiServer::StopServing() { parts_->SetHealth(false); }

void ApiServer::Shutdown(absl::Duration grace) {
  if (parts_->server != nullptr) parts_->server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
}

}  // namespace hedui::api
