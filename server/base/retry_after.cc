#include "server/base/retry_after.h"

#include <algorithm>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace hedui::base {
namespace {

constexpr char kRetryAfterUrl[] = "hedui/retry-after-ms";

}  // namespace

absl::Status WithRetryAfter(absl::Status error, absl::Duration delay) {
  const absl::Duration whole =
      std::max(absl::Ceil(delay, absl::Milliseconds(1)), absl::Milliseconds(1));
  error.SetPayload(kRetryAfterUrl, absl::Cord(absl::StrCat(absl::ToInt64Milliseconds(whole))));
  return error;
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& error) {
  const auto payload = error.GetPayload(kRetryAfterUrl);
  int64_t ms = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &ms)) return std::nullopt;
  return absl::Milliseconds(ms);
}

}  // namespace hedui::base
