#include "clients/cpp/client.h"

#include <utility>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "hedui/v1/authorization.grpc.pb.h"
#include "hedui/v1/errors.pb.h"
#include "hedui/v1/finding.grpc.pb.h"
#include "hedui/v1/policy.grpc.pb.h"
#include "hedui/v1/reports.grpc.pb.h"
#include "hedui/v1/source_admin.grpc.pb.h"
#include "hedui/v1/verification.grpc.pb.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::clients {
namespace {

// The platform's reason, from the details that stock helpers would decode.
std::string ReasonIn(const grpc::Status& status) {
  v1::RichStatus rich;
  if (!rich.ParseFromString(status.error_details())) return "";
  for (const google::protobuf::Any& detail : rich.details()) {
    v1::ErrorInfo info;
    if (detail.type_url() == "type.googleapis.com/google.rpc.ErrorInfo" &&
        info.ParseFromString(detail.value())) {
      return info.reason();
    }
  }
  return "";
}

absl::Status FromWire(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  std::string reason = ReasonIn(status);
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (reason.empty()) reason = absl::StatusCodeToString(code);
  return base::MakeError(code, reason, status.error_message());
}

}  // namespace

struct Client::Stubs {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::AuthorizationService::Stub> authorizations;
  std::unique_ptr<v1::VerificationService::Stub> verifications;
  std::unique_ptr<v1::ReportService::Stub> reports;
  std::unique_ptr<v1::FindingService::Stub> findings;
  std::unique_ptr<v1::PolicyService::Stub> policies;
  std::unique_ptr<v1::SourceAdminService::Stub> sources;
  std::unique_ptr<grpc::health::v1::Health::Stub> health;

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub* stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, absl::Duration timeout) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    Response response;
    HEDUI_RETURN_IF_ERROR(FromWire((stub->*method)(&context, request, &response)));
    return response;
  }
};

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const ClientOptions& options) {
  grpc::SslCredentialsOptions tls;
  HEDUI_ASSIGN_OR_RETURN(tls.pem_root_certs, base::ReadFile(options.ca_file));
  HEDUI_ASSIGN_OR_RETURN(tls.pem_cert_chain, base::ReadFile(options.certificate_file));
  HEDUI_ASSIGN_OR_RETURN(tls.pem_private_key, base::ReadFile(options.key_file));
  grpc::ChannelArguments arguments;
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  // An envelope holds a whole report; its bound is the store's row.
  arguments.SetMaxReceiveMessageSize(16 << 20);
  auto stubs = std::make_unique<Stubs>();
  stubs->channel = grpc::CreateCustomChannel(options.target, grpc::SslCredentials(tls), arguments);
  stubs->authorizations = v1::AuthorizationService::NewStub(stubs->channel);
  stubs->verifications = v1::VerificationService::NewStub(stubs->channel);
  stubs->reports = v1::ReportService::NewStub(stubs->channel);
  stubs->findings = v1::FindingService::NewStub(stubs->channel);
  stubs->policies = v1::PolicyService::NewStub(stubs->channel);
  stubs->sources = v1::SourceAdminService::NewStub(stubs->channel);
  stubs->health = grpc::health::v1::Health::NewStub(stubs->channel);
  return std::unique_ptr<Client>(new Client(std::move(stubs)));
}

Client::Client(std::unique_ptr<Stubs> stubs) : stubs_(std::move(stubs)) {}
Client::~Client() = default;

absl::StatusOr<bool> Client::IsServing(const std::string& service, absl::Duration timeout) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  HEDUI_ASSIGN_OR_RETURN(
      const grpc::health::v1::HealthCheckResponse response,
      stubs_->Call(stubs_->health.get(), &grpc::health::v1::Health::Stub::Check, request, timeout));
  return response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
}

absl::StatusOr<v1::RegisterAuthorizationsResponse> Client::RegisterAuthorizations(
    const v1::RegisterAuthorizationsRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->authorizations.get(),
                      &v1::AuthorizationService::Stub::RegisterAuthorizations, request, timeout);
}

