#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hedui/v1/verification.grpc.pb.h"
#include "server/access/defects.h"
#include "server/api/answer_bytes.h"
#include "server/api/decode_list.h"
#include "server/api/decode_request.h"
#include "server/api/encode_response.h"
#include "server/api/rich_status.h"
#include "server/api/service.h"
#include "server/api/stream_call.h"
#include "server/api/unary_call.h"
#include "server/base/status.h"
#include "server/verify_flow.h"

namespace hedui::api {
namespace {

using Verify = UnaryCall<v1::VerifyHouseholdRequest, grpc::ByteBuffer>;
using Create = UnaryCall<v1::CreateVerificationRequest, v1::CreateVerificationResponse>;
using Get = UnaryCall<v1::GetVerificationRequest, v1::GetVerificationResponse>;
using List = UnaryCall<v1::ListVerificationsRequest, v1::ListVerificationsResponse>;
using Watch = StreamCall<v1::WatchVerificationRequest, v1::WatchVerificationResponse>;
using Cancel = UnaryCall<v1::CancelVerificationRequest, v1::CancelVerificationResponse>;

// The generated service, but that a report is answered in bytes, which are not copied once more.
class GeneratedService final : public v1::VerificationService::AsyncService {
 public:
  void RequestVerify(grpc::ServerContext* context, v1::VerifyHouseholdRequest* request,
                     grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* writer,
                     grpc::CompletionQueue* calls, grpc::ServerCompletionQueue* notices,
                     void* tag) {
    RequestAsyncUnary(index_, context, request, writer, calls, notices, tag);
  }

 private:
  // Methods are numbered in the order of the proto file.
  const int index_ = v1::VerifyHouseholdRequest::descriptor()
                         ->file()
                         ->FindServiceByName("VerificationService")
                         ->FindMethodByName("VerifyHousehold")
                         ->index();
};

absl::Duration TimeoutOf(const grpc::ServerContext& context) {
  const absl::Time deadline = absl::FromChrono(context.deadline());
  return deadline == absl::InfiniteFuture() ? absl::InfiniteDuration() : deadline - absl::Now();
}

// Answers a call with how a verification stands.
template <typename Call>
ViewDone Answer(const std::shared_ptr<Call>& call) {
  return [call](absl::StatusOr<VerificationView> view) {
    if (!view.ok()) return call->Refuse(ToWire(view.status()));
    typename Call::Response response;
    *response.mutable_verification() = EncodeVerification(*view);
    call->Finish(response);
  };
}

class VerificationService final : public Service {
 public:
  VerificationService(CallLimits* limits, const Door* door, const PageTokens* tokens,
                      Verifier* verifier)
      : Service(limits), door_(*door), tokens_(*tokens), verifier_(verifier) {
    using Generated = GeneratedService;
    Add<Verify>("VerifyHousehold", &service_, &Generated::RequestVerify,
                [this](std::shared_ptr<Verify> call) { OnVerify(call); });
    Add<Create>("CreateVerification", &service_, &Generated::RequestCreateVerification,
                [this](std::shared_ptr<Create> call) { OnCreate(call); });
    Add<Get>("GetVerification", &service_, &Generated::RequestGetVerification,
             [this](std::shared_ptr<Get> call) { OnGet(call); });
    Add<List>("ListVerifications", &service_, &Generated::RequestListVerifications,
              [this](std::shared_ptr<List> call) { OnList(call); });
    Add<Watch>("WatchVerification", &service_, &Generated::RequestWatchVerification,
               [this](std::shared_ptr<Watch> call) { OnWatch(call); });
    Add<Cancel>("CancelVerification", &service_, &Generated::RequestCancelVerification,
                [this](std::shared_ptr<Cancel> call) { OnCancel(call); });
  }

