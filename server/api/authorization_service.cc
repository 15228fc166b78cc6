#include <memory>
#include <string>
#include <utility>

#include "hedui/v1/authorization.grpc.pb.h"
#include "server/api/decode_list.h"
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
using Get = UnaryCall<v1::GetMatterRequest, v1::GetMatterResponse>;
using List = UnaryCall<v1::ListMattersRequest, v1::ListMattersResponse>;
using Close = UnaryCall<v1::CloseMatterRequest, v1::CloseMatterResponse>;

class AuthorizationService final : public Service {
 public:
  AuthorizationService(CallLimits* limits, const Door* door, const PageTokens* tokens,
                       Registrar* registrar)
      : Service(limits), door_(*door), tokens_(*tokens), registrar_(registrar) {
    using Generated = v1::AuthorizationService::AsyncService;
    Add<Register>("RegisterAuthorizations", &service_, &Generated::RequestRegisterAuthorizations,
                  [this](std::shared_ptr<Register> call) { OnRegister(call); });
    Add<Revoke>("RevokeAuthorization", &service_, &Generated::RequestRevokeAuthorization,
                [this](std::shared_ptr<Revoke> call) { OnRevoke(call); });
    Add<Monitor>("MonitorMatter", &service_, &Generated::RequestMonitorMatter,
                 [this](std::shared_ptr<Monitor> call) { OnState(call, &Registrar::Monitor); });
    Add<Close>("CloseMatter", &service_, &Generated::RequestCloseMatter,
               [this](std::shared_ptr<Close> call) { OnState(call, &Registrar::Close); });
    Add<Get>("GetMatter", &service_, &Generated::RequestGetMatter,
             [this](std::shared_ptr<Get> call) { OnGet(call); });
    Add<List>("ListMatters", &service_, &Generated::RequestListMatters,
              [this](std::shared_ptr<List> call) { OnList(call); });
  }

  const char* name() const override { return v1::AuthorizationService::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  void OnRegister(const std::shared_ptr<Register>& call) {
    auto agency = door_.Enter(call->context(), call->request().officer(), Door::Call::kWork);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    if (const absl::Status count = CheckLetterCount(call->request()); !count.ok()) {
      return call->Refuse(ToWire(count));
    }
    registrar_->Register(call->loop(), *std::move(agency), DraftOf(call->request()),
                         call->request().ByteSizeLong(),
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
    auto agency = door_.Enter(call->context(), request.officer(), Door::Call::kFollow);
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
    auto agency = door_.Enter(call->context(), call->request().officer(), Door::Call::kFollow);
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

  void OnGet(const std::shared_ptr<Get>& call) {
    auto agency = door_.Enter(call->context(), call->request().officer(), Door::Call::kFollow);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    Violations violations;
    std::string number =
        DecodeIdentifier(call->request().matter_number(), "matter_number", &violations);
    if (const absl::Status read = violations.AsStatus(); !read.ok()) {
      return call->Refuse(ToWire(read));
    }
    registrar_->Get(call->loop(), *std::move(agency), std::move(number),
                    [call](absl::StatusOr<access::MatterView> view) {
                      if (!view.ok()) return call->Refuse(ToWire(view.status()));
                      v1::GetMatterResponse response;
                      *response.mutable_matter() = EncodeMatter(*view);
                      call->Finish(response);
                    });
  }

  void OnList(const std::shared_ptr<List>& call) {
    auto agency = door_.Enter(call->context(), call->request().officer(), Door::Call::kFollow);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto query = DecodeListMatters(call->request(), *agency, door_.Today(), tokens_);
    if (!query.ok()) return call->Refuse(ToWire(query.status()));
    registrar_->List(
        call->loop(), *std::move(query),
        [this, call, agency = *agency](absl::StatusOr<Page<access::MatterView>> page) {
          if (!page.ok()) return call->Refuse(ToWire(page.status()));
          v1::ListMattersResponse response;
          for (const access::MatterView& view : page->items) {
            *response.add_matters() = EncodeMatter(view);
          }
          response.set_unreadable(static_cast<int64_t>(page->lost));
          response.set_next_page_token(NextToken(call->request(), agency, page->next, tokens_));
          call->Finish(response);
        });
  }

  const Door& door_;
  const PageTokens& tokens_;
  Registrar* const registrar_;
  v1::AuthorizationService::AsyncService service_;
};

}  // namespace

std::unique_ptr<Service> MakeAuthorizationService(CallLimits* limits, const Door* door,
                                                  const PageTokens* tokens, Registrar* registrar) {
  return std::make_unique<AuthorizationService>(limits, door, tokens, registrar);
}

}  // namespace hedui::api
