#include "server/api/decode_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/api/decode_request.h"
#include "server/base/division.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

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
  change.reason = request.reason();
  if (change.reason.empty()) {
    violations.Add("reason", "is required: who finds the source so should learn why");
  } else if (change.reason.size() > kHoldReasonBytesMax) {
    violations.Add("reason", absl::StrCat("is longer than ", kHoldReasonBytesMax, " bytes"));
  }
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

}  // namespace hedui::api
