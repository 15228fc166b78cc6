#include <memory>
#include <utility>

#include "hedui/v1/verification.grpc.pb.h"
#include "server/api/encode_response.h"
#include "server/api/rich_status.h"
#include "server/api/service.h"
#include "server/api/unary_call.h"
#include "server/report/report_builder.h"
#include "server/verify_flow.h"

namespace hedui::api {
namespace {

using GetReport = UnaryCall<v1::GetReportRequest, v1::GetReportResponse>;

class ReportService final : public Service {
 public:
  ReportService(CallLimits* limits, const Door* door, Verifier* verifier)
      : Service(limits), door_(*door), verifier_(verifier) {
    using Generated = v1::ReportService::AsyncService;
    Add<GetReport>("GetReport", &service_, &Generated::RequestGetReport,
                   [this](std::shared_ptr<GetReport> call) { OnGetReport(call); });
  }

  const char* name() const override { return v1::ReportService::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  void OnGetReport(const std::shared_ptr<GetReport>& call) {
    const v1::GetReportRequest& request = call->request();
    auto agency = door_.Enter(call->context(), request.officer(), Door::Call::kFollow);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    VerifyDone done = [call](absl::StatusOr<VerifyResult> result) {
      if (!result.ok()) return call->Refuse(ToWire(result.status()));
      call->Keep(result->held);
      call->Finish(EncodeReportResponse(*std::move(result)));
    };
    if (request.key_case() == v1::GetReportRequest::kReportNumber) {
      auto id = report::ReportIdOfNumber(request.report_number());
      if (!id.ok()) {
        return call->Refuse(
            ToWire(InvalidRequest({{"report_number", "is not a report's number"}})));
      }
      return verifier_->ReadReport(call->loop(), *std::move(agency), request.officer(), *id,
                                   std::move(done));
    }
    auto id = base::Uuid::Parse(request.request_id());
    if (!id.ok()) {
      return call->Refuse(ToWire(
          InvalidRequest({{"key", "needs a report_number, or a request_id that is a UUID"}})));
    }
    verifier_->ReadRequest(call->loop(), *std::move(agency), request.officer(), *id,
                           std::move(done));
  }

  const Door& door_;
  Verifier* const verifier_;
  v1::ReportService::AsyncService service_;
};

}  // namespace

std::unique_ptr<Service> MakeReportService(CallLimits* limits, const Door* door,
                                           Verifier* verifier) {
  return std::make_unique<ReportService>(limits, door, verifier);
}

}  // namespace hedui::api
