// What the order of fallbacks of one category goes by. Header only, thread-safe.
#ifndef HEDUI_SERVER_PLAN_FALLBACK_KEY_H_
#define HEDUI_SERVER_PLAN_FALLBACK_KEY_H_

#include <utility>

#include "server/plan/catalogue.h"

namespace hedui::plan {

// Lower is asked earlier; equal keys are asked at once.
using FallbackKey = std::pair<int, int>;

// The declared order alone where there is one: no two are equal in a loaded catalogue.
inline FallbackKey KeyOf(const CategoryOffer& offer, const Source& asked) {
  if (offer.fallback_order != 0) return {offer.fallback_order, 0};
  return {kFallbackOrderMax + 1, asked.authority_rank};
}

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_FALLBACK_KEY_H_
