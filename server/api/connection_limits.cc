#include "server/api/connection_limits.h"

#include "grpcpp/grpcpp.h"
#include "server/base/limits.h"

namespace hedui::api {

void ApplyConnectionLimits(const ConnectionLimits& limits, grpc::ServerBuilder* builder) {
  const auto set = [builder](const char* name, int value) {
    builder->AddChannelArgument(name, value);
  };
  const auto set_time = [&set](const char* name, absl::Duration value) {
    set(name, static_cast<int>(absl::ToInt64Milliseconds(value)));
  };
  builder->SetMaxReceiveMessageSize(static_cast<int>(base::kRequestBytesMax));
  builder->SetMaxSendMessageSize(kResponseBytesMax);
  // A mebibyte of zeros unpacks to a gibibyte before anybody looks at its size.
  set(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  // Responses are not packed either: what does it would stand in the way of each.
  set(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  set(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  set_time(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, limits.handshake);
  set_time(GRPC_ARG_MAX_CONNECTION_IDLE_MS, limits.idle);
  set_time(GRPC_ARG_MAX_CONNECTION_AGE_MS, limits.age);
  set_time(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, limits.age_grace);
  set_time(GRPC_ARG_KEEPALIVE_TIME_MS, limits.keepalive);
  set_time(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, limits.keepalive_answer);
  // Without it a ping while no call is under way may come every two hours only.
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  set_time(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, limits.ping_interval);
  set(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikesMax);
  // Two servers on one port would share its connections at random.
  set(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace hedui::api
