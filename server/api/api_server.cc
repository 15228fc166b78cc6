#include "server/api/api_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "hedui/v1/authorization.grpc.pb.h"
#include "hedui/v1/verification.grpc.pb.h"
#include "server/access/access_control.h"
#include "server/api/caller.h"
#include "server/api/decode_request.h"
#include "server/api/encode_response.h"
#include "server/api/rich_status.h"
#include "server/api/stream_call.h"
#include "server/api/unary_call.h"
#include "server/base/dates.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/report/report_builder.h"

namespace hedui::api {
namespace {

// Calls of one method that wait on each loop: a burst finds a few ready while the next are being
// set up.
constexpr int kWaitingCallsPerMethod = 16;
// HTTP/2 streams of one connection. An agency's batch keeps some hundreds in flight.
constexpr int kStreamsPerConnectionMax = 1000;
// A peer that does not finish its TLS handshake by then is dropped (the default is two minutes).
constexpr int kHandshakeTimeoutMs = 10'000;
// Connections without calls are closed after this.
constexpr int kIdleMsMax = 10 * 60 * 1000;
// Threads for gRPC's own services, which are asked rarely; what they answer takes microseconds.
constexpr int kOwnServicesThreads = 1;

constexpr const char* kServices[] = {"hedui.v1.VerificationService", "hedui.v1.ReportService",
                                     "hedui.v1.AuthorizationService"};

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

void SetHealth(grpc::Server* server, bool serving) {
  grpc::HealthCheckServiceInterface* const health =
      server == nullptr ? nullptr : server->GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus(serving);
  for (const char* service : kServices) health->SetServingStatus(service, serving);
}

absl::Duration TimeoutOf(const grpc::ServerContext& context) {
  const absl::Time deadline = absl::FromChrono(context.deadline());
  return deadline == absl::InfiniteFuture() ? absl::InfiniteDuration() : deadline - absl::Now();
}

}  // namespace

struct ApiServer::Services {
  using Verify = UnaryCall<v1::VerifyHouseholdRequest, v1::VerifyHouseholdResponse>;
  using Create = UnaryCall<v1::CreateVerificationRequest, v1::CreateVerificationResponse>;
  using Get = UnaryCall<v1::GetVerificationRequest, v1::GetVerificationResponse>;
  using Watch = StreamCall<v1::WatchVerificationRequest, v1::WatchVerificationResponse>;
  using Cancel = UnaryCall<v1::CancelVerificationRequest, v1::CancelVerificationResponse>;
  using GetReport = UnaryCall<v1::GetReportRequest, v1::GetReportResponse>;
  using Register = UnaryCall<v1::RegisterAuthorizationsRequest, v1::RegisterAuthorizationsResponse>;
  using Revoke = UnaryCall<v1::RevokeAuthorizationRequest, v1::RevokeAuthorizationResponse>;
  using Monitor = UnaryCall<v1::MonitorMatterRequest, v1::MonitorMatterResponse>;
  using Close = UnaryCall<v1::CloseMatterRequest, v1::CloseMatterResponse>;

  Services(RegisterSource reg_source, const base::Clock* wall_clock, Verifier* verifier_room,
           Registrar* registrar_room)
      : reg(std::move(reg_source)),
        clock(wall_clock),
        verifier(verifier_room),
        registrar(registrar_room) {}

  void AwaitCalls(runtime::GrpcEventLoop* loop);

  // The caller's agency code, having checked that it is one and that the officer may act for it.
  absl::StatusOr<std::string> Caller(const grpc::ServerContext& context,
                                     absl::string_view officer) const {
    const std::shared_ptr<const access::Register> current = reg();
    HEDUI_ASSIGN_OR_RETURN(const access::Agency* agency,
                           access::IdentifyAgency(*current, CallerOf(context)));
    HEDUI_RETURN_IF_ERROR(access::CheckOfficer(*agency, officer));
    return agency->code;
  }

  // A request that is well formed, of an agency that may call.
  absl::StatusOr<VerifyRequest> Read(const grpc::ServerContext& context,
                                     const v1::VerifyHouseholdRequest& message) const;

  void OnVerify(const std::shared_ptr<Verify>& call);
  void OnCreate(const std::shared_ptr<Create>& call);
  void OnGet(const std::shared_ptr<Get>& call);
  void OnWatch(const std::shared_ptr<Watch>& call);
  void OnCancel(const std::shared_ptr<Cancel>& call);
  void OnGetReport(const std::shared_ptr<GetReport>& call);
  void OnRegister(const std::shared_ptr<Register>& call);
  void OnRevoke(const std::shared_ptr<Revoke>& call);
  template <typename Call, typename Response>
  void OnState(const std::shared_ptr<Call>& call,
               void (Registrar::*method)(runtime::EventLoop*, std::string, access::StateRequest,
                                         Registrar::Done));

