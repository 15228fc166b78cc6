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
    for (const std::string& division : sources_[i].divisions) by_division_[division].push_back(i);
    if (!sources_[i].relays_for.empty()) relays_.push_back(i);
  }
  categories_.assign(categories.begin(), categories.end());
}

const Source* Catalogue::Find(absl::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &sources_[found->second];
}

std::vector<const Source*> Catalogue::Covering(absl::string_view division) const {
  std::set<size_t> covering;
  for (std::optional<std::string> code = std::string(division); code.has_value();
       code = base::DivisionParent(*code)) {
    const auto found = by_division_.find(*code);
    if (found != by_division_.end()) covering.insert(found->second.begin(), found->second.end());
  }
  std::vector<const Source*> result;
  for (const size_t index : covering) result.push_back(&sources_[index]);
  return result;
}

std::vector<const Source*> Catalogue::Relays() const {
  std::vector<const Source*> result;
  for (const size_t index : relays_) result.push_back(&sources_[index]);
  return result;
}

}  // namespace hedui::plan
