#include "adapters/grpc/grpc_source_adapter.h"

#include <google/protobuf/arena.h>
#include <grpc/support/time.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "adapters/grpc/channel_watch.h"
#include "adapters/tls_files.h"
#include "adapters/wire_format.h"
#include "hedui/v1/source.pb.h"
#include "server/base/limits.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/base/trace.h"
#include "server/runtime/completion_tag.h"
#include "server/runtime/grpc_event_loop.h"

namespace hedui::adapters {
namespace {

// Responses stay bytes, so that digests are of what was received.
using QueryStub = grpc::TemplatedGenericStub<v1::QueryRequest, grpc::ByteBuffer>;
using PollStub = grpc::TemplatedGenericStub<v1::PollRequest, grpc::ByteBuffer>;

constexpr char kQueryMethod[] = "/hedui.v1.SourceService/Query";
constexpr char kPollMethod[] = "/hedui.v1.SourceService/Poll";

// A department that restarts is found again within seconds, not after gRPC's usual two minutes.
constexpr int kReconnectFirstMs = 200;
constexpr int kReconnectMaxMs = 3'000;
constexpr int kConnectTimeoutMs = 5'000;
// Above the five minutes below which servers answer pings with too_many_pings; with it gRPC also
// gives a dead peer up when sent bytes stay unacknowledged for the time-out.
constexpr int kKeepaliveMs = 330'000;
constexpr int kKeepaliveTimeoutMs = 20'000;

grpc::ChannelArguments ChannelArgumentsOf(const GrpcSourceConfig& config) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Four mebibytes, the most that may come, unpack to gibibytes before anybody looks at their size.
  // No department is told that it may pack, and nothing is unpacked.
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(base::kAnswerBytesMax));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  if (!config.server_name.empty()) arguments.SetSslTargetNameOverride(config.server_name);
  return arguments;
}

// What the attempts of one adapter share; outlives them.
struct Line {
  grpc::Channel* channel;
  QueryStub* queries;
  PollStub* polls;
};

