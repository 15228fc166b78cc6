#include "server/plan/routing_defects.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/division.h"
#include "server/base/limits.h"
#include "server/plan/fallback_key.h"

namespace hedui::plan {
namespace {

using ByDivision = std::map<std::string, std::set<size_t>>;

// Of each division that is named, the sources of it and of all above.
ByDivision Covering(const ByDivision& named) {
  ByDivision covering;
  for (const auto& [division, unused] : named) {
    std::set<size_t>& all = covering[division];
    for (std::optional<std::string> code = division; code.has_value();
         code = base::DivisionParent(*code)) {
      const auto found = named.find(*code);
      if (found != named.end()) all.insert(found->second.begin(), found->second.end());
    }
  }
  return covering;
}

class RoutingCheck {
 public:
  RoutingCheck(const config::v1::Catalogue& message, const std::vector<Source>& sources,
               base::ConfigDefects* defects)
      : message_(message), sources_(sources), defects_(*defects) {}

  void SourcesOver();
  void Relays();
  void Fallbacks();

 private:
  void FallbacksOver(const std::string& division, const std::set<size_t>& covering);
  // The path of a category's key: sources keep their categories in another order than the file.
  std::string PathOf(size_t source, const std::string& category) const;

  const config::v1::Catalogue& message_;
  const std::vector<Source>& sources_;
  base::ConfigDefects& defects_;
  // Places that share sources have the same defects.
  std::set<std::tuple<size_t, size_t, std::string>> told_;  // two sources and a category
  std::set<std::pair<std::set<size_t>, std::string>> told_long_;
};

std::string RoutingCheck::PathOf(size_t source, const std::string& category) const {
  const auto& categories = message_.sources(static_cast<int>(source)).categories();
  int at = 0;
  while (at < categories.size() && categories.at(at).code() != category) ++at;
  return absl::StrCat("sources[", source, "].categories[", at, "]");
}

// A household's plan holds the sources of its county and of all above: found here, so that no
// request fails.
void RoutingCheck::SourcesOver() {
  ByDivision named;
  for (size_t i = 0; i < sources_.size(); ++i) {
    for (const std::string& division : sources_[i].divisions) named[division].insert(i);
    // May be asked about any place there.
    for (const std::string& division : sources_[i].relays_for) named[division].insert(i);
  }
  for (const auto& [division, covering] : Covering(named)) {
    if (covering.size() <= base::kSourcesPerPlanMax) continue;
    defects_.Add("sources", "CONFIG_RANGE",
                 absl::StrCat(covering.size(), " sources cover ", division,
                              " or relay for it; at most ", base::kSourcesPerPlanMax, " may"));
  }
}

void RoutingCheck::Relays() {
  std::map<std::pair<std::string, std::string>, size_t> first;  // by division and category
  for (size_t i = 0; i < sources_.size(); ++i) {
    const auto& divisions = message_.sources(static_cast<int>(i)).relays_for();
    for (int at = 0; at < divisions.size(); ++at) {
      for (const CategoryOffer& offer : sources_[i].categories) {
        const auto [other, is_new] = first.emplace(std::pair(divisions.at(at), offer.code), i);
        if (is_new || other->second == i) continue;
        defects_.Add(absl::StrCat("sources[", i, "].relays_for[", at, "]"), "CONFIG_DUPLICATE",
                     absl::StrCat("\"", sources_[other->second].id, "\" relays ", offer.code,
                                  " for ", divisions.at(at), " already; one body may"));
      }
    }
  }
}

void RoutingCheck::Fallbacks() {
  ByDivision named;
  for (size_t i = 0; i < sources_.size(); ++i) {
    for (const CategoryOffer& offer : sources_[i].categories) {
      if (!offer.fallback) continue;
      for (const std::string& division : sources_[i].divisions) named[division].insert(i);
    }
  }
  for (const auto& [division, covering] : Covering(named)) FallbacksOver(division, covering);
}

void RoutingCheck::FallbacksOver(const std::string& division, const std::set<size_t>& covering) {
  std::map<std::pair<std::string, int>, size_t> first;  // by category and order
  std::map<std::string, std::set<FallbackKey>> steps;   // by category
  std::map<std::string, std::set<size_t>> of_category;
  for (const size_t i : covering) {
    for (const CategoryOffer& offer : sources_[i].categories) {
      if (!offer.fallback) continue;
      steps[offer.code].insert(KeyOf(offer, sources_[i]));
      of_category[offer.code].insert(i);
      if (offer.fallback_order == 0) continue;
      const auto [other, is_new] = first.emplace(std::pair(offer.code, offer.fallback_order), i);
      if (is_new || other->second == i) continue;
      if (!told_.emplace(other->second, i, offer.code).second) continue;
      defects_.Add(
          absl::StrCat(PathOf(i, offer.code), ".fallback_order"), "CONFIG_DUPLICATE",
          absl::StrCat("\"", sources_[other->second].id, "\" is the fallback ",
                       offer.fallback_order, " of ", offer.code, " over ", division, " already"));
    }
  }
  for (const auto& [category, keys] : steps) {
    if (keys.size() <= static_cast<size_t>(kFallbackStepsMax)) continue;
    if (!told_long_.emplace(of_category[category], category).second) continue;
    defects_.Add("sources", "CONFIG_RANGE",
                 absl::StrCat("the fallbacks of ", category, " over ", division, " are asked in ",
                              keys.size(), " steps; at most ", kFallbackStepsMax, " may be"));
  }
}

}  // namespace

void CheckRouting(const config::v1::Catalogue& message, const std::vector<Source>& sources,
                  base::ConfigDefects* defects) {
  RoutingCheck check(message, sources, defects);
  check.SourcesOver();
  check.Relays();
  check.Fallbacks();
}

}  // namespace hedui::plan
