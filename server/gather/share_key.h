// What makes two queries the same, and which answers may be given for both. Pure functions,
// thread-safe. Internal to gather.
#ifndef HEDUI_SERVER_GATHER_SHARE_KEY_H_
#define HEDUI_SERVER_GATHER_SHARE_KEY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/gather/sources.h"
#include "server/plan/source_query.h"

namespace hedui::gather {

// Equal only for the same scope, source as it is connected, period, people and categories, in one
// order. Ids of people are left out: they are each request's own. Holds identity numbers; never to
// be logged.
std::string ShareKey(absl::string_view scope, const Source& source, const plan::SourceQuery& query);

// Whether an outcome's answers may be given to another query too: each is FOUND, CONFIRMED_NONE or
// NOT_COVERED. Nothing that a source has not answered yet, or could not, is ever shared.
bool MayBeShared(const std::vector<base::Answer>& answers);

// Until when at most: by the policy, and as long as each answer keeps the promise of freshness.
absl::Duration ShareLifetime(const SourcePolicy& policy, const std::vector<base::Answer>& answers,
                             absl::Time now);

// Another query's answers as this one's: of its people, and judged as of `today`. nullopt where
// they are not usable for it any more.
std::optional<std::vector<base::Answer>> FitAnswers(const SourcePolicy& policy,
                                                    const plan::SourceQuery& query,
                                                    absl::CivilDay today,
                                                    std::vector<base::Answer> answers);

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SHARE_KEY_H_
