// From the messages of PolicyService to what its desk is asked, every defect listed at once with
// its field's path. Pure but for the tokens' key. What a case or a policy file says is not looked
// at here.
#ifndef HEDUI_SERVER_API_DECODE_POLICY_H_
#define HEDUI_SERVER_API_DECODE_POLICY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "hedui/v1/policy.pb.h"
#include "server/api/page_token.h"
#include "server/policy_flow.h"

namespace hedui::api {

// INVALID_ARGUMENT: INVALID_REQUEST with all violations; PAGE_TOKEN. `today` where no day is named.
absl::StatusOr<PolicySetQuery> DecodeListPolicySets(const v1::ListPolicySetsRequest& request,
                                                    const std::string& agency, absl::CivilDay today,
                                                    const PageTokens& tokens);
// The token of the page after one that ended with the division `last`; empty where none did.
std::string NextToken(const v1::ListPolicySetsRequest& request, const PolicySetQuery& query,
                      const std::string& last, const PageTokens& tokens);
absl::StatusOr<ShowRequest> DecodeGetPolicySet(const v1::GetPolicySetRequest& request,
                                               const std::string& agency, absl::CivilDay today);
absl::StatusOr<PostedFiles> DecodeLint(const v1::LintPoliciesRequest& request);
absl::StatusOr<EvaluationRequest> DecodeEvaluate(const v1::EvaluateRequest& request,
                                                 const std::string& agency);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_DECODE_POLICY_H_