// One attempt. Who waits for the channel is held by its watch; what was sent holds itself until its
// completion.
class GrpcCall final : public SourceCall,
                       public runtime::CompletionTag,
                       public ChannelWatch::Waiter,
                       public std::enable_shared_from_this<GrpcCall> {
 public:
  // `token` empty: a query; else a poll.
  GrpcCall(const Line& line, runtime::EventLoop* loop, grpc::CompletionQueue* queue,
           std::string token, SourceRequest request, SourceDone done)
      : line_(line),
        loop_(loop),
        queue_(queue),
        deadline_(loop->Now() + request.timeout),
        token_(std::move(token)),
        request_(std::move(request)),
        done_(std::move(done)) {}

  // The channel is ready, and everybody in the query may be asked about: both since just now.
  void Send(absl::Duration timeout) {
    state_ = State::kSent;
    // Monotonic: a step of the wall clock must not end calls.
    context_.set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_micros(absl::ToInt64Microseconds(timeout), GPR_TIMESPAN)));
    if (!request_.traceparent.empty()) {
      context_.AddMetadata(base::kTraceParentKey, request_.traceparent);
    }
    alignas(8) char first_block[4'096];
    google::protobuf::ArenaOptions options;
    options.initial_block = first_block;
    options.initial_block_size = sizeof(first_block);
    google::protobuf::Arena arena(options);
    self_ = shared_from_this();
    // The request is serialised in here and not needed afterwards.
    if (token_.empty()) {
      auto* request = google::protobuf::Arena::CreateMessage<v1::QueryRequest>(&arena);
      FillQueryRequest(request_.query, std::move(request_.attempt_id), std::move(request_.warrant),
                       request);
      reader_ = line_.queries->PrepareUnaryCall(&context_, kQueryMethod, *request, queue_);
    } else {
      auto* request = google::protobuf::Arena::CreateMessage<v1::PollRequest>(&arena);
      FillPollRequest(request_.query, token_, std::move(request_.attempt_id),
                      std::move(request_.warrant), request);
      reader_ = line_.polls->PrepareUnaryCall(&context_, kPollMethod, *request, queue_);
    }
    reader_->StartCall();
    reader_->Finish(&response_, &status_, tag());
    // A connection lost since it was looked at may have left the query waiting for the next one.
    if (line_.channel->GetState(/*try_to_connect=*/false) != GRPC_CHANNEL_READY) {
      lost_ = true;
      context_.TryCancel();
    }
  }

  // The channel is ready already.
  void SendNow(absl::Duration timeout) {
    if (!request_.may_be_sent || request_.may_be_sent()) return Send(timeout);
    state_ = State::kEnded;
    loop_->Post([self = shared_from_this()] { self->End(self->Unsent(kNotAllowed)); });
  }

  // Keeps the query here until the channel is ready.
  void Wait(std::shared_ptr<ChannelWatch> watch, absl::Duration timeout) {
    state_ = State::kWaiting;
    watch_ = std::move(watch);
    timer_ = loop_->After(timeout, [weak = weak_from_this()] {
      if (const std::shared_ptr<GrpcCall> self = weak.lock()) self->OnWaitedInVain();
    });
    watch_->Wait(shared_from_this());
  }

  void OnChannel(bool ready) override {
    if (state_ != State::kWaiting) return;
    StopWaiting();
    const absl::Duration left = deadline_ - loop_->Now();
    if (!ready || left <= absl::ZeroDuration()) return End(Unsent(kUnreachable));
    if (request_.may_be_sent && !request_.may_be_sent()) return End(Unsent(kNotAllowed));
    Send(left);
  }

  void Cancel() override {
    if (state_ == State::kSent && !cancelled_) {
      // Send has always begun the call by now, so TryCancel reaches it.
      context_.TryCancel();
    } else if (state_ == State::kWaiting) {
      StopWaiting();
      loop_->Post([self = shared_from_this()] { self->End(self->Unsent(kCancelled)); });
    }
    cancelled_ = true;
  }

  void OnComplete(bool) override {
    const std::shared_ptr<GrpcCall> self = std::move(self_);
    self_ = nullptr;
    SourceReply reply = Reply();
    // What came is decoded: its bytes need not wait for whoever holds the handle.
    response_.Clear();
    End(std::move(reply));
  }

 private:
  enum class State { kNew, kWaiting, kSent, kEnded };
  // Why a query did not leave.
  enum Why { kUnreachable, kNotAllowed, kCancelled };

  void OnWaitedInVain() {
    if (state_ != State::kWaiting) return;
    timer_ = 0;
    StopWaiting();
    End(Unsent(kUnreachable));
  }

  void StopWaiting() {
    state_ = State::kEnded;
    if (timer_ != 0) loop_->Cancel(std::exchange(timer_, 0));
    watch_->Leave(this);
    watch_.reset();
  }

  void End(SourceReply reply) {
    state_ = State::kEnded;
    std::move(done_)(std::move(reply));
  }

  SourceReply Unsent(Why why) const {
    using base::AnswerKind;
    using base::Reason;
    SourceReply reply;
    switch (why) {
      case kUnreachable:
        reply = UniformReply(request_.query, AnswerKind::kUnavailable, Reason::kUnreachable,
                             /*retryable=*/true, "no connection");
        break;
      case kNotAllowed:
        reply = UniformReply(request_.query, AnswerKind::kNotAsked, Reason::kNoAuthorization,
                             /*retryable=*/false, "not to be sent any more when it could be");
        break;
      case kCancelled:
        reply = UniformReply(request_.query, AnswerKind::kUnavailable, Reason::kCancelled,
                             /*retryable=*/false, "cancelled");
        break;
    }
    reply.sent = false;
    return reply;
  }

  SourceReply Reply() {
    const plan::SourceQuery& query = request_.query;
    if (status_.ok()) return Decode();
    if (status_.error_code() == grpc::StatusCode::CANCELLED) {
      if (cancelled_) {
        return UniformReply(query, base::AnswerKind::kUnavailable, base::Reason::kCancelled,
                            /*retryable=*/false, "cancelled");
      }
      if (lost_) {
        return UniformReply(query, base::AnswerKind::kUnavailable, base::Reason::kUnreachable,
                            /*retryable=*/true, "the connection broke as the call began");
      }
    }
    const auto code = static_cast<absl::StatusCode>(status_.error_code());
    return token_.empty() ? FailedCall(code, status_.error_message(), query)
                          : FailedPoll(code, status_.error_message(), query);
  }

  SourceReply Decode() {
    grpc::Slice whole;
    // Mostly the response lies in one piece; otherwise it is put together once.
    grpc::Status read = response_.TrySingleSlice(&whole);
    if (!read.ok()) read = response_.DumpToSingleSlice(&whole);
    if (!read.ok()) {
      return UniformReply(request_.query, base::AnswerKind::kUnavailable, base::Reason::kMalformed,
                          /*retryable=*/false, "the response's bytes cannot be read");
    }
    return DecodeQueryResponse(
        absl::string_view(reinterpret_cast<const char*>(whole.begin()), whole.size()),
        request_.query, request_.digest_key);
  }

  const Line line_;
  runtime::EventLoop* const loop_;
  grpc::CompletionQueue* const queue_;
  const absl::Duration deadline_;
  const std::string token_;
  SourceRequest request_;
  SourceDone done_;
  State state_ = State::kNew;
  bool cancelled_ = false;
  bool lost_ = false;
  std::shared_ptr<ChannelWatch> watch_;
  runtime::EventLoop::TimerId timer_ = 0;
  grpc::ClientContext context_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
  std::shared_ptr<GrpcCall> self_;
};