absl::StatusOr<v1::RevokeAuthorizationResponse> Client::RevokeAuthorization(
    const v1::RevokeAuthorizationRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->authorizations.get(),
                      &v1::AuthorizationService::Stub::RevokeAuthorization, request, timeout);
}

absl::StatusOr<v1::MonitorMatterResponse> Client::MonitorMatter(
    const v1::MonitorMatterRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->authorizations.get(), &v1::AuthorizationService::Stub::MonitorMatter,
                      request, timeout);
}

absl::StatusOr<v1::CloseMatterResponse> Client::CloseMatter(const v1::CloseMatterRequest& request,
                                                            absl::Duration timeout) {
  return stubs_->Call(stubs_->authorizations.get(), &v1::AuthorizationService::Stub::CloseMatter,
                      request, timeout);
}

absl::StatusOr<v1::GetMatterResponse> Client::GetMatter(const v1::GetMatterRequest& request,
                                                        absl::Duration timeout) {
  return stubs_->Call(stubs_->authorizations.get(), &v1::AuthorizationService::Stub::GetMatter,
                      request, timeout);
}

absl::StatusOr<v1::ListMattersResponse> Client::ListMatters(const v1::ListMattersRequest& request,
                                                            absl::Duration timeout) {
  return stubs_->Call(stubs_->authorizations.get(), &v1::AuthorizationService::Stub::ListMatters,
                      request, timeout);
}

absl::StatusOr<v1::VerifyHouseholdResponse> Client::VerifyHousehold(
    const v1::VerifyHouseholdRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->verifications.get(), &v1::VerificationService::Stub::VerifyHousehold,
                      request, timeout);
}

absl::StatusOr<v1::CreateVerificationResponse> Client::CreateVerification(
    const v1::CreateVerificationRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->verifications.get(),
                      &v1::VerificationService::Stub::CreateVerification, request, timeout);
}

absl::StatusOr<v1::GetVerificationResponse> Client::GetVerification(
    const v1::GetVerificationRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->verifications.get(), &v1::VerificationService::Stub::GetVerification,
                      request, timeout);
}

absl::StatusOr<v1::ListVerificationsResponse> Client::ListVerifications(
    const v1::ListVerificationsRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->verifications.get(),
                      &v1::VerificationService::Stub::ListVerifications, request, timeout);
}

absl::StatusOr<v1::VerifyHouseholdResponse> Client::WatchVerification(
    const v1::WatchVerificationRequest& request, absl::Duration timeout,
    const std::function<void(const v1::SourceOutcome&)>& on_outcome,
    const std::function<void(const v1::VerifyHouseholdResponse&)>& on_report) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  const auto reader = stubs_->verifications->WatchVerification(&context, request);
  std::optional<v1::VerifyHouseholdResponse> finished;
  v1::WatchVerificationResponse event;
  while (reader->Read(&event)) {
    if (event.has_outcome()) on_outcome(event.outcome());
    if (!event.has_finished()) continue;
    finished = std::move(*event.mutable_finished());
    if (on_report) on_report(*finished);
  }
  HEDUI_RETURN_IF_ERROR(FromWire(reader->Finish()));
  if (finished.has_value()) return *std::move(finished);
  return base::MakeError(absl::StatusCode::kDataLoss, "STREAM_CUT",
                         "the platform ended the stream without a report; watch again");
}

absl::StatusOr<v1::CancelVerificationResponse> Client::CancelVerification(
    const v1::CancelVerificationRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->verifications.get(),
                      &v1::VerificationService::Stub::CancelVerification, request, timeout);
}

absl::StatusOr<v1::GetReportResponse> Client::GetReport(const v1::GetReportRequest& request,
                                                        absl::Duration timeout) {
  return stubs_->Call(stubs_->reports.get(), &v1::ReportService::Stub::GetReport, request, timeout);
}

absl::StatusOr<v1::GetReportStatusResponse> Client::GetReportStatus(
    const v1::GetReportStatusRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->reports.get(), &v1::ReportService::Stub::GetReportStatus, request,
                      timeout);
}

