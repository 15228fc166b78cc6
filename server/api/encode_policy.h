// What PolicyDesk answers, as messages. Pure.
#ifndef HEDUI_SERVER_API_ENCODE_POLICY_H_
#define HEDUI_SERVER_API_ENCODE_POLICY_H_

#include "absl/status/status.h"
#include "hedui/v1/policy.pb.h"
#include "server/policy_flow.h"

namespace hedui::api {

// Without the token.
v1::ListPolicySetsResponse EncodePolicySets(const PolicySetPage& page);
v1::GetPolicySetResponse EncodePolicySet(PolicySetShown shown, absl::CivilDay day);
v1::LintPoliciesResponse EncodeLint(const LintResult& result);
v1::EvaluateResponse EncodeEvaluation(Evaluation evaluation);
// INVALID_ARGUMENT of an evaluation with defects: as many as trailers carry, each with its place.
absl::Status DefectsOf(const Evaluation& evaluation);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_ENCODE_POLICY_H_
