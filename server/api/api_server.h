// The platform's gRPC door: its services over mutual TLS on the completion queues of the event
// loops, health (grpc.health.v1) and reflection among them; beside them, where the configuration
// asks for it, gRPC's channelz on a thread of its own.
//
// Construct, then Start, then Shutdown and destroy, all on the main thread. Loops are added before
// Start and outlive the server's Shutdown; see runtime/drain.h for the order.
#ifndef HEDUI_SERVER_API_API_SERVER_H_
#define HEDUI_SERVER_API_API_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/api/call_limits.h"
#include "server/api/call_log.h"
#include "server/api/connection_limits.h"
#include "server/api/door.h"
#include "server/api/server_credentials.h"
#include "server/authorization_flow.h"
#include "server/base/clock.h"
#include "server/runtime/grpc_event_loop.h"
#include "server/verify_flow.h"

namespace hedui {
class Corrector;
class PolicyDesk;
class RecallDesk;
class ReportDesk;
class SourceDesk;
}  // namespace hedui

namespace hedui::api {

struct ApiOptions {
  std::string listen;          // "0.0.0.0:7443"; port 0: any free one
  TlsMaterial tls;             // checked
  std::string page_token_key;  // 32 bytes: what page tokens are made with
  bool channelz = false;
  ConnectionLimits connection;
  size_t open_calls_max = kOpenCallsMax;
};

// Who does what the services are asked for.
struct Flows {
  Verifier* verifier = nullptr;
  Registrar* registrar = nullptr;
  Corrector* corrector = nullptr;
  ReportDesk* reports = nullptr;
  PolicyDesk* policies = nullptr;
  SourceDesk* sources = nullptr;
  RecallDesk* recalls = nullptr;
};

class ApiServer {
 public:
  // Borrowed objects outlive the server.
  ApiServer(ApiOptions options, RegisterSource reg, TrustSource trust, const base::Clock* clock,
            CallLog* log, Flows flows);
  ~ApiServer();

  // Adds `count` loops over the server's queues to `loops`, binds and listens, starts the loops and
  // waits for calls. UNAVAILABLE (LISTEN) when the address cannot be bound.
  absl::Status Start(runtime::EventLoops* loops, int count);
  // The port bound; 0 before Start.
  int port() const { return port_; }
  // For handshakes from now on; connections stay. Checked material only.
  void UseCertificates(TlsMaterial material);
  // Nothing can be committed any more: health is NOT_SERVING from now on. Thread-safe, from Start
  // on.
  void ReportUnhealthy();
  // Whoever watches our health is told to go elsewhere; calls are still taken.
  void StopServing();
  // No new calls; running ones may end until `grace` is over, then they are cancelled. Before the
  // loops' Shutdown.
  void Shutdown(absl::Duration grace);

 private:
  struct Parts;
  ApiOptions options_;
  std::unique_ptr<Parts> parts_;
  int port_ = 0;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_API_SERVER_H_
