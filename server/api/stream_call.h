// One call that is answered by a stream; server_call.h says how it lives. What is to be written
// waits here while the caller reads slowly, so a handler bounds how much it may write.
#ifndef HEDUI_SERVER_API_STREAM_CALL_H_
#define HEDUI_SERVER_API_STREAM_CALL_H_

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "server/api/server_call.h"

namespace hedui::api {

template <typename RequestType, typename ResponseType>
class StreamCall final : public ServerCall<StreamCall<RequestType, ResponseType>, RequestType,
                                           grpc::ServerAsyncWriter<ResponseType>> {
  using Base = ServerCall<StreamCall<RequestType, ResponseType>, RequestType,
                          grpc::ServerAsyncWriter<ResponseType>>;
  friend Base;

 public:
  using Response = ResponseType;

  // In the order of the calls; nothing once the caller has gone.
  void Write(Response response) {
    if (!this->open()) return;
    this->NoteResponse(response);
    waiting_.push_back(std::move(response));
    Continue();
  }

  // After everything written.
  void Finish() { End(grpc::Status::OK); }
  void Refuse(const grpc::Status& status) { End(status); }

 private:
  using Base::Base;

  void End(const grpc::Status& status) {
    if (!this->Close(status)) return;
    end_ = status;
    Continue();
  }

  void Continue() {
    if (writing_ || this->loop()->queue_closed()) return;  // nobody is there to answer any more
    auto self = this->shared_from_this();
    if (!waiting_.empty()) {
      writing_ = true;
      // Kept until it is written.
      written_ = std::move(waiting_.front());
      waiting_.pop_front();
      this->writer().Write(written_, runtime::OnceTag::Of([self](bool ok) {
                             self->writing_ = false;
                             if (!ok) self->waiting_.clear();  // the caller has gone
                             self->Continue();
                           }));
    } else if (end_.has_value()) {
      writing_ = true;  // nothing after it
      this->writer().Finish(*end_, runtime::OnceTag::Of([self](bool) {}));
    }
  }

  // Whoever still produces is not heard any more, and the call ends.
  void OnDone(bool cancelled) {
    if (!cancelled) return;
    waiting_.clear();
    End(grpc::Status::CANCELLED);
  }

  bool writing_ = false;
  std::deque<Response> waiting_;
  Response written_;
  std::optional<grpc::Status> end_;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_STREAM_CALL_H_
