#include "server/access/defects.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

constexpr char kDefectsUrl[] = "hedui/defects";
// Separators of ASCII for just this; texts made here never hold one, and caller bytes never enter
// texts.
constexpr char kUnit = '\x1f';
constexpr char kRecord = '\x1e';

// The graver first: what is malformed is mended before anyone asks whether it is allowed.
constexpr std::array<absl::StatusCode, 6> kGravity = {
    absl::StatusCode::kInvalidArgument,  absl::StatusCode::kUnauthenticated,
    absl::StatusCode::kPermissionDenied, absl::StatusCode::kNotFound,
    absl::StatusCode::kAlreadyExists,    absl::StatusCode::kFailedPrecondition,
};

size_t Gravity(absl::StatusCode code) {
  return static_cast<size_t>(std::find(kGravity.begin(), kGravity.end(), code) - kGravity.begin());
}

std::string Line(const Defect& defect) {
  return defect.field.empty() ? absl::StrCat(defect.reason, ": ", defect.text)
                              : absl::StrCat(defect.field, ": ", defect.reason, ": ", defect.text);
}

}  // namespace

void DefectList::Add(absl::StatusCode code, absl::string_view field, absl::string_view reason,
                     absl::string_view text) {
  defects_.push_back({code, std::string(field), std::string(reason), std::string(text)});
}

void DefectList::Add(absl::string_view field, const absl::Status& status) {
  Add(status.code(), field, base::ReasonOf(status), status.message());
}

absl::Status DefectList::ToStatus() const {
  if (defects_.empty()) return absl::OkStatus();
  const Defect& gravest = *std::min_element(
      defects_.begin(), defects_.end(),
      [](const Defect& a, const Defect& b) { return Gravity(a.code) < Gravity(b.code); });
  const std::string message = absl::StrJoin(
      defects_, "\n",
      [](std::string* out, const Defect& defect) { absl::StrAppend(out, Line(defect)); });
  absl::Status status = base::MakeError(gravest.code, gravest.reason, message);
  std::string payload;
  for (const Defect& defect : defects_) {
    absl::StrAppend(&payload, static_cast<int>(defect.code), std::string(1, kUnit), defect.field,
                    std::string(1, kUnit), defect.reason, std::string(1, kUnit), defect.text,
                    std::string(1, kRecord));
  }
  status.SetPayload(kDefectsUrl, absl::Cord(std::move(payload)));
  return status;
}

std::vector<Defect> DefectsOf(const absl::Status& status) {
  std::vector<Defect> defects;
  const auto payload = status.GetPayload(kDefectsUrl);
  if (!payload) return defects;
  const std::string bytes(*payload);
  for (absl::string_view record : absl::StrSplit(bytes, kRecord, absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(record, kUnit);
    int code = 0;
    if (parts.size() != 4 || !absl::SimpleAtoi(parts[0], &code)) continue;
    defects.push_back({static_cast<absl::StatusCode>(code), parts[1], parts[2], parts[3]});
  }
  return defects;
}

}  // namespace hedui::access
