// What the policy sets of a pack say, as plain values (base/policy_listing.h). Functions,
// thread-safe.
#ifndef HEDUI_SERVER_ASSESS_POLICY_LISTING_H_
#define HEDUI_SERVER_ASSESS_POLICY_LISTING_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/assess/policy_pack.h"
#include "server/base/policy_listing.h"

namespace hedui::assess {

// The divisions with files of their own, ascending.
std::vector<std::string> DivisionsWithSets(const PolicyPack& pack);

// The set that speaks for `division` on `day`: its own, or that of the nearest division above with
// files, which it then names. nullopt where none does.
std::optional<base::PolicySetListed> SummaryOf(const PolicyPack& pack, absl::string_view division,
                                               absl::CivilDay day);

// The same with everything in it; `texts`: what stands in its files too.
std::optional<base::PolicyListing> ListingOf(const PolicyPack& pack, absl::string_view division,
                                             absl::CivilDay day, bool texts);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_LISTING_H_
