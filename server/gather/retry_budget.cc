#include "server/gather/retry_budget.h"

#include <algorithm>

namespace hedui::gather {

RetryBudget::RetryBudget(Limits limits) : limits_(limits), thousandths_(kOne * limits.reserve) {}

void RetryBudget::OnFirstSent() { Earn(limits_.permille); }

bool RetryBudget::TryTake() {
  if (!HasOne()) return false;
  thousandths_ -= kOne;
  return true;
}

void RetryBudget::GiveBack() { Earn(kOne); }

void RetryBudget::SetLimits(Limits limits) {
  limits_ = limits;
  Earn(0);
}

void RetryBudget::Earn(int64_t thousandths) {
  thousandths_ = std::min(thousandths_ + thousandths, kOne * limits_.reserve);
}

}  // namespace hedui::gather
