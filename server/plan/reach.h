// Whom a platform of a level and division may ask itself, and through whom it asks the others.
// Pure, thread-safe; the catalogue outlives it.
//
// - The ministry's sources: a region's platform and the ministry's. Only the provincial body
//   connects to the ministry's centre (民办发〔2018〕32号).
// - Sources over the platform's own division, above it or below it: the platform.
// - Other regions: their verification bodies (sources with `relays_for`), by a region's platform.
//   The ministry's platform asks regions through their bodies too.
// - Everything else through a relay that the platform may ask itself.
#ifndef HEDUI_SERVER_PLAN_REACH_H_
#define HEDUI_SERVER_PLAN_REACH_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/division.h"
#include "server/plan/catalogue.h"

namespace hedui::plan {

class Reach {
 public:
  Reach(const Catalogue& catalogue, base::Level level, std::string division);

  // Whether the platform may ask the source itself.
  bool IsDirect(const Source& source) const;
  // Through whom registers of `place` are asked about `category` that the platform may not ask
  // itself: the body that relays for the smallest division around the place. nullptr: through
  // nobody.
  const Source* RelayFor(absl::string_view place, absl::string_view category) const;

 private:
  const base::Level level_;
  const std::string division_;
  std::vector<const Source*> relays_;  // that may be asked; in the catalogue's order
};

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_REACH_H_
