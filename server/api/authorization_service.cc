#include <memory>
#include <string>
#include <utility>

#include "hedui/v1/authorization.grpc.pb.h"
#include "server/api/decode_request.h"
#include "server/api/encode_response.h"
#include "server/api/rich_status.h"
#include "server/api/service.h"
#include "server/api/unary_call.h"
#include "server/authorization_flow.h"

namespace hedui::api {
namespace {

using Register = UnaryCall<v1::RegisterAuthorizationsRequest, v1::RegisterAuthorizationsResponse>;
using Revoke = UnaryCall<v1::RevokeAuthorizationRequest, v1::RevokeAuthorizationResponse>;
using Monitor = UnaryCall<v1::MonitorMatterRequest, v1::MonitorMatterResponse>;
using Close = UnaryCall<v1::CloseMatterRequest, v1::CloseMatterResponse>;

class AuthorizationService final : public Service {
 public:
  AuthorizationService(const Door* door, Registrar* registrar)
      : door_(*door), registrar_(registrar) {
    using Generated = v1::AuthorizationService::AsyncService;
    Add<Register>("RegisterAuthorizations", &service_, &Generated::RequestRegisterAuthorizations,
                  [this](std::shared_ptr<Register> call) { OnRegister(call); });
    Add<Revoke>("RevokeAuthorization", &service_, &Generated::RequestRevokeAuthorization,
                [this](std::shared_ptr<Revoke> call) { OnRevoke(call); });
    Add<Monitor>("MonitorMatter", &service_, &Generated::RequestMonitorMatter,
                 [this](std::shared_ptr<Monitor> call) { OnState(call, &Registrar::Monitor); });
    Add<Close>("CloseMatter", &service_, &Generated::RequestCloseMatter,
               [this](std::shared_ptr<Close> call) { OnState(call, &Registrar::Close); });
  }

  const char* name() const override { return v1::AuthorizationService::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  void OnRegister(const std::shared_ptr<Register>& call) {
    auto agency = door_.Enter(call->context(), call->request().officer());
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    if (const absl::Status count = CheckLetterCount(call->request()); !count.ok()) {
      return call->Refuse(ToWire(count));
    }
    registrar_->Register(call->loop(), *std::move(agency), DraftOf(call->request()),
                         [call](absl::StatusOr<MatterChange> change) {
                           if (!change.ok()) return call->Refuse(ToWire(change.status()));
                           v1::RegisterAuthorizationsResponse response;
                           response.set_state(static_cast<v1::MatterState>(change->state));
                           response.set_letters_added(change->letters_added);
                           call->Finish(response);
                         });
  }

  void OnRevoke(const std::shared_ptr<Revoke>& call) {
    const v1::RevokeAuthorizationRequest& request = call->request();
    auto agency = door_.Enter(call->context(), request.officer());
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    registrar_->Revoke(
        call->loop(), *std::move(agency),
        {request.matter_number(), request.letter_number(), request.officer(), request.note()},
        [call](absl::StatusOr<MatterChange> change) {
          if (!change.ok()) return call->Refuse(ToWire(change.status()));
          v1::RevokeAuthorizationResponse response;
          response.set_revoked_at_seconds(absl::ToUnixSeconds(change->revoked_at));
          call->Finish(response);
        });
  }

  template <typename Call>
  void OnState(const std::shared_ptr<Call>& call,
               void (Registrar::*method)(runtime::EventLoop*, std::string, access::StateRequest,
                                         Registrar::Done)) {
    auto agency = door_.Enter(call->context(), call->request().officer());
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    (registrar_->*method)(call->loop(), *std::move(agency),
                          {call->request().matter_number(), call->request().officer()},
                          [call](absl::StatusOr<MatterChange> change) {
                            if (!change.ok()) return call->Refuse(ToWire(change.status()));
                            typename Call::Response response;
                            response.set_state(static_cast<v1::MatterState>(change->state));
                            call->Finish(response);
                          });
  }

  const Door& door_;
  Registrar* const registrar_;
  v1::AuthorizationService::AsyncService service_;
};

}  // namespace

std::unique_ptr<Service> MakeAuthorizationService(const Door* door, Registrar* registrar) {
  return std::make_unique<AuthorizationService>(door, registrar);
}

}  // namespace hedui::api
