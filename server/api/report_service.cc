#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hedui/v1/reports.grpc.pb.h"
#include "server/api/decode_finding.h"
#include "server/api/encode_response.h"
#include "server/api/rich_status.h"
#include "server/api/service.h"
#include "server/api/unary_call.h"
#include "server/correction_flow.h"
#include "server/report/report_builder.h"
#include "server/report_desk.h"
#include "server/verify_flow.h"

namespace hedui::api {
namespace {

using GetReport = UnaryCall<v1::GetReportRequest, v1::GetReportResponse>;
using GetStatus = UnaryCall<v1::GetReportStatusRequest, v1::GetReportStatusResponse>;
using List = UnaryCall<v1::ListReportsRequest, v1::ListReportsResponse>;
using Check = UnaryCall<v1::CheckReportRequest, v1::CheckReportResponse>;
using Annul = UnaryCall<v1::AnnulReportRequest, v1::AnnulReportResponse>;

absl::StatusOr<base::Uuid> ReadNumber(const std::string& number) {
  auto id = report::ReportIdOfNumber(number);
  if (id.ok()) return id;
  return InvalidRequest({{"report_number", "is not a report's number"}});
}

v1::CheckReportResponse EncodeChecked(const CheckedReport& checked) {
  v1::CheckReportResponse response;
  const report::CheckResult& result = checked.result;
  response.set_valid(result.verdict == report::Verdict::kValid);
  for (const std::string& failure : result.failures) response.add_failures(failure);
  response.set_lines_withheld(static_cast<int32_t>(result.lines_withheld));
  if (!response.valid()) return response;
  response.set_report_number(result.report_number);
  response.set_log_origin(result.log_origin);
  if (checked.status.has_value()) *response.mutable_status() = EncodeStatus(*checked.status);
  return response;
}

class ReportService final : public Service {
 public:
  ReportService(CallLimits* limits, const Door* door, Verifier* verifier, Corrector* corrector,
                ReportDesk* desk)
      : Service(limits), door_(*door), verifier_(verifier), corrector_(corrector), desk_(desk) {
    using Generated = v1::ReportService::AsyncService;
    Add<GetReport>("GetReport", &service_, &Generated::RequestGetReport,
                   [this](std::shared_ptr<GetReport> call) { OnGetReport(call); });
    Add<GetStatus>("GetReportStatus", &service_, &Generated::RequestGetReportStatus,
                   [this](std::shared_ptr<GetStatus> call) { OnGetStatus(call); });
    Add<List>("ListReports", &service_, &Generated::RequestListReports,
              [this](std::shared_ptr<List> call) { OnList(call); });
    Add<Check>("CheckReport", &service_, &Generated::RequestCheckReport,
               [this](std::shared_ptr<Check> call) { OnCheck(call); });
    Add<Annul>("AnnulReport", &service_, &Generated::RequestAnnulReport,
               [this](std::shared_ptr<Annul> call) { OnAnnul(call); });
  }

  const char* name() const override { return v1::ReportService::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  template <typename Call>
  static StatusDone AnswerStatus(const std::shared_ptr<Call>& call) {
    return [call](absl::StatusOr<ReportStatus> status) {
      if (!status.ok()) return call->Refuse(ToWire(status.status()));
      typename Call::Response response;
      *response.mutable_status() = EncodeStatus(*status);
      call->Finish(response);
    };
  }

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
      auto id = ReadNumber(request.report_number());
      if (!id.ok()) return call->Refuse(ToWire(id.status()));
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

  void OnGetStatus(const std::shared_ptr<GetStatus>& call) {
    auto agency = door_.Enter(call->context(), call->request().officer(), Door::Call::kFollow);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto id = ReadNumber(call->request().report_number());
    if (!id.ok()) return call->Refuse(ToWire(id.status()));
    desk_->Status(call->loop(), *std::move(agency), *id, AnswerStatus(call));
  }

  void OnList(const std::shared_ptr<List>& call) {
    auto agency = door_.Enter(call->context(), call->request().officer(), Door::Call::kFollow);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    const auto id = base::Uuid::Parse(call->request().request_id());
    if (!id.ok()) {
      return call->Refuse(ToWire(InvalidRequest({{"request_id", "is not a UUID"}})));
    }
    desk_->List(call->loop(), *std::move(agency), *id,
                [call](absl::StatusOr<std::vector<ReportStatus>> statuses) {
                  if (!statuses.ok()) return call->Refuse(ToWire(statuses.status()));
                  v1::ListReportsResponse response;
                  for (const ReportStatus& status : *statuses) {
                    *response.add_reports() = EncodeStatus(status);
                  }
                  call->Finish(response);
                });
  }

  void OnCheck(const std::shared_ptr<Check>& call) {
    const auto agency =
        door_.Enter(call->context(), call->request().officer(), Door::Call::kFollow);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    desk_->Check(call->loop(), *agency, call->request().envelope(),
                 [call](absl::StatusOr<CheckedReport> checked) {
                   if (!checked.ok()) return call->Refuse(ToWire(checked.status()));
                   call->Finish(EncodeChecked(*checked));
                 });
  }

  void OnAnnul(const std::shared_ptr<Annul>& call) {
    auto agency = door_.Enter(call->context(), call->request().officer(), Door::Call::kFollow);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto request = DecodeAnnulment(call->request());
    if (!request.ok()) return call->Refuse(ToWire(request.status()));
    request->agency = *std::move(agency);
    corrector_->Annul(call->loop(), *std::move(request), AnswerStatus(call));
  }

  const Door& door_;
  Verifier* const verifier_;
  Corrector* const corrector_;
  ReportDesk* const desk_;
  v1::ReportService::AsyncService service_;
};

}  // namespace

std::unique_ptr<Service> MakeReportService(CallLimits* limits, const Door* door, Verifier* verifier,
                                           Corrector* corrector, ReportDesk* desk) {
  return std::make_unique<ReportService>(limits, door, verifier, corrector, desk);
}

}  // namespace hedui::api
