#include "server/plan/routes.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

#include "server/plan/fallback_key.h"

namespace hedui::plan {
namespace {

class Router {
 public:
  Router(const Reach& reach, base::IdentityKind document, absl::string_view category)
      : reach_(reach), document_(document), category_(category) {}

  void At(const Place& place, size_t index);
  Routes Take();

 private:
  struct Found {
    Route route;
    bool fallback;
    FallbackKey key;
  };
  void Add(const Source& source, PlaceSet place, const CategoryOffer& offer, base::Reason reason);
  void Ask(const Source& source, PlaceSet place, const CategoryOffer& offer) {
    Add(source, place, offer,
        source.Accepts(document_) ? base::Reason::kNone : base::Reason::kUnknownPerson);
  }
  // Where somebody is asked.
  PlaceSet Asked() const;
  void SetSteps();

  const Reach& reach_;
  const base::IdentityKind document_;
  const absl::string_view category_;
  std::vector<Found> found_;
  bool nobody_ = false;
};

void Router::At(const Place& place, size_t index) {
  const auto here = static_cast<PlaceSet>(1U << index);
  const Source* const relay = reach_.RelayFor(place.division, category_);
  bool anybody = false;
  for (const Place::Holder& holder : place.holders) {
    const CategoryOffer* const offer = holder.source->Offer(category_);
    if (offer == nullptr) continue;
    anybody = true;
    if (holder.direct) {
      Ask(*holder.source, here, *offer);
    } else if (relay != nullptr) {
      Ask(*relay, here, *offer);
    } else {
      Add(*holder.source, here, *offer, base::Reason::kNotRoutable);
    }
  }
  if (anybody) return;
  // What a level cannot check itself it passes on.
  if (relay != nullptr) return Ask(*relay, here, *relay->Offer(category_));
  nobody_ = true;
}

void Router::Add(const Source& source, PlaceSet place, const CategoryOffer& offer,
                 base::Reason reason) {
  const FallbackKey key = KeyOf(offer, source);
  for (Found& found : found_) {
    if (found.route.source != &source) continue;
    found.route.places |= place;
    found.fallback = found.fallback && offer.fallback;
    found.key = std::min(found.key, key);
    return;
  }
  found_.push_back({{&source, place, 0, reason}, offer.fallback, key});
}

PlaceSet Router::Asked() const {
  PlaceSet asked = 0;
  for (const Found& found : found_) {
    if (found.route.reason == base::Reason::kNone) asked |= found.route.places;
  }
  return asked;
}

void Router::SetSteps() {
  const bool any =
      std::any_of(found_.begin(), found_.end(), [](const Found& found) { return found.fallback; });
  if (!any) return;
  for (size_t index = 0; index < kPlacesPerPersonMax; ++index) {
    const auto here = static_cast<PlaceSet>(1U << index);
    const auto waits = [here](const Found& found) {
      return found.fallback && found.route.reason == base::Reason::kNone &&
             (found.route.places & here) != 0;
    };
    std::set<FallbackKey> keys;
    for (const Found& found : found_) {
      if (waits(found)) keys.insert(found.key);
    }
    for (Found& found : found_) {
      if (!waits(found)) continue;
      const auto step = static_cast<int>(std::distance(keys.begin(), keys.find(found.key))) + 1;
      found.route.step = std::max(found.route.step, std::min(step, kFallbackStepsMax));
    }
  }
}

Routes Router::Take() {
  Routes result;
  result.nobody = nobody_;
  SetSteps();
  const PlaceSet asked = Asked();
  for (const Found& found : found_) {
    // Others are asked, for whom this one only stands in.
    if (found.route.reason != base::Reason::kNone && found.fallback &&
        (found.route.places & ~asked) == 0) {
      continue;
    }
    result.routes.push_back(found.route);
  }
  // Sources lie one behind another in the catalogue.
  std::sort(result.routes.begin(), result.routes.end(), [](const Route& a, const Route& b) {
    return std::less<const Source*>()(a.source, b.source);
  });
  return result;
}

}  // namespace

Place PlaceAt(const Catalogue& catalogue, const Reach& reach, const std::string& division) {
  Place place;
  place.division = division;
  std::set<std::string> offered;
  for (const Source* source : catalogue.Covering(division)) {
    place.holders.push_back({source, reach.IsDirect(*source)});
    if (!place.holders.back().direct) continue;
    for (const CategoryOffer& offer : source->categories) offered.insert(offer.code);
  }
  place.offered.assign(offered.begin(), offered.end());
  return place;
}

Routes RoutesOf(const std::vector<const Place*>& places, const Reach& reach,
                base::IdentityKind document, absl::string_view category) {
  Router router(reach, document, category);
  for (size_t i = 0; i < places.size(); ++i) router.At(*places[i], i);
  return router.Take();
}

}  // namespace hedui::plan
