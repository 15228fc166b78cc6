// Who is asked about one category of one person, who is passed over, and in which order fallbacks
// come. Pure, thread-safe.
#ifndef HEDUI_SERVER_PLAN_ROUTES_H_
#define HEDUI_SERVER_PLAN_ROUTES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/answer.h"
#include "server/base/identity.h"
#include "server/plan/catalogue.h"
#include "server/plan/places.h"
#include "server/plan/reach.h"

namespace hedui::plan {

// One of a person's places, and what the catalogue has there.
struct Place {
  struct Holder {
    const Source* source;
    bool direct;
  };
  std::string division;
  std::vector<Holder> holders;       // in the catalogue's order
  std::vector<std::string> offered;  // categories of those that may be asked; sorted
};
Place PlaceAt(const Catalogue& catalogue, const Reach& reach, const std::string& division);

// One source's part in one category of one person.
struct Route {
  const Source* source;  // a relay, where it is asked for others
  PlaceSet places = 0;   // where what it holds, or what it relays, is
  int step = 0;          // 0: asked in the source's wave; else in this wave of fallbacks
  // kNone: it is asked. kNotRoutable, kUnknownPerson: it is passed over.
  base::Reason reason = base::Reason::kNone;
};

struct Routes {
  std::vector<Route> routes;  // in the catalogue's order, each source once
  bool nobody = false;        // there is a place where nobody holds it
};

// `places` are the person's, in their order, at most kPlacesPerPersonMax.
Routes RoutesOf(const std::vector<const Place*>& places, const Reach& reach,
                base::IdentityKind document, absl::string_view category);

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_ROUTES_H_
