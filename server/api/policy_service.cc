#include <memory>
#include <string>
#include <utility>

#include "hedui/v1/policy.grpc.pb.h"
#include "server/api/decode_policy.h"
#include "server/api/encode_policy.h"
#include "server/api/rich_status.h"
#include "server/api/service.h"
#include "server/api/unary_call.h"
#include "server/policy_flow.h"

namespace hedui::api {
namespace {

using List = UnaryCall<v1::ListPolicySetsRequest, v1::ListPolicySetsResponse>;
using Get = UnaryCall<v1::GetPolicySetRequest, v1::GetPolicySetResponse>;
using Lint = UnaryCall<v1::LintPoliciesRequest, v1::LintPoliciesResponse>;
using Evaluate = UnaryCall<v1::EvaluateRequest, v1::EvaluateResponse>;
using access::PolicyUse;

class PolicyService final : public Service {
 public:
  PolicyService(CallLimits* limits, const Door* door, const PageTokens* tokens, PolicyDesk* desk)
      : Service(limits), door_(*door), tokens_(*tokens), desk_(desk) {
    using Generated = v1::PolicyService::AsyncService;
    Add<List>("ListPolicySets", &service_, &Generated::RequestListPolicySets,
              [this](std::shared_ptr<List> call) { OnList(call); });
    Add<Get>("GetPolicySet", &service_, &Generated::RequestGetPolicySet,
             [this](std::shared_ptr<Get> call) { OnGet(call); });
    Add<Lint>("LintPolicies", &service_, &Generated::RequestLintPolicies,
              [this](std::shared_ptr<Lint> call) { OnLint(call); });
    Add<Evaluate>("Evaluate", &service_, &Generated::RequestEvaluate,
                  [this](std::shared_ptr<Evaluate> call) { OnEvaluate(call); });
  }

  const char* name() const override { return v1::PolicyService::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  // Asked from a worker's thread while the question is held by its answer, never the last to hold
  // it.
  template <typename Call>
  static PolicyDesk::Gone GoneFrom(const std::shared_ptr<Call>& call) {
    return [weak = std::weak_ptr<Call>(call)] {
      const std::shared_ptr<Call> held = weak.lock();
      return held == nullptr || held->context().IsCancelled();
    };
  }

  // For who may not call nothing is read.
  template <typename Call>
  absl::StatusOr<std::string> Enter(const std::shared_ptr<Call>& call, Door::Call what,
                                    PolicyUse use) const {
    return door_.EnterForPolicies(call->context(), call->request().officer(), what, use);
  }

  void OnList(const std::shared_ptr<List>& call) {
    auto agency = Enter(call, Door::Call::kFollow, PolicyUse::kRead);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto query = DecodeListPolicySets(call->request(), *agency, door_.Today(), tokens_);
    if (!query.ok()) return call->Refuse(ToWire(query.status()));
    desk_->List(
        call->loop(), *query, GoneFrom(call),
        [this, call, query = *query](absl::StatusOr<PolicySetPage> page) {
          if (!page.ok()) return call->Refuse(ToWire(page.status()));
          v1::ListPolicySetsResponse response = EncodePolicySets(*page);
          response.set_next_page_token(NextToken(call->request(), query, page->last, tokens_));
          call->Finish(response);
        });
  }

  void OnGet(const std::shared_ptr<Get>& call) {
    auto agency = Enter(call, Door::Call::kFollow, PolicyUse::kRead);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto request = DecodeGetPolicySet(call->request(), *agency, door_.Today());
    if (!request.ok()) return call->Refuse(ToWire(request.status()));
    desk_->Show(call->loop(), *request, GoneFrom(call),
                [call, day = request->day](absl::StatusOr<PolicySetShown> shown) {
                  if (!shown.ok()) return call->Refuse(ToWire(shown.status()));
                  call->Keep(shown->held);
                  call->Finish(EncodePolicySet(*std::move(shown), day));
                });
  }

  void OnLint(const std::shared_ptr<Lint>& call) {
    auto agency = Enter(call, Door::Call::kWork, PolicyUse::kTry);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto posted = DecodeLint(call->request());
    if (!posted.ok()) return call->Refuse(ToWire(posted.status()));
    desk_->Lint(call->loop(), *std::move(agency), *std::move(posted), GoneFrom(call),
                [call](absl::StatusOr<LintResult> result) {
                  if (!result.ok()) return call->Refuse(ToWire(result.status()));
                  call->Finish(EncodeLint(*result));
                });
  }

  void OnEvaluate(const std::shared_ptr<Evaluate>& call) {
    auto agency = Enter(call, Door::Call::kWork, PolicyUse::kTry);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto request = DecodeEvaluate(call->request(), *agency);
    if (!request.ok()) return call->Refuse(ToWire(request.status()));
    desk_->Evaluate(call->loop(), *std::move(request), GoneFrom(call),
                    [call](absl::StatusOr<Evaluation> result) {
                      if (!result.ok()) return call->Refuse(ToWire(result.status()));
                      if (!result->defects.empty()) return call->Refuse(ToWire(DefectsOf(*result)));
                      call->Keep(result->held);
                      call->Finish(EncodeEvaluation(*std::move(result)));
                    });
  }

  const Door& door_;
  const PageTokens& tokens_;
  PolicyDesk* const desk_;
  v1::PolicyService::AsyncService service_;
};

}  // namespace

std::unique_ptr<Service> MakePolicyService(CallLimits* limits, const Door* door,
                                           const PageTokens* tokens, PolicyDesk* desk) {
  return std::make_unique<PolicyService>(limits, door, tokens, desk);
}

}  // namespace hedui::api
