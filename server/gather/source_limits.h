// How much may be asked of one source: the part of its policy that holds for all who ask it, and
// that a reload changes while attempts are under way. Plain value, thread-compatible.
#ifndef HEDUI_SERVER_GATHER_SOURCE_LIMITS_H_
#define HEDUI_SERVER_GATHER_SOURCE_LIMITS_H_

#include "server/gather/breaker.h"
#include "server/gather/rate_window.h"
#include "server/gather/retry_budget.h"

namespace hedui::gather {

struct SourceLimits {
  // Attempts in flight, of the whole process; at least 1. A smaller one ends nothing, and lets
  // nothing begin until enough have ended.
  int concurrency = 32;
  // Its share for who waits is kept of the concurrency and of the day's too.
  RateWindow::Limits rate;
  int per_day = 0;  // queries that leave on a civil day; 0: no limit
  Breaker::Limits breaker;
  RetryBudget::Limits extra;
  friend bool operator==(const SourceLimits&, const SourceLimits&) = default;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCE_LIMITS_H_
