#include "server/api/rich_status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "hedui/v1/errors.pb.h"
#include "server/access/defects.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

// Where a status keeps its details until they are written to the wire.
constexpr char kViolationsUrl[] = "hedui/violations";
// Texts list at most this many defects; the details carry all.
constexpr size_t kViolationsInTextMax = 5;

void Pack(const google::protobuf::Message& message, absl::string_view name,
          v1::RichStatus* status) {
  google::protobuf::Any* any = status->add_details();
  any->set_type_url(absl::StrCat("type.googleapis.com/google.rpc.", name));
  any->set_value(message.SerializeAsString());
}

// Defects that api found, or that access found in a request that was well formed.
v1::BadRequest ViolationsOf(const absl::Status& status) {
  v1::BadRequest bad_request;
  if (auto violations = status.GetPayload(kViolationsUrl)) {
    if (!bad_request.ParseFromString(std::string(*violations))) bad_request.Clear();
  }
  for (const access::Defect& defect : access::DefectsOf(status)) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field(defect.field);
    violation->set_description(absl::StrCat(defect.text, " (", defect.reason, ")"));
  }
  return bad_request;
}

// How long a caller who is turned away for lack of room should wait: a flow takes some tens of
// milliseconds, so a second later there is other room or none.
constexpr int64_t kRetryAfterSeconds = 1;

}  // namespace

absl::Status InvalidRequest(const std::vector<Violation>& violations, absl::string_view reason) {
  if (violations.empty()) return absl::OkStatus();
  v1::BadRequest bad_request;
  std::string text = absl::StrCat("the request has ", violations.size(), " defect(s)");
  for (size_t i = 0; i < violations.size(); ++i) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field(violations[i].field);
    violation->set_description(violations[i].description);
    if (i < kViolationsInTextMax) {
      absl::StrAppend(&text, i == 0 ? ": " : "; ", violations[i].field, ": ",
                      violations[i].description);
    } else if (i == kViolationsInTextMax) {
      absl::StrAppend(&text, "; the rest is in the details");
    }
  }
  absl::Status status = base::MakeError(absl::StatusCode::kInvalidArgument, reason, text);
  status.SetPayload(kViolationsUrl, absl::Cord(bad_request.SerializeAsString()));
  return status;
}

grpc::Status ToWire(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const bool for_caller = base::VisibilityOf(status) == base::Visibility::kCaller;
  const auto code =
      for_caller ? static_cast<grpc::StatusCode>(status.code()) : grpc::StatusCode::INTERNAL;
  const std::string text = for_caller
                               ? std::string(status.message())
                               : "the service failed; repeat the call with the same request id";
  v1::RichStatus rich;
  rich.set_code(static_cast<int>(code));
  rich.set_message(text);
  v1::ErrorInfo info;
  info.set_reason(for_caller ? base::ReasonOf(status) : "INTERNAL");
  info.set_domain("hedui");
  Pack(info, "ErrorInfo", &rich);
  if (const v1::BadRequest bad_request = ViolationsOf(status);
      bad_request.field_violations_size() > 0) {
    Pack(bad_request, "BadRequest", &rich);
  }
  if (for_caller && code == grpc::StatusCode::RESOURCE_EXHAUSTED) {
    v1::RetryInfo retry_info;
    retry_info.mutable_retry_delay()->set_seconds(kRetryAfterSeconds);
    Pack(retry_info, "RetryInfo", &rich);
  }
  return grpc::Status(code, text, rich.SerializeAsString());
}

}  // namespace hedui::api
