#include "server/base/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace hedui::base {
namespace {

constexpr char kReasonUrl[] = "hedui/reason";
constexpr char kCallerUrl[] = "hedui/caller";

}  // namespace

absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       Visibility visibility) {
  absl::Status status(code, message);
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  if (visibility == Visibility::kCaller) status.SetPayload(kCallerUrl, absl::Cord("1"));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  if (auto reason = status.GetPayload(kReasonUrl)) return std::string(*reason);
  return absl::StatusCodeToString(status.code());
}

Visibility VisibilityOf(const absl::Status& status) {
  return status.GetPayload(kCallerUrl) ? Visibility::kCaller : Visibility::kOperator;
}

absl::Status WithContext(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status result(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload([&result](absl::string_view url, const absl::Cord& payload) {
    result.SetPayload(url, payload);
  });
  return result;
}

}  // namespace hedui::base
