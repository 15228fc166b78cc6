#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/api/health_book.h"
#include "server/api/rich_status.h"
#include "server/api/service.h"
#include "server/api/stream_call.h"
#include "server/api/unary_call.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

namespace wire = grpc::health::v1;
using State = HealthBook::State;
using Check = UnaryCall<wire::HealthCheckRequest, wire::HealthCheckResponse>;
using Watch = StreamCall<wire::HealthCheckRequest, wire::HealthCheckResponse>;

// Until whoever supervises the process has started it anew.
constexpr absl::Duration kRestartTakes = absl::Seconds(5);

wire::HealthCheckResponse Answer(wire::HealthCheckResponse::ServingStatus status) {
  wire::HealthCheckResponse response;
  response.set_status(status);
  return response;
}

wire::HealthCheckResponse Encode(State state) {
  return Answer(state == State::kServing ? wire::HealthCheckResponse::SERVING
                                         : wire::HealthCheckResponse::NOT_SERVING);
}

grpc::Status Ending() {
  return ToWire(base::WithRetryAfter(
      base::MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                      "the platform is about to end; watch another, or this one anew once it runs"),
      kRestartTakes));
}

// On the call's loop. `known`: the service is there, so that its state is told.
void Tell(Watch* call, bool known, State state) {
  if (known) call->Write(Encode(state));
  if (state == State::kEnding) call->Refuse(Ending());
}

class HealthService final : public Service {
 public:
  HealthService(CallLimits* limits, const Door* door, HealthBook* health)
      : Service(limits), door_(*door), health_(health) {
    using Generated = wire::Health::AsyncService;
    Add<Check>("Check", &service_, &Generated::RequestCheck,
               [this](std::shared_ptr<Check> call) { OnCheck(call); });
    Add<Watch>("Watch", &service_, &Generated::RequestWatch,
               [this](std::shared_ptr<Watch> call) { OnWatch(call); });
  }

  const char* name() const override { return wire::Health::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  void OnCheck(const std::shared_ptr<Check>& call) {
    const absl::Status admitted = door_.CheckCertificate(call->context());
    if (!admitted.ok()) return call->Refuse(ToWire(admitted));
    if (!health_->Knows(call->request().service())) {
      return call->Refuse(ToWire(base::MakeError(
          absl::StatusCode::kNotFound, "SERVICE_UNKNOWN",
          "there is no service of this name here; reflection lists those there are")));
    }
    call->Finish(Encode(health_->Now()));
  }

  void OnWatch(const std::shared_ptr<Watch>& call) {
    const absl::Status admitted = door_.CheckCertificate(call->context());
    if (!admitted.ok()) return call->Refuse(ToWire(admitted));
    const bool known = health_->Knows(call->request().service());
    // The state worsens on any thread; the call lives on its loop's.
    auto watching = health_->Watch(
        [loop = call->loop(), weak = std::weak_ptr<Watch>(call), known](State state) {
          loop->Post([weak, known, state] {
            if (const std::shared_ptr<Watch> found = weak.lock()) Tell(found.get(), known, state);
          });
        });
    if (!watching.ok()) return call->Refuse(ToWire(watching.status()));
    call->Keep(*watching);
    if (!known) call->Write(Answer(wire::HealthCheckResponse::SERVICE_UNKNOWN));
    Tell(call.get(), known, (*watching)->first());
  }

  const Door& door_;
  HealthBook* const health_;
  wire::Health::AsyncService service_;
};

}  // namespace

std::unique_ptr<Service> MakeHealthService(CallLimits* limits, const Door* door,
                                           HealthBook* health) {
  return std::make_unique<HealthService>(limits, door, health);
}

}  // namespace hedui::api
