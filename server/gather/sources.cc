#include "server/gather/sources.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::gather {
namespace {

// More attempts than this would spend a deadline on a source that is down.
constexpr int kAttemptsMax = 10;

bool IsShare(int value, int whole) { return value >= 0 && value <= whole; }

// What is out of range; otherwise what was `before`.
const char* WrongOf(const SourceLimits& limits, const char* before) {
  if (limits.concurrency < 1) return "concurrency is below 1";
  if (limits.rate.per_second < 0 || limits.per_day < 0) return "rate is negative";
  if (!IsShare(limits.rate.interactive_percent, 100))
    return "interactive share is outside 0 to 100";
  if (limits.breaker.failures < 0) return "failures are negative";
  if (!IsShare(limits.breaker.percent, 100)) return "share of failures is outside 0 to 100";
  if (limits.breaker.window < absl::Milliseconds(1)) return "window is below 1 ms";
  if (limits.breaker.open_first <= absl::ZeroDuration() ||
      limits.breaker.open_max < limits.breaker.open_first) {
    return "the time of sparing is not positive, or longer at first than at most";
  }
  if (!IsShare(limits.extra.permille, 1'000) || limits.extra.reserve < 0) {
    return "the budget of further attempts is out of range";
  }
  return before;
}

absl::Status CheckPolicy(const SourcePolicy& policy) {
  const char* wrong = nullptr;
  if (policy.id.empty()) wrong = "id is empty";
  if (policy.deadline <= absl::ZeroDuration()) wrong = "deadline is not positive";
  if (policy.attempts < 1 || policy.attempts > kAttemptsMax) wrong = "attempts is outside 1 to 10";
  if (policy.backoff_first < absl::ZeroDuration()) wrong = "backoff is negative";
  if (policy.backoff_max < policy.backoff_first) wrong = "longest backoff is below the first";
  if (policy.hedge_least < absl::ZeroDuration()) wrong = "least wait of hedges is negative";
  if (policy.cache_lifetime < absl::ZeroDuration()) wrong = "cache lifetime is negative";
  wrong = WrongOf(policy.limits, wrong);
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
  policy.backoff_first = source.backoff_first;
  policy.backoff_max = source.backoff_max;
  policy.hedge_safe = source.hedge_safe;
  policy.hedge_least = source.hedge_least;
  policy.cache_lifetime = source.cache_lifetime;
  policy.limits.concurrency = source.concurrency;
  policy.limits.rate = {source.per_second, source.interactive_percent};
  policy.limits.per_day = source.per_day;
  policy.limits.extra.permille = 10 * source.extra_percent;
  const plan::BreakerSettings& breaker = source.breaker;
  policy.limits.breaker = {breaker.off ? 0 : breaker.failures, breaker.percent, breaker.window,
                           breaker.open_first, breaker.open_max};
  for (const plan::CategoryOffer& offer : source.categories) {
    if (!offer.freshness_days.has_value()) continue;
    policy.freshness_days.emplace_back(offer.code, *offer.freshness_days);
  }
  return policy;
}

absl::Status Sources::Add(SourcePolicy policy, adapters::SourceAdapter* adapter,
                          std::shared_ptr<SourceState> state) {
  HEDUI_RETURN_IF_ERROR(CheckPolicy(policy));
  std::string id = policy.id;
  const bool added =
      sources_.try_emplace(id, Source{std::move(policy), adapter, std::move(state)}).second;
  if (added) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kAlreadyExists, "DUPLICATE_SOURCE",
                         absl::StrCat("source \"", id, "\" is there twice"),
                         base::Visibility::kOperator);
}

void Sources::PutLimitsInForce() const {
  for (const auto& [id, source] : sources_) source.state->SetLimits(source.policy.limits);
}

const Source* Sources::Find(absl::string_view id) const {
  const auto found = sources_.find(id);
  return found == sources_.end() ? nullptr : &found->second;
}

}  // namespace hedui::gather
