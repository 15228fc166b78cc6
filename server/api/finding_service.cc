#include <memory>
#include <utility>

#include "hedui/v1/finding.grpc.pb.h"
#include "server/api/decode_finding.h"
#include "server/api/encode_response.h"
#include "server/api/rich_status.h"
#include "server/api/service.h"
#include "server/api/unary_call.h"
#include "server/correction_flow.h"

namespace hedui::api {
namespace {

using Record = UnaryCall<v1::RecordFindingRequest, v1::RecordFindingResponse>;
using Resolve = UnaryCall<v1::ResolveAmbiguousRequest, v1::ResolveAmbiguousResponse>;

class FindingService final : public Service {
 public:
  FindingService(CallLimits* limits, const Door* door, Corrector* corrector)
      : Service(limits), door_(*door), corrector_(corrector) {
    using Generated = v1::FindingService::AsyncService;
    Add<Record>("RecordFinding", &service_, &Generated::RequestRecordFinding,
                [this](std::shared_ptr<Record> call) { Correct(call, DecodeFinding); });
    Add<Resolve>("ResolveAmbiguous", &service_, &Generated::RequestResolveAmbiguous,
                 [this](std::shared_ptr<Resolve> call) { Correct(call, DecodeDecision); });
  }

  const char* name() const override { return v1::FindingService::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  template <typename Call, typename Decode>
  void Correct(const std::shared_ptr<Call>& call, Decode decode) {
    // For who may not call nothing is read.
    auto agency = door_.Enter(call->context(), call->request().officer(), Door::Call::kWork);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    absl::StatusOr<CorrectionRequest> correction = decode(call->request(), door_.Today());
    if (!correction.ok()) return call->Refuse(ToWire(correction.status()));
    correction->agency = *std::move(agency);
    corrector_->Correct(call->loop(), *std::move(correction),
                        [call](absl::StatusOr<VerifyResult> result) {
                          if (!result.ok()) return call->Refuse(ToWire(result.status()));
                          call->Keep(result->held);
                          typename Call::Response response;
                          response.set_report_number(result->report_number);
                          *response.mutable_report() = EncodeVerifyResponse(*std::move(result));
                          call->Finish(response);
                        });
  }

  const Door& door_;
  Corrector* const corrector_;
  v1::FindingService::AsyncService service_;
};

}  // namespace

std::unique_ptr<Service> MakeFindingService(CallLimits* limits, const Door* door,
                                            Corrector* corrector) {
  return std::make_unique<FindingService>(limits, door, corrector);
}

}  // namespace hedui::api
