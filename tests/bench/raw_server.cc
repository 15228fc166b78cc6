#include "tests/bench/raw_server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/async_unary_call.h>

#include <cstdio>
#include <cstdlib>

#include "absl/container/flat_hash_map.h"
#include "server/base/clock.h"
#include "server/runtime/grpc_event_loop.h"
#include "tests/bench/bytes.h"

namespace hedui::bench {
namespace {

// Requests held ready on each queue, so that a burst of calls finds one without a round through the
// loop.
constexpr int kArmedCalls = 32;

// What generated code calls raw asynchronous methods.
class RawService final : public grpc::Service {
 public:
  explicit RawService(const std::vector<std::string>& methods) : methods_(methods) {
    for (size_t i = 0; i < methods_.size(); ++i) {
      AddMethod(new grpc::internal::RpcServiceMethod(
          methods_[i].c_str(), grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
      MarkMethodRaw(static_cast<int>(i));
    }
  }
  size_t methods() const { return methods_.size(); }

  void RequestCall(size_t method, grpc::ServerContext* context, grpc::ByteBuffer* request,
                   grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* writer,
                   runtime::GrpcEventLoop* loop, void* tag) {
    RequestAsyncUnary(static_cast<int>(method), context, request, writer, loop->queue(),
                      loop->server_queue(), tag);
  }

 private:
  const std::vector<std::string> methods_;  // gRPC keeps the pointers
};

// What all calls of a server share; immutable while it serves.
struct Serving {
  explicit Serving(const std::vector<std::string>& methods, RawServer::Handler call_handler)
      : service(methods), handler(std::move(call_handler)) {}

  RawService service;
  const RawServer::Handler handler;
  absl::flat_hash_map<std::string, size_t> ports;  // by address
};

class Call final : public RawCall, public runtime::CompletionTag {
 public:
  static void Arm(Serving* serving, size_t method, runtime::GrpcEventLoop* loop) {
    new Call(serving, method, loop);
  }

  const grpc::ByteBuffer& request() const override { return request_; }
  size_t method() const override { return method_; }
  runtime::EventLoop* loop() const override { return loop_; }
  std::optional<size_t> port() const override {
    const grpc::string_ref authority = context_.ExperimentalGetAuthority();
    const auto found = serving_->ports.find(absl::string_view(authority.data(), authority.size()));
    if (found == serving_->ports.end()) return std::nullopt;
    return found->second;
  }
  void Reply(const grpc::ByteBuffer& response) override {
    writer_.Finish(response, grpc::Status::OK, tag());
  }
  using RawCall::Fail;
  void Fail(int code, const std::string& message) override {
    writer_.FinishWithError(grpc::Status(static_cast<grpc::StatusCode>(code), message), tag());
  }

  void OnComplete(bool ok) override {
    if (arrived_ || !ok) {  // replied, or the server shuts down
      delete this;
      return;
    }
    arrived_ = true;
    Arm(serving_, method_, loop_);
    serving_->handler(this);
  }

 private:
  Call(Serving* serving, size_t method, runtime::GrpcEventLoop* loop)
      : serving_(serving), method_(method), loop_(loop) {
    serving_->service.RequestCall(method_, &context_, &request_, &writer_, loop_, tag());
  }

  Serving* const serving_;
  const size_t method_;
  runtime::GrpcEventLoop* const loop_;
  bool arrived_ = false;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_{&context_};
};

}  // namespace

struct RawServer::State {
  State(const std::vector<std::string>& methods, Handler call_handler)
      : serving(methods, std::move(call_handler)) {}

  Serving serving;
  const base::SystemClock clock;
  runtime::EventLoops loops{&clock};
  std::unique_ptr<grpc::Server> server;
};

RawServer::RawServer(const Options& options, Handler handler)
    : state_(std::make_unique<State>(options.methods, std::move(handler))) {
  grpc::ServerBuilder builder;
  std::vector<int> ports(static_cast<size_t>(options.ports));
  for (int& port : ports) {
    builder.AddListeningPort("127.0.0.1:0", ServerCredentialsOf(options.tls), &port);
  }
  builder.RegisterService(&state_->serving.service);
  builder.SetMaxReceiveMessageSize(-1);
  for (int i = 0; i < options.loops; ++i) state_->loops.Add(builder.AddCompletionQueue());
  state_->server = builder.BuildAndStart();
  if (state_->server == nullptr) {
    std::fprintf(stderr, "bench: cannot listen on 127.0.0.1\n");
    std::abort();
  }
  for (const int port : ports) {
    addresses_.push_back("127.0.0.1:" + std::to_string(port));
    state_->serving.ports.emplace(addresses_.back(), addresses_.size() - 1);
  }
  for (size_t i = 0; i < state_->loops.size(); ++i) {
    runtime::GrpcEventLoop* const loop = state_->loops.at(i);
    for (size_t method = 0; method < options.methods.size(); ++method) {
      for (int armed = 0; armed < kArmedCalls; ++armed) Call::Arm(&state_->serving, method, loop);
    }
  }
  state_->loops.Start();
}

RawServer::~RawServer() {
  state_->server->Shutdown();
  state_->loops.Shutdown();
}

RawServer::Handler AnswerWith(std::string response) {
  return [buffer = ToBuffer(response)](RawCall* call) { call->Reply(buffer); };
}

}  // namespace hedui::bench