absl::StatusOr<v1::ListReportsResponse> Client::ListReports(const v1::ListReportsRequest& request,
                                                            absl::Duration timeout) {
  return stubs_->Call(stubs_->reports.get(), &v1::ReportService::Stub::ListReports, request,
                      timeout);
}

absl::StatusOr<v1::CheckReportResponse> Client::CheckReport(const v1::CheckReportRequest& request,
                                                            absl::Duration timeout) {
  return stubs_->Call(stubs_->reports.get(), &v1::ReportService::Stub::CheckReport, request,
                      timeout);
}

absl::StatusOr<v1::AnnulReportResponse> Client::AnnulReport(const v1::AnnulReportRequest& request,
                                                            absl::Duration timeout) {
  return stubs_->Call(stubs_->reports.get(), &v1::ReportService::Stub::AnnulReport, request,
                      timeout);
}

absl::StatusOr<v1::RecordFindingResponse> Client::RecordFinding(
    const v1::RecordFindingRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->findings.get(), &v1::FindingService::Stub::RecordFinding, request,
                      timeout);
}

absl::StatusOr<v1::ResolveAmbiguousResponse> Client::ResolveAmbiguous(
    const v1::ResolveAmbiguousRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->findings.get(), &v1::FindingService::Stub::ResolveAmbiguous, request,
                      timeout);
}

absl::StatusOr<v1::ListPolicySetsResponse> Client::ListPolicySets(
    const v1::ListPolicySetsRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->policies.get(), &v1::PolicyService::Stub::ListPolicySets, request,
                      timeout);
}

absl::StatusOr<v1::GetPolicySetResponse> Client::GetPolicySet(
    const v1::GetPolicySetRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->policies.get(), &v1::PolicyService::Stub::GetPolicySet, request,
                      timeout);
}

absl::StatusOr<v1::LintPoliciesResponse> Client::LintPolicies(
    const v1::LintPoliciesRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->policies.get(), &v1::PolicyService::Stub::LintPolicies, request,
                      timeout);
}

absl::StatusOr<v1::EvaluateResponse> Client::Evaluate(const v1::EvaluateRequest& request,
                                                      absl::Duration timeout) {
  return stubs_->Call(stubs_->policies.get(), &v1::PolicyService::Stub::Evaluate, request, timeout);
}

absl::StatusOr<v1::ListSourcesResponse> Client::ListSources(const v1::ListSourcesRequest& request,
                                                            absl::Duration timeout) {
  return stubs_->Call(stubs_->sources.get(), &v1::SourceAdminService::Stub::ListSources, request,
                      timeout);
}

absl::StatusOr<v1::GetSourceQualityResponse> Client::GetSourceQuality(
    const v1::GetSourceQualityRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->sources.get(), &v1::SourceAdminService::Stub::GetSourceQuality,
                      request, timeout);
}

absl::StatusOr<v1::HoldSourceResponse> Client::HoldSource(const v1::HoldSourceRequest& request,
                                                          absl::Duration timeout) {
  return stubs_->Call(stubs_->sources.get(), &v1::SourceAdminService::Stub::HoldSource, request,
                      timeout);
}

absl::StatusOr<v1::ReleaseSourceResponse> Client::ReleaseSource(
    const v1::ReleaseSourceRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->sources.get(), &v1::SourceAdminService::Stub::ReleaseSource, request,
                      timeout);
}

absl::StatusOr<v1::ListReportsUsingResponse> Client::ListReportsUsing(
    const v1::ListReportsUsingRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->sources.get(), &v1::SourceAdminService::Stub::ListReportsUsing,
                      request, timeout);
}

absl::StatusOr<v1::ReverifyReportsResponse> Client::ReverifyReports(
    const v1::ReverifyReportsRequest& request, absl::Duration timeout) {
  return stubs_->Call(stubs_->sources.get(), &v1::SourceAdminService::Stub::ReverifyReports,
                      request, timeout);
}

absl::StatusOr<v1::GetRecallResponse> Client::GetRecall(const v1::GetRecallRequest& request,
                                                        absl::Duration timeout) {
  return stubs_->Call(stubs_->sources.get(), &v1::SourceAdminService::Stub::GetRecall, request,
                      timeout);
}

}  // namespace hedui::clients
