// From the messages that ask for lists to queries, every defect listed at once with its field's
// path. Pure but for the tokens' key.
#ifndef HEDUI_SERVER_API_DECODE_LIST_H_
#define HEDUI_SERVER_API_DECODE_LIST_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "hedui/v1/authorization.pb.h"
#include "hedui/v1/source_admin.pb.h"
#include "hedui/v1/verification.pb.h"
#include "server/api/decode_request.h"
#include "server/api/page_token.h"
#include "server/list_flow.h"

namespace hedui::api {

// A page where the caller names no size: a screen or two.
inline constexpr size_t kPageItemsDefault = 100;
// Days that one list spans at most, each a look-up: a year, within which households are reviewed.
inline constexpr int kListDaysMax = 366;

// At least 1 and at most base::kPageItemsMax; 0 is the default.
size_t DecodePageSize(int32_t size, Violations* violations);

// When a source's answers came: both ends required, from_ms before to_ms, kListDaysMax apart at
// most.
void DecodeSpan(int64_t from_ms, int64_t to_ms, absl::Time* from, absl::Time* to,
                Violations* violations);

// INVALID_ARGUMENT: INVALID_REQUEST with all violations; PAGE_TOKEN. `today` is where a list ends
// that names no end.
absl::StatusOr<VerificationQuery> DecodeListVerifications(
    const v1::ListVerificationsRequest& request, const std::string& agency, absl::CivilDay today,
    const PageTokens& tokens);
absl::StatusOr<MatterQuery> DecodeListMatters(const v1::ListMattersRequest& request,
                                              const std::string& agency, absl::CivilDay today,
                                              const PageTokens& tokens);
// Its days are those on which the source answered.
absl::StatusOr<UsingQuery> DecodeListReportsUsing(const v1::ListReportsUsingRequest& request,
                                                  const std::string& agency,
                                                  const PageTokens& tokens);

// The token of the page after one that ended at `next`; empty where none did.
std::string NextToken(const v1::ListVerificationsRequest& request, const std::string& agency,
                      const std::optional<PagePlace>& next, const PageTokens& tokens);
std::string NextToken(const v1::ListMattersRequest& request, const std::string& agency,
                      const std::optional<PagePlace>& next, const PageTokens& tokens);
std::string NextToken(const v1::ListReportsUsingRequest& request, const std::string& agency,
                      const std::optional<PagePlace>& next, const PageTokens& tokens);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_DECODE_LIST_H_
