#include "adapters/grpc/grpc_source_adapter.h"

#include <google/protobuf/arena.h>
#include <grpc/support/time.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <utility>

#include "absl/status/status.h"
#include "adapters/tls_files.h"
#include "adapters/wire_format.h"
#include "hedui/v1/source.pb.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/runtime/completion_tag.h"
#include "server/runtime/grpc_event_loop.h"

namespace hedui::adapters {
namespace {

// Responses stay bytes, so that digests are of what was received.
using QueryStub = grpc::TemplatedGenericStub<v1::QueryRequest, grpc::ByteBuffer>;

constexpr char kQueryMethod[] = "/hedui.v1.SourceService/Query";

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
  arguments.SetMaxReceiveMessageSize(static_cast<int>(base::kAnswerBytesMax));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  if (!config.server_name.empty()) arguments.SetSslTargetNameOverride(config.server_name);
  return arguments;
}

// One attempt. Holds itself from StartCall until its completion.
class GrpcCall final : public SourceCall,
                       public runtime::CompletionTag,
                       public std::enable_shared_from_this<GrpcCall> {
 public:
  GrpcCall(plan::SourceQuery query, std::string digest_key, SourceDone done)
      : query_(std::move(query)), digest_key_(std::move(digest_key)), done_(std::move(done)) {}

  void Start(QueryStub* stub, grpc::CompletionQueue* queue, std::string attempt_id,
             std::string warrant, absl::Duration timeout) {
    // Monotonic: a step of the wall clock must not end calls.
    context_.set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_micros(absl::ToInt64Microseconds(timeout), GPR_TIMESPAN)));
    alignas(8) char first_block[4'096];
    google::protobuf::ArenaOptions options;
    options.initial_block = first_block;
    options.initial_block_size = sizeof(first_block);
    google::protobuf::Arena arena(options);
    auto* request = google::protobuf::Arena::CreateMessage<v1::QueryRequest>(&arena);
    FillQueryRequest(query_, std::move(attempt_id), std::move(warrant), request);
    self_ = shared_from_this();
    // The request is serialised in here and not needed afterwards.
    reader_ = stub->PrepareUnaryCall(&context_, kQueryMethod, *request, queue);
    reader_->StartCall();
    reader_->Finish(&response_, &status_, tag());
  }

  // Start has always begun the call by now, so TryCancel reaches it.
  void Cancel() override {
    if (self_ == nullptr || cancelled_) return;
    cancelled_ = true;
    context_.TryCancel();
  }

  void OnComplete(bool) override {
    const std::shared_ptr<GrpcCall> self = std::move(self_);
    self_ = nullptr;
    SourceReply reply = Reply();
    // What came is decoded: its bytes need not wait for whoever holds the handle.
    response_.Clear();
    std::move(done_)(std::move(reply));
  }

 private:
  SourceReply Reply() {
    if (status_.ok()) return Decode();
    if (cancelled_ && status_.error_code() == grpc::StatusCode::CANCELLED) {
      return UniformReply(query_, base::AnswerKind::kUnavailable, base::Reason::kCancelled,
                          /*retryable=*/false, "cancelled");
    }
    return FailedCall(static_cast<absl::StatusCode>(status_.error_code()), status_.error_message(),
                      query_);
  }

  SourceReply Decode() {
    grpc::Slice whole;
    // Mostly the response lies in one piece; otherwise it is put together once.
    grpc::Status read = response_.TrySingleSlice(&whole);
    if (!read.ok()) read = response_.DumpToSingleSlice(&whole);
    if (!read.ok()) {
      return UniformReply(query_, base::AnswerKind::kUnavailable, base::Reason::kMalformed,
                          /*retryable=*/false, "the response's bytes cannot be read");
    }
    return DecodeQueryResponse(
        absl::string_view(reinterpret_cast<const char*>(whole.begin()), whole.size()), query_,
        digest_key_);
  }

  const plan::SourceQuery query_;
  const std::string digest_key_;
  SourceDone done_;
  bool cancelled_ = false;
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
      : channel_(std::move(channel)), stub_(channel_) {
    // The first query should not pay for the handshake.
    channel_->GetState(/*try_to_connect=*/true);
  }

  std::shared_ptr<SourceCall> Start(runtime::EventLoop& loop, SourceRequest request,
                                    SourceDone done) override {
    grpc::CompletionQueue* queue = runtime::QueueOf(&loop);
    if (queue == nullptr) {
      loop.Post([reply = UniformReply(request.query, base::AnswerKind::kUnavailable,
                                      base::Reason::kSourceError, /*retryable=*/false,
                                      "the loop has no completion queue"),
                 done = std::move(done)]() mutable { std::move(done)(std::move(reply)); });
      return std::make_shared<NoCall>();
    }
    auto call = std::make_shared<GrpcCall>(std::move(request.query), std::move(request.digest_key),
                                           std::move(done));
    call->Start(&stub_, queue, std::move(request.attempt_id), std::move(request.warrant),
                request.timeout);
    return call;
  }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  QueryStub stub_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SourceAdapter>> MakeGrpcSourceAdapter(
    const GrpcSourceConfig& config) {
  if (config.target.empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "ADAPTER_CONFIG",
                           "a grpc source needs an address", base::Visibility::kOperator);
  }
  HEDUI_ASSIGN_OR_RETURN(TlsFiles files,
                         ReadTlsFiles(config.ca_file, config.certificate_file, config.key_file));
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = std::move(files.authorities);
  options.pem_cert_chain = std::move(files.certificate);
  options.pem_private_key = std::move(files.key);
  return std::make_unique<GrpcSourceAdapter>(grpc::CreateCustomChannel(
      config.target, grpc::SslCredentials(options), ChannelArgumentsOf(config)));
}

}  // namespace hedui::adapters
