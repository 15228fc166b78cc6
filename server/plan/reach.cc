#include "server/plan/reach.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace hedui::plan {

Reach::Reach(const Catalogue& catalogue, base::Level level, std::string division)
    : level_(level), division_(std::move(division)) {
  for (const Source* relay : catalogue.Relays()) {
    if (IsDirect(*relay)) relays_.push_back(relay);
  }
}

bool Reach::IsDirect(const Source& source) const {
  if (source.level == base::Level::kMinistry) {
    return level_ == base::Level::kRegion || level_ == base::Level::kMinistry;
  }
  const bool regional_body = source.level == base::Level::kRegion && !source.relays_for.empty();
  if (level_ == base::Level::kMinistry) return regional_body;
  const bool own = std::any_of(source.divisions.begin(), source.divisions.end(),
                               [this](const std::string& division) {
                                 return base::DivisionContains(division, division_) ||
                                        base::DivisionContains(division_, division);
                               });
  return own || (regional_body && level_ == base::Level::kRegion);
}

const Source* Reach::RelayFor(absl::string_view place, absl::string_view category) const {
  const Source* best = nullptr;
  base::Level level = base::Level::kMinistry;
  for (const Source* relay : relays_) {
    if (relay->Offer(category) == nullptr) continue;
    for (const std::string& division : relay->relays_for) {
      if (!base::DivisionContains(division, place)) continue;
      const base::Level own = *base::DivisionLevel(division);
      if (best == nullptr || own > level) {
        best = relay;
        level = own;
      }
    }
  }
  return best;
}

}  // namespace hedui::plan
