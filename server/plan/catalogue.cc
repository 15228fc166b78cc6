#include "server/plan/catalogue.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace hedui::plan {

const CategoryOffer* Source::Offer(absl::string_view category) const {
  const auto found =
      std::find_if(categories.begin(), categories.end(),
                   [category](const CategoryOffer& offer) { return offer.code == category; });
  return found == categories.end() ? nullptr : &*found;
}

bool Source::Covers(absl::string_view division) const {
  return std::any_of(divisions.begin(), divisions.end(), [division](const std::string& outer) {
    return base::DivisionContains(outer, division);
  });
}

bool Source::Accepts(base::IdentityKind kind) const {
  return std::find(identity_kinds.begin(), identity_kinds.end(), kind) != identity_kinds.end();
}

Catalogue::Catalogue(std::vector<Source> sources) : sources_(std::move(sources)) {
  std::set<std::string> categories;
  for (size_t i = 0; i < sources_.size(); ++i) {
    by_id_.emplace(sources_[i].id, i);
    for (const CategoryOffer& offer : sources_[i].categories) categories.insert(offer.code);
  }
  categories_.assign(categories.begin(), categories.end());
}

const Source* Catalogue::Find(absl::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &sources_[found->second];
}

}  // namespace hedui::plan
