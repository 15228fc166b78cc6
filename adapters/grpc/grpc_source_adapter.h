// The adapter of kind "grpc": a department that runs the wire contract hedui.v1.SourceService, in
// any language, as a process of its own.
//
// Calls run on the completion queue of the flow's loop, which therefore is a
// runtime::GrpcEventLoop; on another loop they come back SOURCE_ERROR. A query is given to gRPC
// only while the channel is ready; until then it is kept here (channel_watch.h), since gRPC would
// queue it out of reach and send it whenever the connection comes. An attempt owns context,
// response and status until its own completion arrives, whoever has stopped waiting for it. The
// channel is made here, connects at once, and is dropped by the destructor only: on the main
// thread, after the loops have drained (gRPC 1.51 aborts when a completion drops the last
// reference).
//
// What is left: a connection that breaks while the call is being handed over, unseen by the look
// that follows, leaves the call in gRPC's queue until the next connection or the attempt's
// deadline.
//
// Limits: a response of base::kAnswerBytesMax, beyond it OVERSIZED. gRPC's own retries are off:
// attempts are gather's.
#ifndef HEDUI_ADAPTERS_GRPC_GRPC_SOURCE_ADAPTER_H_
#define HEDUI_ADAPTERS_GRPC_GRPC_SOURCE_ADAPTER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "adapters/source_adapter.h"

namespace hedui::adapters {

struct GrpcSourceConfig {
  std::string target;       // "host:port" or any gRPC target
  std::string server_name;  // what the department's certificate must name; empty: the target's host
  // PEM. Who may have signed the department's certificate; our own certificate with its chain, and
  // its key.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

// INVALID_ARGUMENT (ADAPTER_CONFIG, TLS_FILES) or NOT_FOUND for a missing file. Reads files: never
// on a loop.
absl::StatusOr<std::unique_ptr<SourceAdapter>> MakeGrpcSourceAdapter(
    const GrpcSourceConfig& config);

// Whether the adapter could be made, without connecting to anybody.
absl::Status CheckGrpcSource(const GrpcSourceConfig& config);

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_GRPC_GRPC_SOURCE_ADAPTER_H_
