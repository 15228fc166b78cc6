// One call that is answered by a stream, on a completion queue, from the wait for it to the end of
// its stream. As UnaryCall in threads and lifetime; what is to be written waits here while the
// caller reads slowly, so a handler bounds how much it may write.
#ifndef HEDUI_SERVER_API_STREAM_CALL_H_
#define HEDUI_SERVER_API_STREAM_CALL_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "server/runtime/completion_tag.h"
#include "server/runtime/grpc_event_loop.h"

namespace hedui::api {

template <typename Request, typename Response>
class StreamCall final : public std::enable_shared_from_this<StreamCall<Request, Response>> {
 public:
  using Writer = grpc::ServerAsyncWriter<Response>;
  using Handler = std::function<void(std::shared_ptr<StreamCall>)>;
  using Acceptor = std::function<void(grpc::ServerContext*, Request*, Writer*,
                                      grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*)>;

  struct Method {
    Acceptor accept;
    Handler handle;
  };

  // Waits for one call. `method` outlives the server.
  static void Await(runtime::GrpcEventLoop* loop, const Method* method) {
    if (loop->queue_closed()) return;
    std::shared_ptr<StreamCall> call(new StreamCall(loop, method));
    // As in UnaryCall: one "done" notice for each call that began.
    call->context_.AsyncNotifyWhenDone(call->done_tag_ = runtime::OnceTag::Of([call](bool) {
                                         if (call->context_.IsCancelled()) call->Abandon();
                                       }));
    method->accept(&call->context_, &call->request_, &call->writer_, loop->queue(),
                   loop->server_queue(), runtime::OnceTag::Of([call](bool ok) {
                     if (!ok) {
                       delete static_cast<runtime::OnceTag*>(
                           static_cast<runtime::CompletionTag*>(call->done_tag_));
                       return;
                     }
                     Await(call->loop_, call->method_);
                     call->open_ = true;
                     call->method_->handle(call);
                   }));
  }

  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;

  const Request& request() const { return request_; }
  const grpc::ServerContext& context() const { return context_; }
  runtime::GrpcEventLoop* loop() const { return loop_; }

  // In the order of the calls; nothing once the caller has gone.
  void Write(Response response) {
    if (!open_) return;
    waiting_.push_back(std::move(response));
    Continue();
  }

  // After everything written. Exactly once, on the loop's thread.
  void Finish(const grpc::Status& status) {
    if (!std::exchange(open_, false)) return;
    end_ = status;
    Continue();
  }

 private:
  StreamCall(runtime::GrpcEventLoop* loop, const Method* method)
      : loop_(loop), method_(method), writer_(&context_) {}

  void Continue() {
    if (writing_ || loop_->queue_closed()) return;  // nobody is there to answer any more
    auto self = this->shared_from_this();
    if (!waiting_.empty()) {
      writing_ = true;
      // Kept until it is written.
      written_ = std::move(waiting_.front());
      waiting_.pop_front();
      writer_.Write(written_, runtime::OnceTag::Of([self](bool ok) {
                      self->writing_ = false;
                      if (!ok) self->waiting_.clear();  // the caller has gone
                      self->Continue();
                    }));
    } else if (end_.has_value()) {
      writing_ = true;  // nothing after it
      writer_.Finish(*end_, runtime::OnceTag::Of([self](bool) {}));
    }
  }

  // Whoever still produces is not heard any more, and the call ends.
  void Abandon() {
    waiting_.clear();
    if (std::exchange(open_, false)) {
      end_ = grpc::Status::CANCELLED;
      Continue();
    }
  }

  runtime::GrpcEventLoop* const loop_;
  const Method* const method_;
  grpc::ServerContext context_;
  Request request_;
  Writer writer_;
  void* done_tag_ = nullptr;
  bool open_ = false;
  bool writing_ = false;
  std::deque<Response> waiting_;
  Response written_;
  std::optional<grpc::Status> end_;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_STREAM_CALL_H_
