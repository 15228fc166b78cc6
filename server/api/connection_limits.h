// What a connection may cost the process before and beside any call: gRPC's arguments for time,
// pings, streams and sizes, each with its reason. How many connections there may be is for the
// proxy in front to bound (docker/proxy), since gRPC 1.51 cannot.
//
// A value type; tests shorten the times.
#ifndef HEDUI_SERVER_API_CONNECTION_LIMITS_H_
#define HEDUI_SERVER_API_CONNECTION_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"

namespace grpc {
class ServerBuilder;
}  // namespace grpc

namespace hedui::api {

// HTTP/2 streams of one connection. An agency's batch keeps some hundreds in flight.
inline constexpr int kStreamsPerConnectionMax = 1'000;
// All headers of one call. Ours are some hundreds of bytes; this is gRPC's own default, fixed here.
inline constexpr int kMetadataBytesMax = 8 * 1024;
// A report's row holds at most 8 MiB; its proof and the outcomes beside it fit into another.
inline constexpr int kResponseBytesMax = 9 << 20;
// Pings that come too early until the connection is closed.
inline constexpr int kPingStrikesMax = 2;

struct ConnectionLimits {
  // From accepting to the end of the TLS handshake and the first HTTP/2 settings: a slow mobile
  // line takes two seconds. gRPC's own default of two minutes would let each address hold as many
  // descriptors as it opens in that time.
  absl::Duration handshake = absl::Seconds(10);
  // Without calls. An agency's channel opens a new one when it needs it.
  absl::Duration idle = absl::Minutes(10);
  // Whatever is done on it, and however slowly, a connection ends: so a certificate that was
  // revoked or has run out since serves no longer than this, calls whose request never comes do not
  // stay, and connections spread again over platforms behind one name. gRPC varies it by a tenth.
  absl::Duration age = absl::Hours(1);
  // Calls under way then may end. A verification asks for at most two minutes; a watch is repeated.
  absl::Duration age_grace = absl::Minutes(5);
  // A peer that has not been heard of for so long is asked whether it is there, and dropped when it
  // does not answer: cables are cut and firewalls forget without telling anybody.
  absl::Duration keepalive = absl::Minutes(2);
  absl::Duration keepalive_answer = absl::Seconds(20);
  // How often a peer may ask us the same. Clients in departments' networks often sit behind
  // firewalls that forget after a minute; gRPC's default of five would close their connections.
  absl::Duration ping_interval = absl::Seconds(20);
  // How long one message may wait to be read by its caller, and how many bytes may wait behind it.
  // A report is some tens of kilobytes, outcomes of forty people are half a mebibyte.
  absl::Duration reader = absl::Seconds(60);
  size_t reader_bytes = 1 << 20;
};

void ApplyConnectionLimits(const ConnectionLimits& limits, grpc::ServerBuilder* builder);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_CONNECTION_LIMITS_H_