  const char* name() const override { return v1::VerificationService::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  // Goes on with a request that is well formed, of an agency that may call. One that is not is
  // refused with all that is wrong with it, also what would forbid the rest of it.
  template <typename Call, typename GoOn>
  void WithRequest(const std::shared_ptr<Call>& call, const v1::VerifyHouseholdRequest& message,
                   GoOn go_on) {
    auto agency = door_.Enter(call->context(), message.header().officer(), Door::Call::kWork);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    if (const auto id = base::Uuid::Parse(message.header().request_id()); id.ok()) {
      const absl::Status room = verifier_->CheckRoom(*agency, *id);
      if (!room.ok()) return call->Refuse(ToWire(room));
    }
    Violations violations;
    VerifyRequest request = ReadVerifyRequest(message, door_.Today(), &violations);
    request.agency = *std::move(agency);
    request.bytes = message.SerializeAsString();
    request.trace = call->context().note.trace;
    if (violations.all().empty()) return go_on(std::move(request));
    std::vector<std::string> unread;
    for (const Violation& violation : violations.all()) unread.push_back(violation.field);
    verifier_->Examine(
        call->loop(), std::move(request), std::move(unread),
        [call, violations = std::move(violations)](std::vector<access::Defect> found) mutable {
          for (const access::Defect& defect : found) {
            violations.Add(defect.field, absl::StrCat(defect.text, " (", defect.reason, ")"));
          }
          call->Refuse(ToWire(violations.AsStatus()));
        });
  }

  // Which verification of whose a message is about.
  struct Named {
    std::string agency;
    std::string officer;
    base::Uuid request_id;
  };
  template <typename Call>
  absl::StatusOr<Named> ReadName(const Call& call) const {
    Named named;
    named.officer = call.request().officer();
    HEDUI_ASSIGN_OR_RETURN(named.agency,
                           door_.Enter(call.context(), named.officer, Door::Call::kFollow));
    const auto id = base::Uuid::Parse(call.request().request_id());
    if (!id.ok()) return InvalidRequest({{"request_id", "is not a UUID"}});
    named.request_id = *id;
    return named;
  }

  void OnVerify(const std::shared_ptr<Verify>& call) {
    WithRequest(call, call->request(), [this, call](VerifyRequest request) {
      request.timeout = TimeoutOf(call->context());
      verifier_->Verify(call->loop(), std::move(request),
                        [call](absl::StatusOr<VerifyResult> result) {
                          if (!result.ok()) return call->Refuse(ToWire(result.status()));
                          call->Keep(result->held);
                          call->context().note.verification_id = result->verification_id.ToString();
                          call->Finish(EncodeVerifyBytes(*std::move(result)));
                        });
    });
  }

  void OnCreate(const std::shared_ptr<Create>& call) {
    WithRequest(call, call->request().request(), [this, call](VerifyRequest request) {
      request.timeout = absl::InfiniteDuration();
      verifier_->Create(call->loop(), std::move(request), Answer(call));
    });
  }

  void OnGet(const std::shared_ptr<Get>& call) {
    auto named = ReadName(*call);
    if (!named.ok()) return call->Refuse(ToWire(named.status()));
    verifier_->Get(call->loop(), std::move(named->agency), named->request_id, Answer(call));
  }

  void OnList(const std::shared_ptr<List>& call) {
    auto agency = door_.Enter(call->context(), call->request().officer(), Door::Call::kFollow);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto query = DecodeListVerifications(call->request(), *agency, door_.Today(), tokens_);
    if (!query.ok()) return call->Refuse(ToWire(query.status()));
    verifier_->List(
        call->loop(), *std::move(query),
        [this, call, agency = *agency](absl::StatusOr<Page<VerificationView>> page) {
          if (!page.ok()) return call->Refuse(ToWire(page.status()));
          v1::ListVerificationsResponse response;
          for (const VerificationView& view : page->items) {
            *response.add_verifications() = EncodeVerification(view);
          }
          response.set_unreadable(static_cast<int64_t>(page->lost));
          response.set_next_page_token(NextToken(call->request(), agency, page->next, tokens_));
          call->Finish(response);
        });
  }

  void OnCancel(const std::shared_ptr<Cancel>& call) {
    auto named = ReadName(*call);
    if (!named.ok()) return call->Refuse(ToWire(named.status()));
    verifier_->Cancel(call->loop(), std::move(named->agency), std::move(named->officer),
                      named->request_id, Answer(call));
  }

  void OnWatch(const std::shared_ptr<Watch>& call) {
    auto named = ReadName(*call);
    if (!named.ok()) return call->Refuse(ToWire(named.status()));
    auto place = door_.EnterWatch(named->agency);
    if (!place.ok()) return call->Refuse(ToWire(place.status()));
    const auto kept = std::make_shared<access::InFlight::Place>(*std::move(place));
    call->Keep(kept);
    const auto on_outcome = [call](SourceOutcomeView view) {
      v1::WatchVerificationResponse event;
      *event.mutable_outcome() = EncodeOutcome(std::move(view));
      call->Write(std::move(event));
    };
    // One report is held at a time: days may lie between two.
    const auto held = std::make_shared<std::shared_ptr<const void>>();
    call->Keep(held);
    const auto on_report = [call, held](VerifyResult result) {
      *held = std::move(result.held);
      v1::WatchVerificationResponse event;
      *event.mutable_finished() = EncodeVerifyResponse(std::move(result));
      call->Write(std::move(event));
    };
    const auto finish = [call](const absl::Status& status) {
      if (!status.ok()) return call->Refuse(ToWire(status));
      call->Finish();
    };
    if (call->request().until_settled()) {
      return verifier_->WatchUntilSettled(call->loop(), std::move(named->agency),
                                          std::move(named->officer), named->request_id, on_outcome,
                                          on_report, /*watcher=*/kept, finish);
    }
    verifier_->Watch(call->loop(), std::move(named->agency), std::move(named->officer),
                     named->request_id, on_outcome, /*watcher=*/kept,
                     [on_report, finish](absl::StatusOr<VerifyResult> result) {
                       if (result.ok()) on_report(*std::move(result));
                       finish(result.status());
                     });
  }

  const Door& door_;
  const PageTokens& tokens_;
  Verifier* const verifier_;
  GeneratedService service_;
};

}  // namespace

std::unique_ptr<Service> MakeVerificationService(CallLimits* limits, const Door* door,
                                                 const PageTokens* tokens, Verifier* verifier) {
  return std::make_unique<VerificationService>(limits, door, tokens, verifier);
}

}  // namespace hedui::api
