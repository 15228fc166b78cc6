// From the messages of SourceAdminService to what its desk is asked, every defect listed at once
// with its field's path. Pure but for the tokens' key.
#ifndef HEDUI_SERVER_API_DECODE_SOURCE_H_
#define HEDUI_SERVER_API_DECODE_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "hedui/v1/source_admin.pb.h"
#include "server/base/ids.h"
#include "server/recall_flow.h"
#include "server/source_admin_flow.h"

namespace hedui::api {

// INVALID_ARGUMENT (INVALID_REQUEST) with all violations.
absl::StatusOr<QualityQuery> DecodeQuality(const v1::GetSourceQualityRequest& request);
absl::StatusOr<SourceChange> DecodeHold(const v1::HoldSourceRequest& request,
                                        const std::string& agency);
absl::StatusOr<SourceChange> DecodeRelease(const v1::ReleaseSourceRequest& request,
                                           const std::string& agency);
absl::StatusOr<RecallRequest> DecodeRecall(const v1::ReverifyReportsRequest& request,
                                           const std::string& agency);
absl::StatusOr<base::Uuid> DecodeRecallId(const v1::GetRecallRequest& request);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_DECODE_SOURCE_H_
