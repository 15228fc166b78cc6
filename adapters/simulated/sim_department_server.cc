#include "adapters/simulated/sim_department_server.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/v1/source.grpc.pb.h"
#include "server/base/status.h"
#include "server/runtime/completion_tag.h"
#include "server/runtime/grpc_event_loop.h"

namespace hedui::adapters {
namespace {

// Query and Poll take and give bytes, so that a department can also send what is no message.
using Service = v1::SourceService::WithRawMethod_Query<v1::SourceService::WithAsyncMethod_Describe<
    v1::SourceService::WithRawMethod_Poll<v1::SourceService::Service>>>;

// Calls waiting to be matched; each is armed anew as it is taken.
constexpr int kWaitingQueries = 32;
constexpr int kWaitingPolls = 4;
// Requests are small; the limit keeps a mistaken caller from filling memory.
constexpr int kRequestBytesMax = 1 << 20;
constexpr absl::Duration kDestructorGrace = absl::Milliseconds(100);

grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

grpc::ByteBuffer ToBytes(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

// How the two methods are armed and what a department makes of them.
struct QueryMethod {
  using Request = v1::QueryRequest;
  static constexpr auto kArm = &Service::RequestQuery;
  static Reaction React(Department* department, const Request& request) {
    return department->React(request);
  }
};
struct PollMethod {
  using Request = v1::PollRequest;
  static constexpr auto kArm = &Service::RequestPoll;
  static Reaction React(Department* department, const Request& request) {
    return department->Redeem(request);
  }
};

// One call from its request to its end. Deletes itself when gRPC is through with it: after the
// answer was sent and the "done" notice came, or when the server shuts down before a call arrived.
template <typename Method>
class DepartmentCall {
 public:
  static void Arm(Service* service, Department* department, runtime::GrpcEventLoop* loop) {
    if (loop->queue_closed()) return;
    auto* call = new DepartmentCall(service, department, loop);
    call->context_.AsyncNotifyWhenDone(call->done_.tag());
    (service->*Method::kArm)(&call->context_, &call->request_, &call->responder_, loop->queue(),
                             loop->server_queue(), call->arrived_.tag());
  }

 private:
  // A completion that calls a member.
  class Tag final : public runtime::CompletionTag {
   public:
    Tag(DepartmentCall* call, void (DepartmentCall::*then)(bool)) : call_(call), then_(then) {}
    void OnComplete(bool ok) override { (call_->*then_)(ok); }

   private:
    DepartmentCall* const call_;
    void (DepartmentCall::*const then_)(bool);
  };

  DepartmentCall(Service* service, Department* department, runtime::GrpcEventLoop* loop)
      : service_(service), department_(department), loop_(loop) {}

  void OnArrived(bool ok) {
    if (!ok) {  // shutting down; the "done" notice of a call that never was does not come
      delete this;
      return;
    }
    Arm(service_, department_, loop_);
    typename Method::Request request;
    grpc::Slice bytes;
    const bool read = request_.DumpToSingleSlice(&bytes).ok() &&
                      request.ParseFromArray(bytes.begin(), static_cast<int>(bytes.size()));
    if (!read) return Finish(absl::InvalidArgumentError("REQUEST: is not a message"), "");
    Reaction reaction = Method::React(department_, request);
    if (reaction.silent) return;
    if (reaction.delay <= absl::ZeroDuration()) return Finish(reaction.status, reaction.response);
    timer_ = loop_->After(reaction.delay, [this, reaction = std::move(reaction)] {
      timer_ = 0;
      Finish(reaction.status, reaction.response);
    });
  }

  void Finish(const absl::Status& status, const std::string& response) {
    finishing_ = true;
    if (loop_->queue_closed()) return OnSent(false);  // nobody is there to answer any more
    if (status.ok()) {
      responder_.Finish(ToBytes(response), grpc::Status::OK, sent_.tag());
    } else {
      responder_.FinishWithError(ToGrpc(status), sent_.tag());
    }
  }

  void OnSent(bool) {
    sent_arrived_ = true;
    if (done_arrived_) delete this;
  }

  // The call is over, or its caller has gone: what still waits is finished, since gRPC waits for it
  // too.
  void OnDone(bool) {
    done_arrived_ = true;
    if (timer_ != 0) loop_->Cancel(std::exchange(timer_, 0));
    if (!finishing_) return Finish(absl::CancelledError("the caller has gone"), "");
    if (sent_arrived_) delete this;
  }

  Service* const service_;
  Department* const department_;
  runtime::GrpcEventLoop* const loop_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> responder_{&context_};
  Tag arrived_{this, &DepartmentCall::OnArrived};
  Tag sent_{this, &DepartmentCall::OnSent};
  Tag done_{this, &DepartmentCall::OnDone};
  runtime::EventLoop::TimerId timer_ = 0;
  bool finishing_ = false;
  bool sent_arrived_ = false;
  bool done_arrived_ = false;
};

// Describe: answered at once.
template <typename Request, typename Response>
struct QuickCall {
  grpc::ServerContext context;
  Request request;
  grpc::ServerAsyncResponseWriter<Response> responder{&context};
};

void ArmDescribe(Service* service, Department* department, runtime::GrpcEventLoop* loop) {
  auto call = std::make_shared<QuickCall<v1::DescribeRequest, v1::DescribeResponse>>();
  service->RequestDescribe(
      &call->context, &call->request, &call->responder, loop->queue(), loop->server_queue(),
      runtime::OnceTag::Of([call, service, department, loop](bool ok) {
        if (!ok || loop->queue_closed()) return;
        ArmDescribe(service, department, loop);
        v1::DescribeResponse response;
        department->Describe(&response);
        call->responder.Finish(response, grpc::Status::OK, runtime::OnceTag::Of([call](bool) {}));
      }));
}

}  // namespace

class DepartmentServer::Impl {
 public:
  Impl(std::unique_ptr<Department> department, const base::Clock* clock)
      : department_(std::move(department)), clock_(clock) {}
  ~Impl() { Shutdown(kDestructorGrace); }

