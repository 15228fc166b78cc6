// What SourceDesk answers, as messages. Pure.
#ifndef HEDUI_SERVER_API_ENCODE_SOURCE_H_
#define HEDUI_SERVER_API_ENCODE_SOURCE_H_

#include <vector>

#include "hedui/v1/source_admin.pb.h"
#include "server/list_flow.h"
#include "server/recall_flow.h"
#include "server/source_admin_flow.h"

namespace hedui::api {

v1::ListSourcesResponse EncodeSources(const SourceList& list);
v1::GetSourceQualityResponse EncodeQuality(const QualityView& view);
v1::HoldSourceResponse EncodeHold(const SourceHold& hold);
// Without the token and what cannot be read.
v1::ListReportsUsingResponse EncodeReportsUsing(const std::vector<ReportUsing>& reports);
v1::Recall EncodeRecall(const RecallView& view);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_ENCODE_SOURCE_H_
