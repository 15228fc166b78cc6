#include "server/api/rich_status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "hedui/v1/errors.pb.h"
#include "server/access/defects.h"
#include "server/base/retry_after.h"
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

// Somebody has to make room on the disk.
constexpr absl::Duration kDiskRetryAfter = absl::Minutes(1);

// Errors that were written for operators and that callers can do something about: what those are
// told instead.
absl::Status ForCaller(const absl::Status& status) {
  if (base::VisibilityOf(status) == base::Visibility::kCaller) return status;
  if (base::ReasonOf(status) == "STORE_FULL") {
    return base::WithRetryAfter(
        base::MakeError(absl::StatusCode::kResourceExhausted, "STORE_FULL",
                        "the platform has no room left to keep anything; nothing of this call was "
                        "kept: repeat it with the same request id when there is room again"),
        kDiskRetryAfter);
  }
  return base::MakeError(absl::StatusCode::kInternal, "INTERNAL",
                         "the service failed; repeat the call with the same request id");
}

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
  const absl::Status told = ForCaller(status);
  const auto code = static_cast<grpc::StatusCode>(told.code());
  const std::string text(told.message());
  v1::RichStatus rich;
  rich.set_code(static_cast<int>(code));
  rich.set_message(text);
  v1::ErrorInfo info;
  info.set_reason(base::ReasonOf(told));
  info.set_domain("hedui");
  Pack(info, "ErrorInfo", &rich);
  if (const v1::BadRequest bad_request = ViolationsOf(told);
      bad_request.field_violations_size() > 0) {
    Pack(bad_request, "BadRequest", &rich);
  }
  if (const auto retry_after = base::RetryAfterOf(told); retry_after.has_value()) {
    v1::RetryInfo retry_info;
    const int64_t ms = absl::ToInt64Milliseconds(*retry_after);
    retry_info.mutable_retry_delay()->set_seconds(ms / 1'000);
    retry_info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(ms % 1'000) * 1'000'000);
    Pack(retry_info, "RetryInfo", &rich);
  }
  return grpc::Status(code, text, rich.SerializeAsString());
}

}  // namespace hedui::api