  absl::Status Start(const std::string& listen,
                     std::shared_ptr<grpc::ServerCredentials> credentials) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(listen, std::move(credentials), &port_);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kRequestBytesMax);
    builder.RegisterService(&service_);
    loop_ = std::make_unique<runtime::GrpcEventLoop>(builder.AddCompletionQueue(), clock_,
                                                     department_->id());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return base::MakeError(
          absl::StatusCode::kUnavailable, "LISTEN",
          absl::StrCat("source ", department_->id(), ": cannot listen on ", listen),
          base::Visibility::kOperator);
    }
    for (int i = 0; i < kWaitingQueries; ++i) {
      DepartmentCall<QueryMethod>::Arm(&service_, department_.get(), loop_.get());
    }
    ArmDescribe(&service_, department_.get(), loop_.get());
    for (int i = 0; i < kWaitingPolls; ++i) {
      DepartmentCall<PollMethod>::Arm(&service_, department_.get(), loop_.get());
    }
    loop_->Start();
    return absl::OkStatus();
  }

  void Shutdown(absl::Duration grace) {
    if (server_ != nullptr) {
      server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
      // The loop delivers what is outstanding; then nothing on the queue belongs to the server any
      // more.
      server_->Wait();
    }
    if (loop_ != nullptr) loop_->Shutdown();
    server_.reset();
    loop_.reset();
  }

  int port() const { return port_; }
  const std::string& id() const { return department_->id(); }

 private:
  const std::unique_ptr<Department> department_;
  const base::Clock* const clock_;
  Service service_;
  std::unique_ptr<runtime::GrpcEventLoop> loop_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

std::shared_ptr<grpc::ServerCredentials> DepartmentServer::MutualTls(const std::string& authorities,
                                                                     const std::string& certificate,
                                                                     const std::string& key) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = authorities;
  options.pem_key_cert_pairs.push_back({key, certificate});
  return grpc::SslServerCredentials(options);
}

absl::StatusOr<std::unique_ptr<DepartmentServer>> DepartmentServer::Start(
    std::unique_ptr<Department> department, const std::string& listen,
    std::shared_ptr<grpc::ServerCredentials> credentials, const base::Clock* clock) {
  auto impl = std::make_unique<Impl>(std::move(department), clock);
  HEDUI_RETURN_IF_ERROR(impl->Start(listen, std::move(credentials)));
  return std::unique_ptr<DepartmentServer>(new DepartmentServer(std::move(impl)));
}

DepartmentServer::DepartmentServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DepartmentServer::~DepartmentServer() = default;
int DepartmentServer::port() const { return impl_->port(); }
const std::string& DepartmentServer::id() const { return impl_->id(); }
void DepartmentServer::Shutdown(absl::Duration grace) { impl_->Shutdown(grace); }

}  // namespace hedui::adapters
