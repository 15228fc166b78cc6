#include "server/api/decode_list.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/api/decode_request.h"
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/limits.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

// Before and behind every day there can be a row of.
const absl::CivilDay kFirstDay(1970, 1, 1);
const absl::CivilDay kLastDay(9999, 12, 31);

// The fields' names without their end: "begun" for begun_from and begun_to.
PagePlace DecodeDays(const std::string& from, const std::string& to, absl::string_view name,
                     bool any_time, absl::CivilDay today, Violations* violations) {
  const std::string from_path = absl::StrCat(name, "_from");
  const std::string to_path = absl::StrCat(name, "_to");
  const auto first = DecodeOptionalDay(from, from_path, violations);
  const auto end = DecodeOptionalDay(to, to_path, violations);
  const auto is_read = [](const std::string& day) {
    return day.empty() || base::ParseDay(day).ok();
  };
  if (!is_read(from) || !is_read(to)) return {};  // which has its own defect
  const absl::CivilDay until = end.value_or(any_time ? kLastDay : today + 1);
  const absl::CivilDay since = first.value_or(any_time ? kFirstDay : until - kListDaysMax);
  if (since >= until) {
    violations->Add(from_path,
                    absl::StrCat("must be before ", to_path,
                                 to.empty() ? ", which is tomorrow where it is empty" : ""));
  } else if (!any_time && until - since > kListDaysMax) {
    violations->Add(from_path, absl::StrCat("lies more than ", kListDaysMax, " days before ",
                                            to_path, "; ask for a shorter span"));
  }
  return FirstPlace(since, until);
}

// False: it is a defect.
bool DecodeTime(int64_t ms, absl::string_view path, absl::Time* time, Violations* violations) {
  if (ms <= 0 || absl::FromUnixMillis(ms) >= base::StartOfDay(kLastDay)) {
    violations->Add(path, "is required: milliseconds since 1970, before the year 10000");
    return false;
  }
  *time = absl::FromUnixMillis(ms);
  return true;
}

// What a token is bound to: the request but for what may differ from page to page.
template <typename Request>
PageScope ScopeOf(absl::string_view method, const Request& request, const std::string& agency) {
  Request filters = request;
  filters.clear_officer();
  filters.clear_page_size();
  filters.clear_page_token();
  filters.DiscardUnknownFields();
  return {method, agency, filters.SerializeAsString()};
}

PageScope ScopeOf(const v1::ListVerificationsRequest& request, const std::string& agency) {
  return ScopeOf("ListVerifications", request, agency);
}
PageScope ScopeOf(const v1::ListMattersRequest& request, const std::string& agency) {
  return ScopeOf("ListMatters", request, agency);
}

PageScope ScopeOf(const v1::ListReportsUsingRequest& request, const std::string& agency) {
  return ScopeOf("ListReportsUsing", request, agency);
}

template <typename Request>
std::string TokenOf(const Request& request, const std::string& agency,
                    const std::optional<PagePlace>& next, const PageTokens& tokens) {
  return next.has_value() ? tokens.Write(ScopeOf(request, agency), *next) : "";
}

// The place that the token names, where there is one.
template <typename Request>
absl::Status ReadToken(const Request& request, const PageTokens& tokens, ListQuery* query) {
  if (request.page_token().empty()) return absl::OkStatus();
  HEDUI_ASSIGN_OR_RETURN(query->place,
                         tokens.Read(ScopeOf(request, query->agency), request.page_token()));
  return absl::OkStatus();
}

}  // namespace

size_t DecodePageSize(int32_t size, Violations* violations) {
  if (size < 0) violations->Add("page_size", "is negative; 0 gives 100");
  if (size <= 0) return kPageItemsDefault;
  return static_cast<size_t>(std::min(size, base::kPageItemsMax));
}

