// What is wrong with a catalogue's routing that no source shows alone: more sources over a place
// than a plan may hold, fallbacks that claim the same place in the order, and bodies that claim to
// relay for the same division. Pure, thread-safe.
#ifndef HEDUI_SERVER_PLAN_ROUTING_DEFECTS_H_
#define HEDUI_SERVER_PLAN_ROUTING_DEFECTS_H_

#include <vector>

#include "hedui/config/v1/catalogue.pb.h"
#include "server/base/config_defects.h"
#include "server/plan/catalogue.h"

namespace hedui::plan {

// `sources` were read from `message`, one for one. Adds every defect, each once.
void CheckRouting(const config::v1::Catalogue& message, const std::vector<Source>& sources,
                  base::ConfigDefects* defects);

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_ROUTING_DEFECTS_H_
