// What PolicyDesk works out on its pool, each a function of the setup in force and what was asked.
// Thread-safe; nothing is kept.
#ifndef HEDUI_SERVER_POLICY_STEPS_H_
#define HEDUI_SERVER_POLICY_STEPS_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/policy_flow.h"
#include "server/rooms.h"

namespace hedui {

PolicySetPage ListSets(const Setup& setup, const PolicySetQuery& query);
// `archive`: sets that ever came into force; asked, on the disk, only for those that are not.
absl::StatusOr<PolicySetShown> ShowSet(const Setup& setup, const assess::PolicyRepository* archive,
                                       const ShowRequest& request);
LintResult LintPosted(const assess::PolicyPack& own, const PostedFiles& posted);
absl::StatusOr<Evaluation> EvaluateCase(const assess::PolicyPack& own,
                                        const assess::PolicyRepository* archive,
                                        const EvaluationRequest& request);

}  // namespace hedui

#endif  // HEDUI_SERVER_POLICY_STEPS_H_
