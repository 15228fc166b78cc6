// One call of many requests, each of which is answered by one message before the next is read, so
// that it never holds more than one of each; server_call.h says how it lives. A caller who neither
// asks nor reads nor ends for CallLimits::reader is cut.
#ifndef HEDUI_SERVER_API_DIALOGUE_CALL_H_
#define HEDUI_SERVER_API_DIALOGUE_CALL_H_

#include <functional>
#include <memory>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "server/api/server_call.h"

namespace hedui::api {

template <typename RequestType, typename ResponseType>
class DialogueCall final
    : public ServerCall<DialogueCall<RequestType, ResponseType>, RequestType,
                        grpc::ServerAsyncReaderWriter<ResponseType, RequestType>> {
  using Base = ServerCall<DialogueCall<RequestType, ResponseType>, RequestType,
                          grpc::ServerAsyncReaderWriter<ResponseType, RequestType>>;
  friend Base;

 public:
  using Response = ResponseType;
  using AnswerOne = std::function<Response(const RequestType&)>;

  // Answers up to `requests_max` requests; one more ends the call with `too_many`. It ends well
  // when the caller has no more. Once.
  void AnswerEach(int requests_max, grpc::Status too_many, AnswerOne answer) {
    requests_left_ = requests_max;
    too_many_ = std::move(too_many);
    answer_ = std::move(answer);
    Read();
  }
  // Instead of AnswerEach.
  void Refuse(const grpc::Status& status) { Finish(status); }

 private:
  using Base::Base;

  // One operation is under way at any time, so that the end of one may start the next.
  void Read() {
    if (this->loop()->queue_closed()) return;
    this->ExpectReader();
    asked_.Clear();
    this->writer().Read(&asked_, runtime::OnceTag::Of([self = this->shared_from_this()](bool ok) {
      self->ReaderDone();
      self->OnRead(ok);
    }));
  }

  void OnRead(bool ok) {
    if (!ok) return Finish(grpc::Status::OK);  // no more requests, or the caller has gone
    if (requests_left_-- == 0) return Finish(too_many_);
    if (this->loop()->queue_closed()) return;
    this->ExpectReader();
    answered_ = answer_(asked_);
    this->writer().Write(answered_,
                         runtime::OnceTag::Of([self = this->shared_from_this()](bool written) {
                           self->ReaderDone();
                           if (written) return self->Read();
                           self->Finish(grpc::Status::CANCELLED);
                         }));
  }

  // However it was noted, gRPC is told of the end, once.
  void Finish(const grpc::Status& status) {
    this->Close(status);
    if (std::exchange(finished_, true) || this->loop()->queue_closed()) return;
    this->ExpectReader();
    this->writer().Finish(status, runtime::OnceTag::Of([self = this->shared_from_this()](bool) {
                            self->ReaderDone();
                          }));
  }

  // What is under way comes back and finishes it.
  void OnDone(bool cancelled) {
    if (cancelled) this->Close(grpc::Status::CANCELLED);
  }

  int requests_left_ = 0;
  grpc::Status too_many_;
  AnswerOne answer_;
  RequestType asked_;
  Response answered_;
  bool finished_ = false;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_DIALOGUE_CALL_H_