// A call that was never made.
class NoCall final : public SourceCall {
 public:
  void Cancel() override {}
};

class GrpcSourceAdapter final : public SourceAdapter {
 public:
  explicit GrpcSourceAdapter(std::shared_ptr<grpc::Channel> channel)
      : channel_(std::move(channel)), queries_(channel_), polls_(channel_) {
    // The first query should not pay for the handshake.
    channel_->GetState(/*try_to_connect=*/true);
  }

  std::shared_ptr<SourceCall> Start(runtime::EventLoop& loop, SourceRequest request,
                                    SourceDone done) override {
    return Begin(loop, "", std::move(request), std::move(done));
  }

  std::shared_ptr<SourceCall> Poll(runtime::EventLoop& loop, std::string token,
                                   SourceRequest request, SourceDone done) override {
    return Begin(loop, std::move(token), std::move(request), std::move(done));
  }

 private:
  std::shared_ptr<SourceCall> Begin(runtime::EventLoop& loop, std::string token,
                                    SourceRequest request, SourceDone done) {
    grpc::CompletionQueue* queue = runtime::QueueOf(&loop);
    if (queue == nullptr) {
      SourceReply reply =
          UniformReply(request.query, base::AnswerKind::kUnavailable, base::Reason::kSourceError,
                       /*retryable=*/false, "the loop has no completion queue");
      reply.sent = false;
      loop.Post([reply = std::move(reply), done = std::move(done)]() mutable {
        std::move(done)(std::move(reply));
      });
      return std::make_shared<NoCall>();
    }
    const absl::Duration timeout = request.timeout;
    auto call = std::make_shared<GrpcCall>(Line{channel_.get(), &queries_, &polls_}, &loop, queue,
                                           std::move(token), std::move(request), std::move(done));
    if (ChannelWatch::IsReady(channel_.get())) {
      call->SendNow(timeout);
    } else {
      call->Wait(WatchOf(queue), timeout);
    }
    return call;
  }

  // Of the loop whose queue this is. Loops are as many as the process was given, and live as long.
  std::shared_ptr<ChannelWatch> WatchOf(grpc::CompletionQueue* queue) {
    const base::MutexLock lock(&mutex_);
    std::shared_ptr<ChannelWatch>& watch = watches_[queue];
    if (watch == nullptr) watch = std::make_shared<ChannelWatch>(channel_.get(), queue);
    return watch;
  }

  const std::shared_ptr<grpc::Channel> channel_;
  QueryStub queries_;
  PollStub polls_;
  base::Mutex mutex_;
  absl::flat_hash_map<grpc::CompletionQueue*, std::shared_ptr<ChannelWatch>> watches_
      ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<TlsFiles> ReadFilesOf(const GrpcSourceConfig& config) {
  if (config.target.empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "ADAPTER_CONFIG",
                           "a grpc source needs an address", base::Visibility::kOperator);
  }
  return ReadTlsFiles(config.ca_file, config.certificate_file, config.key_file);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SourceAdapter>> MakeGrpcSourceAdapter(
    const GrpcSourceConfig& config) {
  HEDUI_ASSIGN_OR_RETURN(TlsFiles files, ReadFilesOf(config));
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = std::move(files.authorities);
  options.pem_cert_chain = std::move(files.certificate);
  options.pem_private_key = std::move(files.key);
  return std::make_unique<GrpcSourceAdapter>(grpc::CreateCustomChannel(
      config.target, grpc::SslCredentials(options), ChannelArgumentsOf(config)));
}

absl::Status CheckGrpcSource(const GrpcSourceConfig& config) {
  return ReadFilesOf(config).status();
}

}  // namespace hedui::adapters
