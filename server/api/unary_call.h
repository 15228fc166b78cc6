// One unary call; server_call.h says how it lives.
#ifndef HEDUI_SERVER_API_UNARY_CALL_H_
#define HEDUI_SERVER_API_UNARY_CALL_H_

#include <memory>

#include "grpcpp/grpcpp.h"
#include "server/api/server_call.h"

namespace hedui::api {

template <typename RequestType, typename ResponseType>
class UnaryCall final : public ServerCall<UnaryCall<RequestType, ResponseType>, RequestType,
                                          grpc::ServerAsyncResponseWriter<ResponseType>> {
  using Base = ServerCall<UnaryCall<RequestType, ResponseType>, RequestType,
                          grpc::ServerAsyncResponseWriter<ResponseType>>;
  friend Base;

 public:
  using Response = ResponseType;

  void Finish(const Response& response) { End(grpc::Status::OK, &response); }
  void Refuse(const grpc::Status& status) { End(status, nullptr); }

 private:
  using Base::Base;

  void End(const grpc::Status& status, const Response* response) {
    if (response != nullptr) this->NoteResponse(*response);
    if (!this->Close(status)) return;
    if (this->loop()->queue_closed()) return;  // nobody is there to answer any more
    this->ExpectReader();
    void* const tag =
        runtime::OnceTag::Of([self = this->shared_from_this()](bool) { self->ReaderDone(); });
    if (response != nullptr) {
      this->writer().Finish(*response, status, tag);
    } else {
      this->writer().FinishWithError(status, tag);
    }
  }

  void OnDone(bool) {}
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_UNARY_CALL_H_
