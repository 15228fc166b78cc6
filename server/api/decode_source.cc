#include "server/api/decode_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/api/decode_list.h"
#include "server/api/decode_request.h"
#include "server/base/division.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

std::string DecodeReason(const std::string& reason, Violations* violations) {
  if (reason.empty()) {
    violations->Add("reason", "is required: who finds the source so should learn why");
  } else if (reason.size() > kHoldReasonBytesMax) {
    violations->Add("reason", absl::StrCat("is longer than ", kHoldReasonBytesMax, " bytes"));
  }
  return reason;
}

base::Uuid DecodeId(const std::string& text, Violations* violations) {
  const auto id = base::Uuid::Parse(text);
  if (id.ok() && *id != base::Uuid()) return *id;
  violations->Add("recall_id", "is not a UUID");
  return {};
}

// Of either message.
template <typename Request>
absl::StatusOr<SourceChange> DecodeChange(const Request& request, const std::string& agency,
                                          bool held) {
  Violations violations;
  SourceChange change;
  change.agency = agency;
  change.officer = request.officer();
  change.held = held;
  change.source_id = DecodeIdentifier(request.source_id(), "source_id", &violations);
  change.reason = DecodeReason(request.reason(), &violations);
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  return change;
}

}  // namespace

absl::StatusOr<QualityQuery> DecodeQuality(const v1::GetSourceQualityRequest& request) {
  Violations violations;
  QualityQuery query;
  query.source_id = DecodeIdentifier(request.source_id(), "source_id", &violations);
  query.division = request.division();
  if (!query.division.empty() && !base::DivisionLevel(query.division).has_value()) {
    violations.Add("division", "is not a six-digit division code");
  }
  if (request.hours() < 0 || request.hours() > SourceQuality::kHours) {
    violations.Add("hours", absl::StrCat("is not 1 to ", SourceQuality::kHours,
                                         ", or 0 for as many as are kept"));
  } else if (request.hours() > 0) {
    query.hours = request.hours();
  }
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  return query;
}

absl::StatusOr<SourceChange> DecodeHold(const v1::HoldSourceRequest& request,
                                        const std::string& agency) {
  return DecodeChange(request, agency, /*held=*/true);
}

absl::StatusOr<SourceChange> DecodeRelease(const v1::ReleaseSourceRequest& request,
                                           const std::string& agency) {
  return DecodeChange(request, agency, /*held=*/false);
}

absl::StatusOr<RecallRequest> DecodeRecall(const v1::ReverifyReportsRequest& request,
                                           const std::string& agency) {
  Violations violations;
  RecallRequest recall;
  recall.agency = agency;
  recall.officer = request.officer();
  recall.id = DecodeId(request.recall_id(), &violations);
  recall.source_id = DecodeIdentifier(request.source_id(), "source_id", &violations);
  recall.reason = DecodeReason(request.reason(), &violations);
  DecodeSpan(request.from_ms(), request.to_ms(), &recall.from, &recall.to, &violations);
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  return recall;
}

absl::StatusOr<base::Uuid> DecodeRecallId(const v1::GetRecallRequest& request) {
  Violations violations;
  const base::Uuid id = DecodeId(request.recall_id(), &violations);
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  return id;
}

}  // namespace hedui::api
