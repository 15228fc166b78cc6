#include "server/api/api_server.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "grpcpp/ext/channelz_service_plugin.h"
#include "grpcpp/grpcpp.h"
#include "server/api/health_book.h"
#include "server/api/page_token.h"
#include "server/api/service.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

// Threads for channelz, which is asked rarely; what it answers takes microseconds.
constexpr int kChannelzThreads = 1;
constexpr char kChannelzName[] = "grpc.channelz.v1.Channelz";

// Holds for every server made after it in this process. A thread of gRPC's own takes part of every
// connection to itself, whatever is called on it: so only on demand. Before the builder is made,
// which takes its plugins then.
void EnableChannelz() {
  static const bool enabled = [] {
    grpc::channelz::experimental::InitChannelzService();
    return true;
  }();
  static_cast<void>(enabled);
}

}  // namespace

struct ApiServer::Parts {
  Parts(RegisterSource reg, TrustSource trust, const base::Clock* clock, ApiOptions* options)
      : limits(options->connection, options->open_calls_max),
        door(std::move(reg), std::move(trust), clock),
        certificates(std::move(options->tls)),
        tokens(options->page_token_key) {}

  CallLimits limits;
  const Door door;
  ServerCertificates certificates;
  const PageTokens tokens;
  std::vector<std::unique_ptr<Service>> services;
  std::unique_ptr<HealthBook> health;
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
  parts_->services.push_back(MakePolicyService(limits, door, tokens, flows.policies));
  parts_->services.push_back(
      MakeSourceAdminService(limits, door, tokens, flows.sources, flows.recalls));
  std::vector<std::string> names;
  for (const auto& service : parts_->services) names.emplace_back(service->name());
  parts_->health = std::make_unique<HealthBook>(names);
  parts_->services.push_back(MakeHealthService(limits, door, parts_->health.get()));
  names.emplace_back(grpc::health::v1::Health::service_full_name());
  names.emplace_back(grpc::reflection::v1alpha::ServerReflection::service_full_name());
  if (options_.channelz) names.emplace_back(kChannelzName);
  parts_->services.push_back(MakeReflectionService(limits, door, std::move(names)));
  for (const auto& service : parts_->services) service->SetLog(log);
}

ApiServer::~ApiServer() = default;

absl::Status ApiServer::Start(runtime::EventLoops* loops, int count) {
  if (options_.channelz) EnableChannelz();
  grpc::ServerBuilder builder;
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, kChannelzThreads);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, kChannelzThreads);
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
  for (size_t i = 0; i < loops->size(); ++i) {
    for (const auto& service : parts_->services) service->AwaitCalls(loops->at(i));
  }
  return absl::OkStatus();
}

void ApiServer::UseCertificates(TlsMaterial material) {
  parts_->certificates.Replace(std::move(material));
}

void ApiServer::ReportUnhealthy() { parts_->health->Worsen(HealthBook::State::kNotServing); }

void ApiServer::StopServing() { parts_->health->Worsen(HealthBook::State::kEnding); }

void ApiServer::Shutdown(absl::Duration grace) {
  if (parts_->server != nullptr) parts_->server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
}

}  // namespace hedui::api
