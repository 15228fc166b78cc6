// Page tokens: where a list goes on, for a caller to keep and to bring back. Sealed under a key of
// the platform's store, bound to the agency, the method and the filters of the list; so a caller
// can neither make one, nor use another's, nor go on in a list with other filters, nor read from it
// how many rows the platform has. A token is good for as long as the store's key is the same, which
// is its life: also after a restart.
//
// The bytes, in lower-case hexadecimal: version 1 (1), tag (32), covered place (20). The tag is the
// HMAC-SHA-256 of scope and place; what covers the place is an HMAC of the tag (as in SIV, RFC
// 5297: the same place of the same list always has the same token, and nothing else is told).
//
// Immutable, thread-safe.
#ifndef HEDUI_SERVER_API_PAGE_TOKEN_H_
#define HEDUI_SERVER_API_PAGE_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/list_flow.h"

namespace hedui::api {

// The list that a token belongs to.
struct PageScope {
  absl::string_view method;  // "ListVerifications"
  std::string agency;
  std::string filters;  // canonical bytes
};

class PageTokens {
 public:
  // 32 bytes, base::RowPages::TokenKey.
  explicit PageTokens(absl::string_view key);

  std::string Write(const PageScope& scope, const PagePlace& place) const;
  // INVALID_ARGUMENT (PAGE_TOKEN) for anything that Write has not given for this scope.
  absl::StatusOr<PagePlace> Read(const PageScope& scope, absl::string_view token) const;

 private:
  std::string TagOf(const PageScope& scope, absl::string_view place) const;
  // Covers and uncovers.
  std::string Cover(absl::string_view tag, absl::string_view place) const;

  const std::string tag_key_;
  const std::string cover_key_;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_PAGE_TOKEN_H_
