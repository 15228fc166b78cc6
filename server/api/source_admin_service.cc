#include <memory>
#include <string>
#include <utility>

#include "hedui/v1/source_admin.grpc.pb.h"
#include "server/api/decode_list.h"
#include "server/api/decode_source.h"
#include "server/api/encode_source.h"
#include "server/api/rich_status.h"
#include "server/api/service.h"
#include "server/api/unary_call.h"
#include "server/recall_flow.h"
#include "server/source_admin_flow.h"

namespace hedui::api {
namespace {

using List = UnaryCall<v1::ListSourcesRequest, v1::ListSourcesResponse>;
using Quality = UnaryCall<v1::GetSourceQualityRequest, v1::GetSourceQualityResponse>;
using Hold = UnaryCall<v1::HoldSourceRequest, v1::HoldSourceResponse>;
using Using = UnaryCall<v1::ListReportsUsingRequest, v1::ListReportsUsingResponse>;
using Reverify = UnaryCall<v1::ReverifyReportsRequest, v1::ReverifyReportsResponse>;
using Get = UnaryCall<v1::GetRecallRequest, v1::GetRecallResponse>;
using Release = UnaryCall<v1::ReleaseSourceRequest, v1::ReleaseSourceResponse>;
using access::SourceUse;

class SourceAdminService final : public Service {
 public:
  SourceAdminService(CallLimits* limits, const Door* door, const PageTokens* tokens,
                     SourceDesk* desk, RecallDesk* recalls)
      : Service(limits), door_(*door), tokens_(*tokens), desk_(desk), recalls_(recalls) {
    using Generated = v1::SourceAdminService::AsyncService;
    Add<List>("ListSources", &service_, &Generated::RequestListSources,
              [this](std::shared_ptr<List> call) { OnList(call); });
    Add<Quality>("GetSourceQuality", &service_, &Generated::RequestGetSourceQuality,
                 [this](std::shared_ptr<Quality> call) { OnQuality(call); });
    Add<Hold>("HoldSource", &service_, &Generated::RequestHoldSource,
              [this](std::shared_ptr<Hold> call) { OnHold(call); });
    Add<Release>("ReleaseSource", &service_, &Generated::RequestReleaseSource,
                 [this](std::shared_ptr<Release> call) { OnRelease(call); });
    Add<Using>("ListReportsUsing", &service_, &Generated::RequestListReportsUsing,
               [this](std::shared_ptr<Using> call) { OnUsing(call); });
    Add<Reverify>("ReverifyReports", &service_, &Generated::RequestReverifyReports,
                  [this](std::shared_ptr<Reverify> call) { OnReverify(call); });
    Add<Get>("GetRecall", &service_, &Generated::RequestGetRecall,
             [this](std::shared_ptr<Get> call) { OnGet(call); });
  }

  const char* name() const override { return v1::SourceAdminService::service_full_name(); }
  grpc::Service* generated() override { return &service_; }

 private:
  // For who may not call nothing is read. All of it is to follow the platform, never to ask for
  // more: an agency that is at its rate may still hold a source.
  template <typename Call>
  absl::StatusOr<std::string> Enter(const std::shared_ptr<Call>& call, SourceUse use) const {
    return door_.EnterForSources(call->context(), call->request().officer(), Door::Call::kFollow,
                                 use);
  }

  void OnList(const std::shared_ptr<List>& call) {
    const auto agency = Enter(call, SourceUse::kRead);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    desk_->List(call->loop(), [call](absl::StatusOr<SourceList> list) {
      if (!list.ok()) return call->Refuse(ToWire(list.status()));
      call->Finish(EncodeSources(*list));
    });
  }

  void OnQuality(const std::shared_ptr<Quality>& call) {
    const auto agency = Enter(call, SourceUse::kRead);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto query = DecodeQuality(call->request());
    if (!query.ok()) return call->Refuse(ToWire(query.status()));
    desk_->Quality(call->loop(), *std::move(query), [call](absl::StatusOr<QualityView> view) {
      if (!view.ok()) return call->Refuse(ToWire(view.status()));
      call->Finish(EncodeQuality(*view));
    });
  }

  void OnHold(const std::shared_ptr<Hold>& call) {
    const auto agency = Enter(call, SourceUse::kHold);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto change = DecodeHold(call->request(), *agency);
    if (!change.ok()) return call->Refuse(ToWire(change.status()));
    desk_->Change(call->loop(), *std::move(change),
                  [call](absl::StatusOr<SourceDesk::Changed> held) {
                    if (!held.ok()) return call->Refuse(ToWire(held.status()));
                    call->Finish(EncodeHold(**held));
                  });
  }

  void OnRelease(const std::shared_ptr<Release>& call) {
    const auto agency = Enter(call, SourceUse::kHold);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto change = DecodeRelease(call->request(), *agency);
    if (!change.ok()) return call->Refuse(ToWire(change.status()));
    desk_->Change(call->loop(), *std::move(change),
                  [call](absl::StatusOr<SourceDesk::Changed> released) {
                    if (!released.ok()) return call->Refuse(ToWire(released.status()));
                    call->Finish(v1::ReleaseSourceResponse());
                  });
  }

  void OnUsing(const std::shared_ptr<Using>& call) {
    const auto agency = Enter(call, SourceUse::kRecall);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto query = DecodeListReportsUsing(call->request(), *agency, tokens_);
    if (!query.ok()) return call->Refuse(ToWire(query.status()));
    desk_->ListUsing(
        call->loop(), *std::move(query),
        [this, call, agency = *agency](absl::StatusOr<Page<ReportUsing>> page) {
          if (!page.ok()) return call->Refuse(ToWire(page.status()));
          v1::ListReportsUsingResponse response = EncodeReportsUsing(page->items);
          response.set_unreadable(static_cast<int64_t>(page->lost));
          response.set_next_page_token(NextToken(call->request(), agency, page->next, tokens_));
          call->Finish(response);
        });
  }

  void OnReverify(const std::shared_ptr<Reverify>& call) {
    const auto agency = Enter(call, SourceUse::kRecall);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    auto request = DecodeRecall(call->request(), *agency);
    if (!request.ok()) return call->Refuse(ToWire(request.status()));
    recalls_->Begin(call->loop(), *std::move(request), [call](absl::StatusOr<RecallView> view) {
      if (!view.ok()) return call->Refuse(ToWire(view.status()));
      v1::ReverifyReportsResponse response;
      *response.mutable_recall() = EncodeRecall(*view);
      call->Finish(response);
    });
  }

  void OnGet(const std::shared_ptr<Get>& call) {
    const auto agency = Enter(call, SourceUse::kRecall);
    if (!agency.ok()) return call->Refuse(ToWire(agency.status()));
    const auto id = DecodeRecallId(call->request());
    if (!id.ok()) return call->Refuse(ToWire(id.status()));
    recalls_->Get(call->loop(), *id, [call](absl::StatusOr<RecallView> view) {
      if (!view.ok()) return call->Refuse(ToWire(view.status()));
      v1::GetRecallResponse response;
      *response.mutable_recall() = EncodeRecall(*view);
      call->Finish(response);
    });
  }

  const Door& door_;
  const PageTokens& tokens_;
  SourceDesk* const desk_;
  RecallDesk* const recalls_;
  v1::SourceAdminService::AsyncService service_;
};

}  // namespace

std::unique_ptr<Service> MakeSourceAdminService(CallLimits* limits, const Door* door,
                                                const PageTokens* tokens, SourceDesk* desk,
                                                RecallDesk* recalls) {
  return std::make_unique<SourceAdminService>(limits, door, tokens, desk, recalls);
}

}  // namespace hedui::api
