#include "server/api/decode_policy.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/api/decode_list.h"
#include "server/api/decode_request.h"
#include "server/base/digest.h"
#include "server/base/division.h"
#include "server/base/limits.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

PageScope ScopeOf(const v1::ListPolicySetsRequest& request, const std::string& agency) {
  v1::ListPolicySetsRequest filters = request;
  filters.clear_officer();
  filters.clear_page_size();
  filters.clear_page_token();
  filters.DiscardUnknownFields();
  return {"ListPolicySets", agency, filters.SerializeAsString()};
}

void CheckDivision(const std::string& division, absl::string_view path, Violations* violations) {
  if (!division.empty() && !base::DivisionLevel(division).has_value()) {
    violations->Add(path, "is not a six-digit division code");
  }
}

// Empty where it is, or has a defect.
std::string DecodeDigest(const std::string& text, Violations* violations) {
  if (text.empty()) return "";
  const auto digest = base::HexDecode(text);
  if (digest.ok() && digest->size() == base::kDigestBytes) return *digest;
  violations->Add("policy_sha256", "is not 64 lower-case hexadecimal digits");
  return "";
}

// Paths are the caller's own names for files: printable, and short.
bool IsPath(absl::string_view path) {
  return !path.empty() && path.size() <= kPostedPathBytesMax &&
         std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

PostedFiles DecodeFiles(const google::protobuf::RepeatedPtrField<v1::PostedPolicyFile>& files,
                        bool alone, Violations* violations) {
  PostedFiles posted;
  posted.alone = alone;
  if (static_cast<size_t>(files.size()) > kPostedFilesMax) {
    violations->Add("files", absl::StrCat("are more than ", kPostedFilesMax));
    return posted;
  }
  size_t bytes = 0;
  std::set<std::string> seen;
  for (int i = 0; i < files.size(); ++i) {
    const v1::PostedPolicyFile& file = files.Get(i);
    const std::string path = absl::StrCat("files[", i, "].path");
    if (!IsPath(file.path())) {
      violations->Add(path, absl::StrCat("is written as \"national/NAME.yaml\" or "
                                         "\"640104/NAME.yaml\", at most ",
                                         kPostedPathBytesMax, " visible ASCII characters"));
    } else if (!seen.insert(file.path()).second) {
      violations->Add(path, "is that of another file too");
    }
    bytes += file.text().size();
    posted.files.push_back({file.path(), file.text()});
  }
  if (bytes > kPostedBytesMax) {
    violations->Add("files",
                    absl::StrCat("are larger than ", kPostedBytesMax, " bytes, all together"));
  }
  return posted;
}

}  // namespace

absl::StatusOr<PolicySetQuery> DecodeListPolicySets(const v1::ListPolicySetsRequest& request,
                                                    const std::string& agency, absl::CivilDay today,
                                                    const PageTokens& tokens) {
  Violations violations;
  PolicySetQuery query;
  query.agency = agency;
  query.page_size = DecodePageSize(request.page_size(), &violations);
  query.division = request.division();
  CheckDivision(query.division, "division", &violations);
  query.day = DecodeOptionalDay(request.day(), "day", &violations).value_or(today);
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  if (request.page_token().empty()) return query;
  HEDUI_ASSIGN_OR_RETURN(const PagePlace place,
                         tokens.Read(ScopeOf(request, agency), request.page_token()));
  query.day = place.day;
  query.after = absl::StrFormat("%06d", place.before);
  return query;
}

std::string NextToken(const v1::ListPolicySetsRequest& request, const PolicySetQuery& query,
                      const std::string& last, const PageTokens& tokens) {
  if (last.empty()) return "";
  // A place of one day; where rows are counted in other lists, the division's digits are here.
  PagePlace place = FirstPlace(query.day, query.day + 1);
  place.before = std::stoull(last);
  return tokens.Write(ScopeOf(request, query.agency), place);
}

absl::StatusOr<ShowRequest> DecodeGetPolicySet(const v1::GetPolicySetRequest& request,
                                               const std::string& agency, absl::CivilDay today) {
  Violations violations;
  ShowRequest decoded;
  decoded.agency = agency;
  decoded.division = request.division();
  if (decoded.division.empty() && request.policy_sha256().empty()) {
    violations.Add("division", "is required where policy_sha256 names no set");
  }
  CheckDivision(decoded.division, "division", &violations);
  decoded.policy_sha256 = DecodeDigest(request.policy_sha256(), &violations);
  decoded.day = DecodeOptionalDay(request.day(), "day", &violations).value_or(today);
  decoded.texts = request.include_texts();
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  return decoded;
}

absl::StatusOr<PostedFiles> DecodeLint(const v1::LintPoliciesRequest& request) {
  Violations violations;
  PostedFiles posted = DecodeFiles(request.files(), request.alone(), &violations);
  if (request.files().empty()) violations.Add("files", "are required: at least one");
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  return posted;
}

absl::StatusOr<EvaluationRequest> DecodeEvaluate(const v1::EvaluateRequest& request,
                                                 const std::string& agency) {
  Violations violations;
  EvaluationRequest decoded;
  decoded.agency = agency;
  decoded.case_yaml = request.case_yaml();
  if (decoded.case_yaml.empty()) violations.Add("case_yaml", "is required");
  if (decoded.case_yaml.size() > kCaseBytesMax) {
    violations.Add("case_yaml", absl::StrCat("is larger than ", kCaseBytesMax, " bytes"));
  }
  decoded.posted = DecodeFiles(request.files(), request.alone(), &violations);
  if (request.alone() && request.files().empty()) {
    violations.Add("alone", "is set, but there are no files to assess the case by");
  }
  decoded.division = request.division();
  CheckDivision(decoded.division, "division", &violations);
  decoded.policy_day = DecodeOptionalDay(request.policy_day(), "policy_day", &violations);
  decoded.policy_sha256 = DecodeDigest(request.policy_sha256(), &violations);
  decoded.indications_only = request.indications_only();
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  return decoded;
}

}  // namespace hedui::api