void DecodeSpan(int64_t from_ms, int64_t to_ms, absl::Time* from, absl::Time* to,
                Violations* violations) {
  const bool from_known = DecodeTime(from_ms, "from_ms", from, violations);
  if (!DecodeTime(to_ms, "to_ms", to, violations) || !from_known) return;
  if (*from >= *to) {
    violations->Add("to_ms", "must be after from_ms");
  } else if (*to - *from > kListDaysMax * absl::Hours(24)) {
    violations->Add("to_ms", absl::StrCat("lies more than ", kListDaysMax,
                                          " days after from_ms; ask for a shorter span"));
  }
}

absl::StatusOr<VerificationQuery> DecodeListVerifications(
    const v1::ListVerificationsRequest& request, const std::string& agency, absl::CivilDay today,
    const PageTokens& tokens) {
  Violations violations;
  VerificationQuery query;
  query.agency = agency;
  query.page_size = DecodePageSize(request.page_size(), &violations);
  if (!request.matter_number().empty()) {
    query.matter_number = DecodeIdentifier(request.matter_number(), "matter_number", &violations);
  }
  query.place = DecodeDays(request.begun_from(), request.begun_to(), "begun",
                           !request.matter_number().empty(), today, &violations);
  if (request.state() != v1::VERIFICATION_STATE_UNSPECIFIED) {
    query.state = static_cast<uint8_t>(request.state());
    if (!v1::VerificationState_IsValid(request.state())) {
      violations.Add("state", absl::StrCat("has the unknown value ", request.state()));
    }
  }
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  HEDUI_RETURN_IF_ERROR(ReadToken(request, tokens, &query));
  return query;
}

absl::StatusOr<MatterQuery> DecodeListMatters(const v1::ListMattersRequest& request,
                                              const std::string& agency, absl::CivilDay today,
                                              const PageTokens& tokens) {
  Violations violations;
  MatterQuery query;
  query.agency = agency;
  query.page_size = DecodePageSize(request.page_size(), &violations);
  query.place = DecodeDays(request.opened_from(), request.opened_to(), "opened",
                           /*any_time=*/false, today, &violations);
  query.division = request.division();
  if (!query.division.empty() && !base::DivisionLevel(query.division).has_value()) {
    violations.Add("division", "is not a six-digit division code");
  }
  if (request.state() != v1::MATTER_STATE_UNSPECIFIED) {
    query.state = static_cast<access::MatterState>(request.state());
    if (!v1::MatterState_IsValid(request.state())) {
      violations.Add("state", absl::StrCat("has the unknown value ", request.state()));
    }
  }
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  HEDUI_RETURN_IF_ERROR(ReadToken(request, tokens, &query));
  return query;
}

absl::StatusOr<UsingQuery> DecodeListReportsUsing(const v1::ListReportsUsingRequest& request,
                                                  const std::string& agency,
                                                  const PageTokens& tokens) {
  Violations violations;
  UsingQuery query;
  query.agency = agency;
  query.page_size = DecodePageSize(request.page_size(), &violations);
  query.source_id = DecodeIdentifier(request.source_id(), "source_id", &violations);
  DecodeSpan(request.from_ms(), request.to_ms(), &query.from, &query.to, &violations);
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  query.place = FirstPlace(base::CivilDayOf(query.from),
                           base::CivilDayOf(query.to - absl::Milliseconds(1)) + 1);
  HEDUI_RETURN_IF_ERROR(ReadToken(request, tokens, &query));
  return query;
}

std::string NextToken(const v1::ListVerificationsRequest& request, const std::string& agency,
                      const std::optional<PagePlace>& next, const PageTokens& tokens) {
  return TokenOf(request, agency, next, tokens);
}

std::string NextToken(const v1::ListMattersRequest& request, const std::string& agency,
                      const std::optional<PagePlace>& next, const PageTokens& tokens) {
  return TokenOf(request, agency, next, tokens);
}

std::string NextToken(const v1::ListReportsUsingRequest& request, const std::string& agency,
                      const std::optional<PagePlace>& next, const PageTokens& tokens) {
  return TokenOf(request, agency, next, tokens);
}

}  // namespace hedui::api
