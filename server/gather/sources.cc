#include "server/gather/sources.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::gather {
namespace {

// More attempts than this would spend a deadline on a source that is down.
constexpr int kAttemptsMax = 10;

absl::Status CheckPolicy(const SourcePolicy& policy) {
  const char* wrong = nullptr;
  if (policy.id.empty()) wrong = "id is empty";
  if (policy.deadline <= absl::ZeroDuration()) wrong = "deadline is not positive";
  if (policy.attempts < 1 || policy.attempts > kAttemptsMax) wrong = "attempts is outside 1 to 10";
  if (policy.backoff_first < absl::ZeroDuration()) wrong = "backoff is negative";
  if (policy.backoff_max < policy.backoff_first) wrong = "longest backoff is below the first";
  if (policy.concurrency < 1) wrong = "concurrency is below 1";
  for (const auto& [category, days] : policy.freshness_days) {
    if (days < 0) wrong = "freshness is negative";
  }
  if (wrong == nullptr) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "SOURCE_POLICY",
                         absl::StrCat("source \"", policy.id, "\": ", wrong),
                         base::Visibility::kOperator);
}

}  // namespace

SourcePolicy PolicyOf(const plan::Source& source) {
  SourcePolicy policy;
  policy.id = source.id;
  policy.deadline = source.deadline;
  policy.attempts = source.attempts;
  policy.concurrency = source.concurrency;
  for (const plan::CategoryOffer& offer : source.categories) {
    if (!offer.freshness_days.has_value()) continue;
    policy.freshness_days.emplace_back(offer.code, *offer.freshness_days);
  }
  return policy;
}

absl::Status Sources::Add(SourcePolicy policy, adapters::SourceAdapter* adapter,
                          std::shared_ptr<SourceGate> gate) {
  HEDUI_RETURN_IF_ERROR(CheckPolicy(policy));
  if (gate == nullptr) gate = SourceGate::Create(policy.concurrency);
  std::string id = policy.id;
  const bool added =
      sources_.try_emplace(id, Source{std::move(policy), adapter, std::move(gate)}).second;
  if (added) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kAlreadyExists, "DUPLICATE_SOURCE",
                         absl::StrCat("source \"", id, "\" is there twice"),
                         base::Visibility::kOperator);
}

const Source* Sources::Find(absl::string_view id) const {
  const auto found = sources_.find(id);
  return found == sources_.end() ? nullptr : &found->second;
}

}  // namespace hedui::gather
