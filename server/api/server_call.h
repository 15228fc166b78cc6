// What every call on a completion queue has in common, from the wait for it to its handler. A
// method keeps a few of these waiting on each loop; each takes one call and replaces itself.
//
// Threads: everything on the loop's thread. Lifetime: a call owns itself until it has ended; the
// handler holds it by shared_ptr and finishes it exactly once, on the loop's thread: a call left
// open would hang the server's shutdown for good.
#ifndef HEDUI_SERVER_API_SERVER_CALL_H_
#define HEDUI_SERVER_API_SERVER_CALL_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "server/api/call_limits.h"
#include "server/api/call_log.h"
#include "server/api/rich_status.h"
#include "server/runtime/completion_tag.h"
#include "server/runtime/grpc_event_loop.h"

namespace hedui::api {

// `Call` is the class derived from this one. It has `void OnDone(bool cancelled)`, which runs once
// for each call that began: when it has ended, or its caller has gone; and `void Refuse(status)`.
template <typename Call, typename RequestType, typename WriterType>
class ServerCall : public std::enable_shared_from_this<Call> {
 public:
  using Request = RequestType;
  using Writer = WriterType;
  using Handler = std::function<void(std::shared_ptr<Call>)>;
  // The generated AsyncService's Request<Method>, bound to its service.
  using Acceptor = std::function<void(grpc::ServerContext*, Request*, Writer*,
                                      grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*)>;

  struct Method {
    MethodRecord* record;
    std::string path;  // "/hedui.v1.VerificationService/VerifyHousehold"
    CallLimits* limits;
    Acceptor accept;
    Handler handle;
  };

  // Waits for one call. `method` outlives the server.
  static void Await(runtime::GrpcEventLoop* loop, const Method* method) {
    if (loop->queue_closed()) return;
    std::shared_ptr<Call> call(new Call(loop, method));
    // gRPC delivers the "done" notice once for each call that began, and never for one that did
    // not.
    void* const done = runtime::OnceTag::Of([call](bool) {
      call->OnDone(/*cancelled=*/call->context_.IsCancelled());
      // Whoever has gone may come again, also while somebody still works for the call that ended.
      call->kept_.clear();
    });
    call->context_.AsyncNotifyWhenDone(done);
    method->accept(
        &call->context_, &call->request_, &call->writer_, loop->queue(), loop->server_queue(),
        runtime::OnceTag::Of([call, done, method](bool ok) {
          if (!ok) {  // the server shuts down: no call came and no done notice will
            delete static_cast<runtime::OnceTag*>(static_cast<runtime::CompletionTag*>(done));
            return;
          }
          Await(call->loop_, method);
          call->open_ = true;
          call->context_.method = method->path;
          method->record->Begin(&call->context_);
          call->context_.note.request_id = RequestIdOf(call->request_);
          auto place = method->limits->open_calls.TryReserve(1);
          if (!place.has_value()) return call->Refuse(ToWire(TooManyOpenCalls()));
          call->place_ = *std::move(place);
          method->handle(call);
        }));
  }

  ServerCall(const ServerCall&) = delete;
  ServerCall& operator=(const ServerCall&) = delete;

  const Request& request() const { return request_; }
  CallContext& context() const { return context_; }
  runtime::GrpcEventLoop* loop() const { return loop_; }
  // Lives as long as the call: until its caller has read the answer, or has gone.
  void Keep(std::shared_ptr<const void> kept) { kept_.push_back(std::move(kept)); }

 protected:
  ServerCall(runtime::GrpcEventLoop* loop, const Method* method)
      : loop_(loop), method_(method), writer_(&context_) {}
  ~ServerCall() = default;

  // Whoever is to answer has not done so: true once. That is how the call ended, for the record.
  bool Close(const grpc::Status& status) {
    if (!std::exchange(open_, false)) return false;
    method_->record->End(context_.note, status);
    return true;
  }
  // What is about to be written names the verification, if anything does.
  template <typename Response>
  void NoteResponse(const Response& response) {
    if (context_.note.verification_id.empty()) {
      context_.note.verification_id = VerificationIdOf(response);
    }
  }
  bool open() const { return open_; }
  Writer& writer() { return writer_; }
  CallLimits& limits() const { return *method_->limits; }

  // What has been given to gRPC to be written has to be read by the caller in time, or the call is
  // cut: else whoever does not read keeps what it would have read.
  void ExpectReader() {
    reader_timer_ = loop_->After(limits().reader, [weak = this->weak_from_this()] {
      if (const std::shared_ptr<Call> call = weak.lock()) call->context_.TryCancel();
    });
  }
  void ReaderDone() { loop_->Cancel(reader_timer_); }

 private:
  runtime::GrpcEventLoop* const loop_;
  const Method* const method_;
  mutable CallContext context_;
  Request request_;
  Writer writer_;
  bool open_ = false;
  runtime::EventLoop::TimerId reader_timer_ = 0;
  runtime::Reservation place_;
  std::vector<std::shared_ptr<const void>> kept_;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_SERVER_CALL_H_
