// One unary call on a completion queue, from the wait for it to its finished reply. A method keeps
// a few of these waiting on each loop; each takes one call, replaces itself and deletes itself when
// the reply is written.
//
// Threads: everything on the loop's thread. Lifetime: the call owns itself; the handler holds it by
// shared_ptr and calls Finish exactly once, on the loop's thread: a call left open would hang the
// server's shutdown for good.
#ifndef HEDUI_SERVER_API_UNARY_CALL_H_
#define HEDUI_SERVER_API_UNARY_CALL_H_

#include <functional>
#include <memory>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "server/runtime/completion_tag.h"
#include "server/runtime/grpc_event_loop.h"

namespace hedui::api {

template <typename Request, typename Response>
class UnaryCall final : public std::enable_shared_from_this<UnaryCall<Request, Response>> {
 public:
  using Writer = grpc::ServerAsyncResponseWriter<Response>;
  using Handler = std::function<void(std::shared_ptr<UnaryCall>)>;
  // The generated AsyncService's Request<Method>, bound to its service.
  using Acceptor = std::function<void(grpc::ServerContext*, Request*, Writer*,
                                      grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*)>;

  struct Method {
    Acceptor accept;
    Handler handle;
  };

  // Waits for one call. `method` outlives the server.
  static void Await(runtime::GrpcEventLoop* loop, const Method* method) {
    if (loop->queue_closed()) return;
    std::shared_ptr<UnaryCall> call(new UnaryCall(loop, method));
    // gRPC delivers the "done" notice once for each call that began, and never for one that did
    // not.
    call->context_.AsyncNotifyWhenDone(call->done_tag_ = runtime::OnceTag::Of([call](bool) {
                                         if (call->on_cancel_ && call->context_.IsCancelled())
                                           std::move(call->on_cancel_)();
                                         call->on_cancel_ = nullptr;
                                       }));
    method->accept(&call->context_, &call->request_, &call->writer_, loop->queue(),
                   loop->server_queue(), runtime::OnceTag::Of([call](bool ok) {
                     if (!ok) {  // the server shuts down: no call came and no done notice will
                       delete static_cast<runtime::OnceTag*>(
                           static_cast<runtime::CompletionTag*>(call->done_tag_));
                       return;
                     }
                     Await(call->loop_, call->method_);
                     call->open_ = true;
                     call->method_->handle(call);
                   }));
  }

  UnaryCall(const UnaryCall&) = delete;
  UnaryCall& operator=(const UnaryCall&) = delete;

  const Request& request() const { return request_; }
  const grpc::ServerContext& context() const { return context_; }
  runtime::GrpcEventLoop* loop() const { return loop_; }
  // Runs once if the caller goes away before Finish.
  void OnCancel(std::function<void()> callback) { on_cancel_ = std::move(callback); }

  void Finish(const grpc::Status& status, const Response& response) {
    if (!std::exchange(open_, false)) return;
    on_cancel_ = nullptr;
    if (loop_->queue_closed()) return;  // nobody is there to answer any more
    auto self = this->shared_from_this();
    void* tag = runtime::OnceTag::Of([self](bool) {});
    if (status.ok()) {
      writer_.Finish(response, status, tag);
    } else {
      writer_.FinishWithError(status, tag);
    }
  }

 private:
  UnaryCall(runtime::GrpcEventLoop* loop, const Method* method)
      : loop_(loop), method_(method), writer_(&context_) {}

  runtime::GrpcEventLoop* const loop_;
  const Method* const method_;
  grpc::ServerContext context_;
  Request request_;
  Writer writer_;
  void* done_tag_ = nullptr;
  bool open_ = false;
  std::function<void()> on_cancel_;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_UNARY_CALL_H_
