// One call that is answered by a stream; server_call.h says how it lives. What is to be written
// waits here while the caller reads slowly. Once more waits than CallLimits::reader_bytes, or than
// all streams together may leave waiting, the rest is let go and the stream ends with
// RESOURCE_EXHAUSTED (SLOW_READER); where the caller does not read even that in CallLimits::reader,
// it is cut. Whoever produces goes on and is not heard.
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
    // The one message that is larger than what may wait goes when none does.
    const size_t bytes = response.ByteSizeLong();
    const bool fits = waiting_.empty() || waiting_bytes_ + bytes <= this->limits().reader_bytes;
    auto place = fits ? this->limits().waiting_bytes.TryReserve(bytes) : std::nullopt;
    if (!place.has_value()) {
      Clear();
      return End(ToWire(SlowReader()));
    }
    waiting_bytes_ += bytes;
    waiting_.push_back({std::move(response), *std::move(place)});
    Continue();
  }

  // After everything written.
  void Finish() { End(grpc::Status::OK); }
  void Refuse(const grpc::Status& status) { End(status); }

 private:
  using Base::Base;

  struct Waiting {
    Response response;
    runtime::Reservation place;  // its bytes
  };

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
      waiting_bytes_ -= written_.place.count();
      this->ExpectReader();
      this->writer().Write(written_.response, runtime::OnceTag::Of([self](bool ok) {
                             self->ReaderDone();
                             self->writing_ = false;
                             self->written_ = {};
                             if (!ok) self->Clear();  // the caller has gone
                             self->Continue();
                           }));
    } else if (end_.has_value()) {
      writing_ = true;  // nothing after it
      this->ExpectReader();
      this->writer().Finish(*end_, runtime::OnceTag::Of([self](bool) { self->ReaderDone(); }));
    }
  }

  // Whoever still produces is not heard any more, and the call ends.
  void OnDone(bool cancelled) {
    if (!cancelled) return;
    Clear();
    End(grpc::Status::CANCELLED);
  }

  void Clear() {
    waiting_.clear();
    waiting_bytes_ = 0;
  }

  bool writing_ = false;
  size_t waiting_bytes_ = 0;
  std::deque<Waiting> waiting_;
  Waiting written_;
  std::optional<grpc::Status> end_;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_STREAM_CALL_H_