  const RegisterSource reg;
  const base::Clock* const clock;
  Verifier* const verifier;
  Registrar* const registrar;
  v1::VerificationService::AsyncService verifications;
  v1::ReportService::AsyncService reports;
  v1::AuthorizationService::AsyncService authorizations;
  Verify::Method verify_method;
  Create::Method create_method;
  Get::Method get_method;
  Watch::Method watch_method;
  Cancel::Method cancel_method;
  GetReport::Method get_report_method;
  Register::Method register_method;
  Revoke::Method revoke_method;
  Monitor::Method monitor_method;
  Close::Method close_method;
  std::unique_ptr<grpc::Server> server;
};

absl::StatusOr<VerifyRequest> ApiServer::Services::Read(
    const grpc::ServerContext& context, const v1::VerifyHouseholdRequest& message) const {
  HEDUI_ASSIGN_OR_RETURN(std::string agency, Caller(context, message.header().officer()));
  HEDUI_ASSIGN_OR_RETURN(VerifyRequest request,
                         DecodeVerifyRequest(message, base::CivilDayOf(clock->WallNow())));
  request.agency = std::move(agency);
  request.bytes = message.SerializeAsString();
  return request;
}

void ApiServer::Services::OnVerify(const std::shared_ptr<Verify>& call) {
  auto request = Read(call->context(), call->request());
  if (!request.ok()) return call->Finish(ToWire(request.status()), {});
  request->timeout = TimeoutOf(call->context());
  verifier->Verify(call->loop(), *std::move(request), [call](absl::StatusOr<VerifyResult> result) {
    if (!result.ok()) return call->Finish(ToWire(result.status()), {});
    call->Finish(grpc::Status::OK, EncodeVerifyResponse(*std::move(result)));
  });
}

namespace {

// Answers a call with how a verification stands.
template <typename Call, typename Response>
ViewDone Answer(const std::shared_ptr<Call>& call) {
  return [call](absl::StatusOr<VerificationView> view) {
    Response response;
    if (!view.ok()) return call->Finish(ToWire(view.status()), response);
    *response.mutable_verification() = EncodeVerification(*view);
    call->Finish(grpc::Status::OK, response);
  };
}

absl::StatusOr<base::Uuid> ReadRequestId(const std::string& text) {
  auto id = base::Uuid::Parse(text);
  if (id.ok()) return id;
  return InvalidRequest({{"request_id", "is not a UUID"}});
}

}  // namespace

void ApiServer::Services::OnCreate(const std::shared_ptr<Create>& call) {
  auto request = Read(call->context(), call->request().request());
  if (!request.ok()) return call->Finish(ToWire(request.status()), {});
  request->timeout = absl::InfiniteDuration();
  verifier->Create(call->loop(), *std::move(request),
                   Answer<Create, v1::CreateVerificationResponse>(call));
}

void ApiServer::Services::OnGet(const std::shared_ptr<Get>& call) {
  auto agency = Caller(call->context(), call->request().officer());
  if (!agency.ok()) return call->Finish(ToWire(agency.status()), {});
  auto id = ReadRequestId(call->request().request_id());
  if (!id.ok()) return call->Finish(ToWire(id.status()), {});
  verifier->Get(call->loop(), *std::move(agency), *id,
                Answer<Get, v1::GetVerificationResponse>(call));
}

void ApiServer::Services::OnCancel(const std::shared_ptr<Cancel>& call) {
  auto agency = Caller(call->context(), call->request().officer());
  if (!agency.ok()) return call->Finish(ToWire(agency.status()), {});
  auto id = ReadRequestId(call->request().request_id());
  if (!id.ok()) return call->Finish(ToWire(id.status()), {});
  verifier->Cancel(call->loop(), *std::move(agency), call->request().officer(), *id,
                   Answer<Cancel, v1::CancelVerificationResponse>(call));
}

void ApiServer::Services::OnWatch(const std::shared_ptr<Watch>& call) {
  auto agency = Caller(call->context(), call->request().officer());
  if (!agency.ok()) return call->Finish(ToWire(agency.status()));
  auto id = ReadRequestId(call->request().request_id());
  if (!id.ok()) return call->Finish(ToWire(id.status()));
  verifier->Watch(
      call->loop(), *std::move(agency), call->request().officer(), *id,
      [call](SourceOutcomeView view) {
        v1::WatchVerificationResponse event;
        *event.mutable_outcome() = EncodeOutcome(std::move(view));
        call->Write(std::move(event));
      },
      [call](absl::StatusOr<VerifyResult> result) {
        if (!result.ok()) return call->Finish(ToWire(result.status()));
        v1::WatchVerificationResponse event;
        *event.mutable_finished() = EncodeVerifyResponse(*std::move(result));
        call->Write(std::move(event));
        call->Finish(grpc::Status::OK);
      });
}

void ApiServer::Services::OnGetReport(const std::shared_ptr<GetReport>& call) {
  auto refuse = [&call](const absl::Status& status) { call->Finish(ToWire(status), {}); };
  auto agency = Caller(call->context(), call->request().officer());
  if (!agency.ok()) return refuse(agency.status());
  VerifyDone done = [call](absl::StatusOr<VerifyResult> result) {
    if (!result.ok()) return call->Finish(ToWire(result.status()), {});
    call->Finish(grpc::Status::OK, EncodeReportResponse(*std::move(result)));
  };
  const v1::GetReportRequest& request = call->request();
  if (request.key_case() == v1::GetReportRequest::kReportNumber) {
    auto id = report::ReportIdOfNumber(request.report_number());
    if (!id.ok()) return refuse(InvalidRequest({{"report_number", "is not a report's number"}}));
    return verifier->ReadReport(call->loop(), *std::move(agency), request.officer(), *id,
                                std::move(done));
  }
  auto id = base::Uuid::Parse(request.request_id());
  if (!id.ok()) {
    return refuse(
        InvalidRequest({{"key", "needs a report_number, or a request_id that is a UUID"}}));
  }
  verifier->ReadRequest(call->loop(), *std::move(agency), request.officer(), *id, std::move(done));
}

void ApiServer::Services::OnRegister(const std::shared_ptr<Register>& call) {
  auto agency = Caller(call->context(), call->request().officer());
  if (!agency.ok()) return call->Finish(ToWire(agency.status()), {});
  if (const absl::Status count = CheckLetterCount(call->request()); !count.ok()) {
    return call->Finish(ToWire(count), {});
  }
  registrar->Register(call->loop(), *std::move(agency), DraftOf(call->request()),
                      [call](absl::StatusOr<MatterChange> change) {
                        v1::RegisterAuthorizationsResponse response;
                        if (!change.ok()) return call->Finish(ToWire(change.status()), response);
                        response.set_state(static_cast<v1::MatterState>(change->state));
                        response.set_letters_added(change->letters_added);
                        call->Finish(grpc::Status::OK, response);
                      });
}

void ApiServer::Services::OnRevoke(const std::shared_ptr<Revoke>& call) {
  const v1::RevokeAuthorizationRequest& request = call->request();
  auto agency = Caller(call->context(), request.officer());
  if (!agency.ok()) return call->Finish(ToWire(agency.status()), {});
  registrar->Revoke(
      call->loop(), *std::move(agency),
      {request.matter_number(), request.letter_number(), request.officer(), request.note()},
      [call](absl::StatusOr<MatterChange> change) {
        v1::RevokeAuthorizationResponse response;
        if (!change.ok()) return call->Finish(ToWire(change.status()), response);
        response.set_revoked_at_seconds(absl::ToUnixSeconds(change->revoked_at));
        call->Finish(grpc::Status::OK, response);
      });
}

template <typename Call, typename Response>
void ApiServer::Services::OnState(const std::shared_ptr<Call>& call,
                                  void (Registrar::*method)(runtime::EventLoop*, std::string,
                                                            access::StateRequest,
                                                            Registrar::Done)) {
  auto agency = Caller(call->context(), call->request().officer());
  if (!agency.ok()) return call->Finish(ToWire(agency.status()), {});
  (registrar->*method)(call->loop(), *std::move(agency),
                       {call->request().matter_number(), call->request().officer()},
                       [call](absl::StatusOr<MatterChange> change) {
                         Response response;
                         if (!change.ok()) return call->Finish(ToWire(change.status()), response);
                         response.set_state(static_cast<v1::MatterState>(change->state));
                         call->Finish(grpc::Status::OK, response);
                       });
}

namespace {

// Binds the generated Request<Method> of a service.
template <typename Call, typename Service, typename Method>
typename Call::Acceptor AcceptorOf(Service* service, Method method) {
  return [service, method](grpc::ServerContext* context, auto* request, auto* writer,
                           grpc::CompletionQueue* calls, grpc::ServerCompletionQueue* notices,
                           void* tag) {
    (service->*method)(context, request, writer, calls, notices, tag);
  };
}

}  // namespace

void ApiServer::Services::AwaitCalls(runtime::GrpcEventLoop* loop) {
  for (int i = 0; i < kWaitingCallsPerMethod; ++i) {
    Verify::Await(loop, &verify_method);
    Create::Await(loop, &create_method);
    Get::Await(loop, &get_method);
    Watch::Await(loop, &watch_method);
    Cancel::Await(loop, &cancel_method);
    GetReport::Await(loop, &get_report_method);
    Register::Await(loop, &register_method);
    Revoke::Await(loop, &revoke_method);
    Monitor::Await(loop, &monitor_method);
    Close::Await(loop, &close_method);
  }
}

ApiServer::ApiServer(ApiOptions options, RegisterSource reg, const base::Clock* clock,
                     Verifier* verifier, Registrar* registrar)
    : options_(std::move(options)),
      services_(std::make_unique<Services>(std::move(reg), clock, verifier, registrar)) {
  Services* s = services_.get();
  using Verifications = v1::VerificationService::AsyncService;
  using Reports = v1::ReportService::AsyncService;
  using Authorizations = v1::AuthorizationService::AsyncService;
  s->verify_method = {
      AcceptorOf<Services::Verify>(&s->verifications, &Verifications::RequestVerifyHousehold),
      [s](std::shared_ptr<Services::Verify> call) { s->OnVerify(call); }};
  s->create_method = {
      AcceptorOf<Services::Create>(&s->verifications, &Verifications::RequestCreateVerification),
      [s](std::shared_ptr<Services::Create> call) { s->OnCreate(call); }};
  s->get_method = {
      AcceptorOf<Services::Get>(&s->verifications, &Verifications::RequestGetVerification),
      [s](std::shared_ptr<Services::Get> call) { s->OnGet(call); }};
  s->watch_method = {
      AcceptorOf<Services::Watch>(&s->verifications, &Verifications::RequestWatchVerification),
      [s](std::shared_ptr<Services::Watch> call) { s->OnWatch(call); }};
  s->cancel_method = {
      AcceptorOf<Services::Cancel>(&s->verifications, &Verifications::RequestCancelVerification),
      [s](std::shared_ptr<Services::Cancel> call) { s->OnCancel(call); }};
  s->get_report_method = {AcceptorOf<Services::GetReport>(&s->reports, &Reports::RequestGetReport),
                          [s](std::shared_ptr<Services::GetReport> call) { s->OnGetReport(call); }};
  s->register_method = {AcceptorOf<Services::Register>(
                            &s->authorizations, &Authorizations::RequestRegisterAuthorizations),
                        [s](std::shared_ptr<Services::Register> call) { s->OnRegister(call); }};
  s->revoke_method = {
      AcceptorOf<Services::Revoke>(&s->authorizations, &Authorizations::RequestRevokeAuthorization),
      [s](std::shared_ptr<Services::Revoke> call) { s->OnRevoke(call); }};
  s->monitor_method = {
      AcceptorOf<Services::Monitor>(&s->authorizations, &Authorizations::RequestMonitorMatter),
      [s](std::shared_ptr<Services::Monitor> call) {
        s->OnState<Services::Monitor, v1::MonitorMatterResponse>(call, &Registrar::Monitor);
      }};
  s->close_method = {
      AcceptorOf<Services::Close>(&s->authorizations, &Authorizations::RequestCloseMatter),
      [s](std::shared_ptr<Services::Close> call) {
        s->OnState<Services::Close, v1::CloseMatterResponse>(call, &Registrar::Close);
      }};
}

ApiServer::~ApiServer() = default;

absl::Status ApiServer::Start(runtime::EventLoops* loops, int count) {
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = options_.ca_pem;
  tls.pem_key_cert_pairs.push_back({options_.key_pem, options_.certificate_pem});
  grpc::EnableDefaultHealthCheckService(false);
  if (options_.health_and_reflection) EnableOwnServices();
  grpc::ServerBuilder builder;
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, kOwnServicesThreads);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, kOwnServicesThreads);
  builder.AddListeningPort(options_.listen, grpc::SslServerCredentials(tls), &port_);
  builder.SetMaxReceiveMessageSize(static_cast<int>(base::kRequestBytesMax));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMsMax);
  // Two servers on one port would share its connections at random.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(&services_->verifications);
  builder.RegisterService(&services_->reports);
  builder.RegisterService(&services_->authorizations);
  for (int i = 0; i < count; ++i) loops->Add(builder.AddCompletionQueue());
  services_->server = builder.BuildAndStart();
  if (services_->server == nullptr || port_ == 0) {
    return base::MakeError(
        absl::StatusCode::kUnavailable, "LISTEN",
        absl::StrCat("cannot listen on ", options_.listen,
                     ": the address is taken, or key and certificate do not fit"),
        base::Visibility::kOperator);
  }
  loops->Start();
  SetHealth(services_->server.get(), true);
  for (size_t i = 0; i < loops->size(); ++i) services_->AwaitCalls(loops->at(i));
  return absl::OkStatus();
}

void ApiServer::StopServing() { SetHealth(services_->server.get(), false); }

void ApiServer::Shutdown(absl::Duration grace) {
  if (services_->server != nullptr)
    services_->server->Shutdown(absl::ToChronoTime(absl::Now() + grace));
}

}  // namespace hedui::api
